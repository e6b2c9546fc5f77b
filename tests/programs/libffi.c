/* libffi.c [FOLDER]: qsort through a closure, a variadic printf through ffi_call, structs in and out. FOLDER is not used. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

typedef int (*comparison)(const void *, const void *);

static void compare(ffi_cif *cif, void *result, void **arguments, void *direction)
{
    REQUIRE(cif->nargs == 2);
    int a = **(int **)arguments[0], b = **(int **)arguments[1];
    *(ffi_arg *)result = (ffi_arg)(((a > b) - (a < b)) * *(int *)direction);
}

/* Both directions at once, so that two closures of one type are alive. */
static void sort(void)
{
    int up = 1, down = -1, numbers[] = {5, -3, 12, 7, 0};
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer};
    void *ascending, *descending;
    ffi_closure *first = ffi_closure_alloc(sizeof *first, &ascending), *second = ffi_closure_alloc(sizeof *second, &descending);
    REQUIRE(first && second && ascending != descending);
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK);
    REQUIRE(ffi_prep_closure_loc(first, &cif, compare, &up, ascending) == FFI_OK);
    REQUIRE(ffi_prep_closure_loc(second, &cif, compare, &down, descending) == FFI_OK);
    for (int i = 0; i < 4; i++) {
        qsort(numbers, 5, sizeof *numbers, (comparison)(i % 2 ? descending : ascending));
        for (int k = 1; k < 5; k++)
            REQUIRE(i % 2 ? numbers[k - 1] > numbers[k] : numbers[k - 1] < numbers[k]);
    }
    printf("qsort: %d %d %d %d %d\n", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    ffi_closure_free(first);
    ffi_closure_free(second);
}

static void print(void)
{
    const char *format = "printf: %s %d %.3f %lld %c\n", *text = "variadic";
    int number = -42, letter = 'x';
    double real = 0.125;
    long long wide = -1234567890123456789LL;
    ffi_arg written;
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_sint, &ffi_type_double, &ffi_type_sint64, &ffi_type_sint};
    void *values[] = {&format, &text, &number, &real, &wide, &letter};
    REQUIRE(ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 6, &ffi_type_sint, types) == FFI_OK);
    ffi_call(&cif, FFI_FN(printf), &written, values);
    printf("printf wrote %d\n", (int)written);
}

struct point {
    double x, y;
};
struct box {
    struct point corner, size;
    char name[8];
};

static struct box grow(struct box box, struct point by, signed char times)
{
    box.size.x += by.x * times;
    box.size.y += by.y * times;
    memcpy(box.name, "grown", 6);
    return box;
}

static void structs(void)
{
    ffi_type *point_members[] = {&ffi_type_double, &ffi_type_double, NULL};
    ffi_type point = {0, 0, FFI_TYPE_STRUCT, point_members};
    ffi_type *box_members[] = {&point, &point, &ffi_type_schar, &ffi_type_schar, &ffi_type_schar, &ffi_type_schar,
                               &ffi_type_schar, &ffi_type_schar, &ffi_type_schar, &ffi_type_schar, NULL};
    ffi_type type = {0, 0, FFI_TYPE_STRUCT, box_members};
    struct box box = {{1, 2}, {3, 4}, "box"}, result;
    struct point by = {0.5, 0.25};
    signed char times = -2;
    ffi_cif cif;
    ffi_type *types[] = {&type, &point, &ffi_type_schar};
    void *values[] = {&box, &by, &times};
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &type, types) == FFI_OK);
    REQUIRE(type.size == sizeof box);
    ffi_call(&cif, FFI_FN(grow), &result, values);
    REQUIRE(strcmp(box.name, "box") == 0 && box.size.x == 3);
    printf("structs: %s %g %g %g %g\n", result.name, result.corner.x, result.corner.y, result.size.x, result.size.y);
}

int main(void)
{
    printf("libffi %s\n", ffi_get_version());
    sort();
    print();
    structs();
    /* What has no code in the library is refused when it is prepared. */
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_float, &ffi_type_double, &ffi_type_sint64, &ffi_type_double, &ffi_type_float};
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 5, &ffi_type_void, types) == FFI_BAD_TYPEDEF);
    puts("ok");
    return 0;
}
