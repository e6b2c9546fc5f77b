/* Linked into a program, it tells on stderr how much of its stack the program used: what no longer has the bytes that were there before. */
#include <stdint.h>
#include <stdio.h>

extern unsigned char __stack_low, __stack_high;

/* The byte at an address, which is 0 at the end of a stack that comes first: no pointer of C may point there. */
static volatile unsigned char *at(uintptr_t address) {
    __asm__("" : "+r"(address));
    return (volatile unsigned char *)address;
}

__attribute__((constructor)) static void paint(void) {
    uintptr_t low = (uintptr_t)&__stack_low, now = (uintptr_t)__builtin_frame_address(0);
    for (uintptr_t i = low; i < now; i++) *at(i) = 0xa5;
}

__attribute__((destructor)) static void tell(void) {
    uintptr_t low = (uintptr_t)&__stack_low, high = (uintptr_t)&__stack_high, end = low;
    while (*at(end) == 0xa5) end++;
    fprintf(stderr, "%u of %u\n", (unsigned)(high - end), (unsigned)(high - low));
}
