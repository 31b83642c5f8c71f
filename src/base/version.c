#include <grammy/grammy.h>

const char *grm_version(void) {
    return GRM_VERSION;
}
