/* SPDX-License-Identifier: MIT */
/* Upstream's cjpeg as a function: check-tools.h. */
#include <stdlib.h>
#include "check-tools.h"
#define exit end_tool
#define main cjpeg_main
#include "cjpeg.c"
