// What every target offers to libFuzzer, or to replay.c.
#ifndef GRM_FUZZ_H
#define GRM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
