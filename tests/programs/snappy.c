/* snappy.c: round trips through the interface for C, known bytes, and what must be refused. */
#include <snappy-c.h>
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

enum { SIZE = 200000 };

static char plain[SIZE], packed[SIZE * 2], back[SIZE];

int main(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (char)('a' + (state >> 20) % 26) : "wasi sysroot "[i % 13];
    }
    /* The length, then one literal of five bytes. */
    size_t size = sizeof packed;
    REQUIRE(snappy_compress("snapp", 5, packed, &size) == SNAPPY_OK && size == 7 && memcmp(packed, "\5\20snapp", 7) == 0);
    puts("five bytes: as the format says");
    for (size_t length = 0; length <= SIZE; length = length * 3 + 1) {
        size = sizeof packed;
        size_t got = SIZE;
        REQUIRE(snappy_compress(plain, length, packed, &size) == SNAPPY_OK && size <= snappy_max_compressed_length(length));
        REQUIRE(snappy_uncompressed_length(packed, size, &got) == SNAPPY_OK && got == length);
        REQUIRE(snappy_validate_compressed_buffer(packed, size) == SNAPPY_OK);
        REQUIRE(snappy_uncompress(packed, size, back, &got) == SNAPPY_OK && got == length && memcmp(plain, back, length) == 0);
        if (length > 100000) REQUIRE(size < length * 3 / 4);
    }
    puts("round trips, smaller");
    size = 100;
    REQUIRE(snappy_compress(plain, SIZE, packed, &size) == SNAPPY_BUFFER_TOO_SMALL);
    size = sizeof packed;
    REQUIRE(snappy_compress(plain, SIZE, packed, &size) == SNAPPY_OK);
    size_t got = SIZE - 1;
    REQUIRE(snappy_uncompress(packed, size, back, &got) == SNAPPY_BUFFER_TOO_SMALL);
    puts("too little room: refused");
    got = SIZE;
    REQUIRE(snappy_uncompress(packed, size - 1, back, &got) == SNAPPY_INVALID_INPUT);
    REQUIRE(snappy_validate_compressed_buffer("\377\377\377\377\377\377", 6) == SNAPPY_INVALID_INPUT);
    puts("cut off and nonsense: refused");
    return 0;
}
