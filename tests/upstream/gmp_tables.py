#!/usr/bin/env python3
"""The tables of GMP for limbs of 32 bits, as headers of recipes/gmp: gmp_tables.py FOLDER.

They are arithmetic alone: factorials, Fibonacci numbers, primes, inverses, logarithms. Upstream's build makes them with programs that it compiles
for the machine that it runs on; a recipe runs nothing. The names of the macros are those that GMP's sources ask for.
"""

import math
import os
import sys
from decimal import Decimal, getcontext

BITS = 32
B = 1 << BITS
getcontext().prec = 60


def limb(value):
    return f"CNST_LIMB(0x{value:x})"


def limbs(values):
    return ",".join(limb(value) for value in values)


def odd(value):
    return value // (value & -value)


def twos(value):
    return (value & -value).bit_length() - 1


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def define(name, value):
    return f"#define {name} {value}\n"


def factorials():
    """fac_table.h"""
    text = ""
    plain = [math.factorial(n) for n in range(100)]
    text += define("ONE_LIMB_FACTORIAL_TABLE", limbs(x for x in plain if x < B))
    odds = [odd(x) for x in plain]
    last = max(n for n in range(100) if odds[n] < B)
    text += define("ONE_LIMB_ODD_FACTORIAL_TABLE", limbs(odds[: last + 1]))
    text += define("ODD_FACTORIAL_TABLE_MAX", limb(odds[last]))
    text += define("ODD_FACTORIAL_TABLE_LIMIT", f"({last})")
    # As far as what a multiplication chain of central binomials needs, which upstream measures so.
    extended = last + 1
    doubled = math.comb(extended, extended // 2)
    while True:
        n = extended + 1
        doubled = doubled // (n // 2 + 1) * n if n % 2 else doubled * 2
        if doubled >= B:
            break
        extended = n
    text += define("ONE_LIMB_ODD_FACTORIAL_EXTTABLE", limbs(x % B for x in odds[last + 1 : extended + 1]))
    text += define("ODD_FACTORIAL_EXTTABLE_LIMIT", f"({extended})")
    double, n = [1], 3
    while double[-1] * n < B:
        double.append(double[-1] * n)
        n += 2
    text += define("ONE_LIMB_ODD_DOUBLEFACTORIAL_TABLE", limbs(double))
    text += define("ODD_DOUBLEFACTORIAL_TABLE_MAX", limb(double[-1]))
    text += define("ODD_DOUBLEFACTORIAL_TABLE_LIMIT", f"({n - 2})")
    roots = [max(x for x in range(1 << (BITS // n + 1)) if x**n < B) for n in range(3, 9)]
    text += define("NTH_ROOT_NUMB_MASK_TABLE", "(GMP_NUMB_MASK)," + limbs([math.isqrt(B - 1), *roots]))
    text += define("ONE_LIMB_ODD_FACTORIAL_INVERSES_TABLE", limbs(pow(x, -1, B) for x in odds[2 : extended - 1]))
    most = (extended // 16 + 1) * 16
    text += define("TABLE_2N_MINUS_POPC_2N", ",".join(str(n - n.bit_count()) for n in range(2, most + 1, 2)))
    text += define("TABLE_LIMIT_2N_MINUS_POPC_2N", most + 1)
    first = (last + 1) // 2
    text += define("ODD_CENTRAL_BINOMIAL_OFFSET", f"({first})")
    central = []
    while odd(math.comb(2 * (first + len(central)), first + len(central))) < B:
        central.append(math.comb(2 * (first + len(central)), first + len(central)))
    text += define("ONE_LIMB_ODD_CENTRAL_BINOMIAL_TABLE", limbs(odd(x) for x in central))
    text += define("ODD_CENTRAL_BINOMIAL_TABLE_LIMIT", f"({first + len(central) - 1})")
    text += define("ONE_LIMB_ODD_CENTRAL_BINOMIAL_INVERSE_TABLE", limbs(pow(odd(x), -1, B) for x in central))
    text += define("CENTRAL_BINOMIAL_2FAC_TABLE", ",".join(str(twos(x)) for x in central))
    return text


def fibonacci():
    """What fits a limb, from F[-1]; and up to where the Lucas number L[n] = F[n] + 2 F[n-1] does, too."""
    numbers = [1, 0]
    while numbers[-1] + numbers[-2] < B:
        numbers.append(numbers[-1] + numbers[-2])
    lucas = max(n for n in range(len(numbers) - 1) if numbers[n + 1] + 2 * numbers[n] < B)
    header = define("FIB_TABLE_LIMIT", len(numbers) - 2) + define("FIB_TABLE_LUCNUM_LIMIT", lucas)
    rows = "".join(f"  {limb(x)},\n" for x in numbers)
    return header, f'#include "gmp.h"\n#include "gmp-impl.h"\n\nconst mp_limb_t __gmp_fib_table[FIB_TABLE_LIMIT + 2] = {{\n{rows}}};\n'


def below(value):
    """The largest integer that is less than `value`."""
    return math.ceil(value) - 1


def bases():
    def of(base):
        chars = 0
        while base ** (chars + 1) <= B:
            chars += 1
        big = base**chars
        steps = BITS - big.bit_length()
        return chars, big, ((1 << (2 * BITS - steps)) // big) % B, steps

    rows = ["  {0, 0, 0, 0, 0},\n"] * 2
    two = Decimal(2).ln()
    for base in range(2, 257):
        chars, big, inverted, _ = of(base)
        power = twos(base) if base & (base - 1) == 0 else None
        # A power of 2 is exact, and so one less.
        log = Decimal(power) if power else Decimal(base).ln() / two
        if power:
            chars, big, inverted = BITS // power, power, 0
        # Rounded so that neither is too large: from log(2)/log(base) with 8 bits more.
        fine = below((B << 8) / log)
        rows.append(f"  {{{chars}, {limb(fine >> 8)}, {limb(((1 << 69) - 1) // (fine + 1))}, {limb(big)}, {limb(inverted)}}},\n")
    chars, big, inverted, steps = of(10)
    header = define("MP_BASES_CHARS_PER_LIMB_10", chars)
    header += define("MP_BASES_BIG_BASE_CTZ_10", twos(big))
    header += define("MP_BASES_BIG_BASE_10", limb(big))
    header += define("MP_BASES_BIG_BASE_INVERTED_10", limb(inverted))
    header += define("MP_BASES_BIG_BASE_BINVERTED_10", limb(pow(odd(big), -1, B)))
    header += define("MP_BASES_NORMALIZATION_STEPS_10", steps)
    return header, '#include "gmp-impl.h"\n\nconst struct bases mp_bases[257] = {\n' + "".join(rows) + "};\n"


def trial_division():
    """trialdivtab.h: small primes, and products of them that fit a limb with room for five remainders."""
    end = 8000
    groups, product, members = [], 1, []
    for p in (n for n in range(3, end + 1, 2) if is_prime(n)):
        candidate = product * p
        fits = candidate < B // 2 and sum(pow(B, k, candidate) for k in range(1, 6)) < B
        if fits:
            product, members = candidate, [*members, p]
        else:
            groups.append((product, members))
            product, members = p, [p]
    # The last product is not complete, and left out.
    text = "#ifdef WANT_dtab\n"
    for p in (p for _, members in groups for p in members):
        text += f"  P({p},{limb(pow(p, -1, B))},{limb((B - 1) // p)}),\n"
    text += define("SMALLEST_OMITTED_PRIME", members[0]) + "#endif\n#ifdef WANT_ptab\n"
    rows, at = [], 0
    for product, members in groups:
        shift = BITS - product.bit_length()
        inverse = (((1 << (BITS - shift)) - product) << BITS) // product
        powers = ",".join(limb(pow(B, k, product)) for k in range(1, 6))
        rows.append(f"  {{{limb(product)},{{{limb(inverse)},{shift},{powers}}},{at},{len(members)}}}")
        at += len(members)
    return text + ",\n".join(rows) + "\n#endif\n"


def jacobi():
    """jacobitab.h: how a step of Euclid's algorithm with the quotient q (modulo 4) changes the sign of Jacobi's symbol and (a, b) modulo 4. It divides
    by b or by a; which, a state tells only where both are 3."""
    by_b, by_a = 7, 12
    states = [(0, 1), (0, 3), (1, 1), (1, 3), (2, 1), (2, 3), (3, 1), (3, 3), (1, 0), (1, 2), (3, 0), (3, 2), (3, 3)]
    entries = []
    for at, (a, b) in enumerate(states):
        for sign in (0, 1):
            for divides_by_b in (0, 1):
                for q in range(4):
                    new, x, y = sign, a, b
                    if (x, y) == (3, 3) and divides_by_b != (at == by_b):
                        new ^= 1
                    if divides_by_b:
                        if y == 2:
                            new ^= (q & (x >> 1)) ^ (q >> 1)
                        x = (x - q * y) % 4
                    else:
                        if x == 2:
                            new ^= (q & (y >> 1)) ^ (q >> 1)
                        y = (y - q * x) % 4
                    to = (by_b if divides_by_b else by_a) if (x, y) == (3, 3) else states.index((x, y))
                    entries.append(to * 2 | new)
    rows = (entries[i : i + 16] for i in range(0, len(entries), 16))
    return "".join(", ".join(map(str, row)) + ",\n" for row in rows)


def squares():
    """perfsqr.h: which remainders modulo 256, 45, 17, 13 and 7 a square may have. All but the first divide 2^24 - 1."""
    mask = lambda n: sum(1 << r for r in {x * x % n for x in range(n)})
    words = [mask(256) >> (BITS * i) & (B - 1) for i in range(256 // BITS)]
    rows = "".join(f"  {limb(word)},\n" for word in words)
    text = f"static const mp_limb_t sq_res_0x100[{len(words)}] = {{\n{rows}}};\n"
    bits = BITS // 4 * 3 + 1
    text += define("PERFSQR_MOD_BITS", bits)

    def possible(n):
        """The test multiplies a remainder by -(2^bits) first: so are the squares here."""
        return sum(1 << r for r in {x * x * -(1 << bits) % n for x in range(n)})

    text += "#define PERFSQR_MOD_TEST(up, usize) \\\n  do { \\\n    mp_limb_t r; \\\n    PERFSQR_MOD_34(r, up, usize); \\\n"
    for n in (45, 17, 13, 7):
        inverse = pow(n, -1, 1 << bits)
        high, low = possible(n) >> BITS, possible(n) % B
        parts = f"{limb(high)}, {limb(low)}" if n > BITS else limb(low)
        text += f"    PERFSQR_MOD_{2 if n > BITS else 1}(r, CNST_LIMB({n}), {limb(inverse)}, {parts}); \\\n"
    text += "  } while (0)\n"
    return text + define("PERFSQR_DIVISORS", "{ 256, 45, 17, 13, 7, }")


def number_of_bit(i):
    """The i-th number from 5 on that neither 2 nor 3 divides."""
    return (i * 3 + 4) | 1


def sieve():
    """sieve_table.h: a bit is set for what is not prime."""
    count = 64 * 28 // BITS
    words = [sum(0 if is_prime(number_of_bit(w * BITS + i)) else 1 << i for i in range(BITS)) for w in range(count)]
    highest = max(n for n in map(number_of_bit, range(count * BITS)) if is_prime(n))
    text = "#define PRIMESIEVE_INIT_TABLE \\\n" + ", \\\n".join("  " + limb(word) for word in words) + ",\n"
    text += define("PRIMESIEVE_NUMBEROF_TABLE", count) + define("PRIMESIEVE_HIGHEST_PRIME", highest)
    # The multiples of 5 and 7, which repeat after 70 bits.
    multiples = sum(1 << i for i in range(70) if number_of_bit(i) % 5 == 0 or number_of_bit(i) % 7 == 0)
    for i, name in enumerate(("SIEVE_MASK1", "SIEVE_MASK2", "SIEVE_MASKT")):
        text += define(name, limb(multiples >> (BITS * i) & (B - 1)))
    return text


def main():
    fib_header, fib_table = fibonacci()
    bases_header, bases_table = bases()
    files = {
        "fac_table.h": factorials(),
        "fib_table.h": fib_header,
        "fib_table.c": fib_table,
        "mp_bases.h": bases_header,
        "mp_bases.c": bases_table,
        "trialdivtab.h": trial_division(),
        "jacobitab.h": jacobi(),
        "perfsqr.h": squares(),
        "sieve_table.h": sieve(),
    }
    for name, text in files.items():
        note = "/* SPDX-License-Identifier: LGPL-3.0-or-later OR GPL-2.0-or-later */\n/* A table of GMP's for limbs of 32 bits: tests/upstream/gmp_tables.py writes it. */\n"
        with open(os.path.join(sys.argv[1], name), "w", encoding="ascii") as file:
            file.write(note + text)


main()
