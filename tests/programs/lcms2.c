/* lcms2.c [FOLDER]: transforms between colour spaces with known answers, a profile in a file in FOLDER, curves, colour differences, errors. */
#include <lcms2.h>
#include <math.h>
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

static void complain(cmsContext context, cmsUInt32Number code, const char *text)
{
    (void)context;
    printf("error %u: %s\n", (unsigned)code, text);
}

static void lab(void)
{
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), pcs = cmsCreateLab4Profile(NULL);
    cmsHTRANSFORM there = cmsCreateTransform(srgb, TYPE_RGB_8, pcs, TYPE_Lab_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
    cmsHTRANSFORM back = cmsCreateTransform(pcs, TYPE_Lab_DBL, srgb, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, 0);
    REQUIRE(there != NULL && back != NULL);
    static const unsigned char colours[][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {119, 119, 119}};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        cmsCIELab found;
        unsigned char again[3];
        cmsDoTransform(there, colours[i], &found, 1);
        cmsDoTransform(back, &found, again, 1);
        REQUIRE(memcmp(again, colours[i], 3) == 0);
        printf("%3d %3d %3d is Lab %ld %ld %ld\n", colours[i][0], colours[i][1], colours[i][2], lround(found.L), lround(found.a),
               lround(found.b));
    }
    cmsCIELab one = {50, 2.6772, -79.7751}, other = {50, 0, -82.7485};
    printf("difference by CIEDE2000: %.4f\n", cmsCIE2000DeltaE(&one, &other, 1, 1, 1));
    cmsDeleteTransform(there);
    cmsDeleteTransform(back);
    cmsCloseProfile(srgb);
    cmsCloseProfile(pcs);
}

static void file(const char *path)
{
    cmsCIExyY white;
    cmsCIExyYTRIPLE primaries = {{0.68, 0.32, 1}, {0.265, 0.69, 1}, {0.15, 0.06, 1}};
    REQUIRE(cmsWhitePointFromTemp(&white, 6504));
    cmsToneCurve *curve = cmsBuildGamma(NULL, 2.6), *curves[3] = {curve, curve, curve};
    cmsHPROFILE made = cmsCreateRGBProfile(&white, &primaries, curves);
    REQUIRE(made != NULL && cmsSaveProfileToFile(made, path));
    cmsCloseProfile(made);
    cmsHPROFILE read = cmsOpenProfileFromFile(path, "r");
    REQUIRE(read != NULL && cmsGetColorSpace(read) == cmsSigRgbData && cmsGetDeviceClass(read) == cmsSigDisplayClass);
    cmsToneCurve *red = cmsReadTag(read, cmsSigRedTRCTag);
    REQUIRE(red != NULL);
    printf("a profile in a file: gamma %.1f\n", cmsEstimateGamma(red, 0.01));
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform = cmsCreateTransform(read, TYPE_RGB_16, srgb, TYPE_RGB_16, INTENT_PERCEPTUAL, 0);
    REQUIRE(transform != NULL);
    unsigned short grey[3] = {32768, 32768, 32768}, to[3];
    cmsDoTransform(transform, grey, to, 1);
    printf("grey stays grey: %s\n", abs(to[0] - to[1]) < 200 && abs(to[1] - to[2]) < 200 && to[0] < 32768 ? "yes" : "no");
    cmsDeleteTransform(transform);
    cmsCloseProfile(srgb);
    cmsCloseProfile(read);
    cmsFreeToneCurve(curve);
    REQUIRE(remove(path) == 0);
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lcms2-test.icc", argc > 1 ? argv[1] : ".");
    printf("lcms2 %d\n", cmsGetEncodedCMMversion());
    cmsSetLogErrorHandler(complain);
    lab();
    file(path);
    REQUIRE(cmsOpenProfileFromMem("no profile at all", 17) == NULL);
    puts("done");
    return 0;
}
