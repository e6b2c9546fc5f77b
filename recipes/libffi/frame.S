/* SPDX-License-Identifier: MIT */
/* The memory in which the functions of pools.S hand their parameters to C: a frame on C's stack. */

  .globaltype __stack_pointer, i32
  .functype ffi_wasi_closure_call (i32, i32, i32) -> ()

/* Eight parameters of eight bytes. The stack pointer stays aligned to 16. */
#define FRAME 64

  .section .text.ffi_wasi_frame,"",@
  .globl ffi_wasi_frame
  .hidden ffi_wasi_frame
ffi_wasi_frame:
  .functype ffi_wasi_frame () -> (i32)
  .local i32
  global.get __stack_pointer
  i32.const FRAME
  i32.sub
  local.tee 0
  global.set __stack_pointer
  local.get 0
  end_function

/* Runs closure `k` of signature `number` with the parameters in the frame, and gives the frame back. The result is at its start, where the caller
 * reads it before anything else can use the stack. */
  .section .text.ffi_wasi_pool_run,"",@
  .globl ffi_wasi_pool_run
  .hidden ffi_wasi_pool_run
ffi_wasi_pool_run:
  .functype ffi_wasi_pool_run (i32, i32, i32) -> (i32)
  local.get 0
  local.get 1
  local.get 2
  call ffi_wasi_closure_call
  local.get 0
  i32.const FRAME
  i32.add
  global.set __stack_pointer
  local.get 0
  end_function
