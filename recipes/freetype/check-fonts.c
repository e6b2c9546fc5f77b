/* SPDX-License-Identifier: MIT */
/* check-fonts FONT...: renders glyphs of each font in FreeType's ways, and prints digests of what comes out: the same on each machine, since
 * FreeType calculates without floating point. Then a font in text, plain and compressed; and fonts that are damaged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bzlib.h>
#include <zlib.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H
#include FT_BBOX_H
#include FT_MULTIPLE_MASTERS_H
#include FT_GZIP_H
#include FT_BZIP2_H

#define REQUIRE(condition)                                     \
  do {                                                         \
    if (!(condition)) {                                        \
      printf("line %d: not true: %s\n", __LINE__, #condition); \
      exit(1);                                                 \
    }                                                          \
  } while (0)

static FT_Library library;
static uint32_t hash;

static void add(const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < length; i++) hash = (hash ^ at[i]) * 16777619u;
}

static void add_number(long number) {
  unsigned char bytes[4] = {(unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
                            (unsigned char)(number >> 24)};
  add(bytes, 4);
}

static void add_bitmap(const FT_Bitmap *bitmap) {
  add_number((long)bitmap->rows);
  add_number((long)bitmap->width);
  size_t length = bitmap->width;
  if (bitmap->pixel_mode == FT_PIXEL_MODE_MONO) length = (length + 7) / 8;
  if (bitmap->pixel_mode == FT_PIXEL_MODE_BGRA) length *= 4;
  for (unsigned y = 0; y < bitmap->rows; y++) add(bitmap->buffer + (ptrdiff_t)y * bitmap->pitch, length);
}

static unsigned render(FT_Face face, FT_Int32 flags, FT_Render_Mode mode) {
  unsigned drawn = 0;
  for (long i = 0; i < face->num_glyphs && i < 16; i++) {
    if (FT_Load_Glyph(face, (FT_UInt)i, flags) != 0) continue;
    add_number(face->glyph->metrics.horiAdvance);
    if (face->glyph->format == FT_GLYPH_FORMAT_OUTLINE) {
      FT_BBox box;
      REQUIRE(FT_Outline_Get_BBox(&face->glyph->outline, &box) == 0);
      add_number(box.xMin), add_number(box.yMax);
      add_number(face->glyph->outline.n_points);
    }
    if (FT_Render_Glyph(face->glyph, mode) != 0) continue;
    add_bitmap(&face->glyph->bitmap);
    drawn++;
  }
  return drawn;
}

static unsigned stroke(FT_Face face) {
  FT_Stroker stroker;
  unsigned drawn = 0;
  REQUIRE(FT_Stroker_New(library, &stroker) == 0);
  FT_Stroker_Set(stroker, 96, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_MITER_FIXED, 1 << 18);
  for (long i = 1; i < face->num_glyphs && i < 4; i++) {
    FT_Glyph glyph;
    if (FT_Load_Glyph(face, (FT_UInt)i, FT_LOAD_NO_BITMAP) != 0 || face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) continue;
    REQUIRE(FT_Get_Glyph(face->glyph, &glyph) == 0 && FT_Glyph_Stroke(&glyph, stroker, 1) == 0);
    REQUIRE(FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, NULL, 1) == 0);
    add_bitmap(&((FT_BitmapGlyph)glyph)->bitmap);
    FT_Done_Glyph(glyph);
    drawn++;
  }
  FT_Stroker_Done(stroker);
  return drawn;
}

static unsigned all(FT_Face face) {
  unsigned drawn = 0;
  if (FT_IS_SCALABLE(face)) {
    static const int sizes[] = {11, 24, 61};
    for (int i = 0; i < 3; i++) {
      REQUIRE(FT_Set_Char_Size(face, 0, sizes[i] * 64, 72, 72) == 0);
      drawn += render(face, FT_LOAD_DEFAULT, FT_RENDER_MODE_NORMAL);
      drawn += render(face, FT_LOAD_TARGET_MONO, FT_RENDER_MODE_MONO);
      drawn += render(face, FT_LOAD_FORCE_AUTOHINT, FT_RENDER_MODE_LIGHT);
      drawn += render(face, FT_LOAD_NO_HINTING, FT_RENDER_MODE_LCD);
      drawn += render(face, FT_LOAD_TARGET_LCD_V, FT_RENDER_MODE_LCD_V);
    }
    drawn += render(face, FT_LOAD_NO_HINTING, FT_RENDER_MODE_SDF);
    drawn += stroke(face);
  }
  for (int i = 0; i < face->num_fixed_sizes; i++) {
    REQUIRE(FT_Select_Size(face, i) == 0);
    drawn += render(face, FT_LOAD_COLOR, FT_RENDER_MODE_NORMAL);
  }
  return drawn;
}

static void font(const char *path) {
  FT_Face face;
  hash = 2166136261u;
  REQUIRE(FT_New_Face(library, path, 0, &face) == 0);
  unsigned drawn = all(face);
  const char *name = strrchr(path, '/');
  printf("%s: %s, %s, %ld glyphs, %d sizes, %u drawn, %08x\n", name != NULL ? name + 1 : path,
         FT_Get_Postscript_Name(face) != NULL ? FT_Get_Postscript_Name(face) : "no name",
         face->style_name != NULL ? face->style_name : "no style", face->num_glyphs, face->num_fixed_sizes, drawn, (unsigned)hash);
  FT_MM_Var *axes;
  if (FT_HAS_MULTIPLE_MASTERS(face) && FT_Get_MM_Var(face, &axes) == 0) {
    FT_Fixed place[16];
    for (unsigned i = 0; i < axes->num_axis && i < 16; i++)
      place[i] = axes->axis[i].minimum + (axes->axis[i].maximum - axes->axis[i].minimum) / 4 * 3;
    REQUIRE(FT_Set_Var_Design_Coordinates(face, axes->num_axis, place) == 0);
    hash = 2166136261u;
    drawn = all(face);
    printf("  varied along %u axes: %u drawn, %08x\n", axes->num_axis, drawn, (unsigned)hash);
    FT_Done_MM_Var(library, axes);
  }
  FT_Done_Face(face);
}

/* Whatever is in a font, FreeType draws it or refuses it. Returns how many it refused. */
static unsigned damage(const char *path) {
  FILE *f = fopen(path, "rb");
  static unsigned char whole[400000], some[400000];
  REQUIRE(f != NULL);
  size_t length = fread(whole, 1, sizeof whole, f);
  fclose(f);
  unsigned state = 7, refused = 0;
  for (int round = 0; round < 60; round++) {
    memcpy(some, whole, length);
    for (int i = 0; i < 20; i++) {
      state = state * 1103515245u + 12345u;
      some[(state >> 4) % length] ^= (unsigned char)(1 << (state >> 28) % 8);
    }
    FT_Face face;
    if (FT_New_Memory_Face(library, some, (FT_Long)(round % 10 == 0 ? length / 2 : length), 0, &face) != 0) {
      refused++;
      continue;
    }
    if (FT_IS_SCALABLE(face)) FT_Set_Pixel_Sizes(face, 0, 20);
    else if (face->num_fixed_sizes > 0) FT_Select_Size(face, 0);
    for (FT_UInt i = 0; i < 6; i++) FT_Load_Glyph(face, i, FT_LOAD_RENDER | FT_LOAD_COLOR);
    FT_Done_Face(face);
  }
  return refused;
}

static const char bdf[] =
    "STARTFONT 2.1\nFONT -wasi-Test-Medium-R-Normal--8-80-75-75-C-80-ISO10646-1\nSIZE 8 75 75\nFONTBOUNDINGBOX 8 8 0 0\n"
    "STARTPROPERTIES 2\nFONT_ASCENT 8\nFONT_DESCENT 0\nENDPROPERTIES\nCHARS 1\nSTARTCHAR A\nENCODING 65\nSWIDTH 666 0\n"
    "DWIDTH 8 0\nBBX 8 8 0 0\nBITMAP\n18\n3C\n66\nC3\nFF\nC3\nC3\nC3\nENDCHAR\nENDFONT\n";

static void *allocate(FT_Memory memory, long size) {
  (void)memory;
  return malloc((size_t)size);
}

static void release(FT_Memory memory, void *block) {
  (void)memory;
  free(block);
}

static void *reallocate(FT_Memory memory, long before, long size, void *block) {
  (void)memory, (void)before;
  return realloc(block, (size_t)size);
}

static void text_font(const unsigned char *bytes, size_t length, FT_Error (*open)(FT_Stream, FT_Stream), const char *name) {
  static const unsigned char drawn[] = {0x18, 0x3c, 0x66, 0xc3, 0xff, 0xc3, 0xc3, 0xc3};
  struct FT_MemoryRec_ memory = {.alloc = allocate, .free = release, .realloc = reallocate};
  FT_StreamRec plain = {.base = (unsigned char *)bytes, .size = length, .memory = &memory}, unpacked = {.memory = &memory};
  FT_Open_Args from = {.flags = FT_OPEN_STREAM, .stream = open != NULL ? &unpacked : &plain};
  FT_Face face;
  if (open != NULL) REQUIRE(open(&unpacked, &plain) == 0);
  REQUIRE(FT_Open_Face(library, &from, 0, &face) == 0);
  REQUIRE(FT_Select_Size(face, 0) == 0 && FT_Load_Char(face, 'A', FT_LOAD_RENDER | FT_LOAD_MONOCHROME) == 0);
  const FT_Bitmap *bitmap = &face->glyph->bitmap;
  REQUIRE(bitmap->rows == 8 && bitmap->width == 8 && bitmap->pixel_mode == FT_PIXEL_MODE_MONO);
  for (unsigned y = 0; y < 8; y++) REQUIRE(bitmap->buffer[(ptrdiff_t)y * bitmap->pitch] == drawn[y]);
  FT_Done_Face(face);
  printf("BDF, %s: as it is written\n", name);
}

static void text_fonts(void) {
  static unsigned char packed[4096];
  text_font((const unsigned char *)bdf, sizeof bdf - 1, NULL, "plain");
  z_stream stream = {.next_in = (unsigned char *)bdf, .avail_in = sizeof bdf - 1, .next_out = packed, .avail_out = sizeof packed};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK && deflate(&stream, Z_FINISH) == Z_STREAM_END);
  text_font(packed, stream.total_out, FT_Stream_OpenGzip, "gzip");
  deflateEnd(&stream);
  unsigned length = sizeof packed;
  REQUIRE(BZ2_bzBuffToBuffCompress((char *)packed, &length, (char *)bdf, sizeof bdf - 1, 9, 0, 0) == BZ_OK);
  text_font(packed, length, FT_Stream_OpenBzip2, "bzip2");
}

int main(int argc, char **argv) {
  REQUIRE(FT_Init_FreeType(&library) == 0);
  int major, minor, patch;
  FT_Library_Version(library, &major, &minor, &patch);
  printf("FreeType %d.%d.%d\n", major, minor, patch);
  unsigned refused = 0;
  for (int i = 1; i < argc; i++) font(argv[i]);
  for (int i = 1; i < argc; i++) refused += damage(argv[i]);
  printf("damaged: %u of %d refused\n", refused, (argc - 1) * 60);
  text_fonts();
  FT_Face face;
  printf("no font: error %d\n", FT_New_Memory_Face(library, (const FT_Byte *)"no font at all", 14, 0, &face));
  REQUIRE(FT_Done_FreeType(library) == 0);
  puts("done");
  return 0;
}
