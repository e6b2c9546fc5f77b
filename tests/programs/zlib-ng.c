/* zlib-ng.c [FOLDER]: checksums, round trips in small steps, a dictionary, and gzip files in FOLDER, with the native interface. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib-ng.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

enum { SIZE = 200000, PIECE = 777 };

static uint8_t plain[SIZE], packed[SIZE * 2], back[SIZE];

static void fill(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (uint8_t)('a' + (state >> 20) % 26) : (uint8_t)"wasi sysroot "[i % 13];
    }
}

static void round_trip(int level, int bits, const char *name)
{
    zng_stream s = {.next_out = packed, .avail_out = sizeof packed}, d = {.next_in = packed, .next_out = back, .avail_out = SIZE};
    REQUIRE(zng_deflateInit2(&s, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    for (size_t at = 0; at < SIZE; at += PIECE) {
        s.next_in = plain + at;
        s.avail_in = SIZE - at < PIECE ? SIZE - at : PIECE;
        REQUIRE(zng_deflate(&s, at + PIECE < SIZE ? Z_NO_FLUSH : Z_FINISH) >= Z_OK && s.avail_in == 0);
    }
    size_t length = s.total_out;
    REQUIRE(zng_deflateEnd(&s) == Z_OK && zng_inflateInit2(&d, bits) == Z_OK);
    int rc = Z_OK;
    while (rc == Z_OK) {
        if (d.avail_in == 0) d.avail_in = length - d.total_in < 55 ? (uint32_t)(length - d.total_in) : 55;
        rc = zng_inflate(&d, Z_NO_FLUSH);
    }
    REQUIRE(rc == Z_STREAM_END && d.total_out == SIZE && zng_inflateEnd(&d) == Z_OK && memcmp(plain, back, SIZE) == 0);
    printf("%s level %d: round trip, %s\n", name, level, length < SIZE / 2 ? "smaller" : "not smaller");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/zlib-ng-test.gz", argc > 1 ? argv[1] : ".");
    REQUIRE(strcmp(zlibng_version(), ZLIBNG_VERSION) == 0);
    printf("zlib-ng %s\n", zlibng_version());
    printf("crc32 %08x adler32 %08x\n", zng_crc32(0, (const uint8_t *)"123456789", 9), zng_adler32(1, (const uint8_t *)"123456789", 9));
    fill();
    REQUIRE(zng_crc32_combine(zng_crc32_z(0, plain, 999), zng_crc32_z(0, plain + 999, SIZE - 999), SIZE - 999) == zng_crc32_z(0, plain, SIZE));
    round_trip(0, 15, "zlib");
    round_trip(1, 15, "zlib");
    round_trip(6, 31, "gzip");
    round_trip(9, -15, "raw");
    size_t size = sizeof packed, length = SIZE;
    REQUIRE(zng_compress2(packed, &size, plain, SIZE, 6) == Z_OK);
    packed[size - 1] ^= 4;
    REQUIRE(zng_uncompress(back, &length, packed, size) == Z_DATA_ERROR);
    printf("a flipped bit: %s\n", zng_zError(Z_DATA_ERROR));
    gzFile f = zng_gzopen(path, "wb9");
    REQUIRE(f != NULL && zng_gzwrite(f, plain, SIZE) == SIZE && zng_gzprintf(f, "formatted %d\n", 42) == 13 && zng_gzclose(f) == Z_OK);
    char line[40];
    REQUIRE((f = zng_gzopen(path, "rb")) != NULL && zng_gzseek(f, SIZE, SEEK_SET) == SIZE && zng_gzgets(f, line, sizeof line) == line);
    REQUIRE(zng_gzclose(f) == Z_OK && remove(path) == 0);
    printf("gzip file, its last line: %s", line);
    puts("done");
    return 0;
}
