#include "stack.h"

#include <mpdecimal.h>

int main(void) {
    mpd_context_t context;
    mpd_maxcontext(&context);
    mpd_qsettraps(&context, 0);
    enum { DIGITS = 200000 };
    char *digits = malloc(DIGITS + 1);
    memset(digits, '7', DIGITS);
    digits[DIGITS] = 0;
    mpd_t *a = mpd_new(&context), *b = mpd_new(&context), *r = mpd_new(&context), *rest = mpd_new(&context);
    mpd_set_string(a, digits, &context);
    mpd_set_string(b, digits + DIGITS / 3, &context);
    mpd_mul(r, a, b, &context);
    mpd_divmod(r, rest, r, b, &context);
    REQUIRE(mpd_cmp(r, a, &context) == 0 && mpd_iszero(rest));
    char *written = mpd_to_sci(r, 1);
    REQUIRE(strcmp(written, digits) == 0);
    mpd_free(written);
    mpd_qsetprec(&context, 2000);
    mpd_set_string(a, "1.5", &context);
    mpd_exp(r, a, &context);
    mpd_ln(r, r, &context);
    mpd_pow(r, r, a, &context);
    mpd_sqrt(r, r, &context);
    mpd_log10(r, r, &context);
    written = mpd_format(r, "+.100e", &context);
    REQUIRE(written != NULL);
    mpd_free(written);
}
