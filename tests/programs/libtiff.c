/* libtiff.c [FOLDER]: an image by each codec, in strips and tiles, through a file in FOLDER; several directories; what errors are called. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

enum { WIDTH = 128, HEIGHT = 96 };

static unsigned char pixels[HEIGHT][WIDTH * 3], back[HEIGHT][WIDTH * 3], tile[32][32 * 3];

static void say(const char *module, const char *format, va_list arguments)
{
    (void)module, printf("error: ");
    vprintf(format, arguments);
    putchar('\n');
}

static void fill(void)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            pixels[y][x * 3] = (unsigned char)(x * 2), pixels[y][x * 3 + 1] = (unsigned char)(y * 2),
                          pixels[y][x * 3 + 2] = (unsigned char)(x + y);
}

static void describe(TIFF *tiff, int codec)
{
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, codec);
    TIFFSetField(tiff, TIFFTAG_ARTIST, "wasi");
    if (codec == COMPRESSION_WEBP) TIFFSetField(tiff, TIFFTAG_WEBP_LOSSLESS, 1);
    if (codec == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
}

static int farthest(void)
{
    int most = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < WIDTH * 3; i++)
            if (abs(pixels[y][i] - back[y][i]) > most) most = abs(pixels[y][i] - back[y][i]);
    return most;
}

static void codec(const char *path, int number, const char *name)
{
    REQUIRE(TIFFIsCODECConfigured((uint16_t)number));
    TIFF *tiff = TIFFOpen(path, "w");
    REQUIRE(tiff != NULL);
    describe(tiff, number);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
    for (uint32_t y = 0; y < HEIGHT; y++) REQUIRE(TIFFWriteScanline(tiff, pixels[y], y, 0) == 1);
    REQUIRE(TIFFWriteDirectory(tiff) == 1);
    describe(tiff, number);
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 32);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, 32);
    for (uint32_t y = 0; y < HEIGHT; y += 32)
        for (uint32_t x = 0; x < WIDTH; x += 32) {
            for (uint32_t i = 0; i < 32; i++) memcpy(tile[i], &pixels[y + i][x * 3], sizeof tile[i]);
            REQUIRE(TIFFWriteTile(tiff, tile, x, y, 0, 0) > 0);
        }
    TIFFClose(tiff);

    tiff = TIFFOpen(path, "r");
    REQUIRE(tiff != NULL && TIFFNumberOfDirectories(tiff) == 2);
    memset(back, 0, sizeof back);
    for (uint32_t y = 0; y < HEIGHT; y++) REQUIRE(TIFFReadScanline(tiff, back[y], y, 0) == 1);
    int strips = farthest();
    REQUIRE(TIFFReadDirectory(tiff) && TIFFIsTiled(tiff));
    memset(back, 0, sizeof back);
    for (uint32_t y = 0; y < HEIGHT; y += 32)
        for (uint32_t x = 0; x < WIDTH; x += 32) {
            REQUIRE(TIFFReadTile(tiff, tile, x, y, 0, 0) > 0);
            for (uint32_t i = 0; i < 32; i++) memcpy(&back[y + i][x * 3], tile[i], sizeof tile[i]);
        }
    int tiles = farthest();
    char *artist;
    REQUIRE(TIFFGetField(tiff, TIFFTAG_ARTIST, &artist) == 1 && strcmp(artist, "wasi") == 0);
    TIFFClose(tiff);
    REQUIRE(strips < 32 && tiles < 32);
    printf("%s: strips %s, tiles %s\n", name, strips == 0 ? "exact" : "near", tiles == 0 ? "exact" : "near");
}

int main(int argc, char **argv)
{
    static const struct {
        int number;
        const char *name;
    } codecs[] = {
        {COMPRESSION_NONE, "none"}, {COMPRESSION_LZW, "LZW"},   {COMPRESSION_PACKBITS, "PackBits"}, {COMPRESSION_ADOBE_DEFLATE, "deflate"},
        {COMPRESSION_LZMA, "LZMA"}, {COMPRESSION_ZSTD, "zstd"}, {COMPRESSION_WEBP, "WebP"},         {COMPRESSION_JPEG, "JPEG"},
    };
    char path[4096];
    snprintf(path, sizeof path, "%s/libtiff-test.tif", argc > 1 ? argv[1] : ".");
    printf("libtiff %s\n", TIFFLIB_VERSION_STR_MAJ_MIN_MIC);
    fill();
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) codec(path, codecs[i].number, codecs[i].name);
    REQUIRE(TIFFIsCODECConfigured(COMPRESSION_CCITTFAX4) && TIFFIsCODECConfigured(COMPRESSION_OJPEG) &&
            TIFFIsCODECConfigured(COMPRESSION_SGILOG));
    REQUIRE(!TIFFIsCODECConfigured(COMPRESSION_JBIG) && !TIFFIsCODECConfigured(COMPRESSION_LERC));
    TIFFSetErrorHandler(say);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && fwrite("no image at all", 1, 15, f) == 15 && fclose(f) == 0);
    TIFF *tiff = TIFFOpen(path, "r");
    puts(tiff == NULL ? "no TIFF: refused" : "opened");
    REQUIRE(remove(path) == 0);
    puts("done");
    return 0;
}
