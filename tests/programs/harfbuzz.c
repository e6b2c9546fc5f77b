/* harfbuzz.c: buffers, scripts, languages, tags, features and sets; shaping with an empty font. */
#include <hb.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char text[128];
    printf("harfbuzz %s\n", hb_version_string());
    hb_buffer_t *buffer = hb_buffer_create();
    hb_buffer_add_utf8(buffer, "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", -1, 0, -1);
    hb_buffer_guess_segment_properties(buffer);
    hb_tag_to_string(hb_script_to_iso15924_tag(hb_buffer_get_script(buffer)), text);
    text[4] = 0;
    printf("%u characters, script %s, direction %s\n", hb_buffer_get_length(buffer), text,
           hb_direction_to_string(hb_buffer_get_direction(buffer)));
    hb_shape(hb_font_get_empty(), buffer, NULL, 0);
    unsigned length;
    hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(buffer, &length);
    for (unsigned i = 0; i < length; i++) printf("glyph %u of cluster %u\n", glyphs[i].codepoint, glyphs[i].cluster);
    hb_buffer_destroy(buffer);
    printf("language %s\n", hb_language_to_string(hb_language_from_string("SR-Cyrl", -1)));
    hb_feature_t feature;
    printf("a feature: %s", hb_feature_from_string("kern[3:5]=0", -1, &feature) ? "yes, " : "no\n");
    hb_feature_to_string(&feature, text, sizeof text);
    puts(text);
    hb_set_t *set = hb_set_create();
    hb_set_add_range(set, 10, 20);
    hb_set_del(set, 15);
    printf("a set of %u, %s 15\n", hb_set_get_population(set), hb_set_has(set, 15) ? "with" : "without");
    hb_set_destroy(set);
    puts("done");
    return 0;
}
