/* SPDX-License-Identifier: MIT */
/* Finds the installed header under its own name; the file itself keeps its name in the source tree, where a patch answers its
 * placeholders. */
#include "../../include/ffi.h.in"
