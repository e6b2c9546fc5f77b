/* SPDX-License-Identifier: BSD-2-Clause */
/* The header as it is installed: upstream's template, with configure's answer patched in. */
#include "mpdecimal.h.in"
