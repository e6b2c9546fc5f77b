#include "stack.h"

#include <ffi.h>

typedef struct {
    char bytes[1000];
} large;

static int sum(int a, int b, int c, int d, int e, int f, int g, int h) { return a + b + c + d + e + f + g + h; }
static large same(large value) { return value; }

static void answer(ffi_cif *cif, void *result, void **arguments, void *data) {
    (void)cif, (void)data;
    *(ffi_arg *)result = (ffi_arg)(*(int *)arguments[0] + 1);
}

int main(void) {
    ffi_cif cif;
    ffi_type *types[8];
    void *values[8];
    int numbers[8];
    for (int i = 0; i < 8; i++) types[i] = &ffi_type_sint, numbers[i] = i, values[i] = &numbers[i];
    ffi_arg result;
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 8, &ffi_type_sint, types) == FFI_OK);
    ffi_call(&cif, FFI_FN(sum), &result, values);
    REQUIRE((int)result == 28);
    /* A struct by value, there and back. */
    ffi_type *members[1001];
    for (int i = 0; i < 1000; i++) members[i] = &ffi_type_schar;
    members[1000] = NULL;
    ffi_type type = {.type = FFI_TYPE_STRUCT, .elements = members};
    static large from, to;
    memset(&from, 'x', sizeof from);
    types[0] = &type, values[0] = &from;
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &type, types) == FFI_OK);
    ffi_call(&cif, FFI_FN(same), &to, values);
    REQUIRE(memcmp(&from, &to, sizeof from) == 0);
    /* More closures than a function table of fixed size has room for. */
    types[0] = &ffi_type_sint;
    REQUIRE(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) == FFI_OK);
    for (int i = 0; i < 70; i++) {
        void *code;
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
        REQUIRE(closure && ffi_prep_closure_loc(closure, &cif, answer, NULL, code) == FFI_OK);
        REQUIRE(((int (*)(int))code)(i) == i + 1);
    }
}
