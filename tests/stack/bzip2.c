#include "stack.h"

#include <bzlib.h>

enum { SIZE = 300000 };

int main(void) {
    unsigned char *plain = text(SIZE);
    char *packed = malloc(SIZE * 2), *back = malloc(SIZE);
    for (int repeated = 0; repeated < 2; repeated++) {
        if (repeated) memset(plain, 'x', SIZE); /* what the fallback sorts */
        for (int level = 1; level <= 9; level++) {
            unsigned size = SIZE * 2, size_back = SIZE;
            REQUIRE(BZ2_bzBuffToBuffCompress(packed, &size, (char *)plain, SIZE, level, 0, level * 20) == BZ_OK);
            REQUIRE(BZ2_bzBuffToBuffDecompress(back, &size_back, packed, size, level & 1, 0) == BZ_OK && memcmp(plain, back, SIZE) == 0);
        }
    }
}
