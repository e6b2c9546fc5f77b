/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of upstream's patches are applied: none. */
#include "mpfr-impl.h"

const char *mpfr_get_patches(void) { return ""; }
