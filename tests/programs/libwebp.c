/* libwebp.c [FOLDER]: an image with and without loss, its features, an animation with metadata in a file in FOLDER, what errors are called. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

enum { WIDTH = 100, HEIGHT = 70, FRAMES = 4 };

static uint8_t pixels[FRAMES][HEIGHT][WIDTH][4];

static void fill(void)
{
    for (int i = 0; i < FRAMES; i++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                uint8_t *to = pixels[i][y][x];
                to[0] = (uint8_t)(x * 2), to[1] = (uint8_t)(y * 3), to[2] = (uint8_t)(x + y + i * 8), to[3] = (uint8_t)(255 - x);
            }
}

static void one(void)
{
    uint8_t *bytes;
    int width, height;
    size_t length = WebPEncodeLosslessRGBA(pixels[0][0][0], WIDTH, HEIGHT, WIDTH * 4, &bytes);
    REQUIRE(length > 0);
    WebPBitstreamFeatures features;
    REQUIRE(WebPGetFeatures(bytes, length, &features) == VP8_STATUS_OK);
    printf("%d x %d, alpha %d, animated %d, format %d\n", features.width, features.height, features.has_alpha, features.has_animation,
           features.format);
    uint8_t *back = WebPDecodeRGBA(bytes, length, &width, &height);
    REQUIRE(back != NULL && memcmp(back, pixels[0], sizeof pixels[0]) == 0);
    puts("without loss: exact");
    WebPFree(back);
    REQUIRE(WebPDecodeRGBA(bytes, length / 2, &width, &height) == NULL);
    WebPDecoderConfig config;
    REQUIRE(WebPInitDecoderConfig(&config));
    printf("cut short: status %d\n", WebPDecode(bytes, length / 2, &config));
    bytes[0] = 'X';
    printf("no WebP: status %d\n", WebPGetFeatures(bytes, length, &features));
    WebPFree(bytes);

    length = WebPEncodeRGBA(pixels[0][0][0], WIDTH, HEIGHT, WIDTH * 4, 90, &bytes);
    REQUIRE(length > 0);
    back = WebPDecodeRGBA(bytes, length, &width, &height);
    REQUIRE(back != NULL);
    int most = 0;
    for (int i = 0; i < WIDTH * HEIGHT * 4; i++) {
        int far = abs(back[i] - (&pixels[0][0][0][0])[i]);
        if (far > most) most = far;
    }
    printf("with loss: %s\n", most > 0 && most < 40 ? "near" : "far");
    WebPFree(back);
    WebPFree(bytes);
}

static void animation(const char *path)
{
    WebPAnimEncoderOptions options;
    WebPConfig config;
    REQUIRE(WebPAnimEncoderOptionsInit(&options) && WebPConfigInit(&config));
    config.lossless = 1;
    WebPAnimEncoder *encoder = WebPAnimEncoderNew(WIDTH, HEIGHT, &options);
    REQUIRE(encoder != NULL);
    for (int i = 0; i < FRAMES; i++) {
        WebPPicture picture;
        REQUIRE(WebPPictureInit(&picture));
        picture.use_argb = 1, picture.width = WIDTH, picture.height = HEIGHT;
        REQUIRE(WebPPictureImportRGBA(&picture, pixels[i][0][0], WIDTH * 4));
        REQUIRE(WebPAnimEncoderAdd(encoder, &picture, i * 40, &config));
        WebPPictureFree(&picture);
    }
    WebPData data, whole;
    WebPDataInit(&data);
    REQUIRE(WebPAnimEncoderAdd(encoder, NULL, FRAMES * 40, NULL) && WebPAnimEncoderAssemble(encoder, &data));
    WebPAnimEncoderDelete(encoder);
    WebPMux *mux = WebPMuxCreate(&data, 0);
    WebPData exif = {(const uint8_t *)"Exif", 4};
    REQUIRE(mux != NULL && WebPMuxSetChunk(mux, "EXIF", &exif, 1) == WEBP_MUX_OK && WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK);
    WebPMuxDelete(mux);
    WebPDataClear(&data);

    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL && fwrite(whole.bytes, 1, whole.size, f) == whole.size && fclose(f) == 0);
    WebPDataClear(&whole);
    static uint8_t bytes[sizeof pixels];
    f = fopen(path, "rb");
    REQUIRE(f != NULL);
    WebPData read = {bytes, fread(bytes, 1, sizeof bytes, f)};
    REQUIRE(fclose(f) == 0 && remove(path) == 0);

    WebPDemuxer *demuxer = WebPDemux(&read);
    REQUIRE(demuxer != NULL);
    printf("%u frames, flags %u\n", WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT), WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS));
    WebPDemuxDelete(demuxer);
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&read, NULL);
    REQUIRE(decoder != NULL);
    for (int i = 0; WebPAnimDecoderHasMoreFrames(decoder); i++) {
        uint8_t *rgba;
        int time;
        REQUIRE(WebPAnimDecoderGetNext(decoder, &rgba, &time) && time == (i + 1) * 40);
        REQUIRE(memcmp(rgba, pixels[i], sizeof pixels[i]) == 0);
    }
    WebPAnimDecoderDelete(decoder);
    puts("each frame: exact");
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/libwebp-test.webp", argc > 1 ? argv[1] : ".");
    printf("libwebp %x\n", WebPGetEncoderVersion());
    REQUIRE(WebPGetDecoderVersion() == WebPGetEncoderVersion() && WebPGetMuxVersion() == WebPGetDemuxVersion());
    fill();
    one();
    animation(path);
    puts("done");
    return 0;
}
