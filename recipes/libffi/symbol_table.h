/* SPDX-License-Identifier: MIT */
/* Makes the array TABLE out of the list in the file LIST, which has a line for each symbol:
 *
 *     FUNCTION(result, name, (parameters))      WebAssembly's types; the linker looks for it in archives
 *     WEAK_FUNCTION(result, name, (parameters)) is found if something else links it; else its address is null
 *     VARIABLE(name), WEAK_VARIABLE(name)       the same
 *
 * No header is included: each symbol has a name of its own here and its real one for the linker, so that neither macros nor what clang
 * knows of C's functions get in the way. The types are those of the definitions. Without link-time optimisation the linker would take any,
 * as the functions are not called here. With it, a wrong one replaces calls by traps. */

#include "ffi_wasi_dl.h"

#define FUNCTION(result, name, parameters) extern result symbol_##name parameters __asm__(#name);
#define VARIABLE(name) extern char symbol_##name[] __asm__(#name);
#define WEAK_FUNCTION(result, name, parameters) __attribute__((weak)) FUNCTION(result, name, parameters)
#define WEAK_VARIABLE(name) __attribute__((weak)) VARIABLE(name)
#include LIST
#undef FUNCTION
#undef VARIABLE
#undef WEAK_FUNCTION
#undef WEAK_VARIABLE

#define FUNCTION(result, name, parameters) {#name, (void *)symbol_##name},
#define VARIABLE(name) {#name, symbol_##name},
#define WEAK_FUNCTION FUNCTION
#define WEAK_VARIABLE VARIABLE
const struct ffi_wasi_symbol TABLE[] = {
#include LIST
    {0}};
