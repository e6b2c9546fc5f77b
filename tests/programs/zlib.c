/* zlib.c [FOLDER]: checksums, a deflate/inflate round trip in small steps, and gzip files in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

enum { SIZE = 200000, PIECE = 777 };

static unsigned char plain[SIZE], packed[SIZE * 2], back[SIZE];

/* Text that repeats but not exactly: the same bytes on every machine. */
static void fill(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (unsigned char)('a' + (state >> 20) % 26) : (unsigned char)"wasi sysroot "[i % 13];
    }
}

/* Through a raw stream, PIECE bytes in and out at a time. */
static void round_trip(int level, int window_bits, const char *name)
{
    z_stream s = {0};
    REQUIRE(deflateInit2(&s, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t in = 0, length = 0;
    int rc;
    do {
        if (s.avail_in == 0 && in < SIZE) {
            s.next_in = plain + in;
            s.avail_in = SIZE - in < PIECE ? (uInt)(SIZE - in) : PIECE;
            in += s.avail_in;
        }
        s.next_out = packed + length;
        s.avail_out = PIECE;
        rc = deflate(&s, in == SIZE ? Z_FINISH : Z_NO_FLUSH);
        REQUIRE(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
        length += PIECE - s.avail_out;
    } while (rc != Z_STREAM_END);
    REQUIRE(s.total_in == SIZE && s.total_out == length);
    REQUIRE(deflateEnd(&s) == Z_OK);

    memset(&s, 0, sizeof s);
    memset(back, 0, sizeof back);
    REQUIRE(inflateInit2(&s, window_bits) == Z_OK);
    s.next_in = packed;
    s.avail_in = (uInt)length;
    s.next_out = back;
    do {
        s.avail_out = PIECE;
        if (s.total_out + PIECE > SIZE)
            s.avail_out = (uInt)(SIZE - s.total_out);
        rc = inflate(&s, Z_NO_FLUSH);
        REQUIRE(rc == Z_OK || rc == Z_STREAM_END);
    } while (rc != Z_STREAM_END);
    REQUIRE(s.total_out == SIZE && memcmp(plain, back, SIZE) == 0);
    REQUIRE(inflateEnd(&s) == Z_OK);
    printf("%s level %d: round trip, %s\n", name, level, length < SIZE ? "smaller" : "not smaller");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/zlib-test.gz", argc > 1 ? argv[1] : ".");

    REQUIRE(strcmp(zlibVersion(), ZLIB_VERSION) == 0);
    printf("zlib %s\n", zlibVersion());
    uLong flags = zlibCompileFlags();
    printf("sizes: uInt %d, uLong %d, pointer %d, z_off_t %d, header's z_off_t %d\n", 2 << (flags & 3), 2 << (flags >> 2 & 3),
           2 << (flags >> 4 & 3), 2 << (flags >> 6 & 3), (int)sizeof(z_off_t));

    const Bytef *nine = (const Bytef *)"123456789";
    printf("crc32 %08lx adler32 %08lx\n", crc32(0, nine, 9), adler32(1, nine, 9));
    /* Takes a z_off_t: header and library must agree on its width. */
    printf("crc32 of both halves combined %08lx\n", crc32_combine(crc32(0, nine, 4), crc32(0, nine + 4, 5), 5));

    fill();
    round_trip(0, 15, "zlib");
    round_trip(1, 15, "zlib");
    round_trip(6, 15 + 16, "gzip");
    round_trip(9, -15, "raw");

    uLongf length = compressBound(SIZE);
    REQUIRE(length <= sizeof packed);
    REQUIRE(compress2(packed, &length, plain, SIZE, 9) == Z_OK);
    packed[length / 2] ^= 1;
    uLongf size = SIZE;
    printf("a flipped bit: %s\n", uncompress(back, &size, packed, length) == Z_DATA_ERROR ? "data error" : "not noticed");

    gzFile f = gzopen(path, "wb9");
    REQUIRE(f != NULL);
    REQUIRE(gzwrite(f, plain, SIZE) == SIZE);
    REQUIRE(gzprintf(f, "%s %d\n", "formatted", 42) == 13);
    REQUIRE(gzclose(f) == Z_OK);
    f = gzopen(path, "rb");
    REQUIRE(f != NULL);
    REQUIRE(gzread(f, back, SIZE) == SIZE && memcmp(plain, back, SIZE) == 0);
    char line[64];
    REQUIRE(gzgets(f, line, sizeof line) != NULL);
    printf("gzip file, its last line: %s", line);
    REQUIRE(gzgetc(f) == -1 && gzeof(f));
    REQUIRE(gzseek(f, 13, SEEK_SET) == 13 && gzread(f, back, 12) == 12 && memcmp(back, plain + 13, 12) == 0);
    printf("sought to %lld of it\n", (long long)gztell(f));
    REQUIRE(gzclose(f) == Z_OK);
    REQUIRE(remove(path) == 0);
    REQUIRE(gzopen(path, "rb") == NULL);
    puts("done");
    return 0;
}
