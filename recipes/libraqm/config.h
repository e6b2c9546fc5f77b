/* SPDX-License-Identifier: MIT */
/* The answers of libraqm's Meson build: the bidirectional algorithm is SheenBidi's. */
#define RAQM_SHEENBIDI 1
