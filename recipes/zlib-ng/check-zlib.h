/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zlib's names for zlib-ng's native interface: with it, zlib's own test programs are compiled for zlib-ng. */
#ifndef CHECK_ZLIB_H
#define CHECK_ZLIB_H

#include <zlib-ng.h>

typedef size_t z_size_t;

#define STDC 1
#define ZLIB_VERSION ZLIBNG_VERSION
#define ZLIB_VERNUM ZLIBNG_VERNUM
#define zlibVersion zlibng_version
#define zlibCompileFlags zng_zlibCompileFlags
#define zError zng_zError
#define z_stream zng_stream
#define z_streamp zng_stream *
#define gz_header zng_gz_header
#define adler32 zng_adler32
#define compress zng_compress
#define compress2 zng_compress2
#define compressBound zng_compressBound
#define crc32 zng_crc32
#define deflate zng_deflate
#define deflateEnd zng_deflateEnd
#define deflateInit zng_deflateInit
#define deflateInit2 zng_deflateInit2
#define deflateParams zng_deflateParams
#define deflateReset zng_deflateReset
#define deflateSetDictionary zng_deflateSetDictionary
#define gzclose zng_gzclose
#define gzdopen zng_gzdopen
#define gzerror zng_gzerror
#define gzgetc zng_gzgetc
#define gzgets zng_gzgets
#define gzopen zng_gzopen
#define gzprintf zng_gzprintf
#define gzputc zng_gzputc
#define gzputs zng_gzputs
#define gzread zng_gzread
#define gzseek zng_gzseek
#define gzsetparams zng_gzsetparams
#define gztell zng_gztell
#define gzungetc zng_gzungetc
#define gzwrite zng_gzwrite
#define inflate zng_inflate
#define inflateEnd zng_inflateEnd
#define inflateInit zng_inflateInit
#define inflateSetDictionary zng_inflateSetDictionary
#define inflateSync zng_inflateSync
#define uncompress zng_uncompress
#define uncompress2 zng_uncompress2

#endif
