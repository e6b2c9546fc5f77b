#include "stack.h"

#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

enum { SIZE = 200000, SAMPLE = 200, SAMPLES = SIZE / SAMPLE, DICTIONARY = 8192 };

int main(void) {
    unsigned char *plain = text(SIZE), *packed = malloc(ZSTD_compressBound(SIZE)), *back = malloc(SIZE), *dictionary = malloc(DICTIONARY);
    for (int level = -5; level <= ZSTD_maxCLevel(); level++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, level & 1);
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 20);
        size_t size = ZSTD_compress2(context, packed, ZSTD_compressBound(SIZE), plain, SIZE);
        REQUIRE(!ZSTD_isError(size) && ZSTD_decompress(back, SIZE, packed, size) == SIZE && memcmp(plain, back, SIZE) == 0);
        ZSTD_freeCCtx(context);
    }
    static size_t sizes[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) sizes[i] = SAMPLE;
    REQUIRE(!ZDICT_isError(ZDICT_trainFromBuffer(dictionary, DICTIONARY, plain, sizes, SAMPLES)));
    ZDICT_cover_params_t cover = {.k = 200, .d = 8, .steps = 2};
    REQUIRE(!ZDICT_isError(ZDICT_optimizeTrainFromBuffer_cover(dictionary, DICTIONARY, plain, sizes, SAMPLES, &cover)));
    ZDICT_fastCover_params_t fast = {.k = 200, .d = 8, .f = 16, .steps = 2, .accel = 1};
    REQUIRE(!ZDICT_isError(ZDICT_optimizeTrainFromBuffer_fastCover(dictionary, DICTIONARY, plain, sizes, SAMPLES, &fast)));
    ZDICT_legacy_params_t legacy = {.selectivityLevel = 9};
    REQUIRE(!ZDICT_isError(ZDICT_trainFromBuffer_legacy(dictionary, DICTIONARY, plain, sizes, SAMPLES, legacy)));
}
