// double-conversion.cpp: the shortest text of numbers, text of a given form, and numbers from text, there and back.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <double-conversion/double-conversion.h>

#define REQUIRE(condition)                                           \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("line %d: not true: %s\n", __LINE__, #condition); \
            exit(1);                                                 \
        }                                                            \
    } while (0)

using double_conversion::DoubleToStringConverter;
using double_conversion::StringBuilder;
using double_conversion::StringToDoubleConverter;

static const DoubleToStringConverter &writer = DoubleToStringConverter::EcmaScriptConverter();
static const StringToDoubleConverter reader(StringToDoubleConverter::ALLOW_HEX | StringToDoubleConverter::ALLOW_TRAILING_JUNK, 0.0, NAN, "Infinity",
                                            "NaN");

static void shortest(double value)
{
    char text[64];
    StringBuilder builder(text, sizeof text);
    REQUIRE(writer.ToShortest(value, &builder));
    const char *end = builder.Finalize();
    int used = 0;
    double back = reader.StringToDouble(end, (int)strlen(end), &used);
    REQUIRE((size_t)used == strlen(end) && (std::isnan(value) ? std::isnan(back) : back == value));
    puts(end);
}

int main()
{
    const double values[] = {0.1, 0.1 + 0.2, 1e21, 123456789012345680.0, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 1.0 / 3, -1e-7, INFINITY, NAN};
    for (double value : values) shortest(value);

    char text[200];
    StringBuilder single(text, sizeof text);
    REQUIRE(writer.ToShortestSingle(0.1f, &single));
    printf("single: %s\n", single.Finalize());
    StringBuilder fixed(text, sizeof text);
    REQUIRE(writer.ToFixed(1e20 / 3, 40, &fixed));
    printf("fixed: %s\n", fixed.Finalize());
    StringBuilder exponential(text, sizeof text);
    REQUIRE(writer.ToExponential(6.02214076e23, 10, &exponential));
    printf("exponential: %s\n", exponential.Finalize());
    StringBuilder precise(text, sizeof text);
    REQUIRE(writer.ToPrecision(5e-324, 60, &precise));
    printf("precise: %s\n", precise.Finalize());
    StringBuilder refused(text, sizeof text);
    REQUIRE(!writer.ToFixed(1e70, 2, &refused));

    int used = 0;
    const char *junk = "0x1F and more";
    double hex = reader.StringToDouble(junk, (int)strlen(junk), &used);
    printf("hexadecimal: %g, %d characters\n", hex, used);
    const char *half = "9007199254740993"; // halfway between two numbers
    printf("halfway: %.0f\n", reader.StringToDouble(half, 16, &used));
    REQUIRE(std::isnan(reader.StringToDouble("x", 1, &used)));

    unsigned long long state = 88172645463325252ULL;
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        double value, back;
        memcpy(&value, &state, sizeof value);
        if (!std::isfinite(value)) continue;
        StringBuilder builder(text, sizeof text);
        REQUIRE(writer.ToShortest(value, &builder));
        const char *end = builder.Finalize();
        back = reader.StringToDouble(end, (int)strlen(end), &used);
        REQUIRE(memcmp(&back, &value, sizeof value) == 0);
        char plain[64];
        snprintf(plain, sizeof plain, "%.17g", value);
        REQUIRE(strtod(end, nullptr) == value && strlen(end) <= 26);
    }
    puts("done");
    return 0;
}
