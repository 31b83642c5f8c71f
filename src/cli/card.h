// The report of `grammy meter` for a terminal.
#ifndef GRM_CLI_CARD_H
#define GRM_CLI_CARD_H

#include <grammy/meter.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct grm_card_look {
    FILE *out;
    unsigned width;  // columns
    bool colour, utf8;
} grm_card_look;

// How standard output wants it: colour on a terminal unless NO_COLOR is set, the terminal's width or COLUMNS.
grm_card_look grm_card_look_find(void);
void grm_card_print(const grm_card_look *look, const char *name, const grm_analysis *analysis,
                    const grm_report *report);

#endif
