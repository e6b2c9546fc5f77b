/* SPDX-License-Identifier: MIT */
/* check-webp MODE REF.ppm [IMAGE.webp]: what upstream's programs do with the libraries, on upstream's own image, with its own pixels as the answer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#define REQUIRE(condition)                                     \
  do {                                                         \
    if (!(condition)) {                                        \
      printf("line %d: not true: %s\n", __LINE__, #condition); \
      exit(1);                                                 \
    }                                                          \
  } while (0)

/* Of the pixels that upstream's own build for another machine decodes, as FNV-1a has it. */
enum { KNOWN = 0x39b7de55 };

typedef struct {
  int width, height;
  uint8_t *rgb;
} Image;

static uint8_t *load(const char *path, size_t *length) {
  FILE *f = fopen(path, "rb");
  REQUIRE(f != NULL && fseek(f, 0, SEEK_END) == 0);
  *length = (size_t)ftell(f);
  uint8_t *bytes = malloc(*length + 1);
  REQUIRE(bytes != NULL && fseek(f, 0, SEEK_SET) == 0 && fread(bytes, 1, *length, f) == *length);
  bytes[*length] = 0;
  fclose(f);
  return bytes;
}

static Image load_ppm(const char *path) {
  size_t length;
  uint8_t *bytes = load(path, &length);
  Image image;
  int most, at;
  REQUIRE(sscanf((char *)bytes, "P6 %d %d %d%n", &image.width, &image.height, &most, &at) == 3 && most == 255);
  image.rgb = bytes + at + 1;
  REQUIRE(length == (size_t)at + 1 + (size_t)image.width * (size_t)image.height * 3);
  return image;
}

/* The mean of the squared differences, in hundredths. */
static long distance(const uint8_t *one, const uint8_t *other, size_t length) {
  uint64_t sum = 0;
  for (size_t i = 0; i < length; i++) sum += (uint64_t)((one[i] - other[i]) * (one[i] - other[i]));
  return (long)(sum * 100 / length);
}

static size_t size_of(const Image *image) { return (size_t)image->width * (size_t)image->height * 3; }

/* Upstream's file, decoded in all the ways that there are. */
static void decode(const Image *image, const char *path) {
  size_t length, size = size_of(image);
  uint8_t *bytes = load(path, &length);
  int width, height;
  REQUIRE(WebPGetInfo(bytes, length, &width, &height) && width == image->width && height == image->height);
  uint8_t *rgb = WebPDecodeRGB(bytes, length, &width, &height);
  REQUIRE(rgb != NULL);
  /* The reference is older than the decoder's present arithmetic, and one off in places on every machine. */
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) {
    REQUIRE(abs(rgb[i] - image->rgb[i]) <= 1);
    hash = (hash ^ rgb[i]) * 16777619u;
  }
  REQUIRE(hash == KNOWN);
  puts("the pixels are upstream's");

  uint8_t *bgra = WebPDecodeBGRA(bytes, length, &width, &height);
  REQUIRE(bgra != NULL);
  for (size_t i = 0; i < size / 3; i++) {
    REQUIRE(bgra[i * 4] == rgb[i * 3 + 2] && bgra[i * 4 + 1] == rgb[i * 3 + 1] && bgra[i * 4 + 2] == rgb[i * 3]);
    REQUIRE(bgra[i * 4 + 3] == 255);
  }
  WebPFree(bgra);

  uint8_t *back = malloc(size);
  REQUIRE(back != NULL);
  for (size_t step = 1; step < length; step = step * 7 + 1) {
    memset(back, 0, size);
    WebPIDecoder *decoder = WebPINewRGB(MODE_RGB, back, size, width * 3);
    VP8StatusCode status = VP8_STATUS_SUSPENDED;
    for (size_t at = 0; at < length && status == VP8_STATUS_SUSPENDED; at += step)
      status = WebPIAppend(decoder, bytes + at, length - at < step ? length - at : step);
    REQUIRE(status == VP8_STATUS_OK && memcmp(back, rgb, size) == 0);
    WebPIDelete(decoder);
  }
  puts("piece by piece: the same");

  WebPDecoderConfig config;
  REQUIRE(WebPInitDecoderConfig(&config));
  config.options.use_cropping = 1;
  config.options.crop_left = 10, config.options.crop_top = 20, config.options.crop_width = 50, config.options.crop_height = 40;
  config.output.colorspace = MODE_RGB;
  REQUIRE(WebPDecode(bytes, length, &config) == VP8_STATUS_OK && config.output.width == 50 && config.output.height == 40);
  /* Colours have half the resolution: at an edge they are made of what is there. */
  for (int y = 2; y < 38; y++)
    REQUIRE(memcmp(config.output.u.RGBA.rgba + y * config.output.u.RGBA.stride + 6, rgb + ((y + 20) * width + 12) * 3, 46 * 3) == 0);
  WebPFreeDecBuffer(&config.output);
  puts("a part of it: the same");

  REQUIRE(WebPInitDecoderConfig(&config));
  config.options.use_scaling = 1;
  config.options.scaled_width = width / 2, config.options.scaled_height = height / 2;
  config.output.colorspace = MODE_RGB;
  REQUIRE(WebPDecode(bytes, length, &config) == VP8_STATUS_OK && config.output.width == width / 2);
  uint64_t whole = 0, half = 0;
  for (size_t i = 0; i < size; i++) whole += rgb[i];
  for (int y = 0; y < height / 2; y++)
    for (int x = 0; x < width / 2 * 3; x++) half += config.output.u.RGBA.rgba[y * config.output.u.RGBA.stride + x];
  WebPFreeDecBuffer(&config.output);
  REQUIRE(half * 4 > whole - whole / 50 && half * 4 < whole + whole / 50);
  puts("at half the size: as bright");

  uint8_t *u, *v;
  int stride, uv_stride;
  uint8_t *y = WebPDecodeYUV(bytes, length, &width, &height, &u, &v, &stride, &uv_stride);
  REQUIRE(y != NULL && stride >= width && uv_stride >= width / 2);
  WebPFree(y);

  for (size_t cut = 0; cut < length; cut += 97) REQUIRE(WebPDecodeRGB(bytes, cut, &width, &height) == NULL);
  puts("cut short anywhere: refused");
  unsigned state = 1;
  for (int round = 0; round < 200; round++) {
    uint8_t *damaged = malloc(length);
    memcpy(damaged, bytes, length);
    for (int i = 0; i < 8; i++) {
      state = state * 1103515245u + 12345u;
      damaged[12 + (state >> 8) % (length - 12)] ^= (uint8_t)(1 << (state >> 5) % 8);
    }
    WebPFree(WebPDecodeRGB(damaged, length, &width, &height));
    free(damaged);
  }
  puts("damaged in 200 ways: no harm");
  WebPFree(rgb);
  free(back);
  free(bytes);
}

/* Encodes the image with `config`, decodes that, and returns the distance. */
static long both(const Image *image, const WebPConfig *config, size_t *length) {
  WebPPicture picture;
  WebPMemoryWriter writer;
  REQUIRE(WebPValidateConfig(config) && WebPPictureInit(&picture));
  WebPMemoryWriterInit(&writer);
  picture.use_argb = config->lossless || config->use_sharp_yuv;
  picture.width = image->width, picture.height = image->height;
  picture.writer = WebPMemoryWrite, picture.custom_ptr = &writer;
  REQUIRE(WebPPictureImportRGB(&picture, image->rgb, image->width * 3));
  REQUIRE(WebPEncode(config, &picture));
  WebPPictureFree(&picture);
  int width, height;
  uint8_t *rgb = WebPDecodeRGB(writer.mem, writer.size, &width, &height);
  REQUIRE(rgb != NULL && width == image->width && height == image->height);
  long far = distance(rgb, image->rgb, size_of(image));
  *length = writer.size;
  WebPFree(rgb);
  WebPMemoryWriterClear(&writer);
  return far;
}

static void lossless(const Image *image) {
  WebPConfig config;
  size_t length, first = 0, last = 0;
  for (int level = 0; level <= 9; level += 3) {
    REQUIRE(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, level));
    REQUIRE(both(image, &config, &length) == 0 && length < size_of(image));
    if (level == 0) first = length;
    last = length;
  }
  REQUIRE(last < first);
  puts("lossless at each level: exact, and smaller at the last");
  REQUIRE(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, 3));
  config.near_lossless = 40;
  long far = both(image, &config, &length);
  REQUIRE(far > 0 && far < 1000 && length < last + last / 2);
  puts("nearly lossless: near");
}

static void lossy(const Image *image) {
  WebPConfig config;
  size_t length, before = 0;
  long far, farther = 0;
  for (int quality = 95; quality >= 5; quality -= 30) {
    REQUIRE(WebPConfigInit(&config));
    config.quality = (float)quality;
    far = both(image, &config, &length);
    REQUIRE(before == 0 || (length < before && far > farther));
    before = length, farther = far;
  }
  puts("less quality: smaller and farther");
  for (int method = 0; method <= 6; method++) {
    REQUIRE(WebPConfigInit(&config));
    config.method = method;
    REQUIRE(both(image, &config, &length) < 10000);
  }
  for (int preset = WEBP_PRESET_DEFAULT; preset <= WEBP_PRESET_TEXT; preset++) {
    REQUIRE(WebPConfigPreset(&config, (WebPPreset)preset, 75));
    REQUIRE(both(image, &config, &length) < 10000);
  }
  REQUIRE(WebPConfigInit(&config));
  config.use_sharp_yuv = 1, config.segments = 4, config.partitions = 3, config.autofilter = 1, config.filter_type = 1;
  REQUIRE(both(image, &config, &length) < 10000);
  REQUIRE(WebPConfigInit(&config));
  config.target_size = 5000, config.pass = 6;
  both(image, &config, &length);
  REQUIRE(length > 4000 && length < 6000);
  puts("each method and preset, sharp colours, a target size: near");
  config.quality = 101;
  REQUIRE(!WebPValidateConfig(&config));
  WebPPicture picture;
  REQUIRE(WebPConfigInit(&config) && WebPPictureInit(&picture));
  picture.width = WEBP_MAX_DIMENSION + 1, picture.height = 1;
  REQUIRE(!WebPEncode(&config, &picture) && picture.error_code != VP8_ENC_OK);
  puts("too large: refused");
}

/* Transparency, by both codecs. */
static void alpha(const Image *image) {
  size_t pixels = size_of(image) / 3;
  uint8_t *rgba = malloc(pixels * 4), *bytes;
  REQUIRE(rgba != NULL);
  for (size_t i = 0; i < pixels; i++) {
    memcpy(rgba + i * 4, image->rgb + i * 3, 3);
    rgba[i * 4 + 3] = (uint8_t)(i % (size_t)image->width);
  }
  int width, height;
  size_t length = WebPEncodeRGBA(rgba, image->width, image->height, image->width * 4, 80, &bytes);
  REQUIRE(length > 0);
  uint8_t *back = WebPDecodeRGBA(bytes, length, &width, &height);
  REQUIRE(back != NULL);
  for (size_t i = 0; i < pixels; i++) REQUIRE(back[i * 4 + 3] == rgba[i * 4 + 3]);
  WebPFree(back);
  WebPFree(bytes);
  length = WebPEncodeLosslessRGBA(rgba, image->width, image->height, image->width * 4, &bytes);
  back = WebPDecodeRGBA(bytes, length, &width, &height);
  REQUIRE(back != NULL);
  for (size_t i = 0; i < pixels; i++) REQUIRE(rgba[i * 4 + 3] == 0 || memcmp(back + i * 4, rgba + i * 4, 4) == 0);
  WebPFree(back);
  WebPFree(bytes);
  free(rgba);
  puts("transparency, by both codecs: exact");
}

enum { FRAMES = 5, STEP = 100 };

/* An animation, taken apart and put together again with metadata. */
static void animation(const Image *image) {
  WebPAnimEncoderOptions options;
  WebPConfig config;
  REQUIRE(WebPAnimEncoderOptionsInit(&options) && WebPConfigInit(&config));
  options.anim_params.loop_count = 3;
  config.lossless = 1, config.method = 1;
  int width = image->width - FRAMES * 4, height = image->height;
  WebPAnimEncoder *encoder = WebPAnimEncoderNew(width, height, &options);
  REQUIRE(encoder != NULL);
  for (int i = 0; i < FRAMES; i++) {
    WebPPicture picture;
    REQUIRE(WebPPictureInit(&picture));
    picture.use_argb = 1, picture.width = width, picture.height = height;
    REQUIRE(WebPPictureImportRGB(&picture, image->rgb + i * 12, image->width * 3));
    REQUIRE(WebPAnimEncoderAdd(encoder, &picture, i * STEP, &config));
    WebPPictureFree(&picture);
  }
  WebPData animated, whole;
  WebPDataInit(&animated);
  REQUIRE(WebPAnimEncoderAdd(encoder, NULL, FRAMES * STEP, NULL) && WebPAnimEncoderAssemble(encoder, &animated));
  WebPAnimEncoderDelete(encoder);

  WebPMux *mux = WebPMuxCreate(&animated, 1);
  REQUIRE(mux != NULL);
  WebPData xmp = {(const uint8_t *)"<xmp/>", 6};
  REQUIRE(WebPMuxSetChunk(mux, "XMP ", &xmp, 1) == WEBP_MUX_OK && WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK);
  int count;
  REQUIRE(WebPMuxNumChunks(mux, WEBP_CHUNK_ANMF, &count) == WEBP_MUX_OK && count == FRAMES);
  WebPMuxDelete(mux);
  WebPDataClear(&animated);

  WebPDemuxer *demuxer = WebPDemux(&whole);
  REQUIRE(demuxer != NULL && WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT) == FRAMES);
  REQUIRE(WebPDemuxGetI(demuxer, WEBP_FF_LOOP_COUNT) == 3 && (WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & XMP_FLAG));
  WebPChunkIterator chunk;
  REQUIRE(WebPDemuxGetChunk(demuxer, "XMP ", 1, &chunk) && chunk.chunk.size == 6 && memcmp(chunk.chunk.bytes, "<xmp/>", 6) == 0);
  WebPDemuxReleaseChunkIterator(&chunk);
  WebPDemuxDelete(demuxer);

  WebPAnimDecoderOptions how;
  REQUIRE(WebPAnimDecoderOptionsInit(&how));
  how.color_mode = MODE_RGBA;
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&whole, &how);
  REQUIRE(decoder != NULL);
  for (int i = 0; i < FRAMES; i++) {
    uint8_t *rgba;
    int time;
    REQUIRE(WebPAnimDecoderHasMoreFrames(decoder) && WebPAnimDecoderGetNext(decoder, &rgba, &time) && time == (i + 1) * STEP);
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) REQUIRE(memcmp(rgba + (y * width + x) * 4, image->rgb + (y * image->width + x) * 3 + i * 12, 3) == 0);
  }
  REQUIRE(!WebPAnimDecoderHasMoreFrames(decoder));
  WebPAnimDecoderDelete(decoder);
  WebPDataClear(&whole);
  WebPData none = {(const uint8_t *)"no image at all", 15};
  REQUIRE(WebPDemux(&none) == NULL && WebPMuxCreate(&none, 1) == NULL);
  puts("an animation with metadata: exact");
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  Image image = load_ppm(argv[2]);
  printf("%d x %d\n", image.width, image.height);
  if (strcmp(argv[1], "decode") == 0 && argc > 3) decode(&image, argv[3]);
  else if (strcmp(argv[1], "lossless") == 0) lossless(&image);
  else if (strcmp(argv[1], "lossy") == 0) lossy(&image);
  else if (strcmp(argv[1], "alpha") == 0) alpha(&image);
  else if (strcmp(argv[1], "animation") == 0) animation(&image);
  else return 2;
  puts("done");
  return 0;
}
