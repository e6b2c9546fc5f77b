/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the program xxhsum does before a benchmark: upstream's own checks of all functions, which end the program if one fails. */
#include "../cli/xsum_sanity_check.h"
#include <stdio.h>

int main(void) {
  XSUM_sanityCheck();
  puts("sane");
  return 0;
}
