/* zstd.c [FOLDER]: all levels, streams in small steps, trained dictionaries, what errors are called, and a file in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

/* The result of a call that must not fail. */
#define FINE(call) fine(call, __LINE__)

enum { SIZE = 200000, PIECE = 777, SAMPLES = 2000, SAMPLE = 100, DICTIONARY = 4096 };

static unsigned char plain[SIZE], packed[SIZE * 2], back[SIZE];

static size_t fine(size_t code, int line)
{
    if (ZSTD_isError(code)) {
        printf("line %d: %s\n", line, ZSTD_getErrorName(code));
        exit(1);
    }
    return code;
}

static unsigned number(void)
{
    static unsigned state = 12345;
    state = state * 1103515245u + 12345u;
    return state >> 16 & 0x7fff;
}

/* Text that repeats but not exactly: the same bytes on every machine. */
static void fill(void)
{
    for (size_t i = 0; i < SIZE; i++)
        plain[i] = number() % 7 == 0 ? (unsigned char)('a' + number() % 26) : (unsigned char)"wasi sysroot "[i % 13];
}

static void same(size_t length)
{
    REQUIRE(length == SIZE && memcmp(plain, back, SIZE) == 0);
    memset(back, 0, sizeof back);
}

static void levels(void)
{
    printf("levels 1 to %d, and negative ones: %s\n", ZSTD_maxCLevel(), ZSTD_minCLevel() < 0 ? "yes" : "no");
    size_t first = 0, last = 0;
    for (int level = -5; level <= ZSTD_maxCLevel(); level++) {
        size_t length = FINE(ZSTD_compress(packed, ZSTD_compressBound(SIZE), plain, SIZE, level));
        REQUIRE(ZSTD_getFrameContentSize(packed, length) == SIZE);
        REQUIRE(ZSTD_findFrameCompressedSize(packed, length) == length);
        same(FINE(ZSTD_decompress(back, SIZE, packed, length)));
        if (level == 1)
            first = length;
        last = length;
    }
    printf("round trip at each; the last is %s than the first\n", last < first ? "smaller" : "not smaller");
    static const int strategies[] = {ZSTD_fast,    ZSTD_dfast, ZSTD_greedy,  ZSTD_lazy,    ZSTD_lazy2,
                                     ZSTD_btlazy2, ZSTD_btopt, ZSTD_btultra, ZSTD_btultra2};
    ZSTD_CCtx *c = ZSTD_createCCtx();
    REQUIRE(c != NULL);
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        FINE(ZSTD_CCtx_setParameter(c, ZSTD_c_strategy, strategies[i]));
        FINE(ZSTD_CCtx_setParameter(c, ZSTD_c_enableLongDistanceMatching, (int)(i & 1)));
        size_t length = FINE(ZSTD_compress2(c, packed, sizeof packed, plain, SIZE));
        same(FINE(ZSTD_decompress(back, SIZE, packed, length)));
    }
    puts("round trip with each strategy");
    ZSTD_bounds workers = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers);
    printf("threads: %d to %d\n", workers.lowerBound, workers.upperBound);
    printf("a thread more: %s\n", ZSTD_getErrorName(ZSTD_CCtx_setParameter(c, ZSTD_c_nbWorkers, 1)));
    ZSTD_freeCCtx(c);
}

/* PIECE bytes in and out at a time, with a checksum; a flush in the middle. */
static size_t streams(void)
{
    ZSTD_CStream *c = ZSTD_createCStream();
    REQUIRE(c != NULL);
    FINE(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 5));
    FINE(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1));
    FINE(ZSTD_CCtx_setPledgedSrcSize(c, SIZE));
    size_t from = 0, length = 0, rest;
    do {
        size_t some = SIZE - from < PIECE ? SIZE - from : PIECE;
        ZSTD_EndDirective end = from + some == SIZE ? ZSTD_e_end : from / PIECE == 100 ? ZSTD_e_flush : ZSTD_e_continue;
        ZSTD_inBuffer in = {plain + from, some, 0};
        do {
            ZSTD_outBuffer out = {packed + length, PIECE, 0};
            rest = FINE(ZSTD_compressStream2(c, &out, &in, end));
            length += out.pos;
        } while (in.pos < in.size || (end != ZSTD_e_continue && rest != 0));
        from += some;
    } while (from < SIZE);
    ZSTD_freeCStream(c);

    ZSTD_DStream *d = ZSTD_createDStream();
    REQUIRE(d != NULL);
    size_t to = 0, at = 0;
    do {
        ZSTD_inBuffer in = {packed + at, length - at < PIECE ? length - at : PIECE, 0};
        ZSTD_outBuffer out = {back + to, SIZE - to < PIECE ? SIZE - to : PIECE, 0};
        rest = FINE(ZSTD_decompressStream(d, &out, &in));
        at += in.pos;
        to += out.pos;
    } while (rest != 0);
    REQUIRE(at == length);
    same(to);
    ZSTD_freeDStream(d);
    puts("streams: round trip in small steps");
    return length;
}

static void errors(size_t length)
{
    packed[length - 1] ^= 1;
    printf("a flipped bit of the checksum: %s\n", ZSTD_getErrorName(ZSTD_decompress(back, SIZE, packed, length)));
    packed[length - 1] ^= 1;
    size_t code = ZSTD_decompress(back, SIZE, packed, length / 2);
    printf("cut short: %s\n", ZSTD_getErrorName(code));
    REQUIRE(ZSTD_getErrorCode(code) == ZSTD_error_srcSize_wrong);
    code = ZSTD_decompress(back, SIZE - 1, packed, length);
    REQUIRE(ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall);
    printf("too little room: %s\n", ZSTD_getErrorString(ZSTD_getErrorCode(code)));
    printf("not zstd at all: %s\n", ZSTD_getErrorName(ZSTD_decompress(back, SIZE, plain, SIZE)));
    /* The magic number of the format of zstd 0.7: read by libraries with legacy support alone. */
    static const unsigned char old[] = {0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0};
    printf("a format before 1.0: %s\n", ZSTD_getErrorName(ZSTD_decompress(back, SIZE, old, sizeof old)));
    printf("no error: %s\n", ZSTD_getErrorName(0));

    ZSTD_DCtx *d = ZSTD_createDCtx();
    REQUIRE(d != NULL);
    FINE(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 10));
    ZSTD_inBuffer in = {packed, length, 0};
    ZSTD_outBuffer out = {back, PIECE, 0};
    printf("window larger than allowed: %s\n", ZSTD_getErrorName(ZSTD_decompressStream(d, &out, &in)));
    ZSTD_freeDCtx(d);
}

/* Many small texts of one kind: a dictionary is for these. */
static void dictionaries(void)
{
    static char samples[SAMPLES * SAMPLE], dictionary[DICTIONARY], finished[DICTIONARY];
    static size_t sizes[SAMPLES];
    size_t total = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        static const char *const planets[] = {"Mercury", "Venus", "Earth", "Mars", "Jupiter"};
        unsigned a = number(), b = number(), c = number();
        int length = snprintf(samples + total, SAMPLE, "{\"id\": %u, \"planet\": \"%s\", \"moons\": %u, \"note\": \"%u of %u\"}\n", a,
                              planets[b % 5], c % 90, b, c);
        REQUIRE(length > 0 && length < SAMPLE);
        sizes[i] = (size_t)length;
        total += sizes[i];
    }
    size_t length = ZDICT_trainFromBuffer(dictionary, sizeof dictionary, samples, sizes, SAMPLES);
    REQUIRE(!ZDICT_isError(length));
    unsigned id = ZDICT_getDictID(dictionary, length);
    REQUIRE(id != 0 && id == ZSTD_getDictID_fromDict(dictionary, length));
    REQUIRE(ZDICT_getDictHeaderSize(dictionary, length) > 0);

    ZSTD_CDict *cdict = ZSTD_createCDict(dictionary, length, 3);
    ZSTD_DDict *ddict = ZSTD_createDDict(dictionary, length);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_DCtx *d = ZSTD_createDCtx();
    REQUIRE(cdict != NULL && ddict != NULL && c != NULL && d != NULL);
    size_t with = 0, without = 0, at = 0;
    for (size_t i = 0; i < SAMPLES; at += sizes[i++]) {
        without += FINE(ZSTD_compressCCtx(c, packed, sizeof packed, samples + at, sizes[i], 3));
        size_t some = FINE(ZSTD_compress_usingCDict(c, packed, sizeof packed, samples + at, sizes[i], cdict));
        with += some;
        REQUIRE(ZSTD_getDictID_fromFrame(packed, some) == id);
        REQUIRE(FINE(ZSTD_decompress_usingDDict(d, back, SIZE, packed, some, ddict)) == sizes[i]);
        REQUIRE(memcmp(back, samples + at, sizes[i]) == 0);
        if (i == 0)
            printf("without its dictionary: %s\n", ZSTD_getErrorName(ZSTD_decompress(back, SIZE, packed, some)));
    }
    printf("dictionary: %s\n", with * 3 < without * 2 ? "small texts shrink by a third more" : "no gain");
    ZSTD_freeCDict(cdict);
    ZSTD_freeDDict(ddict);

    ZDICT_params_t parameters = {.compressionLevel = 19, .dictID = 4711};
    length = ZDICT_finalizeDictionary(finished, sizeof finished, samples, 2000, samples, sizes, SAMPLES, parameters);
    REQUIRE(!ZDICT_isError(length));
    printf("finished by hand: dictionary %u\n", ZDICT_getDictID(finished, length));
    FINE(ZSTD_CCtx_loadDictionary(c, finished, length));
    FINE(ZSTD_DCtx_loadDictionary(d, finished, length));
    size_t some = FINE(ZSTD_compress2(c, packed, sizeof packed, samples, total < SIZE ? total : SIZE));
    REQUIRE(FINE(ZSTD_decompressDCtx(d, back, SIZE, packed, some)) == (total < SIZE ? total : SIZE));
    REQUIRE(memcmp(back, samples, total < SIZE ? total : SIZE) == 0);
    ZSTD_freeCCtx(c);
    ZSTD_freeDCtx(d);
    printf("too few samples: %s\n", ZDICT_getErrorName(ZDICT_trainFromBuffer(dictionary, sizeof dictionary, samples, sizes, 3)));
}

static void file(const char *path)
{
    size_t length = FINE(ZSTD_compress(packed, sizeof packed, plain, SIZE, 3));
    /* After it a frame to skip, then a second one. */
    static const unsigned char skip[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'w', 'a', 's', 'i'};
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    REQUIRE(fwrite(packed, 1, length, f) == length && fwrite(skip, 1, sizeof skip, f) == sizeof skip);
    REQUIRE(fwrite(packed, 1, length, f) == length && fclose(f) == 0);
    static unsigned char two[SIZE * 2];
    f = fopen(path, "rb");
    REQUIRE(f != NULL);
    size_t read = fread(packed, 1, sizeof packed, f);
    REQUIRE(feof(f) && fclose(f) == 0 && remove(path) == 0 && read == 2 * length + sizeof skip);
    REQUIRE(FINE(ZSTD_decompress(two, sizeof two, packed, read)) == sizeof two);
    REQUIRE(memcmp(two, plain, SIZE) == 0 && memcmp(two + SIZE, plain, SIZE) == 0);
    puts("file: two frames and one to skip");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/zstd-test.zst", argc > 1 ? argv[1] : ".");
    REQUIRE(strcmp(ZSTD_versionString(), ZSTD_VERSION_STRING) == 0 && ZSTD_versionNumber() == ZSTD_VERSION_NUMBER);
    printf("zstd %s\n", ZSTD_versionString());
    fill();
    levels();
    errors(streams());
    dictionaries();
    file(path);
    puts("done");
    return 0;
}
