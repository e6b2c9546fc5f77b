/* lz4.c [FOLDER]: blocks at several levels, a stream of dependent blocks, a dictionary, frames, errors, and a file of frames in FOLDER. */
#include <lz4.h>
#include <lz4file.h>
#include <lz4frame.h>
#include <lz4hc.h>
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

enum { SIZE = 200000, ROOM = 250000, BLOCK = 5000 };

static char plain[SIZE], packed[ROOM], back[SIZE];

static void fill(void)
{
    unsigned state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (char)('a' + (state >> 20) % 26) : "wasi sysroot "[i % 13];
    }
}

static void blocks(void)
{
    REQUIRE(LZ4_compressBound(SIZE) <= ROOM);
    int last = SIZE;
    for (int level = 0; level <= LZ4HC_CLEVEL_MAX; level += 4) {
        int length = level == 0 ? LZ4_compress_default(plain, packed, SIZE, ROOM) : LZ4_compress_HC(plain, packed, SIZE, ROOM, level);
        REQUIRE(length > 0 && length < last && LZ4_decompress_safe(packed, back, length, SIZE) == SIZE && memcmp(plain, back, SIZE) == 0);
        printf("level %d: round trip, smaller\n", level);
        last = length;
    }
    REQUIRE(LZ4_decompress_safe(packed, back, last, SIZE - 1) < 0);
    REQUIRE(LZ4_decompress_safe_partial(packed, back, last, 1000, 1000) == 1000 && memcmp(plain, back, 1000) == 0);
    puts("too little room: refused; a part: decoded");
    int taken = SIZE, length = LZ4_compress_destSize(plain, packed, &taken, 1000);
    REQUIRE(length > 0 && length <= 1000 && taken > 1000 && LZ4_decompress_safe(packed, back, length, SIZE) == taken);
    puts("as much as fits into 1000 bytes: decoded");
}

static void stream(void)
{
    LZ4_stream_t *in = LZ4_createStream();
    LZ4_streamDecode_t *out = LZ4_createStreamDecode();
    REQUIRE(in != NULL && out != NULL);
    LZ4_loadDict(in, plain + SIZE - 20000, 20000);
    REQUIRE(LZ4_setStreamDecode(out, plain + SIZE - 20000, 20000));
    for (int at = 0; at < SIZE - 20000; at += BLOCK) {
        int length = LZ4_compress_fast_continue(in, plain + at, packed, BLOCK, ROOM, 1);
        REQUIRE(length > 0 && LZ4_decompress_safe_continue(out, packed, back + at, length, BLOCK) == BLOCK);
    }
    REQUIRE(memcmp(plain, back, SIZE - 20000) == 0);
    LZ4_freeStream(in);
    LZ4_freeStreamDecode(out);
    puts("stream after a dictionary: round trip");
}

static void frames(void)
{
    LZ4F_preferences_t preferences = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled, .contentSize = SIZE}, .compressionLevel = 5};
    size_t length = LZ4F_compressFrame(packed, ROOM, plain, SIZE, &preferences);
    REQUIRE(!LZ4F_isError(length));
    LZ4F_dctx *context;
    REQUIRE(!LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)));
    size_t in = 0, out = 0, more = 1;
    while (more != 0) {
        size_t taken = length - in < 777 ? length - in : 777, given = SIZE - out < 999 ? SIZE - out : 999;
        more = LZ4F_decompress(context, back + out, &given, packed + in, &taken, NULL);
        REQUIRE(!LZ4F_isError(more));
        in += taken, out += given;
    }
    REQUIRE(in == length && out == SIZE && memcmp(plain, back, SIZE) == 0);
    puts("frame: round trip in small steps");
    packed[length - 1] ^= 1;
    size_t taken = length, given = SIZE;
    puts(LZ4F_getErrorName(LZ4F_decompress(context, back, &given, packed, &taken, NULL)));
    LZ4F_resetDecompressionContext(context);
    LZ4F_frameInfo_t info;
    taken = length;
    REQUIRE(!LZ4F_isError(LZ4F_getFrameInfo(context, &info, packed, &taken)));
    printf("content size: %d\n", (int)info.contentSize);
    LZ4F_freeDecompressionContext(context);
}

static void file(const char *path)
{
    FILE *f = fopen(path, "wb");
    LZ4_writeFile_t *writer;
    REQUIRE(f != NULL && !LZ4F_isError(LZ4F_writeOpen(&writer, f, NULL)));
    for (int at = 0; at < SIZE; at += BLOCK) REQUIRE(LZ4F_write(writer, plain + at, BLOCK) == BLOCK);
    REQUIRE(!LZ4F_isError(LZ4F_writeClose(writer)) && fclose(f) == 0);
    f = fopen(path, "rb");
    LZ4_readFile_t *reader;
    REQUIRE(f != NULL && !LZ4F_isError(LZ4F_readOpen(&reader, f)));
    memset(back, 0, SIZE);
    REQUIRE(LZ4F_read(reader, back, SIZE) == SIZE && memcmp(plain, back, SIZE) == 0);
    REQUIRE(!LZ4F_isError(LZ4F_readClose(reader)) && fclose(f) == 0 && remove(path) == 0);
    puts("file: round trip");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lz4-test.lz4", argc > 1 ? argv[1] : ".");
    REQUIRE(strcmp(LZ4_versionString(), LZ4_VERSION_STRING) == 0 && LZ4_versionNumber() == LZ4_VERSION_NUMBER);
    printf("lz4 %s\n", LZ4_versionString());
    fill();
    blocks();
    stream();
    frames();
    file(path);
    puts("done");
    return 0;
}
