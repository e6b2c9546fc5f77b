#include "stack.h"

#include <lzma.h>

enum { SIZE = 300000 };

int main(void) {
    uint8_t *plain = text(SIZE), *packed = malloc(SIZE * 2), *back = malloc(SIZE);
    static const uint32_t presets[] = {0, 3, 6, 6 | LZMA_PRESET_EXTREME};
    for (unsigned i = 0; i < sizeof presets / sizeof *presets; i++) {
        size_t size = 0, in = 0, out = 0;
        uint64_t limit = UINT64_MAX;
        REQUIRE(lzma_easy_buffer_encode(presets[i], LZMA_CHECK_SHA256, NULL, plain, SIZE, packed, &size, SIZE * 2) == LZMA_OK);
        REQUIRE(lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in, size, back, &out, SIZE) == LZMA_OK && memcmp(plain, back, SIZE) == 0);
    }
    /* A chain of all filters, and an index of many records. */
    lzma_options_lzma options;
    REQUIRE(!lzma_lzma_preset(&options, 1));
    lzma_options_delta delta = {.type = LZMA_DELTA_TYPE_BYTE, .dist = 4};
    lzma_filter filters[] = {{LZMA_FILTER_X86, NULL}, {LZMA_FILTER_DELTA, &delta}, {LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    lzma_stream stream = LZMA_STREAM_INIT;
    REQUIRE(lzma_stream_encoder(&stream, filters, LZMA_CHECK_CRC64) == LZMA_OK);
    stream.next_in = plain, stream.avail_in = SIZE, stream.next_out = packed, stream.avail_out = SIZE * 2;
    REQUIRE(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
    lzma_end(&stream);
    lzma_index *index = lzma_index_init(NULL);
    for (int i = 0; i < 10000; i++) REQUIRE(lzma_index_append(index, NULL, 100, 1000) == LZMA_OK);
    lzma_index *copy = lzma_index_dup(index, NULL);
    REQUIRE(lzma_index_cat(index, copy, NULL) == LZMA_OK && lzma_index_block_count(index) == 20000);
    lzma_index_end(index, NULL);
}
