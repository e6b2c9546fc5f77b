/* xz.c [FOLDER]: .xz buffers and streams, every check and filter, .lzma, .lz, MicroLZMA, and an .xz file in FOLDER. */
#include <lzma.h>
#include <stdbool.h>
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

enum { SIZE = 120000, PIECE = 777 };

static uint8_t plain[SIZE], packed[SIZE * 2], back[SIZE];

/* Runs a coder over a buffer, PIECE bytes in and out at a time; gives the number of bytes that came out. */
static size_t run(lzma_stream *s, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    size_t taken = 0, made = 0;
    lzma_ret rc;
    do {
        if (s->avail_in == 0 && taken < in_size) {
            s->next_in = in + taken;
            s->avail_in = in_size - taken < PIECE ? in_size - taken : PIECE;
            taken += s->avail_in;
        }
        size_t room = out_size - made < PIECE ? out_size - made : PIECE;
        s->next_out = out + made;
        s->avail_out = room;
        rc = lzma_code(s, taken == in_size ? LZMA_FINISH : LZMA_RUN);
        made += room - s->avail_out;
        if (rc != LZMA_OK && rc != LZMA_STREAM_END)
            printf("lzma_code: %d\n", (int)rc);
        REQUIRE(rc == LZMA_OK || rc == LZMA_STREAM_END);
    } while (rc != LZMA_STREAM_END);
    lzma_end(s);
    return made;
}

static void same(size_t size)
{
    REQUIRE(size == SIZE && memcmp(plain, back, SIZE) == 0);
    memset(back, 0, SIZE);
}

static void noise(void)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < SIZE; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        plain[i] = (uint8_t)(state >> 11);
    }
}

static void text(void)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245u + 12345u;
        plain[i] = (state >> 16) % 7 == 0 ? (uint8_t)('a' + (state >> 20) % 26) : (uint8_t)"wasi sysroot "[i % 13];
    }
}

static void checks(void)
{
    static const struct {
        lzma_check id;
        const char *name;
    } all[] = {{LZMA_CHECK_NONE, "none"}, {LZMA_CHECK_CRC32, "crc32"}, {LZMA_CHECK_CRC64, "crc64"}, {LZMA_CHECK_SHA256, "sha256"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t length = 0;
        REQUIRE(lzma_check_is_supported(all[i].id));
        REQUIRE(lzma_easy_buffer_encode(6, all[i].id, NULL, plain, SIZE, packed, &length, sizeof packed) == LZMA_OK);
        lzma_stream s = LZMA_STREAM_INIT;
        REQUIRE(lzma_stream_decoder(&s, UINT64_MAX, LZMA_FAIL_FAST) == LZMA_OK);
        same(run(&s, packed, length, back, SIZE));

        /* The check is in the last bytes before index and footer; a broken one must be noticed. */
        uint64_t limit = UINT64_MAX;
        size_t in = 0, out = 0, width = lzma_check_size(all[i].id);
        if (width != 0) {
            lzma_stream_flags footer;
            REQUIRE(lzma_stream_footer_decode(&footer, packed + length - LZMA_STREAM_HEADER_SIZE) == LZMA_OK);
            REQUIRE(footer.check == all[i].id);
            packed[length - LZMA_STREAM_HEADER_SIZE - footer.backward_size - 1] ^= 1;
            REQUIRE(lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in, length, back, &out, SIZE) == LZMA_DATA_ERROR);
        }
        printf("check %s: %u bytes, round trip\n", all[i].name, (unsigned)width);
    }
    const uint8_t *nine = (const uint8_t *)"123456789";
    printf("crc32 %08x crc64 %016llx\n", (unsigned)lzma_crc32(nine, 9, 0), (unsigned long long)lzma_crc64(nine, 9, 0));
}

static void filters(void)
{
    static const struct {
        lzma_vli id;
        const char *name;
    } all[] = {
        {LZMA_FILTER_DELTA, "delta"},       {LZMA_FILTER_X86, "x86"},     {LZMA_FILTER_POWERPC, "powerpc"},
        {LZMA_FILTER_IA64, "ia64"},         {LZMA_FILTER_ARM, "arm"},     {LZMA_FILTER_ARMTHUMB, "armthumb"},
        {LZMA_FILTER_ARM64, "arm64"},       {LZMA_FILTER_SPARC, "sparc"}, {LZMA_FILTER_RISCV, "riscv"},
    };
    static uint8_t unfiltered[sizeof packed];
    lzma_options_lzma lzma2;
    lzma_options_delta delta = {.type = LZMA_DELTA_TYPE_BYTE, .dist = 4};
    REQUIRE(!lzma_lzma_preset(&lzma2, 1));
    lzma_filter only[] = {{LZMA_FILTER_LZMA2, &lzma2}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t plain_length = 0;
    REQUIRE(lzma_stream_buffer_encode(only, LZMA_CHECK_CRC32, NULL, plain, SIZE, unfiltered, &plain_length, sizeof unfiltered) == LZMA_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        REQUIRE(lzma_filter_encoder_is_supported(all[i].id) && lzma_filter_decoder_is_supported(all[i].id));
        lzma_filter chain[] = {{all[i].id, all[i].id == LZMA_FILTER_DELTA ? &delta : NULL}, {LZMA_FILTER_LZMA2, &lzma2}, {LZMA_VLI_UNKNOWN, NULL}};
        lzma_stream s = LZMA_STREAM_INIT;
        REQUIRE(lzma_raw_encoder(&s, chain) == LZMA_OK);
        size_t filtered_length = run(&s, plain, SIZE, packed, sizeof packed);
        /* Decoded without the filter, the filter's work shows. */
        REQUIRE(lzma_raw_decoder(&s, only) == LZMA_OK);
        REQUIRE(run(&s, packed, filtered_length, back, SIZE) == SIZE);
        REQUIRE(memcmp(plain, back, SIZE) != 0);
        REQUIRE(lzma_raw_decoder(&s, chain) == LZMA_OK);
        same(run(&s, packed, filtered_length, back, SIZE));
        printf("filter %s: works on the data and back\n", all[i].name);
    }
}

static void put(uint8_t *to, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        *to++ = (uint8_t)value;
        value >>= 8;
    }
}

static void other_formats(void)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    REQUIRE(!lzma_lzma_preset(&options, 6));

    REQUIRE(lzma_alone_encoder(&s, &options) == LZMA_OK);
    size_t length = run(&s, plain, SIZE, packed, sizeof packed);
    REQUIRE(lzma_auto_decoder(&s, UINT64_MAX, 0) == LZMA_OK);
    same(run(&s, packed, length, back, SIZE));
    puts(".lzma: round trip");

    /* liblzma does not write .lz; its parts are a header, a raw LZMA1 stream, and sums. */
    options.dict_size = 1 << 20;
    lzma_filter raw[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    memcpy(packed, "LZIP\1\24", 6);
    REQUIRE(lzma_raw_encoder(&s, raw) == LZMA_OK);
    length = 6 + run(&s, plain, SIZE, packed + 6, sizeof packed - 26);
    put(packed + length, lzma_crc32(plain, SIZE, 0), 4);
    put(packed + length + 4, SIZE, 8);
    put(packed + length + 12, length + 20, 8);
    length += 20;
    REQUIRE(lzma_lzip_decoder(&s, UINT64_MAX, 0) == LZMA_OK);
    same(run(&s, packed, length, back, SIZE));
    REQUIRE(lzma_auto_decoder(&s, UINT64_MAX, 0) == LZMA_OK);
    same(run(&s, packed, length, back, SIZE));
    puts(".lz: decoded");

    REQUIRE(lzma_microlzma_encoder(&s, &options) == LZMA_OK);
    s.next_in = plain;
    s.avail_in = SIZE;
    s.next_out = packed;
    s.avail_out = 4096;
    REQUIRE(lzma_code(&s, LZMA_FINISH) == LZMA_STREAM_END);
    size_t used = (size_t)s.total_in, micro = (size_t)s.total_out;
    REQUIRE(lzma_microlzma_decoder(&s, micro, used, true, options.dict_size) == LZMA_OK);
    s.next_in = packed;
    s.avail_in = micro;
    s.next_out = back;
    s.avail_out = used;
    REQUIRE(lzma_code(&s, LZMA_FINISH) == LZMA_STREAM_END && memcmp(plain, back, used) == 0);
    lzma_end(&s);
    puts("MicroLZMA: round trip");
}

static void file(const char *path)
{
    /* Every match finder, written one after the other into one file of five streams. */
    static const char *const finders[] = {"hc3", "hc4", "bt2", "bt3", "bt4"};
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    for (size_t i = 0; i < sizeof finders / sizeof *finders; i++) {
        char description[64];
        lzma_filter chain[LZMA_FILTERS_MAX + 1];
        snprintf(description, sizeof description, "lzma2:preset=3,dict=1MiB,mf=%s,nice=64", finders[i]);
        REQUIRE(lzma_str_to_filters(description, NULL, chain, 0, NULL) == NULL);
        lzma_stream s = LZMA_STREAM_INIT;
        REQUIRE(lzma_stream_encoder(&s, chain, LZMA_CHECK_SHA256) == LZMA_OK);
        size_t length = run(&s, plain, SIZE, packed, sizeof packed);
        lzma_filters_free(chain, NULL);
        REQUIRE(fwrite(packed, 1, length, f) == length);
    }
    REQUIRE(fclose(f) == 0);

    f = fopen(path, "rb");
    REQUIRE(f != NULL);
    size_t length = fread(packed, 1, sizeof packed, f);
    REQUIRE(feof(f) && fclose(f) == 0 && remove(path) == 0);

    lzma_stream s = LZMA_STREAM_INIT;
    lzma_index *index = NULL;
    REQUIRE(lzma_file_info_decoder(&s, &index, UINT64_MAX, length) == LZMA_OK);
    lzma_ret rc;
    s.next_in = packed;
    s.avail_in = length;
    while ((rc = lzma_code(&s, LZMA_RUN)) == LZMA_SEEK_NEEDED) {
        s.next_in = packed + s.seek_pos;
        s.avail_in = length - (size_t)s.seek_pos;
    }
    REQUIRE(rc == LZMA_STREAM_END);
    lzma_end(&s);
    printf("file: %u streams, %u bytes inside, checks %x\n", (unsigned)lzma_index_stream_count(index),
           (unsigned)lzma_index_uncompressed_size(index), (unsigned)lzma_index_checks(index));
    lzma_index_end(index, NULL);

    static uint8_t five[5 * SIZE];
    REQUIRE(lzma_stream_decoder(&s, UINT64_MAX, LZMA_CONCATENATED) == LZMA_OK);
    REQUIRE(run(&s, packed, length, five, sizeof five) == sizeof five);
    for (size_t i = 0; i < 5; i++)
        REQUIRE(memcmp(five + i * SIZE, plain, SIZE) == 0);
    puts("file: all streams decoded");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/xz-test.xz", argc > 1 ? argv[1] : ".");
    REQUIRE(strcmp(lzma_version_string(), LZMA_VERSION_STRING) == 0);
    printf("liblzma %s\n", lzma_version_string());
    text();
    checks();
    other_formats();
    file(path);
    noise();
    filters();

    /* A memory limit is kept to, and told. */
    lzma_stream s = LZMA_STREAM_INIT;
    size_t length = 0;
    REQUIRE(lzma_easy_buffer_encode(9, LZMA_CHECK_CRC64, NULL, plain, SIZE, packed, &length, sizeof packed) == LZMA_OK);
    REQUIRE(lzma_stream_decoder(&s, 1 << 16, 0) == LZMA_OK);
    s.next_in = packed;
    s.avail_in = length;
    s.next_out = back;
    s.avail_out = SIZE;
    REQUIRE(lzma_code(&s, LZMA_RUN) == LZMA_MEMLIMIT_ERROR && lzma_memusage(&s) > 1 << 16);
    lzma_end(&s);
    puts("memory limit: kept");
    printf("physical memory: %s\n", lzma_physmem() > 0 ? "told" : "not told");
    puts("done");
    return 0;
}
