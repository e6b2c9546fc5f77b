/* SPDX-License-Identifier: MIT */
/* The thunks of calls: all signatures with up to four parameters, those with five to eight of which at most two are not i, and others.
 *
 * The recipe compiles this file once for each GROUP, a set of d, f and l; MASK is the same in bits. Each time it makes the thunks for parameters
 * of exactly these types beside i. They are linked where the program can have such parameters (internal.h, Gate). */

#include "combine.h"
#include "internal.h"

/* More signatures: integers alone up to twenty, one floating type alone up to sixteen, and what libffi's own tests, CPython's
 * and the C library's functions of long double need beyond. m(name, letters…) for each. */
/* clang-format off */
#define MORE_i(m) \
  m(i9, I_8, i)                          \
  m(i10, I_8, i, i)                      \
  m(i11, I_8, i, i, i)                   \
  m(i12, I_8, I_4)                       \
  m(i13, I_8, I_4, i)                    \
  m(i14, I_8, I_4, i, i)                 \
  m(i15, I_8, I_4, i, i, i)              \
  m(i16, I_8, I_8)                       \
  m(i17, I_8, I_8, i)                    \
  m(i18, I_8, I_8, i, i)                 \
  m(i19, I_8, I_8, i, i, i)              \
  m(i20, I_8, I_8, I_4)                  \
  m(structs, I_8, I_8, I_8, I_8, I_8, i)
#define MORE_d(m) \
  m(d5, D_4, d)             \
  m(d6, D_4, d, d)          \
  m(d7, D_4, d, d, d)       \
  m(d8, D_8)                \
  m(d9, D_8, d)             \
  m(d10, D_8, d, d)         \
  m(d11, D_8, d, d, d)      \
  m(d12, D_8, D_4)          \
  m(d13, D_8, D_4, d)       \
  m(d14, D_8, D_4, d, d)    \
  m(d15, D_8, D_4, d, d, d) \
  m(d16, D_8, D_8)          \
  m(py1, D_4, d, i)         \
  m(plan4, I_8, D_8)
#define MORE_f(m) \
  m(f5, F_4, f)             \
  m(f6, F_4, f, f)          \
  m(f7, F_4, f, f, f)       \
  m(f8, F_8)                \
  m(f9, F_8, f)             \
  m(f10, F_8, f, f)         \
  m(f11, F_8, f, f, f)      \
  m(f12, F_8, F_4)          \
  m(f13, F_8, F_4, f)       \
  m(f14, F_8, F_4, f, f)    \
  m(f15, F_8, F_4, f, f, f) \
  m(f16, F_8, F_8)
#define MORE_l(m) \
  m(ld2, i, L_4)       \
  m(ld3, i, L_4, l, l) \
  m(ld2i, i, L_4, i)   \
  m(plan1, L_4, l, l)  \
  m(plan3, L_8, l, l)
#define MORE_fl(m) \
  m(py3, I_4, i, f, l, l)
#define MORE_dfl(m) \
  m(py2, I_4, f, d, l)       \
  m(plan2, i, d, i, f, l, d)
#define MORE_df(m)
#define MORE_dl(m)
/* clang-format on */

#define MORE(m) FFI_WASI_PASTE(MORE_, GROUP)(m)
#define TESTS(m) FFI_WASI_PASTE(OF_TESTS_, GROUP)(m)

#define NOTHING(...)
#define THUNK(x, letters, ...) FFI_WASI_THUNK(call_##letters, __VA_ARGS__)
#define DEFINE(x, letters, ...) EITHER(THUNK, NOTHING, x, letters, __VA_ARGS__)
#define NAME(x, letters, ...) call_##letters,
#define NO_NAME(...) NULL,
#define NAME_OR_NULL(x, letters, ...) EITHER(NAME, NO_NAME, x, letters, __VA_ARGS__)
#define PAIR(x, letters, ...) {#letters, call_##letters},
#define ENTRY(x, letters, ...) EITHER(PAIR, NOTHING, x, letters, __VA_ARGS__)
#define DEFINE_MORE(name, ...) FFI_WASI_THUNK(call_##name, __VA_ARGS__)
#define ENTRY_MORE(name, ...) {FFI_WASI_EACH(FFI_WASI_LETTER, __VA_ARGS__), call_##name},
#define DEFINE_OF_TESTS(name, r, ...) DEFINE_MORE(name, __VA_ARGS__)
#define ENTRY_OF_TESTS(name, r, ...) ENTRY_MORE(name, __VA_ARGS__)

#if MASK == 0
FFI_WASI_CODE void call_(unsigned result, void (*fn)(void), ffi_wasi_value *to, const ffi_wasi_value *arguments) {
  (void)arguments;
  FFI_WASI_CASES((void), ())
}
#else
#define call_ NULL
#endif
/* clang-format off */
ALL_1(DEFINE, ) ALL_2(DEFINE, ) ALL_3(DEFINE, ) ALL_4(DEFINE, )
WIDE_5(DEFINE, ) WIDE_6(DEFINE, ) WIDE_7(DEFINE, ) WIDE_8(DEFINE, )
MORE(DEFINE_MORE) TESTS(DEFINE_OF_TESTS)

static const ffi_wasi_thunk short_calls[SHORT_COUNT] = {
    call_, ALL_1(NAME_OR_NULL, ) ALL_2(NAME_OR_NULL, ) ALL_3(NAME_OR_NULL, ) ALL_4(NAME_OR_NULL, )
};
/* Each with one more than it counts, so that none is empty. */
static const CallEntry calls_5[] = {WIDE_5(ENTRY, ) {NULL, NULL}};
static const CallEntry calls_6[] = {WIDE_6(ENTRY, ) {NULL, NULL}};
static const CallEntry calls_7[] = {WIDE_7(ENTRY, ) {NULL, NULL}};
static const CallEntry calls_8[] = {WIDE_8(ENTRY, ) {NULL, NULL}};
static const CallEntry more_calls[] = {MORE(ENTRY_MORE) TESTS(ENTRY_OF_TESTS) {NULL, NULL}};
/* clang-format on */

#define LIST(entries) {entries, sizeof entries / sizeof *entries - 1}
const Calls FFI_WASI_PASTE(ffi_wasi_calls_,
                           GROUP) FFI_HIDDEN = {short_calls, {LIST(calls_5), LIST(calls_6), LIST(calls_7), LIST(calls_8)}, more_calls};
