/* xxhash.c: known answers, streams in pieces, seeds and secrets, and the canonical forms. */
#define XXH_STATIC_LINKING_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

enum { SIZE = 100000 };

static unsigned char data[SIZE];

static void print128(const char *name, XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    printf("%s ", name);
    for (size_t i = 0; i < sizeof canonical.digest; i++) printf("%02x", canonical.digest[i]);
    puts("");
    REQUIRE(XXH128_isEqual(XXH128_hashFromCanonical(&canonical), hash));
}

/* All at once and in pieces is the same, for each length and piece. */
static void pieces(size_t size, size_t piece)
{
    XXH32_state_t *s32 = XXH32_createState();
    XXH64_state_t *s64 = XXH64_createState();
    XXH3_state_t *s3 = XXH3_createState(), *s128 = XXH3_createState();
    REQUIRE(s32 && s64 && s3 && s128);
    XXH32_reset(s32, 7);
    XXH64_reset(s64, 7);
    XXH3_64bits_reset_withSeed(s3, 7);
    XXH3_128bits_reset(s128);
    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        XXH32_update(s32, data + at, part);
        XXH64_update(s64, data + at, part);
        XXH3_64bits_update(s3, data + at, part);
        XXH3_128bits_update(s128, data + at, part);
    }
    REQUIRE(XXH32_digest(s32) == XXH32(data, size, 7));
    REQUIRE(XXH64_digest(s64) == XXH64(data, size, 7));
    REQUIRE(XXH3_64bits_digest(s3) == XXH3_64bits_withSeed(data, size, 7));
    REQUIRE(XXH128_isEqual(XXH3_128bits_digest(s128), XXH3_128bits(data, size)));
    XXH32_freeState(s32);
    XXH64_freeState(s64);
    XXH3_freeState(s3);
    XXH3_freeState(s128);
}

int main(void)
{
    REQUIRE(XXH_versionNumber() == XXH_VERSION_NUMBER);
    printf("xxhash %u.%u.%u\n", XXH_versionNumber() / 10000, XXH_versionNumber() / 100 % 100, XXH_versionNumber() % 100);
    /* The answers of the specification for no bytes. */
    REQUIRE(XXH32("", 0, 0) == 0x02cc5d05 && XXH64("", 0, 0) == 0xef46db3751d8e999ull && XXH3_64bits("", 0) == 0x2d06800538d394c2ull);
    puts("no bytes: as specified");
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) data[i] = (unsigned char)((state = state * 1103515245u + 12345u) >> 16);
    printf("xxh32 %08x xxh64 %016llx\n", XXH32(data, SIZE, 0), (unsigned long long)XXH64(data, SIZE, 0));
    printf("xxh3 %016llx, with a seed %016llx\n", (unsigned long long)XXH3_64bits(data, SIZE),
           (unsigned long long)XXH3_64bits_withSeed(data, SIZE, 1));
    print128("xxh128", XXH3_128bits(data, SIZE));
    print128("xxh128 of 17 bytes", XXH128(data, 17, 42));
    static unsigned char secret[XXH3_SECRET_DEFAULT_SIZE];
    REQUIRE(XXH3_generateSecret(secret, sizeof secret, "wasi", 4) == XXH_OK);
    printf("with a secret %016llx\n", (unsigned long long)XXH3_64bits_withSecret(data, SIZE, secret, sizeof secret));
    static const size_t sizes[] = {0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 1025, 9999, SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) pieces(sizes[i], piece);
    puts("in pieces: the same");
    return 0;
}
