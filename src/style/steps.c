// Groups of steps: triplets and their kin, as texts of figures and lanes write them.
#include <string.h>

#include "style/style.h"

enum { MOST_SIGNS = 12 };

size_t grm_step_group(const char *text, int *steps, int *signs) {
    char end = *text == '(' ? ')' : ']';
    size_t inside = *text ? strcspn(text + 1, "()[]") : 0;
    *steps = *text == '(' ? 4 : 2;
    *signs = (int)inside;
    bool whole = (*text == '(' || *text == '[') && text[1 + inside] == end;
    return whole && inside >= 1 && inside <= MOST_SIGNS ? inside + 2 : 0;
}
