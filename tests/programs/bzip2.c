/* bzip2.c [FOLDER]: buffers both ways, a broken buffer, and .bz2 files in FOLDER. */
#include <bzlib.h>
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

/* More than one block of 100 kB, so that block borders are met. */
enum { SIZE = 250000 };

static char plain[SIZE], packed[SIZE + SIZE / 100 + 600], back[SIZE];

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bzip2-test.bz2", argc > 1 ? argv[1] : ".");
    printf("bzip2 %s\n", BZ2_bzlibVersion());

    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (char)('a' + (state >> 20) % 26) : "wasi sysroot "[i % 13];
    }

    for (int level = 1; level <= 9; level += 4) {
        unsigned length = sizeof packed, size = SIZE;
        REQUIRE(BZ2_bzBuffToBuffCompress(packed, &length, plain, SIZE, level, 0, 0) == BZ_OK);
        memset(back, 0, SIZE);
        for (int small = 0; small <= 1; small++) {
            size = SIZE;
            REQUIRE(BZ2_bzBuffToBuffDecompress(back, &size, packed, length, small, 0) == BZ_OK);
            REQUIRE(size == SIZE && memcmp(plain, back, SIZE) == 0);
        }
        printf("level %d: header %.4s, %u bytes, round trip\n", level, packed, length);
        packed[length / 2] ^= 1;
        size = SIZE;
        REQUIRE(BZ2_bzBuffToBuffDecompress(back, &size, packed, length, 0, 0) != BZ_OK);
    }
    puts("a flipped bit: noticed");
    unsigned size = SIZE;
    printf("not bzip2 at all: %s\n",
           BZ2_bzBuffToBuffDecompress(back, &size, plain, 100, 0, 0) == BZ_DATA_ERROR_MAGIC ? "magic error" : "not noticed");

    BZFILE *f = BZ2_bzopen(path, "wb9");
    REQUIRE(f != NULL);
    REQUIRE(BZ2_bzwrite(f, plain, SIZE) == SIZE);
    BZ2_bzclose(f);
    f = BZ2_bzopen(path, "rb");
    REQUIRE(f != NULL);
    memset(back, 0, SIZE);
    REQUIRE(BZ2_bzread(f, back, SIZE) == SIZE && memcmp(plain, back, SIZE) == 0);
    char more;
    REQUIRE(BZ2_bzread(f, &more, 1) == 0);
    int code;
    printf("file: round trip, then %s\n", BZ2_bzerror(f, &code));
    BZ2_bzclose(f);

    /* The stdio interface, over a FILE of our own. */
    FILE *stream = fopen(path, "rb");
    REQUIRE(stream != NULL);
    f = BZ2_bzReadOpen(&code, stream, 0, 1, NULL, 0);
    REQUIRE(code == BZ_OK);
    REQUIRE(BZ2_bzRead(&code, f, back, 26) == 26 && code == BZ_OK);
    printf("first bytes: %.26s\n", back);
    BZ2_bzReadClose(&code, f);
    REQUIRE(code == BZ_OK && fclose(stream) == 0 && remove(path) == 0);
    REQUIRE(BZ2_bzopen(path, "rb") == NULL);
    puts("done");
    return 0;
}
