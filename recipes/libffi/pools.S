/* SPDX-License-Identifier: MIT */
/* The functions of closures: a pool of them for each signature with up to eight parameters.
 *
 * A WebAssembly program can't make functions, and a function does not know through which slot of the table it was called. So each closure that is
 * alive needs a function of its own. It holds no more than its number, which it passes with its parameters to the one function of its
 * signature. That one writes the parameters to memory and calls closure.c. In C each would be twice as long, and there are tens of thousands.
 *
 * The recipe compiles this file once for each group: the signatures with the same set of d, f and l. A group is linked where the program can have
 * such values (internal.h, Gate). MASK is the set in bits (d 1, f 2, l 4), TABLE the name of what is made. With MORE, that is the functions that a
 * pool has beyond its first ones. */

#include "combine.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(...) #__VA_ARGS__
#define TEXT(...) TEXT_(__VA_ARGS__)
#define COUNT_(p1, p2, p3, p4, p5, p6, p7, p8, n, ...) n
#define COUNT(...) COUNT_(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)

/* From here on, the letters of parameters are WebAssembly's types. Those of results are capitals, so that they stay what they are in names. */
#define d f64
#define f f32
#define i i32
#define l i64
#define RESULT_D f64
#define RESULT_F f32
#define RESULT_I i32
#define RESULT_L i64
#define RESULT_V

/* Which of d, f and l a signature has, in bits. */
#define KIND_f64 1
#define KIND_f32 2
#define KIND_i64 4
#define KIND_i32 0
#define KIND_D 1
#define KIND_F 2
#define KIND_L 4
#define KIND_I 0
#define KIND_V 0
#define KIND(type) PASTE(KIND_, type)
#define KINDS_1(p) KIND(p)
#define KINDS_2(p, ...) KIND(p) | KINDS_1(__VA_ARGS__)
#define KINDS_3(p, ...) KIND(p) | KINDS_2(__VA_ARGS__)
#define KINDS_4(p, ...) KIND(p) | KINDS_3(__VA_ARGS__)
#define KINDS_5(p, ...) KIND(p) | KINDS_4(__VA_ARGS__)
#define KINDS_6(p, ...) KIND(p) | KINDS_5(__VA_ARGS__)
#define KINDS_7(p, ...) KIND(p) | KINDS_6(__VA_ARGS__)
#define KINDS_8(p, ...) KIND(p) | KINDS_7(__VA_ARGS__)
#define KINDS(...) PASTE(KINDS_, COUNT(__VA_ARGS__))(__VA_ARGS__)

/* The number of a signature is its place in this order: closure.c calculates it. */
#define POOL(r, letters, ...) \
  pool r##letters, TEXT(RESULT_##r), TEXT(__VA_ARGS__), COUNT(__VA_ARGS__), __COUNTER__, KIND_##r | KINDS(__VA_ARGS__);
#define SHORT(r) \
  pool r, TEXT(RESULT_##r), "", 0, __COUNTER__, KIND_##r; ALL_1(POOL, r) ALL_2(POOL, r) ALL_3(POOL, r) ALL_4(POOL, r)
#define LONG(r) ONE_5(POOL, r) ONE_6(POOL, r) ONE_7(POOL, r) ONE_8(POOL, r)

  .altmacro

/* The shapes of callbacks that C libraries take: these have 512 functions. */
#define COMMON \
  V, Vi, Vii, Viii, Viiii, Viiiii, Viiiiii, I, Ii, Iii, Iiii, Iiiii, Iiiiii, Iiiiiii,              \
  Li, Lii, Lil, Liil, Lili, Liiil, Liili, Iil, Iiil, Iili, Iiiil, Iiili, Vil, Viil, Viiiil,        \
  Di, Dii, Dd, Ddd, Dddd, Ddi, Ddii, Did, Idd, Idiii, Ff, Fff

#define MIXED (MASK == 3 || MASK >= 5)

/* What a function passes on: all its parameters. */
  .macro parameters_0
  .endm
  .macro parameters_1
    local.get 0
  .endm
  .macro parameters_2
    parameters_1
    local.get 1
  .endm
  .macro parameters_3
    parameters_2
    local.get 2
  .endm
  .macro parameters_4
    parameters_3
    local.get 3
  .endm
  .macro parameters_5
    parameters_4
    local.get 4
  .endm
  .macro parameters_6
    parameters_5
    local.get 5
  .endm
  .macro parameters_7
    parameters_6
    local.get 6
  .endm
  .macro parameters_8
    parameters_7
    local.get 7
  .endm

/* One function of a pool. Its number is octal. */
  .macro function name, result, params, count, number
\name\number:
    .functype \name\number (\params) -> (\result)
    parameters_\count
    i32.const 0\number
    call pool_\name
    end_function
  .endm

/* Some functions of a pool: as many as these digits make numbers. And their addresses. */
  .macro some name, result, params, count, hundreds, tens, ones
    .section .text.\name,"",@
    .irpc hundred, \hundreds
    .irpc ten, \tens
    .irpc one, \ones
      function \name, "\result", "\params", \count, \hundred\ten\one
    .endr
    .endr
    .endr
    .section .rodata.\name,"",@
    .irpc hundred, \hundreds
    .irpc ten, \tens
    .irpc one, \ones
      .int32 \name\hundred\ten\one
    .endr
    .endr
    .endr
  .endm

/* Writes the parameters from the one `at` on to the frame: each has eight bytes. */
  .macro stores frame, at, offset, type, rest:vararg
    local.get \frame
    local.get \at
    \type\().store \offset
    .ifnb \rest
      stores \frame, %(\at+1), %(\offset+8), \rest
    .endif
  .endm

  .macro shared_body name, result, params, count, frame, number
    .local i32
    call ffi_wasi_frame
    local.set \frame
    .ifnb \params
      stores \frame, 0, 0, \params
    .endif
    local.get \frame
    local.get \count
    i32.const \number
    call ffi_wasi_pool_run
    .ifb \result
      drop
    .else
      \result\().load 0
    .endif
    end_function
  .endm

/* The function that those of a pool share; each object has its own. */
  .macro shared name, result, params, count, number
    .section .text.shared,"",@
pool_\name:
    .if \count == 0
      .functype pool_\name (i32) -> (\result)
    .else
      .functype pool_\name (\params, i32) -> (\result)
    .endif
    shared_body \name, "\result", "\params", \count, %(\count+1), \number
  .endm

  .macro begin name, result, params, count, number
    shared \name, "\result", "\params", \count, \number
    .section .rodata.\name,"",@
    .p2align 2
functions_\name:
  .endm

  .macro end name, number, size
    .section .rodata.\name,"",@
    .size functions_\name, 4 * \size
    .section .rodata.entries,"",@
    .int32 functions_\name
    .int16 \number
    .int16 \size
  .endm

/* A pool, if the signature belongs to this group. */
  .macro pool name, result, params, count, number, kinds
    .if (\kinds) == MASK
      pool_of_group \name, "\result", "\params", \count, \number
    .endif
  .endm

  .functype ffi_wasi_frame () -> (i32)
  .functype ffi_wasi_pool_run (i32, i32, i32) -> (i32)

/* Every pool begins with few functions: 8 with none or one parameter, 4 with two or three, else 2, and 16 with five or more i alone. */
#ifndef MORE
  .macro pool_of_group name, result, params, count, number
    begin \name, "\result", "\params", \count, \number
    .if \count <= 1
      some \name, "\result", "\params", \count, 0, 0, 01234567
      end \name, \number, 8
    .elseif \count <= 3
      some \name, "\result", "\params", \count, 0, 0, 0123
      end \name, \number, 4
    .elseif \count > 4 && MASK == 0
      some \name, "\result", "\params", \count, 0, 01, 01234567
      end \name, \number, 16
    .else
      some \name, "\result", "\params", \count, 0, 0, 01
      end \name, \number, 2
    .endif
  .endm
#else
/* More make them 64, and with the common ones 512. There are none for some signatures: with five or more parameters that are not all i, and with
 * three or four that have several of d, f and l. */
  .macro pool_of_group name, result, params, count, number
    .irp common, COMMON
    .ifc \name, \common
      more_of \name, "\result", "\params", \count, \number, 448
    .endif
    .endr
    .ifndef functions_\name
      .if MASK == 0 || \count <= 2 || (\count <= 4 && !MIXED)
        more_of \name, "\result", "\params", \count, \number, 0
      .endif
    .endif
  .endm

  .macro more_of name, result, params, count, number, most
    begin \name, "\result", "\params", \count, \number
    .if \count <= 1
      end \name, \number, 56 + \most
    .elseif \count <= 3
      some \name, "\result", "\params", \count, 0, 0, 4567
      end \name, \number, 60 + \most
    .elseif \count > 4 && MASK == 0
      end \name, \number, 48 + \most
    .else
      some \name, "\result", "\params", \count, 0, 0, 234567
      end \name, \number, 62 + \most
    .endif
    .if \count > 4 && MASK == 0
      some \name, "\result", "\params", \count, 0, 234567, 01234567
    .else
      some \name, "\result", "\params", \count, 0, 1234567, 01234567
    .endif
    .if \most
      some \name, "\result", "\params", \count, 1234567, 01234567, 01234567
    .endif
  .endm
#endif

  .section .rodata.entries,"",@
  .p2align 2
  .globl TABLE
  .hidden TABLE
TABLE:

  SHORT(D) SHORT(F) SHORT(I) SHORT(L) SHORT(V)
  LONG(D) LONG(F) LONG(I) LONG(L) LONG(V)

  .section .rodata.entries,"",@
  .int32 0
  .int32 0
  .size TABLE, . - TABLE
