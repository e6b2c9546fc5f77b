/* SPDX-License-Identifier: LGPL-3.0-or-later OR GPL-2.0-or-later */
/* A table of GMP's for limbs of 32 bits: tests/upstream/gmp_tables.py writes it. */
#define PRIMESIEVE_INIT_TABLE \
  CNST_LIMB(0x69128480), \
  CNST_LIMB(0x3294c9e0), \
  CNST_LIMB(0xc4ab21dc), \
  CNST_LIMB(0x95a35e1e), \
  CNST_LIMB(0xb8693366), \
  CNST_LIMB(0x4ad7ce99), \
  CNST_LIMB(0x728dc52b), \
  CNST_LIMB(0x6595b6da), \
  CNST_LIMB(0x87b0cede), \
  CNST_LIMB(0xea6d9f87), \
  CNST_LIMB(0xcd3275a9), \
  CNST_LIMB(0x3f56a1f4), \
  CNST_LIMB(0x74a76adb), \
  CNST_LIMB(0xfd3848fb), \
  CNST_LIMB(0xa1edf6af), \
  CNST_LIMB(0xdbba0dd1), \
  CNST_LIMB(0xd22799a5), \
  CNST_LIMB(0xcec7f17e), \
  CNST_LIMB(0xbb717d56), \
  CNST_LIMB(0xeaec17bd), \
  CNST_LIMB(0x585afcf3), \
  CNST_LIMB(0x3b0eb7b3), \
  CNST_LIMB(0x9fdf6c4f), \
  CNST_LIMB(0xe563d8f6), \
  CNST_LIMB(0xa45e92fc), \
  CNST_LIMB(0xfe5ba7ab), \
  CNST_LIMB(0x3bf49b7d), \
  CNST_LIMB(0x158dee6f), \
  CNST_LIMB(0xede6cd1a), \
  CNST_LIMB(0xbe5a7bc4), \
  CNST_LIMB(0xca7bb6ad), \
  CNST_LIMB(0xd7679b3f), \
  CNST_LIMB(0x1fef37e9), \
  CNST_LIMB(0xc3f66b97), \
  CNST_LIMB(0x39c953fd), \
  CNST_LIMB(0x6f7ebcf3), \
  CNST_LIMB(0xd235dbf0), \
  CNST_LIMB(0xd5a5ecdc), \
  CNST_LIMB(0xd5b65e3b), \
  CNST_LIMB(0xecfa7b2f), \
  CNST_LIMB(0xc89f67b1), \
  CNST_LIMB(0xd28efdf9), \
  CNST_LIMB(0x3dd3af4f), \
  CNST_LIMB(0xcb7f7c7a), \
  CNST_LIMB(0xff6b32cc), \
  CNST_LIMB(0xeebed6cd), \
  CNST_LIMB(0x5ecfa97c), \
  CNST_LIMB(0xd5bd73f8), \
  CNST_LIMB(0xbbad48f7), \
  CNST_LIMB(0x21fdbe4f), \
  CNST_LIMB(0xeeb7fde7), \
  CNST_LIMB(0x5e35a3b5), \
  CNST_LIMB(0xa7dbbcc9), \
  CNST_LIMB(0xd9ebfd53), \
  CNST_LIMB(0x2efe1f76), \
  CNST_LIMB(0xff9edeaf),
#define PRIMESIEVE_NUMBEROF_TABLE 56
#define PRIMESIEVE_HIGHEST_PRIME 5351
#define SIEVE_MASK1 CNST_LIMB(0x69128483)
#define SIEVE_MASK2 CNST_LIMB(0x12148960)
#define SIEVE_MASKT CNST_LIMB(0xc)
