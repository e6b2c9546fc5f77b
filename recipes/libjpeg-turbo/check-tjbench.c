/* SPDX-License-Identifier: MIT */
/* Upstream's tjbench as a function: check-tools.h. */
#include <stdlib.h>
#include "check-tools.h"
#define exit end_tool
#define main tjbench_main
#include "tjbench.c"
