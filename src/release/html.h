// What the pages share.
#ifndef GRM_RELEASE_HTML_H
#define GRM_RELEASE_HTML_H

#include "release/release.h"

// Text of others, made harmless for element content and quoted attributes.
void grm_html_text(FILE *out, const char *text);
// A relative address; what could end or leave it is percent-encoded.
void grm_html_address(FILE *out, const char *path);
void grm_html_picture(FILE *out, const grm_picture *picture);  // as a data: address
void grm_html_clock(FILE *out, double seconds);                // 3:07
// The accent of a style's palette, as far from the page's ground as small letters need.
void grm_html_accent(FILE *out, const grm_style *style, bool dark);
// "version", "page-css", "score-css", "accent-on-light" and "accent-on-dark": what every page has.
void grm_html_common(FILE *out, const char *name, const grm_style *style);
// The most wanted levels of report.json's features, as a list of figures.
void grm_html_levels(FILE *out, const json_t *features);
// The judgement of report.json: gauge, bars, insights, advice, trend; nothing when there is none in it.
void grm_html_score(FILE *out, const json_t *report);

// Writes a built-in template ("data/page.html") with its "{{names}}" filled in by `piece`.
typedef void grm_html_piece(FILE *out, const char *name, const void *context);
grm_status grm_html_write(const char *path, const char *template, grm_html_piece *piece, const void *context,
                          grm_error *err);

#endif
