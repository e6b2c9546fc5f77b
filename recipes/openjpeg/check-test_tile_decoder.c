/* SPDX-License-Identifier: MIT */
/* Upstream's test_tile_decoder as a function of check-tiles.c. */
#define main test_tile_decoder_main
#include "test_tile_decoder.c"
