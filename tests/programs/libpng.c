/* libpng.c [FOLDER]: images of several kinds, written and read back through memory and a file, rows as they come, what errors are called. */
#include <png.h>
#include <setjmp.h>
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

enum { WIDTH = 67, HEIGHT = 41, ROOM = WIDTH * HEIGHT * 8 };

typedef struct {
    unsigned char bytes[ROOM * 2];
    size_t length, at;
} Memory;

static Memory memory;
static unsigned char pixels[ROOM], back[ROOM];
static char last[256];

static void note(png_structp png, png_const_charp text)
{
    (void)png;
    snprintf(last, sizeof last, "%s", text);
}

static void fail(png_structp png, png_const_charp text)
{
    note(png, text);
    png_longjmp(png, 1);
}

static void put(png_structp png, png_bytep data, size_t length)
{
    Memory *to = png_get_io_ptr(png);
    REQUIRE(to->length + length <= sizeof to->bytes);
    memcpy(to->bytes + to->length, data, length);
    to->length += length;
}

static void nothing(png_structp png) { (void)png; }

static void get(png_structp png, png_bytep data, size_t length)
{
    Memory *from = png_get_io_ptr(png);
    if (from->at + length > from->length) png_error(png, "no more bytes");
    memcpy(data, from->bytes + from->at, length);
    from->at += length;
}

static void fill(size_t length)
{
    unsigned state = 2463534242u;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (unsigned char)((i * 3 >> 2) + (state >> 30));
    }
}

static void write_image(int depth, int colour, int interlace)
{
    memory.length = memory.at = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, note);
    png_infop info = png_create_info_struct(png);
    REQUIRE(png != NULL && info != NULL);
    if (setjmp(png_jmpbuf(png))) {
        printf("could not write: %s\n", last);
        exit(1);
    }
    png_set_write_fn(png, &memory, put, nothing);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (colour == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[16];
        for (int i = 0; i < 16; i++) palette[i] = (png_color){(png_byte)(i * 16), (png_byte)(255 - i * 16), (png_byte)(i * i)};
        png_set_PLTE(png, info, palette, 16);
    }
    png_text text = {
        .compression = PNG_TEXT_COMPRESSION_zTXt, .key = "Title", .text = "a title that is long enough to be compressed, compressed"};
    png_set_text(png, info, &text, 1);
    png_set_gAMA(png, info, 1 / 2.2);
    png_write_info(png, info);
    size_t row = png_get_rowbytes(png, info);
    fill(row * HEIGHT);
    png_bytep rows[HEIGHT];
    for (size_t y = 0; y < HEIGHT; y++) rows[y] = pixels + y * row;
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

/* Returns whether it could be read. */
static int read_image(void)
{
    memory.at = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, note);
    png_infop info = png_create_info_struct(png);
    REQUIRE(png != NULL && info != NULL);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 0;
    }
    png_set_read_fn(png, &memory, get);
    png_read_info(png, info);
    REQUIRE(png_get_image_width(png, info) == WIDTH && png_get_image_height(png, info) == HEIGHT);
    size_t row = png_get_rowbytes(png, info);
    png_bytep rows[HEIGHT];
    for (size_t y = 0; y < HEIGHT; y++) rows[y] = back + y * row;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    int bits = WIDTH * png_get_bit_depth(png, info) * png_get_channels(png, info);
    for (size_t y = 0; y < HEIGHT; y++) {
        REQUIRE(memcmp(pixels + y * row, rows[y], (size_t)bits / 8) == 0);
        if (bits % 8 != 0) REQUIRE(((pixels[y * row + row - 1] ^ rows[y][row - 1]) >> (8 - bits % 8)) == 0);
    }
    png_textp text;
    REQUIRE(png_get_text(png, info, &text, NULL) == 1 && strncmp(text->text, "a title that", 12) == 0);
    double gamma;
    REQUIRE(png_get_gAMA(png, info, &gamma) && gamma > 0.45 && gamma < 0.46);
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
}

typedef struct {
    unsigned rows, ended;
} Progress;

static void on_info(png_structp png, png_infop info)
{
    (void)info;
    png_start_read_image(png);
}

static void on_row(png_structp png, png_bytep row, png_uint_32 y, int pass)
{
    (void)y, (void)pass;
    if (row != NULL) ((Progress *)png_get_progressive_ptr(png))->rows++;
}

static void on_end(png_structp png, png_infop info)
{
    (void)info;
    ((Progress *)png_get_progressive_ptr(png))->ended++;
}

static void progressive(void)
{
    Progress progress = {0, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, note);
    png_infop info = png_create_info_struct(png);
    REQUIRE(png != NULL && info != NULL);
    if (setjmp(png_jmpbuf(png))) {
        printf("could not read: %s\n", last);
        exit(1);
    }
    png_set_progressive_read_fn(png, &progress, on_info, on_row, on_end);
    for (size_t at = 0; at < memory.length; at += 13)
        png_process_data(png, info, memory.bytes + at, memory.length - at < 13 ? memory.length - at : 13);
    png_destroy_read_struct(&png, &info, NULL);
    printf("13 bytes at a time: %u rows, %u end\n", progress.rows, progress.ended);
}

static void simple(const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGBA};
    fill(PNG_IMAGE_SIZE(image));
    for (size_t i = 3; i < PNG_IMAGE_SIZE(image); i += 4) pixels[i] = 255;
    REQUIRE(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
    png_image read = {.version = PNG_IMAGE_VERSION};
    REQUIRE(png_image_begin_read_from_file(&read, path));
    read.format = PNG_FORMAT_RGBA;
    REQUIRE(png_image_finish_read(&read, NULL, back, 0, NULL));
    REQUIRE(read.width == WIDTH && memcmp(pixels, back, PNG_IMAGE_SIZE(read)) == 0);
    REQUIRE(remove(path) == 0);
    memset(&read, 0, sizeof read);
    read.version = PNG_IMAGE_VERSION;
    REQUIRE(!png_image_begin_read_from_memory(&read, "no image at all", 15));
    printf("simplified: round trip through a file; no image: %s\n", read.message);
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/libpng-test.png", argc > 1 ? argv[1] : ".");
    printf("libpng %s\n", png_get_libpng_ver(NULL));
    static const struct {
        int depth, colour;
        const char *name;
    } kinds[] = {
        {1, PNG_COLOR_TYPE_GRAY, "1 bit grey"},         {16, PNG_COLOR_TYPE_GRAY, "16 bits grey"},
        {4, PNG_COLOR_TYPE_PALETTE, "16 colours"},      {8, PNG_COLOR_TYPE_RGB, "8 bits RGB"},
        {16, PNG_COLOR_TYPE_RGB_ALPHA, "16 bits RGBA"}, {8, PNG_COLOR_TYPE_GRAY_ALPHA, "8 bits grey and alpha"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int interlace = PNG_INTERLACE_NONE; interlace <= PNG_INTERLACE_ADAM7; interlace++) {
            write_image(kinds[i].depth, kinds[i].colour, interlace);
            REQUIRE(read_image());
            printf("%s%s: round trip\n", kinds[i].name, interlace ? ", interlaced" : "");
        }
    write_image(8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE);
    progressive();
    size_t length = memory.length;
    memory.length = length / 2;
    REQUIRE(!read_image());
    printf("cut short: %s\n", last);
    memory.length = length;
    memory.bytes[29] ^= 1;
    REQUIRE(!read_image());
    printf("a flipped bit of a checksum: %s\n", last);
    memory.bytes[29] ^= 1;
    memory.bytes[1] = 'J';
    REQUIRE(!read_image());
    printf("no PNG: %s\n", last);
    simple(path);
    puts("done");
    return 0;
}
