/* libuuid.c: UUIDs read, written and compared, those of names against RFC 9562, and many random and time-based ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

enum { MANY = 100000 };

static uuid_t many[MANY];

static int by_bytes(const void *a, const void *b) { return memcmp(a, b, sizeof(uuid_t)); }

/* That all are different, and each of this type and of the standard's variant. */
static void check(int type)
{
    for (size_t i = 0; i < MANY; i++)
        REQUIRE(uuid_type(many[i]) == type && uuid_variant(many[i]) == UUID_VARIANT_DCE);
    qsort(many, MANY, sizeof *many, by_bytes);
    for (size_t i = 1; i < MANY; i++)
        REQUIRE(memcmp(many[i - 1], many[i], sizeof *many) != 0);
}

static void show(const char *name, const uuid_t uuid)
{
    char text[UUID_STR_LEN];
    uuid_unparse_lower(uuid, text);
    printf("%s: %s, type %d, variant %d\n", name, text, uuid_type(uuid), uuid_variant(uuid));
}

static void texts(void)
{
    static const char *const good[] = {"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"};
    static const char *const bad[] = {"",
                                      "6ba7b810-9dad-11d1-80b4-00c04fd430c",
                                      "6ba7b810-9dad-11d1-80b4-00c04fd430c8a",
                                      "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
                                      "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                                      "{6ba7b810-9dad-11d1-80b4-00c04fd430c}"};
    uuid_t a, b;
    char text[UUID_STR_LEN];
    REQUIRE(uuid_parse(good[0], a) == 0 && uuid_parse(good[1], b) == 0);
    REQUIRE(uuid_compare(a, b) == 0 && memcmp(a, *uuid_get_template("dns"), sizeof a) == 0);
    uuid_unparse_upper(a, text);
    REQUIRE(strcmp(text, good[1]) == 0);
    uuid_unparse(a, text);
    REQUIRE(strcmp(text, good[0]) == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REQUIRE(uuid_parse(bad[i], b) == -1);
    static const char within[] = "urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8, and so on";
    REQUIRE(uuid_parse_range(within + 9, within + 9 + 36, b) == 0);
    REQUIRE(uuid_compare(a, b) < 0 && uuid_compare(b, a) > 0);
    printf("read and written; %d texts refused\n", (int)(sizeof bad / sizeof *bad));
    uuid_copy(a, b);
    REQUIRE(uuid_compare(a, b) == 0 && !uuid_is_null(a));
    uuid_clear(a);
    REQUIRE(uuid_is_null(a));
    show("null", a);

    /* One of each variant: what decides is the start of byte 8. */
    static const char *const variants[] = {"00000000-0000-1000-7fff-000000000000", "00000000-0000-1000-8000-000000000000",
                                           "00000000-0000-1000-c000-000000000000", "00000000-0000-1000-e000-000000000000"};
    printf("variants:");
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        REQUIRE(uuid_parse(variants[i], a) == 0);
        printf(" %d", uuid_variant(a));
    }
    puts("");
}

/* RFC 9562, appendix A.2 and A.4; the times of A.1, A.5 and A.6 are one moment of 2022. */
static void vectors(void)
{
    uuid_t uuid;
    const char *name = "www.example.com";
    uuid_generate_md5(uuid, *uuid_get_template("dns"), name, strlen(name));
    show("MD5", uuid);
    uuid_generate_sha1(uuid, *uuid_get_template("dns"), name, strlen(name));
    show("SHA-1", uuid);
    /* The longest that fits one block of either hash beside the namespace's 16 bytes, and the next ones. */
    char letters[64];
    memset(letters, 'a', sizeof letters);
    for (size_t length = 39; length <= 49; length += 5) {
        uuid_generate_md5(uuid, *uuid_get_template("url"), letters, length);
        show("MD5", uuid);
        uuid_generate_sha1(uuid, *uuid_get_template("oid"), letters, length);
        show("SHA-1", uuid);
    }
    REQUIRE(uuid_get_template("x500") != NULL && uuid_get_template("none") == NULL);

    static const char *const timed[] = {"C232AB00-9414-11EC-B3C8-9F6BDECED846", "1EC9414C-232A-6B00-B3C8-9F6BDECED846",
                                        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"};
    for (size_t i = 0; i < sizeof timed / sizeof *timed; i++) {
        struct timeval tv;
        REQUIRE(uuid_parse(timed[i], uuid) == 0);
        REQUIRE(uuid_time(uuid, &tv) == tv.tv_sec);
        printf("type %d: of %lld seconds and %ld microseconds\n", uuid_type(uuid), (long long)tv.tv_sec, (long)tv.tv_usec);
    }
}

static void random_ones(void)
{
    unsigned ones[128] = {0};
    for (size_t i = 0; i < MANY; i++) {
        if (i % 2 == 0)
            uuid_generate_random(many[i]);
        else
            uuid_generate(many[i]);
        for (size_t bit = 0; bit < 128; bit++)
            ones[bit] += many[i][bit / 8] >> (7 - bit % 8) & 1;
    }
    check(UUID_TYPE_DCE_RANDOM);
    /* But for the six fixed bits, each is set in half of them: twelve standard deviations of room. */
    for (size_t bit = 0; bit < 128; bit++)
        REQUIRE((bit >= 48 && bit < 52) || bit == 64 || bit == 65 || (ones[bit] > MANY / 2 - 1900 && ones[bit] < MANY / 2 + 1900));
    printf("random: %d, all different, each bit set in half of them\n", MANY);
}

/* Of a time-based UUID: the 60-bit time, in 100 ns since 1582. */
static unsigned long long ticks(const uuid_t u)
{
    unsigned long long low = (unsigned long long)u[0] << 24 | u[1] << 16 | u[2] << 8 | u[3];
    unsigned long long high = (unsigned long long)(u[6] & 15) << 24 | u[7] << 16 | u[4] << 8 | u[5];
    return high << 32 | low;
}

static void timed_ones(void)
{
    long long begun = time(NULL);
    int safe = 0;
    for (size_t i = 0; i < MANY; i++) {
        safe += uuid_generate_time_safe(many[i]) == 0;
        /* The same node and clock sequence, and later than the one before: the clock was not set back while this ran. */
        REQUIRE(i == 0 || (memcmp(many[i] + 8, many[0] + 8, 8) == 0 && ticks(many[i]) > ticks(many[i - 1])));
    }
    long long made = uuid_time(many[MANY - 1], NULL);
    REQUIRE(made >= begun && made <= (long long)time(NULL));
    REQUIRE((many[0][10] & 1) == 1);
    check(UUID_TYPE_DCE_TIME);
    printf("time-based: %d, each later than the one before, from one node with the multicast bit\n", MANY);
    printf("safe from other processes: %d\n", safe);

    for (size_t i = 0; i < MANY; i++) {
        uuid_generate_time_v6(many[i]);
        REQUIRE(i == 0 || memcmp(many[i - 1], many[i], 8) < 0);
    }
    check(UUID_TYPE_DCE_TIME_V6);
    printf("version 6: %d, in order as they were made\n", MANY);

    for (size_t i = 0; i < MANY; i++) {
        uuid_generate_time_v7(many[i]);
        REQUIRE(i == 0 || memcmp(many[i - 1], many[i], 6) <= 0);
    }
    made = uuid_time(many[0], NULL);
    REQUIRE(made >= begun && made <= (long long)time(NULL));
    check(UUID_TYPE_DCE_TIME_V7);
    printf("version 7: %d, their milliseconds in order\n", MANY);
}

int main(void)
{
    texts();
    vectors();
    random_ones();
    timed_ones();
    puts("done");
    return 0;
}
