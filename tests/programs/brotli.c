/* brotli.c: round trips at several qualities and windows, a stream in small steps, a dictionary, and what must be refused. */
#include <brotli/decode.h>
#include <brotli/encode.h>
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

enum { SIZE = 100000 };

static uint8_t plain[SIZE], packed[SIZE * 2], back[SIZE];

static void fill(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (uint8_t)('a' + (state >> 20) % 26) : (uint8_t)"wasi sysroot "[i % 13];
    }
}

static size_t whole(int quality, int window)
{
    size_t size = sizeof packed, length = SIZE;
    REQUIRE(BrotliEncoderCompress(quality, window, BROTLI_MODE_TEXT, SIZE, plain, &size, packed));
    memset(back, 0, SIZE);
    REQUIRE(BrotliDecoderDecompress(size, packed, &length, back) == BROTLI_DECODER_RESULT_SUCCESS);
    REQUIRE(length == SIZE && memcmp(plain, back, SIZE) == 0);
    return size;
}

/* A stream with a dictionary of what comes at the end of the text; a few bytes in and out at a time. */
static size_t stream(size_t text, const uint8_t *dictionary, size_t dictionary_size)
{
    BrotliEncoderState *encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliEncoderPreparedDictionary *prepared = NULL;
    REQUIRE(encoder && decoder && BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, 9));
    if (dictionary_size) {
        prepared = BrotliEncoderPrepareDictionary(BROTLI_SHARED_DICTIONARY_RAW, dictionary_size, dictionary, 9, NULL, NULL, NULL);
        REQUIRE(prepared && BrotliEncoderAttachPreparedDictionary(encoder, prepared));
        REQUIRE(BrotliDecoderAttachDictionary(decoder, BROTLI_SHARED_DICTIONARY_RAW, dictionary_size, dictionary));
    }
    size_t in = 0, size = 0, out = 0;
    while (!BrotliEncoderIsFinished(encoder)) {
        size_t left = text - in < 777 ? text - in : 777, room = 99;
        const uint8_t *from = plain + in;
        uint8_t *to = packed + size;
        REQUIRE(BrotliEncoderCompressStream(encoder, in + left == text ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS, &left, &from,
                                            &room, &to, NULL));
        in = (size_t)(from - plain);
        size = (size_t)(to - packed);
    }
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
    for (size_t at = 0; result != BROTLI_DECODER_RESULT_SUCCESS;) {
        size_t left = size - at < 55 ? size - at : 55, room = SIZE - out < 333 ? SIZE - out : 333;
        const uint8_t *from = packed + at;
        uint8_t *to = back + out;
        result = BrotliDecoderDecompressStream(decoder, &left, &from, &room, &to, NULL);
        REQUIRE(result != BROTLI_DECODER_RESULT_ERROR);
        at = (size_t)(from - packed);
        out = (size_t)(to - back);
    }
    REQUIRE(out == text && memcmp(plain, back, text) == 0);
    BrotliEncoderDestroyInstance(encoder);
    BrotliDecoderDestroyInstance(decoder);
    if (prepared) BrotliEncoderDestroyPreparedDictionary(prepared);
    return size;
}

int main(void)
{
    REQUIRE(BrotliEncoderVersion() == BrotliDecoderVersion());
    printf("brotli %u.%u.%u\n", BrotliDecoderVersion() >> 24, BrotliDecoderVersion() >> 12 & 4095, BrotliDecoderVersion() & 4095);
    fill();
    for (int quality = 0; quality <= 11; quality++) whole(quality, 10 + quality);
    puts("qualities and windows: round trips");
    REQUIRE(whole(11, 22) < whole(1, 22));
    puts("quality 11 is smaller than quality 1");
    REQUIRE(stream(SIZE, NULL, 0) < SIZE / 2);
    puts("stream in small steps: round trip");
    REQUIRE(stream(5000, plain, 20000) < stream(5000, NULL, 0) / 10);
    puts("with a dictionary: much smaller");
    size_t size = sizeof packed, length = SIZE;
    REQUIRE(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, SIZE, plain, &size, packed));
    REQUIRE(BrotliDecoderDecompress(size - 1, packed, &length, back) == BROTLI_DECODER_RESULT_ERROR);
    puts("too short: refused");
    packed[0] = 0x11; /* a window that only large ones have */
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *from = packed;
    uint8_t *to = back;
    size_t room = SIZE;
    REQUIRE(BrotliDecoderDecompressStream(decoder, &size, &from, &room, &to, NULL) == BROTLI_DECODER_RESULT_ERROR);
    puts(BrotliDecoderErrorString(BrotliDecoderGetErrorCode(decoder)));
    BrotliDecoderDestroyInstance(decoder);
    puts("done");
    return 0;
}
