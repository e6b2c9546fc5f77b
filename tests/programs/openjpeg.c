/* openjpeg.c [FOLDER]: images of several kinds, with and without loss, through a file in FOLDER; a smaller size; what errors are called. */
#include <openjpeg.h>
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

enum { WIDTH = 101, HEIGHT = 67 };

static int value(int c, int x, int y, int depth) { return ((x * (c + 2) + y * 3 + x * y / 16) << (depth - 8)) & ((1 << depth) - 1); }

static void say(const char *text, void *data)
{
    if (data != NULL) printf("%s: %s", (const char *)data, text);
}

static void encode(const char *path, OPJ_CODEC_FORMAT format, int components, int depth, int lossless)
{
    opj_cparameters_t how;
    opj_image_cmptparm_t parts[4];
    memset(parts, 0, sizeof parts);
    for (int i = 0; i < components; i++) {
        parts[i].dx = parts[i].dy = 1;
        parts[i].w = WIDTH, parts[i].h = HEIGHT;
        parts[i].prec = (OPJ_UINT32)depth;
    }
    opj_image_t *image = opj_image_create((OPJ_UINT32)components, parts, components >= 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
    REQUIRE(image != NULL);
    image->x1 = WIDTH, image->y1 = HEIGHT;
    for (int c = 0; c < components; c++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) image->comps[c].data[y * WIDTH + x] = value(c, x / 8, y / 8, depth);
    opj_set_default_encoder_parameters(&how);
    how.tcp_numlayers = 1;
    how.cp_disto_alloc = 1;
    how.tcp_rates[0] = lossless ? 0 : 8;
    how.irreversible = !lossless;
    how.tcp_mct = components >= 3;
    opj_codec_t *codec = opj_create_compress(format);
    opj_stream_t *stream = opj_stream_create_default_file_stream(path, OPJ_FALSE);
    REQUIRE(codec != NULL && stream != NULL && opj_setup_encoder(codec, &how, image));
    REQUIRE(opj_start_compress(codec, image, stream) && opj_encode(codec, stream) && opj_end_compress(codec, stream));
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
}

static opj_image_t *decode(const char *path, OPJ_CODEC_FORMAT format, unsigned reduce, const char *name)
{
    opj_dparameters_t how;
    opj_image_t *image = NULL;
    opj_set_default_decoder_parameters(&how);
    how.cp_reduce = reduce;
    opj_codec_t *codec = opj_create_decompress(format);
    opj_stream_t *stream = opj_stream_create_default_file_stream(path, OPJ_TRUE);
    REQUIRE(codec != NULL && stream != NULL);
    opj_set_error_handler(codec, say, (void *)name);
    REQUIRE(opj_setup_decoder(codec, &how));
    int fine = opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image) && opj_end_decompress(codec, stream);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    if (fine) return image;
    opj_image_destroy(image);
    return NULL;
}

static int farthest(const opj_image_t *image, int components, int depth)
{
    int most = 0;
    REQUIRE(image != NULL && image->numcomps == (OPJ_UINT32)components && image->comps[0].w == WIDTH && image->comps[0].h == HEIGHT);
    for (int c = 0; c < components; c++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                int far = abs(image->comps[c].data[y * WIDTH + x] - value(c, x / 8, y / 8, depth));
                if (far > most) most = far;
            }
    return most;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        OPJ_CODEC_FORMAT format;
        int components, depth, lossless;
    } kinds[] = {
        {"J2K, grey", OPJ_CODEC_J2K, 1, 8, 1},      {"J2K, RGB", OPJ_CODEC_J2K, 3, 8, 1},
        {"JP2, RGB", OPJ_CODEC_JP2, 3, 8, 1},       {"JP2, 16 bits a sample", OPJ_CODEC_JP2, 3, 16, 1},
        {"JP2, with loss", OPJ_CODEC_JP2, 3, 8, 0},
    };
    char path[4096];
    snprintf(path, sizeof path, "%s/openjpeg-test.jp2", argc > 1 ? argv[1] : ".");
    printf("openjpeg %s\n", opj_version());
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        encode(path, kinds[i].format, kinds[i].components, kinds[i].depth, kinds[i].lossless);
        opj_image_t *image = decode(path, kinds[i].format, 0, "no error expected");
        int far = farthest(image, kinds[i].components, kinds[i].depth);
        REQUIRE(far < 64);
        printf("%s: %s\n", kinds[i].name, far == 0 ? "exact" : "near");
        opj_image_destroy(image);
    }
    opj_image_t *small = decode(path, OPJ_CODEC_JP2, 2, "no error expected");
    REQUIRE(small != NULL);
    printf("a quarter of the size: %u x %u\n", small->comps[0].w, small->comps[0].h);
    opj_image_destroy(small);
    REQUIRE(decode(path, OPJ_CODEC_J2K, 0, "a file with boxes is no codestream") == NULL);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && fwrite("no image at all", 1, 15, f) == 15 && fclose(f) == 0);
    REQUIRE(decode(path, OPJ_CODEC_JP2, 0, "no image") == NULL);
    REQUIRE(remove(path) == 0);
    puts("done");
    return 0;
}
