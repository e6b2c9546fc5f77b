/* mpdecimal.c: functions to a thousand digits, numbers of a hundred thousand and more, contexts, rounding, traps, formats. */
#include <mpdecimal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static int trapped;

static void count_trap(mpd_context_t *context) { trapped += context->newtrap != 0; }

static mpd_t *new_number(const char *text, mpd_context_t *context)
{
    mpd_t *number = mpd_new(context);
    REQUIRE(number != NULL);
    mpd_set_string(number, text, context);
    return number;
}

/* What it is, or of a long one the first and last digits and the sum of all. */
static void show(const char *name, const mpd_t *number)
{
    char *text = mpd_to_sci(number, 1);
    REQUIRE(text != NULL);
    size_t length = strlen(text);
    if (length <= 80) {
        printf("%s = %s\n", name, text);
    } else {
        unsigned sum = 0;
        for (size_t i = 0; i < length; i++)
            sum += text[i] >= '0' && text[i] <= '9' ? (unsigned)(text[i] - '0') : 0;
        printf("%s = %.30s...%s, %u characters, digits' sum %u\n", name, text, text + length - 30, (unsigned)length, sum);
    }
    mpd_free(text);
}

static void functions(void)
{
    mpd_context_t c;
    mpd_maxcontext(&c);
    mpd_qsetprec(&c, 1000);
    mpd_qsettraps(&c, 0);
    mpd_t *two = new_number("2", &c), *one = new_number("1", &c), *third = new_number("0.3333333333", &c), *r = mpd_new(&c);
    mpd_sqrt(r, two, &c);
    show("sqrt(2)", r);
    mpd_exp(r, one, &c);
    show("exp(1)", r);
    mpd_ln(r, two, &c);
    show("ln(2)", r);
    mpd_log10(r, two, &c);
    show("log10(2)", r);
    mpd_pow(r, two, third, &c);
    show("2 ** 0.3333333333", r);
    mpd_qsetprec(&c, 28);
    mpd_div(r, one, third, &c);
    show("1 / 0.3333333333", r);
    mpd_fma(r, third, two, one, &c);
    show("fma", r);
    mpd_t *modulus = new_number("1000000007", &c), *base = new_number("123456789", &c), *power = new_number("987654321987654321", &c);
    mpd_powmod(r, base, power, modulus, &c);
    show("powmod", r);
    mpd_del(two), mpd_del(one), mpd_del(third), mpd_del(r), mpd_del(modulus), mpd_del(base), mpd_del(power);
}

/* Products that go through the number-theoretic transform: in one step, in six and in four. */
static void large(void)
{
    mpd_context_t c;
    mpd_maxcontext(&c);
    mpd_qsetprec(&c, 250000);
    mpd_t *three = new_number("3", &c), *power = new_number("20000", &c), *r = mpd_new(&c), *q = mpd_new(&c), *rest = mpd_new(&c);
    mpd_pow(r, three, power, &c);
    show("3 ** 20000", r);
    mpd_set_uint(power, 150000, &c);
    mpd_pow(r, three, power, &c);
    show("3 ** 150000", r);
    mpd_mul(q, r, r, &c);
    mpd_mul(q, q, r, &c);
    mpd_divmod(q, rest, q, r, &c);
    REQUIRE(mpd_iszero(rest));
    mpd_sqrt(q, q, &c);
    REQUIRE(mpd_cmp(q, r, &c) == 0);
    puts("multiplied, divided, and its root taken: the same");
    REQUIRE((c.status & MPD_Errors) == 0);
    mpd_del(three), mpd_del(power), mpd_del(r), mpd_del(q), mpd_del(rest);
}

static void contexts(void)
{
    mpd_context_t c;
    static const int bits[] = {MPD_DECIMAL32, MPD_DECIMAL64, MPD_DECIMAL128};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        REQUIRE(mpd_ieee_context(&c, bits[i]) == 0);
        printf("decimal%d: precision %d, exponents %d to %d, %s, clamp %d\n", bits[i], (int)mpd_getprec(&c), (int)mpd_getemin(&c),
               (int)mpd_getemax(&c), mpd_round_string[mpd_getround(&c)], mpd_getclamp(&c));
    }
    mpd_maxcontext(&c);
    printf("most: precision %d, exponents %d to %d; words of %d bits, %d digits each\n", (int)c.prec, (int)c.emin, (int)c.emax,
           MPD_BITS_PER_UINT, MPD_RDIGITS);
    REQUIRE(!mpd_qsetprec(&c, 0) && !mpd_qsetround(&c, MPD_ROUND_GUARD));

    mpd_defaultcontext(&c);
    mpd_qsettraps(&c, 0);
    mpd_t *number = mpd_new(&c), *unit = new_number("1", &c), *r = mpd_new(&c);
    for (int round = 0; round < MPD_ROUND_TRUNC; round++) {
        static const char *const numbers[] = {"2.5", "-2.5", "3.5", "0.1", "-0.1"};
        mpd_qsetround(&c, round);
        printf("%s:", mpd_round_string[round]);
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            mpd_set_string(number, numbers[i], &c);
            mpd_quantize(r, number, unit, &c);
            char *text = mpd_to_sci(r, 1);
            printf(" %s", text);
            mpd_free(text);
        }
        puts("");
    }
    mpd_set_string(number, "1234567.891", &c);
    static const char *const formats[] = {",.2f", "+.3e", "020,.1f", "_>15.0f", ".1%", "g"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        uint32_t status = 0;
        char *text = mpd_qformat(number, formats[i], &c, &status);
        REQUIRE(text != NULL);
        printf("%s: %s\n", formats[i], text);
        mpd_free(text);
    }
    mpd_set_string(number, "123E+10", &c);
    char *text = mpd_to_eng(number, 1);
    printf("engineering: %s\n", text);
    mpd_free(text);
    uint32_t status = 0;
    mpd_qset_i64_exact(number, INT64_MIN, &status);
    REQUIRE(mpd_qget_i64(number, &status) == INT64_MIN && status == 0);
    mpd_del(number), mpd_del(unit), mpd_del(r);
}

static void traps(void)
{
    mpd_context_t c;
    char flags[MPD_MAX_FLAG_STRING];
    mpd_defaultcontext(&c);
    mpd_t *one = new_number("1", &c), *zero = new_number("0", &c), *r = mpd_new(&c);

    mpd_qsettraps(&c, 0);
    mpd_div(r, one, zero, &c);
    mpd_div(r, zero, zero, &c);
    mpd_set_string(r, "1E+999999999", &c);
    mpd_set_string(r, "x", &c);
    mpd_snprint_flags(flags, sizeof flags, c.status);
    printf("flags without traps: %s, trapped %d\n", flags, trapped);
    show("not a number", r);

    mpd_traphandler = count_trap;
    mpd_qsettraps(&c, MPD_Traps);
    mpd_div(r, one, zero, &c);
    show("1 / 0", r);
    mpd_set_string(r, "1E+999999999", &c);
    mpd_set_string(r, "snan", &c);
    mpd_add(r, r, one, &c);
    printf("with traps: trapped %d\n", trapped);

    mpd_del(one), mpd_del(zero), mpd_del(r);
}

int main(void)
{
    REQUIRE(strcmp(mpd_version(), MPD_VERSION) == 0);
    printf("libmpdec %s\n", mpd_version());
    functions();
    large();
    contexts();
    traps();
    puts("done");
    return 0;
}
