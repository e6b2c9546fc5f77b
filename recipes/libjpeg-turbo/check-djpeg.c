/* SPDX-License-Identifier: MIT */
/* Upstream's djpeg as a function: check-tools.h. */
#include <stdlib.h>
#include "check-tools.h"
#define exit end_tool
#define main djpeg_main
#include "djpeg.c"
