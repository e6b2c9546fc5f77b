/* SPDX-License-Identifier: MIT */
/* Upstream's example as a function: check-tools.h. */
#include <stdlib.h>
#include "check-tools.h"
#define exit end_tool
#define main example_main
#include "example.c"
