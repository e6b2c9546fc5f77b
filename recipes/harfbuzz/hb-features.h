/* SPDX-License-Identifier: MIT-Modern-Variant */
/* What this build of HarfBuzz has of its optional parts, in the form of upstream's hb-features.h.in, whose questions only Meson answers. */
#ifndef HB_FEATURES_H
#define HB_FEATURES_H

#include "hb.h"

HB_BEGIN_DECLS

#define HB_HAS_FREETYPE 1

HB_END_DECLS

#endif
