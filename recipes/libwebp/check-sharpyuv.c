/* SPDX-License-Identifier: MIT */
/* check-sharpyuv: grey stays grey at each depth, and the standards' matrices give their known values for pure colours. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "sharpyuv/sharpyuv.h"
#include "sharpyuv/sharpyuv_csp.h"

enum { SIZE = 16 };

/* Converts one colour of 8 bits. */
static int converts(int r, int g, int b, SharpYuvMatrixType type, int y, int u, int v) {
  uint8_t rgb[SIZE * SIZE * 3], luma[SIZE * SIZE], us[SIZE * SIZE / 4], vs[SIZE * SIZE / 4];
  for (int i = 0; i < SIZE * SIZE; i++) rgb[i * 3] = (uint8_t)r, rgb[i * 3 + 1] = (uint8_t)g, rgb[i * 3 + 2] = (uint8_t)b;
  if (!SharpYuvConvert(rgb, rgb + 1, rgb + 2, 3, SIZE * 3, 8, luma, SIZE, us, SIZE / 2, vs, SIZE / 2, 8, SIZE, SIZE,
                       SharpYuvGetConversionMatrix(type)))
    return 0;
  for (int i = 0; i < SIZE * SIZE; i++)
    if (abs(luma[i] - y) > 1 || abs(us[i / 4] - u) > 1 || abs(vs[i / 4] - v) > 1) {
      printf("%d %d %d became %d %d %d, not %d %d %d\n", r, g, b, luma[i], us[i / 4], vs[i / 4], y, u, v);
      return 0;
    }
  return 1;
}

int main(void) {
  if (SharpYuvGetVersion() != SHARPYUV_VERSION) return 1;
  if (!converts(255, 255, 255, kSharpYuvMatrixRec601Full, 255, 128, 128)) return 1;
  if (!converts(128, 128, 128, kSharpYuvMatrixRec601Limited, 126, 128, 128)) return 1;
  /* BT.601 and BT.709, limited range, after their definitions. */
  if (!converts(255, 0, 0, kSharpYuvMatrixRec601Limited, 81, 90, 240)) return 1;
  if (!converts(0, 0, 255, kSharpYuvMatrixRec601Limited, 41, 240, 110)) return 1;
  if (!converts(0, 255, 0, kSharpYuvMatrixRec709Limited, 173, 42, 26)) return 1;
  uint16_t deep[SIZE * SIZE * 3], luma[SIZE * SIZE], us[SIZE * SIZE / 4], vs[SIZE * SIZE / 4];
  for (int i = 0; i < SIZE * SIZE * 3; i++) deep[i] = 512;
  SharpYuvColorSpace space = {0.299f, 0.114f, 10, kSharpYuvRangeFull};
  SharpYuvConversionMatrix matrix;
  SharpYuvComputeConversionMatrix(&space, &matrix);
  if (!SharpYuvConvert(deep, deep + 1, deep + 2, 6, SIZE * 6, 10, luma, SIZE * 2, us, SIZE, vs, SIZE, 10, SIZE, SIZE, &matrix)) return 1;
  for (int i = 0; i < SIZE * SIZE; i++)
    if (abs(luma[i] - 512) > 1 || abs(us[i / 4] - 512) > 1 || abs(vs[i / 4] - 512) > 1) return 1;
  puts("done");
  return 0;
}
