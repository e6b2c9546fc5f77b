/* gmp.c [FOLDER]: integers, fractions and floating-point numbers far beyond a machine word, primes, random numbers, text, and a file in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gmp.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static void integers(void)
{
    mpz_t a, b, c, d, e;
    mpz_inits(a, b, c, d, e, NULL);
    mpz_fac_ui(a, 1000);
    gmp_printf("1000! has %zu digits, %lu zeros at its end as bits\n", mpz_sizeinbase(a, 10), mpz_scan1(a, 0));
    mpz_fib_ui(b, 12345);
    mpz_mul(c, a, b);
    REQUIRE(mpz_divisible_p(c, a));
    mpz_divexact(d, c, a);
    REQUIRE(mpz_cmp(d, b) == 0);
    mpz_tdiv_qr(d, e, c, b);
    REQUIRE(mpz_cmp(d, a) == 0 && mpz_sgn(e) == 0);
    mpz_gcdext(c, d, e, a, b);
    mpz_mul(a, a, d);
    mpz_addmul(a, b, e);
    REQUIRE(mpz_cmp(a, c) == 0);
    gmp_printf("greatest common divisor: %Zd\n", c);

    mpz_ui_pow_ui(a, 2, 521);
    mpz_sub_ui(a, a, 1);
    printf("2^521 - 1: %s\n", mpz_probab_prime_p(a, 25) ? "prime" : "not prime");
    mpz_set_ui(b, 3);
    mpz_sub_ui(c, a, 1);
    mpz_powm(d, b, c, a);
    REQUIRE(mpz_cmp_ui(d, 1) == 0);
    REQUIRE(mpz_invert(e, b, a) != 0);
    mpz_mul(e, e, b);
    mpz_mod(e, e, a);
    REQUIRE(mpz_cmp_ui(e, 1) == 0);
    mpz_set_str(a, "1000000000000000000000000000000", 10);
    mpz_nextprime(b, a);
    gmp_printf("after 10^30: %Zd\n", b);
    printf("Jacobi symbol: %d\n", mpz_jacobi(a, b));
    mpz_bin_uiui(a, 300, 150);
    gmp_printf("300 over 150: %Zx\n", a);
    mpz_mul(b, a, a);
    REQUIRE(mpz_perfect_square_p(b));
    mpz_add_ui(b, b, 1);
    mpz_sqrtrem(c, d, b);
    REQUIRE(mpz_cmp(c, a) == 0 && mpz_cmp_ui(d, 1) == 0);
    mpz_lucnum_ui(a, 200);
    mpz_com(b, a);
    mpz_xor(c, a, b);
    REQUIRE(mpz_cmp_si(c, -1) == 0);

    /* Large enough for each of the algorithms to multiply and divide. */
    for (unsigned long bits = 64; bits <= 1UL << 20; bits *= 4) {
        mpz_ui_pow_ui(a, 7, bits / 3);
        mpz_ui_pow_ui(b, 5, bits / 4);
        mpz_sub_ui(b, b, 2);
        mpz_mul(c, a, b);
        mpz_add(c, c, a);
        mpz_sub_ui(c, c, 1);
        mpz_fdiv_qr(d, e, c, a);
        REQUIRE(mpz_cmp(d, b) == 0);
        mpz_sub_ui(a, a, 1);
        REQUIRE(mpz_cmp(e, a) == 0);
    }
    char *text = mpz_get_str(NULL, 62, c);
    REQUIRE(mpz_set_str(d, text, 62) == 0 && mpz_cmp(c, d) == 0);
    printf("%zu digits to base 62, and back\n", strlen(text));
    free(text);
    mpz_clears(a, b, c, d, e, NULL);
}

static void fractions(void)
{
    mpq_t sum, part;
    mpq_inits(sum, part, NULL);
    for (unsigned long n = 1; n <= 40; n++) {
        mpq_set_ui(part, 1, n);
        mpq_add(sum, sum, part);
    }
    gmp_printf("1 + 1/2 + ... + 1/40 = %Qd, about %.10f\n", sum, mpq_get_d(sum));
    mpq_clears(sum, part, NULL);
}

static void floats(void)
{
    mpf_t a, b, c;
    mpf_set_default_prec(400);
    mpf_inits(a, b, c, NULL);
    mpf_sqrt_ui(a, 2);
    gmp_printf("%.80Ff\n", a);
    mpf_mul(b, a, a);
    mpf_set_ui(c, 2);
    REQUIRE(mpf_eq(b, c, 390) || mpf_cmp(b, c) != 0);
    mpf_reldiff(c, c, b);
    REQUIRE(mpf_cmp_d(c, 1e-100) < 0);
    REQUIRE(mpf_set_str(a, "-1.5e100", 10) == 0);
    gmp_printf("%.3Fe\n", a);
    mpf_clears(a, b, c, NULL);
}

static void random_numbers(void)
{
    gmp_randstate_t state;
    mpz_t a;
    mpz_init(a);
    gmp_randinit_mt(state);
    gmp_randseed_ui(state, 42);
    mpz_urandomb(a, state, 100);
    gmp_printf("Mersenne twister: %Zd\n", a);
    gmp_randclear(state);
    REQUIRE(gmp_randinit_lc_2exp_size(state, 64));
    mpz_urandomb(a, state, 100);
    gmp_printf("linear congruence: %Zd\n", a);
    gmp_randclear(state);
    mpz_clear(a);
}

static void text_and_bytes(const char *folder)
{
    char path[4096];
    unsigned char bytes[64];
    size_t count;
    mpz_t a, b;
    mpz_inits(a, b, NULL);
    REQUIRE(gmp_sscanf("-deadbeefcafe 77", "%Zx %Zd", a, b) == 2);
    gmp_printf("%Zd %Zd\n", a, b);
    mpz_export(bytes, &count, 1, 1, 1, 0, a);
    REQUIRE(count == 6 && bytes[0] == 0xde && bytes[5] == 0xfe);
    mpz_import(b, count, 1, 1, 1, 0, bytes);
    REQUIRE(mpz_cmpabs(a, b) == 0);
    snprintf(path, sizeof path, "%s/gmp-test.bin", folder);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && mpz_out_raw(f, a) == 10 && fclose(f) == 0);
    f = fopen(path, "rb");
    REQUIRE(f != NULL && mpz_inp_raw(b, f) == 10 && fclose(f) == 0 && remove(path) == 0 && mpz_cmp(a, b) == 0);
    mpz_clears(a, b, NULL);
}

int main(int argc, char **argv)
{
    printf("GMP %s, limbs of %d bits\n", gmp_version, mp_bits_per_limb);
    integers();
    fractions();
    floats();
    random_numbers();
    text_and_bytes(argc > 1 ? argv[1] : ".");
    puts("done");
    return 0;
}
