/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What liblzma says of the machine: nothing that wasi-libc makes up. A size of 0 is "unknown", as lzma/hardware.h has it. */
#include <inttypes.h>
#include <stdio.h>

#include <lzma.h>

int main(void) {
  uint64_t size = lzma_physmem();
  printf("%" PRIu64 "\n", size);
  return size != 0;
}
