/* SPDX-License-Identifier: MIT */
/* check-shape FILE.tests: upstream's tests of shaping, of those lines that need no option of the program hb-shape: `font;;code points;[glyphs]`. Paths
 * are relative to the file's folder. */
#include <hb.h>
#include <hb-ot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned tests, failures;

static void shape(const char *path, char *points, const char *wanted) {
  static char found[65536];
  hb_blob_t *blob = hb_blob_create_from_file_or_fail(path);
  if (blob == NULL) {
    failures++;
    printf("%s can't be read\n", path);
    return;
  }
  hb_face_t *face = hb_face_create(blob, 0);
  hb_font_t *font = hb_font_create(face);
  hb_buffer_t *buffer = hb_buffer_create();
  unsigned cluster = 0;
  for (char *word = strtok(points, ", "); word != NULL; word = strtok(NULL, ", "))
    hb_buffer_add(buffer, (hb_codepoint_t)strtoul(word + (word[0] == 'U' ? 2 : 0), NULL, 16), cluster++);
  hb_buffer_set_content_type(buffer, HB_BUFFER_CONTENT_TYPE_UNICODE);
  hb_buffer_set_flags(buffer, HB_BUFFER_FLAG_BOT | HB_BUFFER_FLAG_EOT);
  hb_buffer_guess_segment_properties(buffer);
  hb_shape(font, buffer, NULL, 0);
  size_t at = 0;
  unsigned start = 0, count = hb_buffer_get_length(buffer), length;
  found[at++] = '[';
  while (start < count) {
    if (start > 0) found[at++] = '|';
    unsigned done = hb_buffer_serialize_glyphs(buffer, start, count, found + at, (unsigned)(sizeof found - at - 8), &length, font,
                                               HB_BUFFER_SERIALIZE_FORMAT_TEXT, HB_BUFFER_SERIALIZE_FLAG_DEFAULT);
    if (done == 0) break;
    start += done;
    at += length;
    if (found[at - 1] == ']') at--;
    if (found[1] == '[') memmove(found, found + 1, at--);
  }
  found[at++] = ']';
  found[at] = 0;
  tests++;
  if (strcmp(found, wanted) != 0) {
    failures++;
    if (failures < 10) printf("%s: %s, where %s is expected\n", path, found, wanted);
  }
  hb_buffer_destroy(buffer);
  hb_font_destroy(font);
  hb_face_destroy(face);
  hb_blob_destroy(blob);
}

int main(int argc, char **argv) {
  static char line[65536];
  for (int i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "r");
    if (f == NULL) return 2;
    const char *slash = strrchr(argv[i], '/');
    while (fgets(line, sizeof line, f) != NULL) {
      char path[1024], *fields[4] = {line};
      line[strcspn(line, "\n")] = 0;
      for (int n = 1; n < 4 && fields[n - 1] != NULL; n++) {
        fields[n] = strchr(fields[n - 1], ';');
        if (fields[n] != NULL) *fields[n]++ = 0;
      }
      if (line[0] == '#' || line[0] == '@' || fields[3] == NULL || fields[1][0] != 0 || fields[3][0] != '[') continue;
      snprintf(path, sizeof path, "%.*s/%s", (int)(slash - argv[i]), argv[i], fields[0]);
      if (strchr(path, '@') != NULL) *strchr(path, '@') = 0;
      shape(path, fields[2], fields[3]);
    }
    fclose(f);
  }
  printf("%u tests, %u failures\n", tests, failures);
  return failures != 0 || tests == 0;
}
