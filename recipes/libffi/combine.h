/* SPDX-License-Identifier: MIT */
/* Lists of signatures, made by the preprocessor.
 *
 * Each of these calls m(x, name, letters…) for every signature of its family, in the order of the alphabet: first all that start with d,
 * then f, i, l. The macros differ in how many letters are still to come, since a macro can't call itself.
 *
 * A header that generates code and holds none: calls.c and pools.S make different code from the same lists. */

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

/* SET(letters…): which of d, f and l are among up to eight letters, in bits: 1, 2 and 4. The preprocessor calculates it, so that a file can make
 * code for the signatures of one set alone: EITHER(m, n, x, name, letters…) is m(x, name, letters…) where their set is MASK, and n of the same
 * elsewhere. */
#define SET_0_d 1
#define SET_0_f 2
#define SET_0_i 0
#define SET_0_l 4
#define SET_1_d 1
#define SET_1_f 3
#define SET_1_i 1
#define SET_1_l 5
#define SET_2_d 3
#define SET_2_f 2
#define SET_2_i 2
#define SET_2_l 6
#define SET_3_d 3
#define SET_3_f 3
#define SET_3_i 3
#define SET_3_l 7
#define SET_4_d 5
#define SET_4_f 6
#define SET_4_i 4
#define SET_4_l 4
#define SET_5_d 5
#define SET_5_f 7
#define SET_5_i 5
#define SET_5_l 5
#define SET_6_d 7
#define SET_6_f 6
#define SET_6_i 6
#define SET_6_l 6
#define SET_7_d 7
#define SET_7_f 7
#define SET_7_i 7
#define SET_7_l 7
#define SET_NEXT_(set, x) SET_##set##_##x
#define SET_NEXT(set, x) SET_NEXT_(set, x)
#define SET1(a) SET_NEXT(0, a)
#define SET2(a, b) SET_NEXT(SET1(a), b)
#define SET3(a, b, c) SET_NEXT(SET2(a, b), c)
#define SET4(a, b, c, e) SET_NEXT(SET3(a, b, c), e)
#define SET5(a, b, c, e, g) SET_NEXT(SET4(a, b, c, e), g)
#define SET6(a, b, c, e, g, h) SET_NEXT(SET5(a, b, c, e, g), h)
#define SET7(a, b, c, e, g, h, j) SET_NEXT(SET6(a, b, c, e, g, h), j)
#define SET8(a, b, c, e, g, h, j, k) SET_NEXT(SET7(a, b, c, e, g, h, j), k)
#define SET__(a, b, c, e, g, h, j, k, n, ...) SET##n
#define SET_(...) SET__(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)
#define SET(...) SET_(__VA_ARGS__)(__VA_ARGS__)

#define SAME_0_0 , 1
#define SAME_1_1 , 1
#define SAME_2_2 , 1
#define SAME_3_3 , 1
#define SAME_4_4 , 1
#define SAME_5_5 , 1
#define SAME_6_6 , 1
#define SAME_7_7 , 1
#define SAME_SECOND(a, b, ...) b
#define SAME__(...) SAME_SECOND(__VA_ARGS__)
#define SAME_(a, b) SAME__(SAME_##a##_##b, 0)
#define SAME(a, b) SAME_(a, b)
#define EITHER_0(m, n, ...) n(__VA_ARGS__)
#define EITHER_1(m, n, ...) m(__VA_ARGS__)
#define EITHER__(same) EITHER_##same
#define EITHER_(same) EITHER__(same)
#define EITHER(m, n, x, name, ...) EITHER_(SAME(MASK, SET(__VA_ARGS__)))(m, n, x, name, __VA_ARGS__)

/* Some equal parameters. */
#define D_4 d, d, d, d
#define D_8 D_4, D_4
#define F_4 f, f, f, f
#define F_8 F_4, F_4
#define I_4 i, i, i, i
#define I_8 I_4, I_4
#define L_4 l, l, l, l
#define L_8 L_4, L_4

/* What libffi's own tests call, or make closures of, beyond the families: m(name, result, letters…) for each. The macros' names say which of d, f
 * and l the signatures have. */
#define OF_TESTS_d(m) \
  m(t1, d, d, d, i, d, d, i, d, d, i, d, d, i, d, d, i, d, d, i, d) \
  m(t5, d, D_4, i, D_4, i, d, i, d, i, d, i) \
  m(t14, d, D_8, D_8, d, I_4) \
  m(t15, d, D_8, D_4, d, i) \
  m(t16, d, D_8, D_4, i) \
  m(t17, d, D_8, i) \
  m(t18, d, D_4, d, d, d, i) \
  m(t19, d, D_4, i) \
  m(t20, d, I_4, i, i, i, d, i) \
  m(t21, d, D_8, D_8)
#define OF_TESTS_f(m) \
  m(t22, f, F_8, F_8, F_8) \
  m(t23, f, F_8, F_8) \
  m(t24, f, F_8, F_8, f, I_4) \
  m(t25, f, F_8, F_4, f, i) \
  m(t26, f, F_8, F_4, i) \
  m(t27, f, F_8, i) \
  m(t28, f, F_4, f, f, f, i) \
  m(t29, f, F_4, i)
#define OF_TESTS_l(m) \
  m(t4, v, i, L_8, L_8) \
  m(t12, i, L_8, l, l, i, L_4, i) \
  m(t13, i, L_8, L_4, l, l, l, i) \
  m(t30, l, I_4, i, i, i, l, i)
#define OF_TESTS_df(m) \
  m(t6, d, d, f, D_4, d, f, f, d, f, f) \
  m(t7, i, D_4, i, d, d, i, d, i, i, f, i, f, i, i) \
  m(t8, i, F_8, d, i, f, f, i, f, f, i) \
  m(t9, i, F_4, i, f, f, i, d, i, i, f, I_4)
#define OF_TESTS_dfl(m) \
  m(t2, i, i, f, d, l, l) \
  m(t3, v, I_4, i, i, i, l, l, f, d, l, l, I_4, i, i, i, l, l, f, d, l, l, I_4, i, i, i, l, l, f, \
    d, l, l, I_4, i, i, i, l, l, f, d, l, l, i, i, i) \
  m(t10, i, l, i, l, i, i, l, i, i, d, i, i, f, I_4) \
  m(t11, i, L_4, i, d, d, f, d, d, i, f, i, i, d, d)
#define OF_TESTS_i(m)
#define OF_TESTS_dl(m)
#define OF_TESTS_fl(m)

/* clang-format on */

#endif
