/* freetype.c [FOLDER]: a font in text in FOLDER and in memory, drawn as pictures and as text; outlines, their boxes and strokes; errors. */
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_BBOX_H
#include FT_BITMAP_H
#include FT_GLYPH_H
#include FT_OUTLINE_H
#include FT_STROKER_H
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

static const char font[] =
    "STARTFONT 2.1\nFONT -wasi-Test-Medium-R-Normal--8-80-75-75-C-80-ISO10646-1\nSIZE 8 75 75\nFONTBOUNDINGBOX 8 8 0 0\n"
    "STARTPROPERTIES 2\nFONT_ASCENT 8\nFONT_DESCENT 0\nENDPROPERTIES\nCHARS 2\n"
    "STARTCHAR A\nENCODING 65\nSWIDTH 666 0\nDWIDTH 8 0\nBBX 8 8 0 0\nBITMAP\n18\n3C\n66\nC3\nFF\nC3\nC3\nC3\nENDCHAR\n"
    "STARTCHAR L\nENCODING 76\nSWIDTH 666 0\nDWIDTH 8 0\nBBX 8 8 0 0\nBITMAP\nC0\nC0\nC0\nC0\nC0\nC0\nFF\nFF\nENDCHAR\nENDFONT\n";

static void text(FT_Library library, FT_Face face)
{
    REQUIRE(FT_Select_Size(face, 0) == 0);
    printf("%s, %ld glyphs, %d size of %d x %d\n", face->family_name, face->num_glyphs, face->num_fixed_sizes,
           face->available_sizes[0].width, face->available_sizes[0].height);
    for (const char *at = "AL"; *at != 0; at++) {
        FT_Bitmap grey;
        REQUIRE(FT_Load_Char(face, (FT_ULong)*at, FT_LOAD_RENDER) == 0);
        FT_Bitmap_Init(&grey);
        REQUIRE(FT_Bitmap_Convert(library, &face->glyph->bitmap, &grey, 1) == 0);
        for (unsigned y = 0; y < grey.rows; y++) {
            for (unsigned x = 0; x < grey.width; x++) putchar(grey.buffer[(ptrdiff_t)y * grey.pitch + x] ? '#' : '.');
            putchar('\n');
        }
        FT_Bitmap_Done(library, &grey);
    }
    REQUIRE(FT_Get_Char_Index(face, 'B') == 0);
}

/* A circle of four arcs, 20 pixels wide. */
static void circle(FT_Library library)
{
    FT_Outline outline;
    REQUIRE(FT_Outline_New(library, 8, 1, &outline) == 0);
    static const int corners[8][2] = {{10, 0}, {20, 0}, {20, 10}, {20, 20}, {10, 20}, {0, 20}, {0, 10}, {0, 0}};
    for (int i = 0; i < 8; i++) {
        outline.points[i].x = corners[i][0] * 64, outline.points[i].y = corners[i][1] * 64;
        outline.tags[i] = i % 2 == 0 ? FT_CURVE_TAG_ON : FT_CURVE_TAG_CONIC;
    }
    outline.contours[0] = 7;
    FT_BBox box;
    REQUIRE(FT_Outline_Get_BBox(&outline, &box) == 0 && FT_Outline_Check(&outline) == 0);
    printf("a circle from %ld to %ld, orientation %d\n", box.xMin, box.xMax, FT_Outline_Get_Orientation(&outline));

    static unsigned char pixels[20 * 20];
    FT_Bitmap bitmap = {.rows = 20, .width = 20, .pitch = 20, .buffer = pixels, .num_grays = 256, .pixel_mode = FT_PIXEL_MODE_GRAY};
    REQUIRE(FT_Outline_Get_Bitmap(library, &outline, &bitmap) == 0);
    unsigned covered = 0;
    for (int i = 0; i < 400; i++) covered += pixels[i];
    printf("it covers %u of 400 pixels\n", (covered + 127) / 255);

    FT_Stroker stroker;
    FT_UInt points, contours;
    REQUIRE(FT_Stroker_New(library, &stroker) == 0);
    FT_Stroker_Set(stroker, 128, FT_STROKER_LINECAP_BUTT, FT_STROKER_LINEJOIN_ROUND, 0);
    REQUIRE(FT_Stroker_ParseOutline(stroker, &outline, 0) == 0 && FT_Stroker_GetCounts(stroker, &points, &contours) == 0);
    printf("its stroke has %u contours\n", contours);
    FT_Stroker_Done(stroker);
    FT_Outline_Done(library, &outline);
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/freetype-test.bdf", argc > 1 ? argv[1] : ".");
    FT_Library library;
    FT_Face face;
    int major, minor, patch;
    REQUIRE(FT_Init_FreeType(&library) == 0);
    FT_Library_Version(library, &major, &minor, &patch);
    printf("freetype %d.%d.%d\n", major, minor, patch);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && fwrite(font, 1, sizeof font - 1, f) == sizeof font - 1 && fclose(f) == 0);
    REQUIRE(FT_New_Face(library, path, 0, &face) == 0);
    text(library, face);
    FT_Done_Face(face);
    REQUIRE(remove(path) == 0);
    REQUIRE(FT_New_Memory_Face(library, (const FT_Byte *)font, sizeof font - 1, 0, &face) == 0);
    FT_Done_Face(face);
    circle(library);
    printf("no font: error %d\n", FT_New_Memory_Face(library, (const FT_Byte *)"no font at all", 14, 0, &face));
    printf("no file: error %d\n", FT_New_Face(library, path, 0, &face));
    REQUIRE(FT_Done_FreeType(library) == 0);
    puts("done");
    return 0;
}
