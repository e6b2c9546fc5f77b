/* SPDX-License-Identifier: LGPL-3.0-or-later OR GPL-2.0-or-later */
/* A table of GMP's for limbs of 32 bits: tests/upstream/gmp_tables.py writes it. */
static const mp_limb_t sq_res_0x100[8] = {
  CNST_LIMB(0x2030213),
  CNST_LIMB(0x2020212),
  CNST_LIMB(0x2020213),
  CNST_LIMB(0x2020212),
  CNST_LIMB(0x2030212),
  CNST_LIMB(0x2020212),
  CNST_LIMB(0x2020212),
  CNST_LIMB(0x2020212),
};
#define PERFSQR_MOD_BITS 25
#define PERFSQR_MOD_TEST(up, usize) \
  do { \
    mp_limb_t r; \
    PERFSQR_MOD_34(r, up, usize); \
    PERFSQR_MOD_2(r, CNST_LIMB(45), CNST_LIMB(0xfa4fa5), CNST_LIMB(0x920), CNST_LIMB(0x1a442481)); \
    PERFSQR_MOD_1(r, CNST_LIMB(17), CNST_LIMB(0xf0f0f1), CNST_LIMB(0x1a317)); \
    PERFSQR_MOD_1(r, CNST_LIMB(13), CNST_LIMB(0xec4ec5), CNST_LIMB(0x9e5)); \
    PERFSQR_MOD_1(r, CNST_LIMB(7), CNST_LIMB(0xdb6db7), CNST_LIMB(0x69)); \
  } while (0)
#define PERFSQR_DIVISORS { 256, 45, 17, 13, 7, }
