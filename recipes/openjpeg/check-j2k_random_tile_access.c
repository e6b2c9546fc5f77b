/* SPDX-License-Identifier: MIT */
/* Upstream's j2k_random_tile_access as a function of check-tiles.c. */
#define main j2k_random_tile_access_main
#include "j2k_random_tile_access.c"
