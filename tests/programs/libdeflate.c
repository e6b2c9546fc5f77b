/* libdeflate.c: checksums, round trips in the three formats at all levels, sizes that must fit, and what must be refused. */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

enum { SIZE = 100000, ROOM = SIZE * 2 };

static unsigned char plain[SIZE], packed[ROOM], back[SIZE];

static void fill(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (unsigned char)('a' + (state >> 20) % 26) : (unsigned char)"wasi sysroot "[i % 13];
    }
}

static int calls;

static void *count_malloc(size_t size) { return calls++, malloc(size); }

static void round_trips(void)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t last = ROOM;
    for (int level = 0; level <= 12; level++) {
        struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
        REQUIRE(c && d);
        size_t raw = libdeflate_deflate_compress(c, plain, SIZE, packed, ROOM), got = 0, taken = 0;
        REQUIRE(raw > 0 && raw <= libdeflate_deflate_compress_bound(c, SIZE));
        REQUIRE(libdeflate_deflate_decompress_ex(d, packed, raw, back, SIZE, &taken, &got) == LIBDEFLATE_SUCCESS);
        REQUIRE(taken == raw && got == SIZE && memcmp(plain, back, SIZE) == 0);
        size_t zlib = libdeflate_zlib_compress(c, plain, SIZE, packed, ROOM);
        REQUIRE(zlib == raw + 6 && libdeflate_zlib_decompress(d, packed, zlib, back, SIZE, NULL) == LIBDEFLATE_SUCCESS);
        REQUIRE(libdeflate_zlib_compress(c, plain, SIZE, packed, zlib - 1) == 0);
        size_t gzip = libdeflate_gzip_compress(c, plain, SIZE, packed, ROOM);
        REQUIRE(gzip == raw + 18 && libdeflate_gzip_decompress(d, packed, gzip, back, SIZE, NULL) == LIBDEFLATE_SUCCESS);
        REQUIRE(libdeflate_gzip_decompress(d, packed, gzip, back, SIZE - 1, NULL) == LIBDEFLATE_INSUFFICIENT_SPACE);
        memset(back, 0, SIZE);
        if (level == 0) REQUIRE(raw > SIZE);
        if (level == 1 || level == 6 || level == 12) {
            REQUIRE(raw < last);
            last = raw;
            printf("level %d: round trips, smaller\n", level);
        }
        libdeflate_free_compressor(c);
    }
    libdeflate_free_decompressor(d);
}

int main(void)
{
    printf("libdeflate %s\n", LIBDEFLATE_VERSION_STRING);
    fill();
    printf("crc32 %08x adler32 %08x\n", libdeflate_crc32(0, "123456789", 9), libdeflate_adler32(1, "123456789", 9));
    REQUIRE(libdeflate_crc32(libdeflate_crc32(0, plain, 777), plain + 777, SIZE - 777) == libdeflate_crc32(0, plain, SIZE));
    REQUIRE(libdeflate_adler32(libdeflate_adler32(1, plain, 777), plain + 777, SIZE - 777) == libdeflate_adler32(1, plain, SIZE));
    round_trips();

    struct libdeflate_options options = {.sizeof_options = sizeof options, .malloc_func = count_malloc, .free_func = free};
    struct libdeflate_compressor *c = libdeflate_alloc_compressor_ex(7, &options);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor_ex(&options);
    REQUIRE(c && d && calls == 2);
    puts("memory of the caller's");
    size_t size = libdeflate_zlib_compress(c, plain, SIZE, packed, ROOM);
    packed[size - 1] ^= 1;
    REQUIRE(libdeflate_zlib_decompress(d, packed, size, back, SIZE, NULL) == LIBDEFLATE_BAD_DATA);
    packed[size - 1] ^= 1;
    REQUIRE(libdeflate_zlib_decompress(d, packed, size - 5, back, SIZE, NULL) == LIBDEFLATE_BAD_DATA);
    size_t got;
    REQUIRE(libdeflate_zlib_decompress(d, packed, size, back, SIZE, &got) == LIBDEFLATE_SUCCESS && got == SIZE);
    REQUIRE(libdeflate_alloc_compressor(13) == NULL);
    puts("damaged and cut off: refused");
    libdeflate_free_compressor(c);
    libdeflate_free_decompressor(d);
    puts("done");
    return 0;
}
