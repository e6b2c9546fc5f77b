/* What the files here share. */
#ifndef STACK_H
#define STACK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) \
    do { \
        if (!(condition)) { \
            printf("%s, line %d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* Neither noise nor nothing: words that come again. */
static inline unsigned char *text(size_t size) {
    unsigned char *bytes = malloc(size);
    REQUIRE(bytes);
    unsigned state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245u + 12345;
        bytes[i] = i % 64 < 40 && i >= 640 ? bytes[i - 640 + state % 3] : (unsigned char)('a' + (state >> 16) % 26);
    }
    return bytes;
}

#endif
