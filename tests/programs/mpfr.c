/* mpfr.c [FOLDER]: constants and functions to hundreds of digits, each rounding, exceptions, text and a file in FOLDER. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mpfr.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

static void constants(void)
{
    mpfr_t x, y;
    mpfr_inits2(1000, x, y, (mpfr_ptr)0);
    mpfr_const_pi(x, MPFR_RNDN);
    mpfr_printf("pi = %.100Rf\n", x);
    mpfr_const_euler(x, MPFR_RNDN);
    mpfr_printf("Euler = %.60Rf\n", x);
    mpfr_set_ui(x, 1, MPFR_RNDN);
    mpfr_exp(x, x, MPFR_RNDN);
    mpfr_log(y, x, MPFR_RNDN);
    REQUIRE(mpfr_cmp_ui(y, 1) == 0);
    mpfr_printf("e = %.60Rf\n", x);
    mpfr_set_ui(x, 3, MPFR_RNDN);
    mpfr_zeta(y, x, MPFR_RNDN);
    mpfr_printf("zeta(3) = %.60Rf\n", y);
    mpfr_set_d(x, 0.5, MPFR_RNDN);
    mpfr_gamma(y, x, MPFR_RNDN);
    mpfr_sqr(y, y, MPFR_RNDN);
    mpfr_const_pi(x, MPFR_RNDN);
    mpfr_sub(y, y, x, MPFR_RNDN);
    REQUIRE(mpfr_zero_p(y) || mpfr_get_exp(y) < -990);
    mpfr_clears(x, y, (mpfr_ptr)0);
}

static void roundings(void)
{
    static const mpfr_rnd_t modes[] = {MPFR_RNDN, MPFR_RNDZ, MPFR_RNDU, MPFR_RNDD, MPFR_RNDA};
    mpfr_t x;
    mpfr_init2(x, 24);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        int direction = mpfr_set_str(x, "-0.1", 10, modes[i]);
        REQUIRE(direction == 0);
        mpfr_printf("-0.1 by %s: %Ra\n", mpfr_print_rnd_mode(modes[i]), x);
    }
    mpfr_clear_flags();
    mpfr_set_ui(x, 0, MPFR_RNDN);
    mpfr_ui_div(x, 1, x, MPFR_RNDN);
    REQUIRE(mpfr_inf_p(x) && mpfr_divby0_p() && !mpfr_nanflag_p());
    mpfr_log(x, x, MPFR_RNDN);
    mpfr_sin(x, x, MPFR_RNDN);
    REQUIRE(mpfr_nan_p(x) && mpfr_nanflag_p());
    mpfr_set_ui_2exp(x, 1, mpfr_get_emax() - 1, MPFR_RNDN);
    mpfr_sqr(x, x, MPFR_RNDZ);
    REQUIRE(mpfr_overflow_p() && !mpfr_inf_p(x));
    mpfr_clear(x);
}

static void types(const char *folder)
{
    mpfr_t x, y;
    mpz_t z;
    mpq_t q;
    mpfr_inits2(200, x, y, (mpfr_ptr)0);
    mpz_init(z), mpq_init(q);
    mpfr_fac_ui(x, 30, MPFR_RNDN);
    REQUIRE(mpfr_get_z(z, x, MPFR_RNDN) == 0);
    mpfr_printf("30! = %Zd\n", z);
    mpq_set_ui(q, 22, 7);
    mpfr_set_q(x, q, MPFR_RNDD);
    REQUIRE(mpfr_cmp_q(x, q) < 0);
    long double wide = 1.0L / 3;
    mpfr_set_ld(x, wide, MPFR_RNDN);
    REQUIRE(mpfr_get_ld(x, MPFR_RNDN) == wide);
    mpfr_set_d(x, 5e-324, MPFR_RNDN);
    REQUIRE(mpfr_get_d(x, MPFR_RNDN) == 5e-324);
    mpfr_set_sj(x, INTMAX_MIN, MPFR_RNDN);
    REQUIRE(mpfr_get_sj(x, MPFR_RNDN) == INTMAX_MIN);

    char path[4096];
    snprintf(path, sizeof path, "%s/mpfr-test", folder);
    FILE *f = fopen(path, "w+b");
    REQUIRE(f != NULL);
    mpfr_set_str(x, "1.25e-1000", 10, MPFR_RNDN);
    REQUIRE(mpfr_out_str(f, 16, 0, x, MPFR_RNDN) > 0 && fputc('\n', f) == '\n' && mpfr_fpif_export(f, x) == 0);
    rewind(f);
    REQUIRE(mpfr_inp_str(y, f, 16, MPFR_RNDN) > 0 && mpfr_equal_p(x, y) && fgetc(f) == '\n');
    mpfr_set_nan(y);
    REQUIRE(mpfr_fpif_import(y, f) == 0 && mpfr_equal_p(x, y) && fclose(f) == 0 && remove(path) == 0);
    char text[100];
    mpfr_snprintf(text, sizeof text, "%.30Re %Pu %d", x, mpfr_get_prec(x), 7);
    puts(text);
    mpz_clear(z), mpq_clear(q);
    mpfr_clears(x, y, (mpfr_ptr)0);
}

int main(int argc, char **argv)
{
    printf("MPFR %s, patches: \"%s\"\n", mpfr_get_version(), mpfr_get_patches());
    REQUIRE(strcmp(mpfr_get_version(), MPFR_VERSION_STRING) == 0);
    constants();
    roundings();
    types(argc > 1 ? argv[1] : ".");
    mpfr_free_cache();
    puts("done");
    return 0;
}
