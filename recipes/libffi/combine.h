/* SPDX-License-Identifier: MIT */
/* Lists of signatures, made by the preprocessor.
 *
 * Each of these calls m(x, name, letters…) for every signature of its family, in the order of the alphabet: first all that start with d,
 * then f, i, l. The macros differ in how many letters are still to come, since a macro can't call itself.
 *
 * A header that generates code and holds none: calls_*.c and closures_*.c make different code from the same lists. */

#ifndef FFI_WASI_COMBINE_H
#define FFI_WASI_COMBINE_H

/* clang-format off */

/* ALL_n(m, x): all signatures of n parameters over d, f, i, l; 4 to the power of n of them. The name is the letters. */
#define ALL_1(m, x) ALL1(m, x, )
#define ALL_2(m, x) ALL2(m, x, )
#define ALL_3(m, x) ALL3(m, x, )
#define ALL_4(m, x) ALL4(m, x, )
#define ALL1(m, x, name, ...) \
  m(x, name##d, __VA_ARGS__ d) m(x, name##f, __VA_ARGS__ f) m(x, name##i, __VA_ARGS__ i) m(x, name##l, __VA_ARGS__ l)
#define ALL2(m, x, name, ...)             \
  ALL1(m, x, name##d, __VA_ARGS__ d, )    \
  ALL1(m, x, name##f, __VA_ARGS__ f, )    \
  ALL1(m, x, name##i, __VA_ARGS__ i, )    \
  ALL1(m, x, name##l, __VA_ARGS__ l, )
#define ALL3(m, x, name, ...)             \
  ALL2(m, x, name##d, __VA_ARGS__ d, )    \
  ALL2(m, x, name##f, __VA_ARGS__ f, )    \
  ALL2(m, x, name##i, __VA_ARGS__ i, )    \
  ALL2(m, x, name##l, __VA_ARGS__ l, )
#define ALL4(m, x, name, ...)             \
  ALL3(m, x, name##d, __VA_ARGS__ d, )    \
  ALL3(m, x, name##f, __VA_ARGS__ f, )    \
  ALL3(m, x, name##i, __VA_ARGS__ i, )    \
  ALL3(m, x, name##l, __VA_ARGS__ l, )

/* WIDE_n(m, x): the signatures of n parameters that are i, but for at most two that are d, f or l; 1 + 3 n + 9 n (n - 1) / 2 of them.
 * In WIDEn_k, n letters are to come, k of them other than i. */
#define WIDE_5(m, x) WIDE5_2(m, x, )
#define WIDE_6(m, x) WIDE6_2(m, x, )
#define WIDE_7(m, x) WIDE7_2(m, x, )
#define WIDE_8(m, x) WIDE8_2(m, x, )
/* ONE_n(m, x): the same with at most one, 1 + 3 n of them. */
#define ONE_5(m, x) WIDE5_1(m, x, )
#define ONE_6(m, x) WIDE6_1(m, x, )
#define ONE_7(m, x) WIDE7_1(m, x, )
#define ONE_8(m, x) WIDE8_1(m, x, )
#define WIDE_COUNT(n) (1 + 3 * (n) + 9 * (n) * ((n)-1) / 2)
#define WIDE8_2(m, x, name, ...) \
  WIDE7_1(m, x, name##d, __VA_ARGS__ d, ) WIDE7_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE7_2(m, x, name##i, __VA_ARGS__ i, ) WIDE7_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE8_1(m, x, name, ...) \
  WIDE7_0(m, x, name##d, __VA_ARGS__ d, ) WIDE7_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE7_1(m, x, name##i, __VA_ARGS__ i, ) WIDE7_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE7_2(m, x, name, ...) \
  WIDE6_1(m, x, name##d, __VA_ARGS__ d, ) WIDE6_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE6_2(m, x, name##i, __VA_ARGS__ i, ) WIDE6_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE7_1(m, x, name, ...) \
  WIDE6_0(m, x, name##d, __VA_ARGS__ d, ) WIDE6_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE6_1(m, x, name##i, __VA_ARGS__ i, ) WIDE6_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE7_0(m, x, name, ...) WIDE6_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE6_2(m, x, name, ...) \
  WIDE5_1(m, x, name##d, __VA_ARGS__ d, ) WIDE5_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE5_2(m, x, name##i, __VA_ARGS__ i, ) WIDE5_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE6_1(m, x, name, ...) \
  WIDE5_0(m, x, name##d, __VA_ARGS__ d, ) WIDE5_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE5_1(m, x, name##i, __VA_ARGS__ i, ) WIDE5_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE6_0(m, x, name, ...) WIDE5_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE5_2(m, x, name, ...) \
  WIDE4_1(m, x, name##d, __VA_ARGS__ d, ) WIDE4_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE4_2(m, x, name##i, __VA_ARGS__ i, ) WIDE4_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE5_1(m, x, name, ...) \
  WIDE4_0(m, x, name##d, __VA_ARGS__ d, ) WIDE4_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE4_1(m, x, name##i, __VA_ARGS__ i, ) WIDE4_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE5_0(m, x, name, ...) WIDE4_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE4_2(m, x, name, ...) \
  WIDE3_1(m, x, name##d, __VA_ARGS__ d, ) WIDE3_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE3_2(m, x, name##i, __VA_ARGS__ i, ) WIDE3_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE4_1(m, x, name, ...) \
  WIDE3_0(m, x, name##d, __VA_ARGS__ d, ) WIDE3_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE3_1(m, x, name##i, __VA_ARGS__ i, ) WIDE3_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE4_0(m, x, name, ...) WIDE3_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE3_2(m, x, name, ...) \
  WIDE2_1(m, x, name##d, __VA_ARGS__ d, ) WIDE2_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE2_2(m, x, name##i, __VA_ARGS__ i, ) WIDE2_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE3_1(m, x, name, ...) \
  WIDE2_0(m, x, name##d, __VA_ARGS__ d, ) WIDE2_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE2_1(m, x, name##i, __VA_ARGS__ i, ) WIDE2_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE3_0(m, x, name, ...) WIDE2_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE2_2(m, x, name, ...) \
  WIDE1_1(m, x, name##d, __VA_ARGS__ d, ) WIDE1_1(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE1_2(m, x, name##i, __VA_ARGS__ i, ) WIDE1_1(m, x, name##l, __VA_ARGS__ l, )
#define WIDE2_1(m, x, name, ...) \
  WIDE1_0(m, x, name##d, __VA_ARGS__ d, ) WIDE1_0(m, x, name##f, __VA_ARGS__ f, ) \
  WIDE1_1(m, x, name##i, __VA_ARGS__ i, ) WIDE1_0(m, x, name##l, __VA_ARGS__ l, )
#define WIDE2_0(m, x, name, ...) WIDE1_0(m, x, name##i, __VA_ARGS__ i, )
#define WIDE1_2(m, x, name, ...) \
  m(x, name##d, __VA_ARGS__ d) m(x, name##f, __VA_ARGS__ f) \
  m(x, name##i, __VA_ARGS__ i) m(x, name##l, __VA_ARGS__ l)
#define WIDE1_1(m, x, name, ...) \
  m(x, name##d, __VA_ARGS__ d) m(x, name##f, __VA_ARGS__ f) \
  m(x, name##i, __VA_ARGS__ i) m(x, name##l, __VA_ARGS__ l)
#define WIDE1_0(m, x, name, ...) m(x, name##i, __VA_ARGS__ i)

/* Some equal parameters. */
#define D_4 d, d, d, d
#define D_8 D_4, D_4
#define F_4 f, f, f, f
#define F_8 F_4, F_4
#define I_4 i, i, i, i
#define I_8 I_4, I_4
#define L_4 l, l, l, l
#define L_8 L_4, L_4

/* What libffi's own tests call, or make closures of, beyond the families: m(name, result, letters…) for each. */
#define OF_TESTS(m) \
  m(t1, d, d, d, i, d, d, i, d, d, i, d, d, i, d, d, i, d, d, i, d)          \
  m(t2, i, i, f, d, l, l)                                                    \
  m(t3, v, I_4, i, i, i, l, l, f, d, l, l, I_4, i, i, i, l, l, f, d, l, l,   \
    I_4, i, i, i, l, l, f, d, l, l, I_4, i, i, i, l, l, f, d, l, l, i, i, i) \
  m(t4, v, i, L_8, L_8)                                                      \
  m(t5, d, D_4, i, D_4, i, d, i, d, i, d, i)                                 \
  m(t6, d, d, f, D_4, d, f, f, d, f, f)                                      \
  m(t7, i, D_4, i, d, d, i, d, i, i, f, i, f, i, i)                          \
  m(t8, i, F_8, d, i, f, f, i, f, f, i)                                      \
  m(t9, i, F_4, i, f, f, i, d, i, i, f, I_4)                                 \
  m(t10, i, l, i, l, i, i, l, i, i, d, i, i, f, I_4)                         \
  m(t11, i, L_4, i, d, d, f, d, d, i, f, i, i, d, d)                         \
  m(t12, i, L_8, l, l, i, L_4, i)                                            \
  m(t13, i, L_8, L_4, l, l, l, i)                                            \
  m(t14, d, D_8, D_8, d, I_4)                                                \
  m(t15, d, D_8, D_4, d, i)                                                  \
  m(t16, d, D_8, D_4, i)                                                     \
  m(t17, d, D_8, i)                                                          \
  m(t18, d, D_4, d, d, d, i)                                                 \
  m(t19, d, D_4, i)                                                          \
  m(t20, d, I_4, i, i, i, d, i)                                              \
  m(t21, d, D_8, D_8)                                                        \
  m(t22, f, F_8, F_8, F_8)                                                   \
  m(t23, f, F_8, F_8)                                                        \
  m(t24, f, F_8, F_8, f, I_4)                                                \
  m(t25, f, F_8, F_4, f, i)                                                  \
  m(t26, f, F_8, F_4, i)                                                     \
  m(t27, f, F_8, i)                                                          \
  m(t28, f, F_4, f, f, f, i)                                                 \
  m(t29, f, F_4, i)                                                          \
  m(t30, l, I_4, i, i, i, l, i)

/* clang-format on */

#endif
