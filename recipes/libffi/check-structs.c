/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Structs in and out, by value: through a pointer, as a scalar, nested; and that the callee gets a copy. */
#include <ffi.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  double x, y;
} Point;

typedef struct {
  Point from, to;
  char name[4];
} Line;

typedef struct {
  struct {
    double value;
  } inner;
} Wrapped;

static Line move(Line line, Point by, Wrapped scale) {
  line.from.x += by.x * scale.inner.value;
  line.from.y += by.y * scale.inner.value;
  line.to.x += by.x;
  line.to.y += by.y;
  line.name[0] = 'M';
  by.x = by.y = -1;
  return line;
}

static Wrapped half(Wrapped w) {
  w.inner.value /= 2;
  return w;
}

static void check(int ok, const char *what) {
  if (!ok) {
    printf("failed: %s\n", what);
    exit(1);
  }
}

int main(void) {
  ffi_type *point_members[] = {&ffi_type_double, &ffi_type_double, NULL};
  ffi_type point = {0, 0, FFI_TYPE_STRUCT, point_members};
  ffi_type *line_members[] = {&point, &point, &ffi_type_schar, &ffi_type_schar, &ffi_type_schar, &ffi_type_schar, NULL};
  ffi_type line = {0, 0, FFI_TYPE_STRUCT, line_members};
  ffi_type *inner_members[] = {&ffi_type_double, NULL};
  ffi_type inner = {0, 0, FFI_TYPE_STRUCT, inner_members};
  ffi_type *wrapped_members[] = {&inner, NULL};
  ffi_type wrapped = {0, 0, FFI_TYPE_STRUCT, wrapped_members};

  Line argument = {{1, 2}, {3, 4}, "abc"}, result;
  Point by = {10, 20};
  Wrapped scale = {{0.5}}, halved;
  ffi_cif cif;
  ffi_type *types[] = {&line, &point, &wrapped};
  void *values[] = {&argument, &by, &scale};
  check(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &line, types) == FFI_OK, "prepare");
  ffi_call(&cif, (void (*)(void))move, &result, values);
  printf("%g %g %g %g %s\n", result.from.x, result.from.y, result.to.x, result.to.y, result.name);
  printf("%g %s %g\n", argument.from.x, argument.name, by.x);

  ffi_type *one[] = {&wrapped};
  void *one_value[] = {&scale};
  check(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &wrapped, one) == FFI_OK, "prepare");
  ffi_call(&cif, (void (*)(void))half, &halved, one_value);
  printf("%g\n", halved.inner.value);

  size_t offsets[6];
  check(ffi_get_struct_offsets(FFI_DEFAULT_ABI, &line, offsets) == FFI_OK, "offsets");
  check(offsets[1] == offsetof(Line, to) && offsets[2] == offsetof(Line, name) && line.size == sizeof(Line), "offsets");
  puts(ffi_get_version());
}
