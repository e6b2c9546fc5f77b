/* SPDX-License-Identifier: MIT */
/* Preparing calls: how C's types travel in WebAssembly, and whether the signature is one that can be called.
 *
 * The rules are those of clang's WebAssembly target (the C ABI in WebAssembly's tool-conventions, BasicCABI.md), checked against
 * clang 19: see docs/libffi.md. */

#include "internal.h"

typedef enum { MEMBERS_NONE, MEMBERS_ONE, MEMBERS_MANY, MEMBERS_INVALID } Members;

/* Finds the one scalar that a struct consists of, if it does. A struct that is larger than its scalar counts as many: clang passes it
 * by pointer, and ctypes describes arrays in larger structs as single pointers. */
static Members scalar_of(ffi_type *type, ffi_type **scalar) {
  Members found = MEMBERS_NONE;
  if (type->elements == NULL) return MEMBERS_INVALID;
  for (ffi_type **member = type->elements; *member != NULL; member++) {
    ffi_type *inner = *member;
    Members inside = MEMBERS_ONE;
    switch (inner->type) {
    case FFI_TYPE_STRUCT:
      inside = scalar_of(inner, &inner);
      if (inside == MEMBERS_INVALID) return MEMBERS_INVALID;
      if (inside == MEMBERS_NONE) inside = MEMBERS_MANY; /* an empty class of C++ takes up room in another */
      break;
    case FFI_TYPE_COMPLEX: inside = MEMBERS_MANY; break;
    case FFI_TYPE_VOID: return MEMBERS_INVALID;
    default:
      if (inner->type > FFI_TYPE_POINTER) return MEMBERS_INVALID;
    }
    if (found != MEMBERS_NONE || inside == MEMBERS_MANY) found = MEMBERS_MANY;
    else {
      found = MEMBERS_ONE;
      *scalar = inner;
    }
  }
  if (found == MEMBERS_ONE && (*scalar)->size != type->size) found = MEMBERS_MANY;
  return found;
}

Passing FFI_HIDDEN ffi_wasi_passing(ffi_type *type, ffi_type **scalar) {
  *scalar = type;
  if (type->type == FFI_TYPE_STRUCT) {
    switch (scalar_of(type, scalar)) {
    case MEMBERS_INVALID: return PASS_INVALID;
    case MEMBERS_NONE: return PASS_NOTHING;
    case MEMBERS_MANY: *scalar = type; return PASS_POINTER;
    case MEMBERS_ONE: break;
    }
  }
  switch ((*scalar)->type) {
  case FFI_TYPE_VOID: return PASS_NOTHING;
  case FFI_TYPE_INT:
  case FFI_TYPE_UINT8:
  case FFI_TYPE_SINT8:
  case FFI_TYPE_UINT16:
  case FFI_TYPE_SINT16:
  case FFI_TYPE_UINT32:
  case FFI_TYPE_SINT32:
  case FFI_TYPE_POINTER: return PASS_I;
  case FFI_TYPE_UINT64:
  case FFI_TYPE_SINT64: return PASS_L;
  case FFI_TYPE_FLOAT: return PASS_F;
  case FFI_TYPE_DOUBLE: return PASS_D;
  case FFI_TYPE_LONGDOUBLE: return PASS_PAIR;
  case FFI_TYPE_COMPLEX: return PASS_POINTER;
  default: /* among them the 128-bit integers: clang 19 disagrees with itself on their place among variadic arguments */
    return PASS_INVALID;
  }
}

size_t FFI_HIDDEN ffi_wasi_variadic_alignment(ffi_type *type, Passing passing) {
  if (passing == PASS_POINTER || type->alignment < sizeof(int)) return sizeof(int);
  return type->alignment;
}

ffi_status ffi_wasi_signature(char *to, size_t capacity, ffi_type *result, unsigned fixed, unsigned total, ffi_type **arguments) {
  static const char letters[] = {[PASS_I] = 'i', [PASS_L] = 'l', [PASS_F] = 'f', [PASS_D] = 'd', [PASS_POINTER] = 'i'};
  ffi_type *scalar;
  size_t length = 0;
  /* One longer than it may become, so that a pair always has room. */
  if (capacity < 4) return FFI_BAD_TYPEDEF;

  Passing passing = ffi_wasi_passing(result, &scalar);
  if (passing == PASS_INVALID) return FFI_BAD_TYPEDEF;
  to[length++] = passing < PASS_I || passing >= PASS_PAIR ? 'v' : letters[passing];
  if (passing >= PASS_PAIR) to[length++] = 'i';

  for (unsigned i = 0; i < total; i++) {
    passing = ffi_wasi_passing(arguments[i], &scalar);
    if (passing == PASS_INVALID || scalar->type == FFI_TYPE_VOID) return FFI_BAD_TYPEDEF;
    if (i >= fixed || passing == PASS_NOTHING) continue;
    if (length + 3 > capacity) return FFI_BAD_TYPEDEF;
    if (passing == PASS_PAIR) {
      to[length++] = 'l';
      to[length++] = 'l';
    } else to[length++] = letters[passing];
  }
  to[length] = '\0';
  return FFI_OK;
}

/* Comes with ffi_call. A program that only makes closures has none, and no thunks either. */
#pragma weak ffi_wasi_find_thunk

static ffi_status prepare(ffi_cif *cif, unsigned fixed, unsigned variadic) {
  char signature[PARAMETERS_MOST + 4];
  ffi_type *scalar;
  if (cif->abi != FFI_WASM32) return FFI_BAD_ABI;
  ffi_status status = ffi_wasi_signature(signature, sizeof signature - 1, cif->rtype, fixed, cif->nargs, cif->arg_types);
  if (status != FFI_OK) return status;
  size_t length = strlen(signature);
  if (variadic) {
    signature[length++] = 'i';
    signature[length] = '\0';
  }
  cif->nfixedargs = fixed;
  cif->flags = signature[0] == 'v' ? FFI_WASI_RESULT_v : ffi_wasi_digit(signature[0]);
  if (ffi_wasi_passing(cif->rtype, &scalar) >= PASS_PAIR) cif->flags |= FLAG_BY_POINTER;
  if (variadic) cif->flags |= FLAG_VARIADIC;
  cif->thunk = NULL;
  if (ffi_wasi_find_thunk) {
    cif->thunk = (void (*)(void))ffi_wasi_find_thunk(signature + 1, length - 1);
    if (cif->thunk == NULL) return FFI_BAD_TYPEDEF;
  }
  return FFI_OK;
}

ffi_status FFI_HIDDEN ffi_prep_cif_machdep(ffi_cif *cif) { return prepare(cif, cif->nargs, 0); }

ffi_status FFI_HIDDEN ffi_prep_cif_machdep_var(ffi_cif *cif, unsigned fixed, unsigned total) {
  return total == cif->nargs && fixed <= total ? prepare(cif, fixed, 1) : FFI_BAD_TYPEDEF;
}
