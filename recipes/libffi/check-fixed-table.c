/* The same where the linker fixed the size of the function table. */
#include "exhaustion.h"

int main(void) { exhaust(); }
