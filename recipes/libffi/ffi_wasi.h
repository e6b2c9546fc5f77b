/* SPDX-License-Identifier: MIT */
/* Adding signatures to libffi on WASI.
 *
 * WebAssembly calls a function pointer only at its exact type, so libffi carries one piece of code for each signature that it can
 * call, and functions made in advance for each signature that a closure can have. docs/libffi.md of wasideps lists
 * them; for another signature ffi_prep_cif, or ffi_prep_closure_loc, returns FFI_BAD_TYPEDEF. A program adds the signatures that it
 * misses in a C file of its own:
 *
 *     #include <ffi_wasi.h>
 *     FFI_WASI_CALL(i, l, l, l, d, d)              // calls with these parameters, whatever the result
 *     FFI_WASI_CLOSURES(8, i, i, l, l, l, d, d)    // eight closures at a time, result i, then the parameters
 *
 * The letters are WebAssembly's types: i is i32, l is i64, f is f32, d is f64, and v (as a result only) is nothing.
 *     pointers, structs, _Bool, integers to 32 bits     i
 *     long long                                         l
 *     float                                             f
 *     double                                            d
 *     long double                                       l, l
 *     a struct of one scalar                            as that scalar
 *     a struct, complex or long double as the result    v, and an i as the first parameter
 *     all variadic arguments together                   an i as the last parameter
 * ffi_wasi_signature gives the letters of a call.
 *
 * At most 64 parameters; for calls, at least one. The macros are used at file scope, take effect before main, and need -std=gnu11 or
 * later (or C++20). libffi is not built again.
 *
 * Two more make a program smaller:
 *
 *     FFI_WASI_FEWER_CLOSURES    // two to sixteen closures of each signature, in place of 64 and 512
 *     FFI_WASI_NO_TABLE          // no instructions that change the function table: ffi_closure_alloc fails */

#ifndef FFI_WASI_H
#define FFI_WASI_H

#include <ffi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One parameter or result at WebAssembly's level. */
typedef union ffi_wasi_value {
  double d;
  float f;
  int i;
  long long l;
} ffi_wasi_value;

/* The results, in the order of the letters d, f, i, l, v. */
enum { FFI_WASI_RESULT_d, FFI_WASI_RESULT_f, FFI_WASI_RESULT_i, FFI_WASI_RESULT_l, FFI_WASI_RESULT_v };

/* Calls `fn` with `arguments`, at the type that the parameters and `result` make, and writes the result into `*to`. */
typedef void (*ffi_wasi_thunk)(unsigned result, void (*fn)(void), ffi_wasi_value *to, const ffi_wasi_value *arguments);

/* Calls with the parameters `letters`. */
struct ffi_wasi_call {
  const char *letters;
  ffi_wasi_thunk thunk;
  struct ffi_wasi_call *next;
};

/* The functions for closures with the result and parameters `letters`, and for each the closure that has it, or null. */
struct ffi_wasi_pool {
  const char *letters;
  unsigned size;
  void (*const *functions)(void);
  ffi_closure **users;
  struct ffi_wasi_pool *next;
};

/* The macros below call these. The structs stay the caller's and must not be freed. */
void ffi_wasi_add_call(struct ffi_wasi_call *call);
void ffi_wasi_add_pool(struct ffi_wasi_pool *pool);

/* Like ffi_closure_alloc, for closures that will be prepared with `cif`, which must be prepared and stay so: `*code` is a function of the signature's
 * pool, not a slot of the function table. Returns null if there is none. Such a closure can be called before and after the program is
 * pre-initialised, which ends what was written to the table: docs/libffi.md of wasideps. Freed by ffi_closure_free; calling it then traps
 * until its function is the code of another closure. */
void *ffi_wasi_closure_alloc(size_t size, ffi_cif *cif, void **code);

/* Why ffi_closure_alloc, ffi_wasi_closure_alloc or ffi_prep_closure_loc last failed for want of a function or a slot, and what to do about it: one
 * line, valid until the next failure; empty if none did. */
const char *ffi_wasi_closure_error(void);

/* Called with that line when it is another one than the time before. libffi's own writes it to stderr; a program may define it to do otherwise. */
void ffi_wasi_closure_failed(const char *message);

/* Runs a closure: called by the functions of pools. */
void ffi_wasi_run_closure(ffi_closure *closure, ffi_wasi_value *arguments, ffi_wasi_value *to);

/* Writes the signature of a call with these types to `to` as letters, the result first, and a null: at most `capacity` bytes. Leaves out the
 * i of variadic arguments. Returns FFI_BAD_TYPEDEF if the C ABI of wasm32 has no such type, or `to` has no room.
 * The types must be laid out: preparing a cif with them does that, even when it is refused. */
ffi_status ffi_wasi_signature(char *to, size_t capacity, ffi_type *result, unsigned fixed, unsigned total, ffi_type **arguments);

#ifdef __cplusplus
}
#endif

/* ---- From here on, how it is done. ---- */

/* clang-format off */
#define FFI_WASI_TYPE_d double
#define FFI_WASI_TYPE_f float
#define FFI_WASI_TYPE_i int
#define FFI_WASI_TYPE_l long long
#define FFI_WASI_TYPE_v void

#define FFI_WASI_PASTE_(a, b) a##b
#define FFI_WASI_PASTE(a, b) FFI_WASI_PASTE_(a, b)

/* FFI_WASI_EACH(m, letters…): m(count, left, letter) for each letter, `left` going down to 1; FFI_WASI_LIST: with commas between. */

#define FFI_WASI_COUNT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, \
  a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, \
  a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, \
  a62, a63, a64, n, ...) n
#define FFI_WASI_COUNT(...) FFI_WASI_COUNT_(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, \
  51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, \
  24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define FFI_WASI_EACH(m, ...) \
  FFI_WASI_PASTE(FFI_WASI_EACH_, FFI_WASI_COUNT(__VA_ARGS__))(m, FFI_WASI_COUNT(__VA_ARGS__), __VA_ARGS__)
#define FFI_WASI_LIST(m, ...) \
  FFI_WASI_PASTE(FFI_WASI_LIST_, FFI_WASI_COUNT(__VA_ARGS__))(m, FFI_WASI_COUNT(__VA_ARGS__), __VA_ARGS__)
#define FFI_WASI_EACH_1(m, n, x) m(n, 1, x)
#define FFI_WASI_EACH_2(m, n, x, ...) m(n, 2, x) FFI_WASI_EACH_1(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_3(m, n, x, ...) m(n, 3, x) FFI_WASI_EACH_2(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_4(m, n, x, ...) m(n, 4, x) FFI_WASI_EACH_3(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_5(m, n, x, ...) m(n, 5, x) FFI_WASI_EACH_4(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_6(m, n, x, ...) m(n, 6, x) FFI_WASI_EACH_5(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_7(m, n, x, ...) m(n, 7, x) FFI_WASI_EACH_6(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_8(m, n, x, ...) m(n, 8, x) FFI_WASI_EACH_7(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_9(m, n, x, ...) m(n, 9, x) FFI_WASI_EACH_8(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_10(m, n, x, ...) m(n, 10, x) FFI_WASI_EACH_9(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_11(m, n, x, ...) m(n, 11, x) FFI_WASI_EACH_10(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_12(m, n, x, ...) m(n, 12, x) FFI_WASI_EACH_11(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_13(m, n, x, ...) m(n, 13, x) FFI_WASI_EACH_12(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_14(m, n, x, ...) m(n, 14, x) FFI_WASI_EACH_13(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_15(m, n, x, ...) m(n, 15, x) FFI_WASI_EACH_14(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_16(m, n, x, ...) m(n, 16, x) FFI_WASI_EACH_15(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_17(m, n, x, ...) m(n, 17, x) FFI_WASI_EACH_16(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_18(m, n, x, ...) m(n, 18, x) FFI_WASI_EACH_17(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_19(m, n, x, ...) m(n, 19, x) FFI_WASI_EACH_18(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_20(m, n, x, ...) m(n, 20, x) FFI_WASI_EACH_19(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_21(m, n, x, ...) m(n, 21, x) FFI_WASI_EACH_20(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_22(m, n, x, ...) m(n, 22, x) FFI_WASI_EACH_21(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_23(m, n, x, ...) m(n, 23, x) FFI_WASI_EACH_22(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_24(m, n, x, ...) m(n, 24, x) FFI_WASI_EACH_23(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_25(m, n, x, ...) m(n, 25, x) FFI_WASI_EACH_24(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_26(m, n, x, ...) m(n, 26, x) FFI_WASI_EACH_25(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_27(m, n, x, ...) m(n, 27, x) FFI_WASI_EACH_26(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_28(m, n, x, ...) m(n, 28, x) FFI_WASI_EACH_27(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_29(m, n, x, ...) m(n, 29, x) FFI_WASI_EACH_28(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_30(m, n, x, ...) m(n, 30, x) FFI_WASI_EACH_29(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_31(m, n, x, ...) m(n, 31, x) FFI_WASI_EACH_30(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_32(m, n, x, ...) m(n, 32, x) FFI_WASI_EACH_31(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_33(m, n, x, ...) m(n, 33, x) FFI_WASI_EACH_32(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_34(m, n, x, ...) m(n, 34, x) FFI_WASI_EACH_33(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_35(m, n, x, ...) m(n, 35, x) FFI_WASI_EACH_34(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_36(m, n, x, ...) m(n, 36, x) FFI_WASI_EACH_35(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_37(m, n, x, ...) m(n, 37, x) FFI_WASI_EACH_36(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_38(m, n, x, ...) m(n, 38, x) FFI_WASI_EACH_37(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_39(m, n, x, ...) m(n, 39, x) FFI_WASI_EACH_38(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_40(m, n, x, ...) m(n, 40, x) FFI_WASI_EACH_39(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_41(m, n, x, ...) m(n, 41, x) FFI_WASI_EACH_40(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_42(m, n, x, ...) m(n, 42, x) FFI_WASI_EACH_41(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_43(m, n, x, ...) m(n, 43, x) FFI_WASI_EACH_42(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_44(m, n, x, ...) m(n, 44, x) FFI_WASI_EACH_43(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_45(m, n, x, ...) m(n, 45, x) FFI_WASI_EACH_44(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_46(m, n, x, ...) m(n, 46, x) FFI_WASI_EACH_45(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_47(m, n, x, ...) m(n, 47, x) FFI_WASI_EACH_46(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_48(m, n, x, ...) m(n, 48, x) FFI_WASI_EACH_47(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_49(m, n, x, ...) m(n, 49, x) FFI_WASI_EACH_48(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_50(m, n, x, ...) m(n, 50, x) FFI_WASI_EACH_49(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_51(m, n, x, ...) m(n, 51, x) FFI_WASI_EACH_50(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_52(m, n, x, ...) m(n, 52, x) FFI_WASI_EACH_51(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_53(m, n, x, ...) m(n, 53, x) FFI_WASI_EACH_52(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_54(m, n, x, ...) m(n, 54, x) FFI_WASI_EACH_53(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_55(m, n, x, ...) m(n, 55, x) FFI_WASI_EACH_54(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_56(m, n, x, ...) m(n, 56, x) FFI_WASI_EACH_55(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_57(m, n, x, ...) m(n, 57, x) FFI_WASI_EACH_56(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_58(m, n, x, ...) m(n, 58, x) FFI_WASI_EACH_57(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_59(m, n, x, ...) m(n, 59, x) FFI_WASI_EACH_58(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_60(m, n, x, ...) m(n, 60, x) FFI_WASI_EACH_59(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_61(m, n, x, ...) m(n, 61, x) FFI_WASI_EACH_60(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_62(m, n, x, ...) m(n, 62, x) FFI_WASI_EACH_61(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_63(m, n, x, ...) m(n, 63, x) FFI_WASI_EACH_62(m, n, __VA_ARGS__)
#define FFI_WASI_EACH_64(m, n, x, ...) m(n, 64, x) FFI_WASI_EACH_63(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_1(m, n, x) m(n, 1, x)
#define FFI_WASI_LIST_2(m, n, x, ...) m(n, 2, x), FFI_WASI_LIST_1(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_3(m, n, x, ...) m(n, 3, x), FFI_WASI_LIST_2(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_4(m, n, x, ...) m(n, 4, x), FFI_WASI_LIST_3(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_5(m, n, x, ...) m(n, 5, x), FFI_WASI_LIST_4(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_6(m, n, x, ...) m(n, 6, x), FFI_WASI_LIST_5(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_7(m, n, x, ...) m(n, 7, x), FFI_WASI_LIST_6(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_8(m, n, x, ...) m(n, 8, x), FFI_WASI_LIST_7(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_9(m, n, x, ...) m(n, 9, x), FFI_WASI_LIST_8(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_10(m, n, x, ...) m(n, 10, x), FFI_WASI_LIST_9(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_11(m, n, x, ...) m(n, 11, x), FFI_WASI_LIST_10(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_12(m, n, x, ...) m(n, 12, x), FFI_WASI_LIST_11(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_13(m, n, x, ...) m(n, 13, x), FFI_WASI_LIST_12(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_14(m, n, x, ...) m(n, 14, x), FFI_WASI_LIST_13(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_15(m, n, x, ...) m(n, 15, x), FFI_WASI_LIST_14(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_16(m, n, x, ...) m(n, 16, x), FFI_WASI_LIST_15(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_17(m, n, x, ...) m(n, 17, x), FFI_WASI_LIST_16(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_18(m, n, x, ...) m(n, 18, x), FFI_WASI_LIST_17(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_19(m, n, x, ...) m(n, 19, x), FFI_WASI_LIST_18(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_20(m, n, x, ...) m(n, 20, x), FFI_WASI_LIST_19(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_21(m, n, x, ...) m(n, 21, x), FFI_WASI_LIST_20(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_22(m, n, x, ...) m(n, 22, x), FFI_WASI_LIST_21(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_23(m, n, x, ...) m(n, 23, x), FFI_WASI_LIST_22(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_24(m, n, x, ...) m(n, 24, x), FFI_WASI_LIST_23(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_25(m, n, x, ...) m(n, 25, x), FFI_WASI_LIST_24(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_26(m, n, x, ...) m(n, 26, x), FFI_WASI_LIST_25(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_27(m, n, x, ...) m(n, 27, x), FFI_WASI_LIST_26(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_28(m, n, x, ...) m(n, 28, x), FFI_WASI_LIST_27(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_29(m, n, x, ...) m(n, 29, x), FFI_WASI_LIST_28(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_30(m, n, x, ...) m(n, 30, x), FFI_WASI_LIST_29(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_31(m, n, x, ...) m(n, 31, x), FFI_WASI_LIST_30(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_32(m, n, x, ...) m(n, 32, x), FFI_WASI_LIST_31(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_33(m, n, x, ...) m(n, 33, x), FFI_WASI_LIST_32(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_34(m, n, x, ...) m(n, 34, x), FFI_WASI_LIST_33(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_35(m, n, x, ...) m(n, 35, x), FFI_WASI_LIST_34(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_36(m, n, x, ...) m(n, 36, x), FFI_WASI_LIST_35(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_37(m, n, x, ...) m(n, 37, x), FFI_WASI_LIST_36(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_38(m, n, x, ...) m(n, 38, x), FFI_WASI_LIST_37(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_39(m, n, x, ...) m(n, 39, x), FFI_WASI_LIST_38(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_40(m, n, x, ...) m(n, 40, x), FFI_WASI_LIST_39(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_41(m, n, x, ...) m(n, 41, x), FFI_WASI_LIST_40(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_42(m, n, x, ...) m(n, 42, x), FFI_WASI_LIST_41(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_43(m, n, x, ...) m(n, 43, x), FFI_WASI_LIST_42(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_44(m, n, x, ...) m(n, 44, x), FFI_WASI_LIST_43(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_45(m, n, x, ...) m(n, 45, x), FFI_WASI_LIST_44(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_46(m, n, x, ...) m(n, 46, x), FFI_WASI_LIST_45(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_47(m, n, x, ...) m(n, 47, x), FFI_WASI_LIST_46(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_48(m, n, x, ...) m(n, 48, x), FFI_WASI_LIST_47(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_49(m, n, x, ...) m(n, 49, x), FFI_WASI_LIST_48(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_50(m, n, x, ...) m(n, 50, x), FFI_WASI_LIST_49(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_51(m, n, x, ...) m(n, 51, x), FFI_WASI_LIST_50(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_52(m, n, x, ...) m(n, 52, x), FFI_WASI_LIST_51(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_53(m, n, x, ...) m(n, 53, x), FFI_WASI_LIST_52(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_54(m, n, x, ...) m(n, 54, x), FFI_WASI_LIST_53(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_55(m, n, x, ...) m(n, 55, x), FFI_WASI_LIST_54(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_56(m, n, x, ...) m(n, 56, x), FFI_WASI_LIST_55(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_57(m, n, x, ...) m(n, 57, x), FFI_WASI_LIST_56(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_58(m, n, x, ...) m(n, 58, x), FFI_WASI_LIST_57(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_59(m, n, x, ...) m(n, 59, x), FFI_WASI_LIST_58(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_60(m, n, x, ...) m(n, 60, x), FFI_WASI_LIST_59(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_61(m, n, x, ...) m(n, 61, x), FFI_WASI_LIST_60(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_62(m, n, x, ...) m(n, 62, x), FFI_WASI_LIST_61(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_63(m, n, x, ...) m(n, 63, x), FFI_WASI_LIST_62(m, n, __VA_ARGS__)
#define FFI_WASI_LIST_64(m, n, x, ...) m(n, 64, x), FFI_WASI_LIST_63(m, n, __VA_ARGS__)

/* The parameter that has `left` parameters from it on, in a list of `n`, is called p##left. */
#define FFI_WASI_LETTER(n, left, x) #x
#define FFI_WASI_LOAD(n, left, x) FFI_WASI_TYPE_##x p##left = arguments[(n) - (left)].x;
#define FFI_WASI_STORE(n, left, x) arguments[(n) - (left)].x = p##left;
#define FFI_WASI_TYPE(n, left, x) FFI_WASI_TYPE_##x
#define FFI_WASI_NAME(n, left, x) p##left
#define FFI_WASI_PARAMETER(n, left, x) FFI_WASI_TYPE_##x p##left

/* The smallest code is wanted: there are thousands of these. */
#define FFI_WASI_CODE static __attribute__((minsize, noinline))

#define FFI_WASI_CASE(r, types, values)                            \
  case FFI_WASI_RESULT_##r:                                        \
    to->r = ((FFI_WASI_TYPE_##r(*) types)fn) values;               \
    return;
#define FFI_WASI_CASES(types, values) \
  switch (result) {                   \
    FFI_WASI_CASE(d, types, values)   \
    FFI_WASI_CASE(f, types, values)   \
    FFI_WASI_CASE(i, types, values)   \
    FFI_WASI_CASE(l, types, values)   \
    default:                          \
      ((void(*) types)fn) values;     \
  }

/* Defines `name`, the thunk for calls with these parameters. */
#define FFI_WASI_THUNK(name, ...)                                                                                              \
  FFI_WASI_CODE void name(unsigned result, void (*fn)(void), ffi_wasi_value *to, const ffi_wasi_value *arguments) {             \
    FFI_WASI_EACH(FFI_WASI_LOAD, __VA_ARGS__)                                                                                  \
    FFI_WASI_CASES((FFI_WASI_LIST(FFI_WASI_TYPE, __VA_ARGS__)), (FFI_WASI_LIST(FFI_WASI_NAME, __VA_ARGS__)))                   \
  }

#define FFI_WASI_CALL(...) FFI_WASI_CALL_(FFI_WASI_PASTE(ffi_wasi_call_, __COUNTER__), __VA_ARGS__)
#define FFI_WASI_CALL_(name, ...)                                                                                              \
  FFI_WASI_THUNK(name, __VA_ARGS__)                                                                                            \
  static __attribute__((constructor)) void FFI_WASI_PASTE(name, _add)(void) {                                                  \
    static struct ffi_wasi_call call = {FFI_WASI_EACH(FFI_WASI_LETTER, __VA_ARGS__), name, 0};                                 \
    ffi_wasi_add_call(&call);                                                                                                  \
  }

/* What a closure's function returns from `value`, by the result's letter. */
#define FFI_WASI_GIVE_d return value.d;
#define FFI_WASI_GIVE_f return value.f;
#define FFI_WASI_GIVE_i return value.i;
#define FFI_WASI_GIVE_l return value.l;
#define FFI_WASI_GIVE_v
/* And what the functions of a pool return of the one that they share. */
#define FFI_WASI_PASS_d return
#define FFI_WASI_PASS_f return
#define FFI_WASI_PASS_i return
#define FFI_WASI_PASS_l return
#define FFI_WASI_PASS_v

/* Defines `name`_functions and `name`_users, a pool of `size` (a power of two from 2 to 512) for closures without parameters (…_0), or
 * with these. `name` is what its functions share; function k finds its closure at name_users[k]. */
#define FFI_WASI_POOL_0(name, size, r)                                                                                         \
  static ffi_closure *name##_users[size];                                                                                      \
  FFI_WASI_CODE FFI_WASI_TYPE_##r name(ffi_closure **user) {                                                                   \
    ffi_wasi_value value;                                                                                                      \
    ffi_wasi_run_closure(*user, &value, &value);                                                                               \
    FFI_WASI_GIVE_##r                                                                                                          \
  }                                                                                                                            \
  FFI_WASI_FUNCTIONS(name, size, r, (void), (), FFI_WASI_SHARED_0)
#define FFI_WASI_POOL(name, size, r, ...)                                                                                      \
  static ffi_closure *name##_users[size];                                                                                      \
  FFI_WASI_CODE FFI_WASI_TYPE_##r name(FFI_WASI_LIST(FFI_WASI_PARAMETER, __VA_ARGS__), ffi_closure **user) {                   \
    ffi_wasi_value value, arguments[FFI_WASI_COUNT(__VA_ARGS__)];                                                              \
    FFI_WASI_EACH(FFI_WASI_STORE, __VA_ARGS__)                                                                                 \
    ffi_wasi_run_closure(*user, arguments, &value);                                                                            \
    FFI_WASI_GIVE_##r                                                                                                          \
  }                                                                                                                            \
  FFI_WASI_FUNCTIONS(name, size, r, (FFI_WASI_LIST(FFI_WASI_PARAMETER, __VA_ARGS__)),                                          \
                     (FFI_WASI_LIST(FFI_WASI_NAME, __VA_ARGS__)), FFI_WASI_SHARED)
#define FFI_WASI_SHARED_0(name, values, k) name(&name##_users[k])
#define FFI_WASI_SHARED(name, values, k) name(FFI_WASI_BARE values, &name##_users[k])
#define FFI_WASI_BARE(...) __VA_ARGS__

#define FFI_WASI_FUNCTION(name, r, parameters, values, shared, k) \
  FFI_WASI_CODE FFI_WASI_TYPE_##r name##_##k parameters { FFI_WASI_PASS_##r shared(name, values, 0##k); }
#define FFI_WASI_ADDRESS(name, r, parameters, values, shared, k) (void (*)(void))name##_##k,
#define FFI_WASI_FUNCTIONS(name, size, ...)                                                                                    \
  FFI_WASI_TIMES_##size(FFI_WASI_FUNCTION, name, __VA_ARGS__)                                                                  \
  static void (*const name##_functions[size])(void) = {FFI_WASI_TIMES_##size(FFI_WASI_ADDRESS, name, __VA_ARGS__)};

/* m(…, k) for each k below the number; k is octal, so that its digits are those of the next smaller power of eight. */
#define FFI_WASI_TIMES_1(m, ...) m(__VA_ARGS__, 0)
#define FFI_WASI_TIMES_2(m, ...) FFI_WASI_TIMES_1(m, __VA_ARGS__) m(__VA_ARGS__, 1)
#define FFI_WASI_TIMES_4(m, ...) FFI_WASI_TIMES_2(m, __VA_ARGS__) m(__VA_ARGS__, 2) m(__VA_ARGS__, 3)
#define FFI_WASI_TIMES_8(m, ...) \
  FFI_WASI_TIMES_4(m, __VA_ARGS__) m(__VA_ARGS__, 4) m(__VA_ARGS__, 5) m(__VA_ARGS__, 6) m(__VA_ARGS__, 7)
#define FFI_WASI_EIGHT(m, k, ...)                                                                             \
  m(__VA_ARGS__, k##0) m(__VA_ARGS__, k##1) m(__VA_ARGS__, k##2) m(__VA_ARGS__, k##3) m(__VA_ARGS__, k##4)    \
  m(__VA_ARGS__, k##5) m(__VA_ARGS__, k##6) m(__VA_ARGS__, k##7)
#define FFI_WASI_TIMES_16(m, ...) FFI_WASI_TIMES_8(m, __VA_ARGS__) FFI_WASI_EIGHT(m, 1, __VA_ARGS__)
#define FFI_WASI_TIMES_32(m, ...) \
  FFI_WASI_TIMES_16(m, __VA_ARGS__) FFI_WASI_EIGHT(m, 2, __VA_ARGS__) FFI_WASI_EIGHT(m, 3, __VA_ARGS__)
#define FFI_WASI_TIMES_64(m, ...)                                                                             \
  FFI_WASI_TIMES_32(m, __VA_ARGS__) FFI_WASI_EIGHT(m, 4, __VA_ARGS__) FFI_WASI_EIGHT(m, 5, __VA_ARGS__)       \
  FFI_WASI_EIGHT(m, 6, __VA_ARGS__) FFI_WASI_EIGHT(m, 7, __VA_ARGS__)

#define FFI_WASI_SIXTYFOUR(m, k, ...)                                                                          \
  FFI_WASI_EIGHT(m, k##0, __VA_ARGS__) FFI_WASI_EIGHT(m, k##1, __VA_ARGS__) FFI_WASI_EIGHT(m, k##2, __VA_ARGS__)  \
  FFI_WASI_EIGHT(m, k##3, __VA_ARGS__) FFI_WASI_EIGHT(m, k##4, __VA_ARGS__) FFI_WASI_EIGHT(m, k##5, __VA_ARGS__)  \
  FFI_WASI_EIGHT(m, k##6, __VA_ARGS__) FFI_WASI_EIGHT(m, k##7, __VA_ARGS__)
#define FFI_WASI_TIMES_128(m, ...) FFI_WASI_TIMES_64(m, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 1, __VA_ARGS__)
#define FFI_WASI_TIMES_256(m, ...) \
  FFI_WASI_TIMES_128(m, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 2, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 3, __VA_ARGS__)
#define FFI_WASI_TIMES_512(m, ...)                                                                             \
  FFI_WASI_TIMES_256(m, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 4, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 5, __VA_ARGS__)  \
  FFI_WASI_SIXTYFOUR(m, 6, __VA_ARGS__) FFI_WASI_SIXTYFOUR(m, 7, __VA_ARGS__)

#define FFI_WASI_CLOSURES(size, r, ...) \
  FFI_WASI_PASTE(FFI_WASI_CLOSURES_0, __VA_OPT__(n))(FFI_WASI_PASTE(ffi_wasi_added_, __COUNTER__), size, r, __VA_ARGS__)
#define FFI_WASI_CLOSURES_0(name, size, r, ...)                                                                                \
  FFI_WASI_POOL_0(name, size, r)                                                                                               \
  FFI_WASI_ADD_POOL(name, size, #r)
#define FFI_WASI_CLOSURES_0n(name, size, r, ...)                                                                                 \
  FFI_WASI_POOL(name, size, r, __VA_ARGS__)                                                                                    \
  FFI_WASI_ADD_POOL(name, size, #r FFI_WASI_EACH(FFI_WASI_LETTER, __VA_ARGS__))
#define FFI_WASI_ADD_POOL(name, size, letters)                                                                                 \
  static __attribute__((constructor)) void name##_add(void) {                                                                  \
    static struct ffi_wasi_pool pool = {letters, size, name##_functions, name##_users, 0};                                     \
    ffi_wasi_add_pool(&pool);                                                                                                  \
  }

/* What the archive's members define is taken from there only if the program has not got it. */
#ifdef __cplusplus
#define FFI_WASI_C extern "C"
#else
#define FFI_WASI_C extern
#endif
struct ffi_wasi_none {
  void *functions;
  unsigned size;
};
#define FFI_WASI_NONE(name)                       \
  FFI_WASI_C const struct ffi_wasi_none name;     \
  const struct ffi_wasi_none name = {0, 0};
#define FFI_WASI_FEWER_CLOSURES                                                                                   \
  FFI_WASI_NONE(ffi_wasi_more_i) FFI_WASI_NONE(ffi_wasi_more_d) FFI_WASI_NONE(ffi_wasi_more_f)                    \
  FFI_WASI_NONE(ffi_wasi_more_df) FFI_WASI_NONE(ffi_wasi_more_l) FFI_WASI_NONE(ffi_wasi_more_dl)                  \
  FFI_WASI_NONE(ffi_wasi_more_fl) FFI_WASI_NONE(ffi_wasi_more_dfl)
#define FFI_WASI_NO_TABLE                                                                                         \
  FFI_WASI_C int ffi_wasi_table_grow(unsigned by);                                                                \
  FFI_WASI_C void ffi_wasi_table_copy(unsigned to, unsigned from);                                                \
  FFI_WASI_C void ffi_wasi_table_clear(unsigned slot);                                                            \
  int ffi_wasi_table_grow(unsigned by) { return (void)by, -2; }                                                   \
  void ffi_wasi_table_copy(unsigned to, unsigned from) { (void)to, (void)from, __builtin_trap(); }                \
  void ffi_wasi_table_clear(unsigned slot) { (void)slot, __builtin_trap(); }

/* clang-format on */

#endif
