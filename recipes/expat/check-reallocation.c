/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* expat_realloc near the end of the address space: no memory, and what was there stays (CVE-2026-102633). */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "expat_config.h"

#include "expat.h"
#include "internal.h"

int main(void) {
  int failures = 0;
  XML_Parser parser = XML_ParserCreate(NULL);
  /* Otherwise the accounting refuses such sizes before they are added up. */
  XML_SetAllocTrackerActivationThreshold(parser, UINT64_MAX);
  char *kept = expat_malloc(parser, 16, __LINE__);
  memset(kept, 'k', 16);
  for (size_t less = 0; less < 32; less++)
    if (expat_realloc(parser, kept, SIZE_MAX - less, __LINE__) != NULL) {
      failures++;
      printf("SIZE_MAX - %zu was allocated\n", less);
    }
  for (int i = 0; i < 16; i++) failures += kept[i] != 'k';
  kept = expat_realloc(parser, kept, 1 << 20, __LINE__);
  if (kept == NULL || kept[15] != 'k') failures++;
  expat_free(parser, kept, __LINE__);
  XML_ParserFree(parser);
  printf("%d failures\n", failures);
  return failures != 0;
}
