/* libraqm.c: a TrueType font made in memory, and texts of one and of two directions laid out with it; kerning, spacing, positions, errors. */
#include <raqm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

enum { GLYPHS = 9, UNITS = 1024, OUTLINE = 30 };

/* What the glyphs are of, and how wide they are. The first is for what the font lacks; the others are in the order of their characters. */
static const struct {
    unsigned character, advance;
} glyphs[GLYPHS] = {{0, 500},   {' ', 256}, {'(', 300},    {')', 310},   {'1', 400},
                    {'A', 600}, {'V', 620}, {0x5d0, 700}, {0x5d1, 720}};

static unsigned char font[2048];
static size_t size, start;

static void u16(unsigned value)
{
    REQUIRE(size + 2 <= sizeof font);
    font[size++] = (unsigned char)(value >> 8);
    font[size++] = (unsigned char)value;
}

static void u32(unsigned value) { u16(value >> 16), u16(value & 0xffff); }

static void zeros(unsigned count)
{
    while (count-- > 0) u16(0);
}

/* Ends the table that begins at `start`, writes its line of the directory, which has no checksum, and begins the next table. */
static void table(unsigned index, const char *tag)
{
    size_t end = size, length = size - start;
    size = 12 + 16 * index;
    memcpy(font + size, tag, 4);
    size += 4;
    u32(0), u32((unsigned)start), u32((unsigned)length);
    start = size = (end + 3) / 4 * 4;
}

static void make_font(void)
{
    size = 0;
    u32(0x10000), u16(8), u16(128), u16(3), u16(0);
    start = size = 12 + 8 * 16;

    u16(0), u16(1), u16(3), u16(10), u32(12); /* one map, of Unicode; ranges of one character each */
    u16(12), u16(0), u32(16 + 12 * (GLYPHS - 1)), u32(0), u32(GLYPHS - 1);
    for (unsigned i = 1; i < GLYPHS; i++) u32(glyphs[i].character), u32(glyphs[i].character), u32(i);
    table(0, "cmap");

    for (unsigned i = 0; i < GLYPHS; i++) { /* a triangle */
        unsigned width = glyphs[i].advance;
        u16(1), u16(0), u16(0), u16(width), u16(700), u16(2), u16(0);
        u16(0x0101), font[size++] = 1; /* three points on the curve */
        u16(0), u16(width), u16(0x10000 - width / 2), u16(0), u16(0), u16(700), font[size++] = 0;
    }
    table(1, "glyf");

    u32(0x10000), u32(0x10000), u32(0), u32(0x5f0f3cf5), u16(0), u16(UNITS), zeros(8);
    u16(0), u16(0), u16(UNITS), u16(700), u16(0), u16(8), u16(2), u16(0), u16(0);
    table(2, "head");

    u32(0x10000), u16(800), u16(0x10000 - 200), u16(0), u16(720), zeros(11), u16(GLYPHS);
    table(3, "hhea");

    for (unsigned i = 0; i < GLYPHS; i++) u16(glyphs[i].advance), u16(0);
    table(4, "hmtx");

    u16(0), u16(1), u16(0), u16(20), u16(1), u16(1), u16(6), u16(0), u16(0), u16(5), u16(6), u16(0x10000 - 90); /* A and V are closer */
    table(5, "kern");

    for (unsigned i = 0; i <= GLYPHS; i++) u16(i * OUTLINE / 2);
    table(6, "loca");

    u32(0x10000), u16(GLYPHS), u16(3), u16(1), zeros(2), u16(2), zeros(8);
    table(7, "maxp");
}

static const char *const directions[] = {"unknown", "from right to left", "from left to right", "from top to bottom"};

static raqm_t *with(FT_Face face, const char *text)
{
    raqm_t *raqm = raqm_create();
    REQUIRE(raqm != NULL && raqm_set_text_utf8(raqm, text, strlen(text)) && raqm_set_freetype_face(raqm, face));
    return raqm;
}

static void show(const char *what, raqm_t *raqm)
{
    size_t length;
    int width = 0;
    REQUIRE(raqm_layout(raqm));
    raqm_glyph_t *laid = raqm_get_glyphs(raqm, &length);
    REQUIRE(laid != NULL && length > 0);
    printf("%s, %s:", what, directions[raqm_get_par_resolved_direction(raqm)]);
    for (size_t i = 0; i < length; i++) {
        printf(" %u@%u", laid[i].index, laid[i].cluster);
        if (laid[i].x_offset != 0 || laid[i].y_offset != 0) printf("(%d,%d)", laid[i].x_offset, laid[i].y_offset);
        if (laid[i].x_advance != (int)glyphs[laid[i].index].advance) printf("[%d]", laid[i].x_advance);
        width += laid[i].x_advance;
    }
    printf(", %d wide\n", width);
}

int main(void)
{
    FT_Library library;
    FT_Face face;
    raqm_t *raqm;
    REQUIRE(raqm_version_atleast(0, 10, 0) && !raqm_version_atleast(99, 0, 0));
    printf("raqm %s\n", raqm_version_string());
    make_font();
    REQUIRE(FT_Init_FreeType(&library) == 0);
    REQUIRE(FT_New_Memory_Face(library, font, (FT_Long)size, 0, &face) == 0);
    REQUIRE(FT_Set_Pixel_Sizes(face, UNITS / 64, UNITS / 64) == 0); /* a unit of the font is one of raqm */
    printf("a font of %zu bytes and %ld glyphs\n", size, face->num_glyphs);

    show("kerned", raqm = with(face, "AVA"));
    raqm_destroy(raqm);
    raqm = with(face, "AVA");
    REQUIRE(raqm_add_font_feature(raqm, "-kern", -1));
    show("not kerned", raqm);
    raqm_clear_contents(raqm);
    REQUIRE(raqm_set_text_utf16(raqm, (const uint16_t[]){'A', ' ', 'A', 'x'}, 4) && raqm_set_freetype_face(raqm, face));
    REQUIRE(raqm_set_word_spacing_range(raqm, 50, 0, 4) && raqm_set_invisible_glyph(raqm, -1));
    show("spaced words, and no glyph", raqm);
    raqm_destroy(raqm);
    raqm = with(face, "VV1");
    REQUIRE(raqm_set_letter_spacing_range(raqm, 30, 0, 2));
    show("spaced letters", raqm);
    raqm_destroy(raqm);

    /* alef, bet, a space and A1 in brackets: A1 runs the other way, and the brackets change places. */
    static const uint32_t mixed[] = {0x5d0, 0x5d1, ' ', '(', 'A', '1', ')'};
    raqm = raqm_create();
    REQUIRE(raqm_set_text(raqm, mixed, 7) && raqm_set_freetype_face(raqm, face));
    show("two scripts", raqm);
    for (size_t at = 0; at < 6; at++) {
        size_t index = at, next;
        int x, y;
        REQUIRE(raqm_index_to_position(raqm, &index, &x, &y) && raqm_position_to_index(raqm, x + 1, y, &next));
        printf("character %zu, %s, has its cursor at %d; there is the place of %zu\n", index,
               directions[raqm_get_direction_at_index(raqm, at)], x, next);
    }
    raqm_destroy(raqm);
    raqm = with(face, "\xd7\x90\xd7\x91 (A1)");
    REQUIRE(raqm_set_par_direction(raqm, RAQM_DIRECTION_LTR) && raqm_set_language(raqm, "he", 0, 4));
    show("the same in UTF-8, in a line for Latin", raqm);
    raqm_destroy(raqm);
    raqm = with(face, "AV");
    REQUIRE(raqm_set_par_direction(raqm, RAQM_DIRECTION_TTB) && raqm_layout(raqm));
    size_t length;
    raqm_glyph_t *laid = raqm_get_glyphs(raqm, &length);
    printf("%s: %d and %d high\n", directions[raqm_get_par_resolved_direction(raqm)], -laid[0].y_advance, -laid[1].y_advance);
    raqm_destroy(raqm);

    raqm = raqm_create();
    REQUIRE(raqm_set_text_utf8(raqm, "A", 1));
    printf("without a font: %s", raqm_layout(raqm) ? "laid out" : "not laid out");
    printf(", a feature `=`: %s", raqm_add_font_feature(raqm, "=", 1) ? "taken" : "not taken");
    printf(", a second text: %s\n", raqm_set_text_utf8(raqm, "B", 1) ? "taken" : "not taken");
    raqm_destroy(raqm);
    REQUIRE(FT_Done_Face(face) == 0 && FT_Done_FreeType(library) == 0);
    puts("done");
    return 0;
}
