/* SPDX-License-Identifier: MIT */
/* Upstream's jpegtran as a function: check-tools.h. */
#include <stdlib.h>
#include "check-tools.h"
#define exit end_tool
#define main jpegtran_main
#include "jpegtran.c"
