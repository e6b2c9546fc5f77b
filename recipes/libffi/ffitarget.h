/* SPDX-License-Identifier: MIT */
/* What ffi.h asks of a target, for WebAssembly under WASI.
 *
 * The values of the enum are those of libffi's own wasm32 header. */

#ifndef LIBFFI_TARGET_H
#define LIBFFI_TARGET_H

#ifndef LIBFFI_H
#error "include ffi.h, not ffitarget.h"
#endif

#ifndef LIBFFI_ASM

typedef unsigned long ffi_arg;
typedef signed long ffi_sarg;

typedef enum ffi_abi {
  FFI_FIRST_ABI = 0,
  FFI_WASM32,            /* the C ABI of wasm32, as clang has it */
  FFI_WASM32_EMSCRIPTEN, /* not here: preparing with it gives FFI_BAD_ABI */
  FFI_LAST_ABI,
  FFI_DEFAULT_ABI = FFI_WASM32
} ffi_abi;

/* Of a prepared ffi_cif: how many arguments are not variadic, and what makes the call (null in a program without ffi_call). */
#define FFI_EXTRA_CIF_FIELDS \
  unsigned nfixedargs;       \
  void (*thunk)(void)

#endif

#define FFI_CLOSURES 1
#define FFI_NATIVE_RAW_API 0
#define FFI_TRAMPOLINE_SIZE 8
#define FFI_TARGET_SPECIFIC_VARIADIC 1
#define FFI_TARGET_SPECIFIC_STACK_SPACE_ALLOCATION 1
#define FFI_TARGET_HAS_COMPLEX_TYPE 1

#endif
