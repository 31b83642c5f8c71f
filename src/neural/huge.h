// Huge pages, of a mapped file or of memory of one's own.
#ifndef GRM_NEURAL_HUGE_H
#define GRM_NEURAL_HUGE_H

#include <stddef.h>
#include <stdint.h>

enum { GRM_HUGE_PAGE = 2 << 20 };

// What a mapped file's system cache holds in small pages of bytes [begin, end), because it was copied or read before
// in some other way, is dropped from it, to be read anew in huge pages: once for all processes that come after. Only if
// one page shows that this can be had, and not while others map them or they have not reached the disk.
// `bytes` is the whole file, mapped for reading with MADV_HUGEPAGE; nothing else is changed.
void grm_huge_renew(int file, const uint8_t *bytes, size_t begin, size_t end);

// How much of [bytes, bytes + size), of the whole huge pages inside, this process has mapped by huge pages: 0...1. NAN:
// there is none inside, or the system does not say (Linux from 6.7 on does).
double grm_huge_share(const uint8_t *bytes, size_t size);

// Zeroed memory for free(), in huge pages where there are any and it is large: each new page ends what the processor
// foresees. NULL: out of memory.
void *grm_huge_take(size_t bytes);

#endif
