/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Upstream's test relies on its headers for these two; with an implementation that is linked, they do not include them. */
#include <stdlib.h>
#include <string.h>
#include "sanity_test.c"
