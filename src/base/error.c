#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

grm_status grm_fail(grm_error *err, grm_status status, const char *format, ...) {
    if (!err) return status;
    err->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return status;
}

grm_status grm_fail_memory(grm_error *err) {
    return grm_fail(err, GRM_FAILED, "out of memory");
}
