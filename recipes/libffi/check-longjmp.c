/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Leaves a closure and ffi_call by longjmp, often: what they had of the stack is given back. */
#include <ffi.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

static jmp_buf here;

static void leave(ffi_cif *cif, void *result, void **arguments, void *data) {
  (void)cif, (void)result, (void)data;
  longjmp(here, *(int *)arguments[0]);
}

/* Where the stack is. */
__attribute__((noinline)) static uintptr_t stack(void) {
  char local;
  char *volatile at = &local;
  return (uintptr_t)at;
}

int main(void) {
  ffi_cif cif;
  ffi_type *types[] = {&ffi_type_sint};
  void *code;
  uintptr_t before = stack();
  ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
  if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK) return 1;
  if (ffi_prep_closure_loc(closure, &cif, leave, NULL, code) != FFI_OK) return 1;
  for (volatile int i = 1; i <= 100000; i++) {
    int got = setjmp(here);
    if (got == i) continue;
    if (got != 0) return 2;
    int argument = i;
    void *values[] = {&argument};
    ffi_arg result;
    if (i % 2) ffi_call(&cif, (void (*)(void))code, &result, values);
    else ((int (*)(int))code)(argument);
    return 3; /* not left */
  }
  puts(stack() == before ? "the stack is as it was" : "the stack is another");
}
