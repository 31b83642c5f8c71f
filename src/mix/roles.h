// data/roles.yaml, read: what a stem is, by its name or its sound, and where such parts stand.
#ifndef GRM_MIX_ROLES_H
#define GRM_MIX_ROLES_H

#include <grammy/score.h>

#include "mix/hear.h"
#include "style/style.h"

typedef struct grm_roles grm_roles;
grm_status grm_roles_load(grm_roles **out, grm_error *err);
void grm_roles_free(grm_roles *roles);

// False when no word of the name says anything. A path's folders and the name's extension do not count.
bool grm_roles_by_name(const grm_roles *roles, const char *file, grm_role *role);
// -1 for a name that ends in "L" or "left", 1 for one in "R" or "right", else 0.
int grm_roles_side_by_name(const char *file);
// The likeliest role, and how sure that is, 0..1.
grm_role grm_roles_by_sound(const grm_roles *roles, const grm_sound *sound, float *sure);
// The pan is how far from the middle, on either side.
grm_part_mix grm_roles_place(const grm_roles *roles, grm_role role);
grm_style_mix grm_roles_style(const grm_roles *roles);

#endif
