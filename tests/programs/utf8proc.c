/* utf8proc.c: normal forms, case folding, graphemes, widths, categories and what is no UTF-8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static void show(const char *what, utf8proc_uint8_t *text)
{
    REQUIRE(text != NULL);
    printf("%s:", what);
    for (const utf8proc_uint8_t *at = text; *at; at++) printf(" %02x", *at);
    puts("");
    free(text);
}

int main(void)
{
    printf("utf8proc %s, Unicode %s\n", utf8proc_version(), utf8proc_unicode_version());
    const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)"\xc3\xa4\xef\xac\x81\xe1\xba\x9e"; /* a umlaut, ligature fi, capital sharp s */
    show("NFC", utf8proc_NFC(text));
    show("NFD", utf8proc_NFD(text));
    show("NFKD", utf8proc_NFKD(text));
    show("NFKC, folded", utf8proc_NFKC_Casefold(text));

    /* A family of three, a flag, and an e with two accents: three graphemes. */
    const char *graphemes = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xf0\x9f\x87\xaa\xf0\x9f\x87\xba" "e\xcc\x81\xcc\xa3";
    utf8proc_int32_t state = 0, last = 0, c;
    int count = 1;
    for (utf8proc_ssize_t at = 0, size = (utf8proc_ssize_t)strlen(graphemes); at < size; last = c) {
        utf8proc_ssize_t taken = utf8proc_iterate((const utf8proc_uint8_t *)graphemes + at, size - at, &c);
        REQUIRE(taken > 0);
        if (at > 0 && utf8proc_grapheme_break_stateful(last, c, &state)) count++;
        at += taken;
    }
    printf("graphemes: %d\n", count);
    printf("widths: a %d, CJK %d, accent %d\n", utf8proc_charwidth('a'), utf8proc_charwidth(0x4e2d), utf8proc_charwidth(0x301));
    printf("categories: %s %s %s\n", utf8proc_category_string('A'), utf8proc_category_string(0x20ac), utf8proc_category_string(0x10ffff));
    printf("case: %x %x %x\n", (unsigned)utf8proc_tolower(0x130), (unsigned)utf8proc_toupper(0xe4), (unsigned)utf8proc_totitle(0x1c6));

    utf8proc_uint8_t *out;
    utf8proc_ssize_t rc = utf8proc_map((const utf8proc_uint8_t *)"a\xffz", 3, &out, UTF8PROC_COMPOSE);
    REQUIRE(rc < 0);
    puts(utf8proc_errmsg(rc));
    REQUIRE(utf8proc_map((const utf8proc_uint8_t *)"a\r\nb\0c", 6, &out, UTF8PROC_COMPOSE | UTF8PROC_NLF2LF | UTF8PROC_STRIPCC) == 4);
    REQUIRE(memcmp(out, "a\nbc", 4) == 0);
    free(out);
    puts("lines and control characters: replaced");
    return 0;
}
