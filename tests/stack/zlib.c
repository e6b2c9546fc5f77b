#include "stack.h"

#include <zlib.h>

enum { SIZE = 300000 };

int main(void) {
    unsigned char *plain = text(SIZE), *packed = malloc(SIZE * 2), *back = malloc(SIZE);
    for (int level = 0; level <= 9; level++)
        for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
            z_stream stream = {.next_in = plain, .avail_in = SIZE, .next_out = packed, .avail_out = SIZE * 2};
            REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 9, strategy) == Z_OK && deflate(&stream, Z_FINISH) == Z_STREAM_END);
            z_stream inverse = {.next_in = packed, .avail_in = (unsigned)stream.total_out, .next_out = back, .avail_out = SIZE};
            REQUIRE(deflateEnd(&stream) == Z_OK && inflateInit2(&inverse, 15 + 32) == Z_OK && inflate(&inverse, Z_FINISH) == Z_STREAM_END);
            REQUIRE(inflateEnd(&inverse) == Z_OK && memcmp(plain, back, SIZE) == 0);
        }
    REQUIRE(gzclose(gzopen("/nowhere", "rb")) == Z_STREAM_ERROR);
}
