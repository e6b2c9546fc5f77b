/* SPDX-License-Identifier: MIT */
/* Upstream's test_tile_encoder as a function of check-tiles.c. */
#define main test_tile_encoder_main
#include "test_tile_encoder.c"
