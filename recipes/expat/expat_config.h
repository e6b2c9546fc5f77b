/* SPDX-License-Identifier: MIT */
/* The header as it is installed: upstream's template, with the answers for WASI patched in. */
#include "expat_config.h.cmake"
