/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every signature that is promised is there, and works: a call of a closure goes through both. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ffi_type *const type_of[] = {&ffi_type_double, &ffi_type_float, &ffi_type_sint, &ffi_type_sint64, &ffi_type_void};
static unsigned calls, round_trips;

typedef union {
  double d;
  float f;
  int i;
  long long l;
} Value;

static void set(Value *v, int type, int number) {
  memset(v, 0, sizeof *v);
  switch (type) {
  case 0: v->d = number + 0.5; break;
  case 1: v->f = (float)number + 0.25f; break;
  case 2: v->i = -number; break;
  case 3: v->l = 0x100000000LL * number; break;
  }
}

static const int *current;
static void handler(ffi_cif *cif, void *result, void **arguments, void *data) {
  (void)data;
  for (unsigned i = 0; i < cif->nargs; i++) {
    Value v;
    set(&v, current[i], (int)i + 1);
    if (memcmp(&v, arguments[i], cif->arg_types[i]->size) != 0) {
      printf("wrong argument %u of %u\n", i, cif->nargs);
      exit(1);
    }
  }
  Value v;
  set(&v, data == NULL ? 4 : (int)data - 1, 77);
  if (cif->rtype != &ffi_type_void) memcpy(result, &v, cif->rtype->size);
}

/* Prepares a call with these parameters, and with `closures` makes one and calls it. */
static void cover(int count, const int *types, int closures) {
  ffi_type *ffi_types[20];
  Value values[20];
  void *pointers[20], *code;
  for (int i = 0; i < count; i++) {
    ffi_types[i] = type_of[types[i]];
    set(&values[i], types[i], i + 1);
    pointers[i] = &values[i];
  }
  current = types;
  for (int result = 0; result < 5; result++) {
    ffi_cif cif;
    Value got, expected;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, type_of[result], ffi_types) != FFI_OK) {
      printf("not covered:");
      for (int i = 0; i < count; i++) printf(" %c", "dfil"[types[i]]);
      puts("");
      exit(1);
    }
    calls++;
    if (!(closures >> result & 1)) continue;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (closure == NULL || ffi_prep_closure_loc(closure, &cif, handler, result < 4 ? (void *)(result + 1) : NULL, code) != FFI_OK) {
      printf("no closure: %c <-", "dfilv"[result]);
      for (int i = 0; i < count; i++) printf(" %c", "dfil"[types[i]]);
      puts("");
      exit(1);
    }
    memset(&got, 0, sizeof got);
    ffi_call(&cif, (void (*)(void))code, &got, pointers);
    set(&expected, result, 77);
    if (memcmp(&got, &expected, sizeof got) != 0) {
      printf("wrong result\n");
      exit(1);
    }
    round_trips++;
    ffi_closure_free(closure);
  }
}

static void tell(const char *what) {
  printf("%s: %u calls, %u through closures\n", what, calls, round_trips);
  calls = round_trips = 0;
}

int main(void) {
  int types[20];
  for (int count = 0; count <= 4; count++)
    for (int n = 0; n < 1 << 2 * count; n++) {
      for (int i = 0; i < count; i++) types[i] = n >> 2 * i & 3;
      cover(count, types, 31);
    }
  tell("all of up to four");
  for (int count = 5; count <= 8; count++)
    for (int n = 0; n < 1 << 2 * count; n++) {
      int wide = 0;
      for (int i = 0; i < count; i++) {
        types[i] = n >> 2 * i & 3;
        wide += types[i] != 2;
      }
      if (wide <= 2) cover(count, types, wide <= 1 ? 31 : 0);
    }
  tell("integers with up to two others, five to eight");
  for (int count = 9; count <= 20; count++) {
    for (int i = 0; i < count; i++) types[i] = 2;
    cover(count, types, 1 << 2 | 1 << 4);
  }
  tell("integers, nine to twenty");
  for (int type = 0; type < 2; type++)
    for (int count = 5; count <= 16; count++) {
      for (int i = 0; i < count; i++) types[i] = type;
      cover(count, types, 1 << type | 1 << 4);
    }
  tell("one floating type, five to sixteen");
}
