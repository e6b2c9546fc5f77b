/* pcre2.c: matches, captures, substitutions and errors with characters of 8 bits; UTF-16 and UTF-32; DFA matching; POSIX's interface. */
#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>
#include <pcre2posix.h>
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

static pcre2_code_8 *compile(const char *pattern, uint32_t options)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code_8 *code = pcre2_compile_8((PCRE2_SPTR8)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR8 text[200];
        pcre2_get_error_message_8(error, text, sizeof text);
        printf("%s, at %zu: %s\n", pattern, (size_t)at, (const char *)text);
    }
    return code;
}

static void matches(void)
{
    pcre2_code_8 *code = compile("(?<year>\\d{4})-(?<month>\\d\\d)", 0);
    const char *text = "from 2019-03 to 2026-11";
    pcre2_match_data_8 *data = pcre2_match_data_create_from_pattern_8(code, NULL);
    for (size_t at = 0; pcre2_match_8(code, (PCRE2_SPTR8)text, strlen(text), at, 0, data, NULL) == 3;) {
        PCRE2_UCHAR8 year[5], month[3];
        PCRE2_SIZE y = sizeof year, m = sizeof month;
        REQUIRE(pcre2_substring_copy_byname_8(data, (PCRE2_SPTR8) "year", year, &y) == 0);
        REQUIRE(pcre2_substring_copy_bynumber_8(data, 2, month, &m) == 0);
        PCRE2_SIZE *ends = pcre2_get_ovector_pointer_8(data);
        printf("%s/%s at %zu\n", (char *)month, (char *)year, (size_t)ends[0]);
        at = ends[1];
    }
    PCRE2_UCHAR8 out[100];
    PCRE2_SIZE length = sizeof out;
    REQUIRE(pcre2_substitute_8(code, (PCRE2_SPTR8)text, strlen(text), 0, PCRE2_SUBSTITUTE_GLOBAL, NULL, NULL, (PCRE2_SPTR8) "${month}.$1",
                               PCRE2_ZERO_TERMINATED, out, &length) == 2);
    puts((char *)out);
    int workspace[100];
    REQUIRE(pcre2_dfa_match_8(code, (PCRE2_SPTR8) "2026-1", 6, 0, PCRE2_PARTIAL_HARD, data, NULL, workspace, 100) == PCRE2_ERROR_PARTIAL);
    puts("DFA: a partial match");
    pcre2_match_data_free_8(data);
    pcre2_code_free_8(code);
    REQUIRE(compile("a(b", 0) == NULL && compile("[z-a]", 0) == NULL);
}

static void unicode(void)
{
    pcre2_code_8 *code = compile("^\\p{Lu}\\X+\xc3\x9f$", PCRE2_UTF | PCRE2_CASELESS);
    const char *street = "\xc3\x84\x67\x79pter Stra\xe1\xba\x9e"; /* ends with a capital sharp s */
    pcre2_match_data_8 *data = pcre2_match_data_create_8(1, NULL);
    REQUIRE(pcre2_match_8(code, (PCRE2_SPTR8)street, strlen(street), 0, 0, data, NULL) == 1);
    REQUIRE(pcre2_match_8(code, (PCRE2_SPTR8) "A\xff", 2, 0, 0, data, NULL) < PCRE2_ERROR_PARTIAL);
    puts("UTF-8: matched without regard to case; not UTF-8: refused");
    pcre2_match_data_free_8(data);
    pcre2_code_free_8(code);

    int error;
    PCRE2_SIZE at;
    static const PCRE2_UCHAR16 pattern16[] = {'^', '.', '$'}, text16[] = {0xd83d, 0xde00};
    pcre2_code_16 *code16 = pcre2_compile_16(pattern16, 3, PCRE2_UTF, &error, &at, NULL);
    pcre2_match_data_16 *data16 = pcre2_match_data_create_16(1, NULL);
    REQUIRE(pcre2_match_16(code16, text16, 2, 0, 0, data16, NULL) == 1);
    pcre2_match_data_free_16(data16);
    pcre2_code_free_16(code16);
    static const PCRE2_UCHAR32 pattern32[] = {'\\', 'p', '{', 'S', 'o', '}'}, text32[] = {'a', 0x1f600};
    pcre2_code_32 *code32 = pcre2_compile_32(pattern32, 6, PCRE2_UTF, &error, &at, NULL);
    pcre2_match_data_32 *data32 = pcre2_match_data_create_32(1, NULL);
    REQUIRE(pcre2_match_32(code32, text32, 2, 0, 0, data32, NULL) == 1 && pcre2_get_ovector_pointer_32(data32)[0] == 1);
    pcre2_match_data_free_32(data32);
    pcre2_code_free_32(code32);
    puts("UTF-16 and UTF-32: matched");
}

/* Backtracking without end meets a limit; 250 nested groups are the most that is taken. */
static void limits(void)
{
    pcre2_code_8 *code = compile("(a+)+$", PCRE2_NO_AUTO_POSSESS);
    pcre2_match_data_8 *data = pcre2_match_data_create_8(2, NULL);
    pcre2_match_context_8 *context = pcre2_match_context_create_8(NULL);
    pcre2_set_match_limit_8(context, 10000);
    REQUIRE(pcre2_match_8(code, (PCRE2_SPTR8) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 39, 0, 0, data, context) == PCRE2_ERROR_MATCHLIMIT);
    puts("backtracking: limited");
    pcre2_match_context_free_8(context);
    pcre2_match_data_free_8(data);
    pcre2_code_free_8(code);
    char nested[600];
    memset(nested, '(', 250);
    nested[250] = 'a';
    memset(nested + 251, ')', 250);
    nested[501] = 0;
    REQUIRE((code = compile(nested, 0)) != NULL);
    puts("250 nested groups: compiled");
    pcre2_code_free_8(code);
}

int main(void)
{
    char version[32];
    REQUIRE(pcre2_config_8(PCRE2_CONFIG_VERSION, version) > 0);
    uint32_t jit = 1;
    REQUIRE(pcre2_config_8(PCRE2_CONFIG_JIT, &jit) == 0 && jit == 0);
    printf("pcre2 %.*s\n", (int)strcspn(version, " "), version);
    matches();
    unicode();
    limits();
    regex_t regex;
    regmatch_t match[2];
    REQUIRE(pcre2_regcomp(&regex, "b(c|d)", REG_ICASE) == 0 && pcre2_regexec(&regex, "abD", 2, match, 0) == 0);
    printf("POSIX: %d to %d\n", (int)match[1].rm_so, (int)match[1].rm_eo);
    pcre2_regfree(&regex);
    return 0;
}
