/* initialised.c: a program whose work until `ready` is done in advance, by Wizer. What libffi made by then must work in the program that comes out:
 * it says `made before` only there.
 *
 * CLOSURE names the closure: none, of its own (ffi_wasi_closure_alloc), or in a slot of the function table (ffi_closure_alloc). */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE 0
#define OWN 1
#define SLOT 2

#ifdef NO_TABLE
FFI_WASI_NO_TABLE
#endif

static ffi_cif cif;
static ffi_type *types[] = {&ffi_type_sint, &ffi_type_double};
static int ready;

static double product(int a, double b) { return a * b; }

#if CLOSURE != NONE
static ffi_closure *closure;
static double (*made)(int, double);
static void handler(ffi_cif *of, void *result, void **arguments, void *data) {
    (void)of;
    *(double *)result = *(int *)arguments[0] * *(double *)arguments[1] + *(double *)data;
}
static double offset = 0.25;
#endif

__attribute__((export_name("wizer-initialize"))) void initialise(void) {
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_double, types) != FFI_OK) abort();
#if CLOSURE != NONE
    void *code = NULL;
#if CLOSURE == OWN
    closure = ffi_wasi_closure_alloc(sizeof *closure, &cif, &code);
#else
    closure = ffi_closure_alloc(sizeof *closure, &code);
#endif
    if (closure == NULL) exit(3);
    if (ffi_prep_closure_loc(closure, &cif, handler, &offset, code) != FFI_OK) abort();
    made = (double (*)(int, double))code;
#endif
    ready = 1;
}

int main(void) {
    puts(ready ? "made before" : "made now");
    if (!ready) initialise();
    int a = 3;
    double b = 1.5, result;
    void *values[] = {&a, &b};
    ffi_call(&cif, (void (*)(void))product, &result, values);
    printf("call: %g\n", result);
#if CLOSURE != NONE
    printf("closure: %g\n", made(a, b));
    ffi_closure_free(closure);
    initialise();
    printf("another: %g\n", made(2, 8));
#endif
}
