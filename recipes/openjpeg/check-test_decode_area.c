/* SPDX-License-Identifier: MIT */
/* Upstream's test_decode_area as a function of check-tiles.c. */
#define main test_decode_area_main
#include "test_decode_area.c"
