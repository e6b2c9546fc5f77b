/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What util-linux tests of libuuid through its programs uuidgen and uuidparse, which are no part of libuuid, done with the library's functions.
 * Each mode prints what the program and upstream's script around it would print. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

static const char *variant_name(uuid_t uuid) {
  switch (uuid_variant(uuid)) {
  case UUID_VARIANT_NCS: return "NCS";
  case UUID_VARIANT_DCE: return "DCE";
  case UUID_VARIANT_MICROSOFT: return "Microsoft";
  default: return "other";
  }
}

static const char *type_name(uuid_t uuid) {
  switch (uuid_type(uuid)) {
  case UUID_TYPE_DCE_NIL: return uuid_is_null(uuid) ? "nil" : "unknown";
  case UUID_TYPE_DCE_TIME: return "time-based";
  case UUID_TYPE_DCE_SECURITY: return "DCE";
  case UUID_TYPE_DCE_MD5: return "name-based";
  case UUID_TYPE_DCE_RANDOM: return "random";
  case UUID_TYPE_DCE_SHA1: return "sha1-based";
  case UUID_TYPE_DCE_TIME_V6: return "time-v6";
  case UUID_TYPE_DCE_TIME_V7: return "time-v7";
  case UUID_TYPE_DCE_VENDOR: return "vendor";
  default: return "unknown";
  }
}

struct row {
  const char *variant, *type;
  char time[64];
};

/* A row of uuidparse's table. */
static struct row row_of(const char *text) {
  uuid_t uuid;
  struct row row = {"invalid", "invalid", "invalid"};
  if (uuid_parse(text, uuid)) return row;
  row = (struct row){.variant = variant_name(uuid), .type = ""};
  if (uuid_variant(uuid) != UUID_VARIANT_DCE) return row;
  row.type = type_name(uuid);
  int type = uuid_type(uuid);
  if (type == UUID_TYPE_DCE_TIME || type == UUID_TYPE_DCE_TIME_V6 || type == UUID_TYPE_DCE_TIME_V7) {
    struct timeval at;
    struct tm parts;
    uuid_time(uuid, &at);
    time_t seconds = at.tv_sec;
    if (!gmtime_r(&seconds, &parts)) fail("%s: its time is none", text);
    /* Before 1970 the fraction is negative, and uuidparse prints its nanoseconds as an unsigned number: upstream's table has that. */
    uint32_t fraction = (uint32_t)(at.tv_usec * 1000) / 1000;
    snprintf(row.time, sizeof row.time, "%.4ld-%.2d-%.2d %.2d:%.2d:%.2d,%06" PRIu32 "+00:00", 1900L + parts.tm_year, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, fraction);
  }
  return row;
}

#ifdef TEST_PROGRAM

/* gen_uuid.c is compiled in as upstream's test_uuid_time: at a fixed time, its main under the name print_uuids, its printf under ours. */
#undef main
#undef printf

int printf(const char *format, ...);
int print_uuids(void);

int check_printf(const char *format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  line[strcspn(line, "\n")] = 0;
  struct row row = row_of(line);
  printf("%-7s %-10s %s\n", row.variant, row.type, row.time);
  return length;
}

int main(void) {
  printf("%-7s %-10s %s\n", "VARIANT", "TYPE", "TIME");
  return print_uuids();
}

#else

/* Takes the UUIDs from the first column of the table that is expected. */
static void parse(void) {
  char line[256];
  if (!fgets(line, sizeof line, stdin)) fail("there is no table");
  printf("%-37s %-9s %-10s %s\n", "UUID", "VARIANT", "TYPE", "TIME");
  while (fgets(line, sizeof line, stdin) && strncmp(line, "return value", 12)) {
    line[strcspn(line, " \n")] = 0;
    struct row row = row_of(line);
    printf("%-37s %-9s %-10s %s\n", line, row.variant, row.type, row.time);
  }
  puts("return value: 0");
}

static void print_named(int sha1, const char *namespace, const char *name, size_t size) {
  uuid_t uuid;
  char text[UUID_STR_LEN];
  const uuid_t *in = uuid_get_template(namespace);
  if (!in) fail("there is no namespace %s", namespace);
  if (sha1) uuid_generate_sha1(uuid, *in, name, size);
  else uuid_generate_md5(uuid, *in, name, size);
  uuid_unparse(uuid, text);
  puts(text);
}

static void generate(const char *option, void (*generator)(uuid_t), int type) {
  uuid_t uuid, back;
  char text[UUID_STR_LEN];
  printf("option: %s\n", option);
  generator(uuid);
  uuid_unparse(uuid, text);
  int refused = uuid_parse(text, back) != 0;
  if (uuid_type(uuid) != type || uuid_variant(uuid) != UUID_VARIANT_DCE) fail("%s is of another type or variant", text);
  if (uuid_compare(uuid, back)) fail("%s was not read as it was written", text);
  printf("return values: 0 and %d\n", refused);
}

static int compare(const void *one, const void *other) { return memcmp(one, other, sizeof(uuid_t)); }

/* None twice, each of its version and variant; the bits that are random (all but six, where `random_bits`) are set as often as not. */
static void many(unsigned count, void (*generator)(uuid_t), int type, int random_bits) {
  unsigned char(*all)[sizeof(uuid_t)] = malloc((size_t)count * sizeof(uuid_t));
  unsigned set[128] = {0};
  if (!all) fail("no memory for %u", count);
  for (unsigned each = 0; each < count; each++) {
    generator(all[each]);
    if (all[each][6] >> 4 != type || all[each][8] >> 6 != 2) fail("number %u is of another version or variant", each);
    for (int bit = 0; bit < 128; bit++) set[bit] += all[each][bit / 8] >> (7 - bit % 8) & 1;
  }
  qsort(all, count, sizeof *all, compare);
  for (unsigned each = 1; each < count; each++)
    if (!compare(all[each - 1], all[each])) fail("version %d: one of %u came twice", type, count);
  for (int bit = 0; random_bits && bit < 128; bit++) {
    if ((bit >= 48 && bit < 52) || bit == 64 || bit == 65) continue;
    /* A million throws of a coin: ten standard deviations are 5000. */
    long off = (long)set[bit] - (long)(count / 2);
    if (labs(off) > (long)(count / 200)) fail("bit %d is set in %u of %u", bit, set[bit], count);
  }
  printf("version %d: %u, all different\n", type, count);
  free(all);
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "uuidparse")) {
    parse();
  } else if (!strcmp(mode, "oids")) {
    print_named(0, "dns", "www.widgets.com", 15);
    print_named(0, "dns", "www.example.com", 15);
    print_named(1, "dns", "www.example.com", 15);
    print_named(1, "oid", "\x52\x54\x00\xfc\x0f\x5e", 6);
  } else if (!strcmp(mode, "uuidgen")) {
    generate("-r", uuid_generate_random, UUID_TYPE_DCE_RANDOM);
    generate("-t", uuid_generate_time, UUID_TYPE_DCE_TIME);
    generate("-6", uuid_generate_time_v6, UUID_TYPE_DCE_TIME_V6);
    generate("-7", uuid_generate_time_v7, UUID_TYPE_DCE_TIME_V7);
    generate("--random", uuid_generate_random, UUID_TYPE_DCE_RANDOM);
    generate("--time", uuid_generate_time, UUID_TYPE_DCE_TIME);
    generate("--time-v6", uuid_generate_time_v6, UUID_TYPE_DCE_TIME_V6);
    generate("--time-v7", uuid_generate_time_v7, UUID_TYPE_DCE_TIME_V7);
  } else if (!strcmp(mode, "many")) {
    many(1000000, uuid_generate_random, UUID_TYPE_DCE_RANDOM, 1);
    many(1000000, uuid_generate, UUID_TYPE_DCE_RANDOM, 1);
    many(200000, uuid_generate_time, UUID_TYPE_DCE_TIME, 0);
    many(200000, uuid_generate_time_v6, UUID_TYPE_DCE_TIME_V6, 0);
    many(200000, uuid_generate_time_v7, UUID_TYPE_DCE_TIME_V7, 0);
  } else {
    return 2;
  }
  return 0;
}

#endif
