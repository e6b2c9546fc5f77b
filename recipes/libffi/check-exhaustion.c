/* Closures until there are no more of a signature: an error when it is prepared, and room again after one is freed. */
#include "exhaustion.h"

int main(void) { exhaust(); }
