/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The part of check-all.c that includes zlib-ng.h: its macros and zlib's do not go together in one file. */
#ifndef CHECK_NG_H
#define CHECK_NG_H

#include <stddef.h>

unsigned ng_crc32(unsigned crc, const unsigned char *bytes, size_t size);
unsigned ng_adler32(unsigned adler, const unsigned char *bytes, size_t size);

/* Whether the checksums of two parts combine to that of the whole, wherever it is cut. */
int ng_combines(const unsigned char *bytes, size_t size);

/* Compresses FROM, IN bytes a call, into OUT bytes a call. Returns the size. */
size_t ng_deflate(const unsigned char *from, size_t size, unsigned char *to, size_t room, int level, int bits, int memory, int strategy,
                  size_t in, size_t out);

/* Returns the size, or (size_t)-1 if FROM is refused or ends too early. */
size_t ng_inflate(const unsigned char *from, size_t size, unsigned char *to, size_t room, int bits, size_t in, size_t out);

/* Dictionaries, copies, tuning, raw bits, infback, headers, and gzip files. */
void ng_more(const unsigned char *plain, size_t size, unsigned char *packed, size_t room, unsigned char *back);

#endif
