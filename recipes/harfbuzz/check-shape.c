/* SPDX-License-Identifier: MIT */
/* check-shape FILE.tests: upstream's tests of shaping, as its run.py gives them to the program hb-shape: `font;options;code points;[glyphs]`, with the
 * options that the tests have. Paths are relative to the file's folder. A line runs with each of our font functions that the file allows. */
#include <hb.h>
#include <hb-ft.h>
#include <hb-ot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MANY = 64,
  ALWAYS = HB_BUFFER_FLAG_VERIFY | HB_BUFFER_FLAG_PRODUCE_UNSAFE_TO_CONCAT | HB_BUFFER_FLAG_PRODUCE_SAFE_TO_INSERT_TATWEEL,
};

/* What the options of a line say. */
typedef struct {
  unsigned face, flags, show, before_count, after_count, feature_count, variation_count, missing;
  int level, is_selector_shown;
  double points, size, slant, bold[2];
  const char *functions, *shaper, *direction, *script, *language;
  hb_codepoint_t before[MANY], after[MANY];
  hb_feature_t features[MANY];
  hb_variation_t variations[MANY];
} Options;

static unsigned tests, failures;

static void stop(const char *what, const char *text) {
  printf("%s: %s\n", what, text);
  exit(1);
}

static unsigned code_points(char *text, hb_codepoint_t *to, unsigned most) {
  unsigned count = 0;
  for (char *rest, *word = strtok_r(text, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
    if (count == most) stop("too many code points", word);
    to[count++] = (hb_codepoint_t)strtoul(word + (word[0] == 'U' ? 2 : 0), NULL, 16);
  }
  return count;
}

/* What one option says, with its value where it has one; the word after it is that where the option contains none. */
static void option(Options *options, const char *name, char *value, char **words) {
  static const struct {
    const char *name;
    unsigned show, flags;
  } switches[] = {
      {"--no-glyph-names", HB_BUFFER_SERIALIZE_FLAG_NO_GLYPH_NAMES, 0},
      {"--no-positions", HB_BUFFER_SERIALIZE_FLAG_NO_POSITIONS, 0},
      {"--no-clusters", HB_BUFFER_SERIALIZE_FLAG_NO_CLUSTERS, 0},
      {"--ned", HB_BUFFER_SERIALIZE_FLAG_NO_CLUSTERS | HB_BUFFER_SERIALIZE_FLAG_NO_ADVANCES, 0},
      {"--show-extents", HB_BUFFER_SERIALIZE_FLAG_GLYPH_EXTENTS, 0},
      {"--show-flags", HB_BUFFER_SERIALIZE_FLAG_GLYPH_FLAGS, 0},
      {"--bot", 0, HB_BUFFER_FLAG_BOT},
      {"--remove-default-ignorables", 0, HB_BUFFER_FLAG_REMOVE_DEFAULT_IGNORABLES},
      {"--unsafe-to-concat", 0, HB_BUFFER_FLAG_PRODUCE_UNSAFE_TO_CONCAT},
  };
  for (unsigned i = 0; i < sizeof switches / sizeof switches[0]; i++) {
    if (strcmp(name, switches[i].name) != 0) continue;
    options->show |= switches[i].show;
    options->flags |= switches[i].flags;
    return;
  }
  char *rest, *next;
  if (value == NULL) value = strtok_r(NULL, " ", words);
  if (value == NULL) stop("an option without a value", name);
  if (strcmp(name, "--font-funcs") == 0) options->functions = value;
  else if (strcmp(name, "--shaper") == 0) options->shaper = value;
  else if (strcmp(name, "--direction") == 0) options->direction = value;
  else if (strcmp(name, "--script") == 0) options->script = value;
  else if (strcmp(name, "--language") == 0) options->language = value;
  else if (strcmp(name, "--face-index") == 0) options->face = (unsigned)atoi(value);
  else if (strcmp(name, "--font-ptem") == 0) options->points = atof(value);
  else if (strcmp(name, "--font-size") == 0) options->size = atof(value);
  else if (strcmp(name, "--font-slant") == 0) options->slant = atof(value);
  else if (strcmp(name, "--cluster-level") == 0) options->level = atoi(value);
  else if (strcmp(name, "--unicodes-before") == 0) options->before_count = code_points(value, options->before, MANY);
  else if (strcmp(name, "--unicodes-after") == 0) options->after_count = code_points(value, options->after, MANY);
  else if (strcmp(name, "--not-found-variation-selector-glyph") == 0) {
    options->is_selector_shown = 1;
    options->missing = (unsigned)atoi(value);
  } else if (strcmp(name, "--font-bold") == 0) {
    options->bold[0] = strtod(value, &next);
    options->bold[1] = *next == 0 ? options->bold[0] : strtod(next + 1, NULL);
  } else if (strcmp(name, "--features") == 0) {
    for (char *word = strtok_r(value, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest))
      if (options->feature_count == MANY || !hb_feature_from_string(word, -1, &options->features[options->feature_count++]))
        stop("a feature", word);
  } else if (strcmp(name, "--variations") == 0) {
    for (char *word = strtok_r(value, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest))
      if (options->variation_count == MANY || !hb_variation_from_string(word, -1, &options->variations[options->variation_count++]))
        stop("a variation", word);
  } else {
    stop("an option that is not known", name);
  }
}

static hb_font_t *open_font(const char *path, const Options *options, const char *functions) {
  hb_blob_t *blob = hb_blob_create_from_file_or_fail(path);
  if (blob == NULL) stop("it can't be read", path);
  hb_face_t *face = hb_face_create(blob, options->face);
  hb_font_t *font = hb_font_create(face);
  int scale = options->size > 0 ? (int)options->size : (int)hb_face_get_upem(face);
  hb_font_set_scale(font, scale, scale);
  hb_font_set_ptem(font, (float)options->points);
  if (options->slant != 0) hb_font_set_synthetic_slant(font, (float)options->slant);
  if (options->bold[0] != 0) hb_font_set_synthetic_bold(font, (float)options->bold[0], (float)options->bold[1], 0);
  hb_font_set_variations(font, options->variations, options->variation_count);
  if (strcmp(functions, "ft") == 0) hb_ft_font_set_funcs(font);
  else hb_ot_font_set_funcs(font);
  hb_face_destroy(face);
  hb_blob_destroy(blob);
  return font;
}

static unsigned text_of(hb_buffer_t *buffer, hb_font_t *font, unsigned flags, char *to, unsigned size) {
  unsigned length = hb_buffer_get_length(buffer);
  snprintf(to, size, "[]");
  unsigned done = hb_buffer_serialize_glyphs(buffer, 0, length, to, size, NULL, font, HB_BUFFER_SERIALIZE_FORMAT_TEXT,
                                             (hb_buffer_serialize_flags_t)flags);
  return done == length;
}

/* Whether both are the same glyphs, where one has names of them and the other numbers. */
static int is_same(const char *found, const char *wanted, hb_font_t *font) {
  static char numbers[2][65536];
  const char *texts[2] = {found, wanted};
  for (int i = 0; i < 2; i++) {
    hb_buffer_t *buffer = hb_buffer_create();
    int read = hb_buffer_deserialize_glyphs(buffer, texts[i], -1, NULL, font, HB_BUFFER_SERIALIZE_FORMAT_TEXT);
    read = read && text_of(buffer, font, HB_BUFFER_SERIALIZE_FLAG_NO_GLYPH_NAMES, numbers[i], sizeof numbers[i]);
    hb_buffer_destroy(buffer);
    if (!read) return 0;
  }
  return strcmp(numbers[0], numbers[1]) == 0;
}

static void shape(const char *path, const Options *options, const char *functions, const hb_codepoint_t *points, unsigned count,
                  const char *wanted) {
  static char found[65536];
  const char *shapers[] = {options->shaper, NULL};
  hb_font_t *font = open_font(path, options, functions);
  hb_buffer_t *buffer = hb_buffer_create();
  hb_buffer_add_codepoints(buffer, options->before, (int)options->before_count, options->before_count, 0);
  for (unsigned i = 0; i < count; i++) hb_buffer_add(buffer, points[i], i);
  hb_buffer_set_content_type(buffer, HB_BUFFER_CONTENT_TYPE_UNICODE);
  hb_buffer_add_codepoints(buffer, options->after, (int)options->after_count, 0, 0);
  hb_buffer_set_flags(buffer, (hb_buffer_flags_t)(options->flags | ALWAYS));
  hb_buffer_set_cluster_level(buffer, (hb_buffer_cluster_level_t)options->level);
  if (options->is_selector_shown) hb_buffer_set_not_found_variation_selector_glyph(buffer, options->missing);
  if (options->direction != NULL) hb_buffer_set_direction(buffer, hb_direction_from_string(options->direction, -1));
  if (options->script != NULL) hb_buffer_set_script(buffer, hb_script_from_string(options->script, -1));
  if (options->language != NULL) hb_buffer_set_language(buffer, hb_language_from_string(options->language, -1));
  hb_buffer_guess_segment_properties(buffer);
  if (!hb_shape_full(font, buffer, options->features, options->feature_count, shapers)) stop("it is not shaped", path);
  tests++;
  if (!text_of(buffer, font, options->show, found, sizeof found)) stop("its glyphs are too many", path);
  int passed = strcmp(found, wanted) == 0 || (strstr(found, "gid") != NULL && is_same(found, wanted, font));
  if (!passed && ++failures < 10) printf("%s (%s): %s, where %s is expected\n", path, functions, found, wanted);
  hb_buffer_destroy(buffer);
  hb_font_destroy(font);
}

static void run(char *line, const char *file, const char *functions) {
  static hb_codepoint_t points[8192];
  char path[1024], *fields[4] = {line}, *rest;
  for (int i = 1; i < 4; i++) {
    fields[i] = strchr(fields[i - 1], ';');
    if (fields[i] == NULL) stop("not a test", line);
    *fields[i]++ = 0;
  }
  snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(file, '/') - file), file, fields[0]);
  path[strcspn(path, "@")] = 0; /* the digest of the font */
  Options options = {.functions = functions, .shaper = "ot"};
  for (char *word = strtok_r(fields[1], " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    if (value != NULL) *value++ = 0;
    option(&options, word, value, &rest);
  }
  unsigned count = code_points(fields[2], points, sizeof points / sizeof points[0]);
  char *each = strdup(options.functions);
  for (char *word = strtok_r(each, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest))
    shape(path, &options, word, points, count, fields[3]);
  free(each);
}

/* The font functions that a line `@font-funcs=` leaves of ours, or `@font-funcs-=`. */
static const char *left(const char *values, int is_wanted) {
  int has_ot = (strstr(values, "ot") != NULL) == is_wanted, has_ft = (strstr(values, "ft") != NULL) == is_wanted;
  return has_ot && has_ft ? "ot,ft" : has_ot ? "ot" : has_ft ? "ft" : "";
}

int main(int argc, char **argv) {
  static char line[65536];
  const char *functions = "ot,ft";
  int is_ours = 1; /* not for shapers of other systems alone */
  FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (f == NULL) return 2;
  while (fgets(line, sizeof line, f) != NULL) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0] == '@') line[strcspn(line, " #")] = 0;
    if (strncmp(line, "@font-funcs=", 12) == 0) functions = left(line + 12, 1);
    else if (strncmp(line, "@font-funcs-=", 13) == 0) functions = left(line + 13, 0);
    else if (strncmp(line, "@shapers=", 9) == 0) is_ours = strstr(line + 9, "ot") != NULL;
    else if (is_ours && strchr("#@", line[0]) == NULL) run(line, argv[1], functions);
  }
  fclose(f);
  printf("%u tests, %u failures\n", tests, failures);
  return failures != 0 || tests == 0;
}
