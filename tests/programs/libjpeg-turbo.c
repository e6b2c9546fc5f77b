/* libjpeg-turbo.c [FOLDER]: libjpeg at 8, 12 and 16 bits a sample, arithmetic and progressive coding, a file in FOLDER, what errors are called. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

enum { WIDTH = 97, HEIGHT = 61, SAMPLES = WIDTH * 3 };

static JSAMPLE image8[HEIGHT][SAMPLES], back8[HEIGHT][SAMPLES];
static J12SAMPLE image12[HEIGHT][SAMPLES], back12[HEIGHT][SAMPLES];
static J16SAMPLE image16[HEIGHT][SAMPLES], back16[HEIGHT][SAMPLES];

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf place;
    char text[JMSG_LENGTH_MAX];
} Errors;

static void leave(j_common_ptr info)
{
    Errors *errors = (Errors *)info->err;
    errors->base.format_message(info, errors->text);
    longjmp(errors->place, 1);
}

static void keep(j_common_ptr info, int level)
{
    Errors *errors = (Errors *)info->err;
    if (level < 0) {
        errors->base.num_warnings++;
        errors->base.format_message(info, errors->text);
    }
}

static void prepare(Errors *errors)
{
    memset(errors, 0, sizeof *errors);
    jpeg_std_error(&errors->base);
    errors->base.error_exit = leave;
    errors->base.emit_message = keep;
}

static void fill(void)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) {
                int value = (x * (c + 1) + y * 2) & 255;
                image8[y][x * 3 + c] = (JSAMPLE)(value > 127 ? 255 - value : value);
                image12[y][x * 3 + c] = (J12SAMPLE)(image8[y][x * 3 + c] * 16 + (x & 15));
                image16[y][x * 3 + c] = (J16SAMPLE)(image8[y][x * 3 + c] * 256 + y);
            }
}

typedef struct {
    const char *name;
    int precision, progressive, arithmetic, lossless, quality;
} Kind;

static unsigned char *compress(const Kind *kind, unsigned long *length)
{
    struct jpeg_compress_struct info;
    Errors errors;
    unsigned char *bytes = NULL;
    prepare(&errors);
    info.err = &errors.base;
    if (setjmp(errors.place)) {
        printf("could not compress: %s\n", errors.text);
        exit(1);
    }
    jpeg_create_compress(&info);
    *length = 0;
    jpeg_mem_dest(&info, &bytes, length);
    info.image_width = WIDTH, info.image_height = HEIGHT, info.input_components = 3;
    info.in_color_space = JCS_RGB;
    info.data_precision = kind->precision;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, kind->quality, TRUE);
    if (kind->progressive) jpeg_simple_progression(&info);
    if (kind->lossless) jpeg_enable_lossless(&info, 1, 0);
    info.arith_code = kind->arithmetic;
    jpeg_start_compress(&info, TRUE);
    jpeg_write_marker(&info, JPEG_COM, (const JOCTET *)"a comment", 9);
    while (info.next_scanline < HEIGHT) {
        JSAMPROW row8 = image8[info.next_scanline];
        J12SAMPROW row12 = image12[info.next_scanline];
        J16SAMPROW row16 = image16[info.next_scanline];
        if (kind->precision <= 8) jpeg_write_scanlines(&info, &row8, 1);
        else if (kind->precision <= 12) jpeg12_write_scanlines(&info, &row12, 1);
        else jpeg16_write_scanlines(&info, &row16, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return bytes;
}

/* The text of the last error or warning; NULL for none. */
static const char *decompress(const unsigned char *bytes, unsigned long length)
{
    static Errors errors;
    struct jpeg_decompress_struct info;
    prepare(&errors);
    info.err = &errors.base;
    if (setjmp(errors.place)) {
        jpeg_destroy_decompress(&info);
        return errors.text;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, length);
    jpeg_save_markers(&info, JPEG_COM, 0xffff);
    jpeg_read_header(&info, TRUE);
    REQUIRE(info.marker_list != NULL && info.marker_list->data_length == 9);
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    REQUIRE(info.output_width == WIDTH && info.output_height == HEIGHT);
    while (info.output_scanline < HEIGHT) {
        JSAMPROW row8 = back8[info.output_scanline];
        J12SAMPROW row12 = back12[info.output_scanline];
        J16SAMPROW row16 = back16[info.output_scanline];
        if (info.data_precision <= 8) jpeg_read_scanlines(&info, &row8, 1);
        else if (info.data_precision <= 12) jpeg12_read_scanlines(&info, &row12, 1);
        else jpeg16_read_scanlines(&info, &row16, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return errors.base.num_warnings ? errors.text : NULL;
}

static int distance(int precision)
{
    int most = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < SAMPLES; i++) {
            int d = precision <= 8    ? image8[y][i] - back8[y][i]
                    : precision <= 12 ? image12[y][i] - back12[y][i]
                                      : image16[y][i] - back16[y][i];
            if (abs(d) > most) most = abs(d);
        }
    return most;
}

static void file(const char *path, const unsigned char *bytes, unsigned long length)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && fwrite(bytes, 1, length, f) == length && fclose(f) == 0);
    f = fopen(path, "rb");
    REQUIRE(f != NULL);
    struct jpeg_decompress_struct info;
    Errors errors;
    prepare(&errors);
    info.err = &errors.base;
    if (setjmp(errors.place)) {
        printf("could not read the file: %s\n", errors.text);
        exit(1);
    }
    jpeg_create_decompress(&info);
    jpeg_stdio_src(&info, f);
    jpeg_read_header(&info, TRUE);
    info.scale_num = 1, info.scale_denom = 8;
    jpeg_start_decompress(&info);
    printf("a file at an eighth of the size: %u x %u\n", info.output_width, info.output_height);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = back8[0];
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    REQUIRE(fclose(f) == 0 && remove(path) == 0);
}

int main(int argc, char **argv)
{
    static const Kind kinds[] = {
        {"baseline", 8, 0, 0, 0, 95},           {"progressive", 8, 1, 0, 0, 95},           {"arithmetic", 8, 0, 1, 0, 95},
        {"12 bits", 12, 0, 0, 0, 100},          {"12 bits progressive", 12, 1, 0, 0, 100}, {"8 bits lossless", 8, 0, 0, 1, 100},
        {"12 bits lossless", 12, 0, 0, 1, 100}, {"16 bits lossless", 16, 0, 0, 1, 100},
    };
    char path[4096];
    snprintf(path, sizeof path, "%s/libjpeg-turbo-test.jpg", argc > 1 ? argv[1] : ".");
    printf("libjpeg-turbo %d\n", LIBJPEG_TURBO_VERSION_NUMBER);
    fill();
    unsigned long length = 0;
    unsigned char *bytes = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        free(bytes);
        bytes = compress(&kinds[i], &length);
        REQUIRE(decompress(bytes, length) == NULL);
        int far = distance(kinds[i].precision);
        REQUIRE(far < 1 << (kinds[i].precision - 3));
        printf("%s: %s\n", kinds[i].name, far == 0 ? "exact" : "near");
    }
    free(bytes);
    bytes = compress(&kinds[0], &length);
    file(path, bytes, length);
    const char *text = decompress(bytes, length / 2);
    printf("cut short: %s\n", text != NULL ? text : "read");
    text = decompress((const unsigned char *)"no image at all", 15);
    printf("no JPEG: %s\n", text != NULL ? text : "read");
    free(bytes);
    puts("done");
    return 0;
}
