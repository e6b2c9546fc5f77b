/* SPDX-License-Identifier: MIT */
/* ffi_call: writes the arguments as WebAssembly's values and has the signature's thunk make the call. */

#include "internal.h"

static struct ffi_wasi_call *added_calls;

void ffi_wasi_add_call(struct ffi_wasi_call *call) {
  call->next = added_calls;
  added_calls = call;
}

#pragma weak ffi_wasi_call_gate_d
#pragma weak ffi_wasi_call_gate_f
#pragma weak ffi_wasi_call_gate_l
static const CallGate gate_i = {&ffi_wasi_calls_i, {&ffi_wasi_call_gate_d, &ffi_wasi_call_gate_f, &ffi_wasi_call_gate_l}};

/* The thunks of the set that the letters make; null if the program lacks a type of it. */
static const Calls *calls_of(const char *parameters, size_t count) {
  const CallGate *gate = &gate_i;
  unsigned set = 0;
  for (size_t i = 0; i < count; i++) set |= 1U << ffi_wasi_digit(parameters[i]);
  static const unsigned char digits[] = {0, 1, 3}; /* of d, f and l */
  for (int i = 0; i < 3 && gate != NULL; i++)
    if (set >> digits[i] & 1) gate = gate->next[i];
  return gate == NULL ? NULL : gate->calls;
}

ffi_wasi_thunk FFI_HIDDEN ffi_wasi_find_thunk(const char *parameters, size_t count) {
  const Calls *calls = calls_of(parameters, count);
  if (calls != NULL && count <= SHORT_PARAMETERS) return calls->short_calls[ffi_wasi_short_index(parameters, count)];
  if (calls != NULL && count <= LONG_PARAMETERS) {
    const CallEntry *entries = calls->long_calls[count - SHORT_PARAMETERS - 1].entries;
    size_t low = 0, high = calls->long_calls[count - SHORT_PARAMETERS - 1].count;
    while (low < high) {
      size_t middle = (low + high) / 2;
      int order = memcmp(parameters, entries[middle].parameters, count);
      if (order == 0) return entries[middle].thunk;
      if (order < 0) high = middle;
      else low = middle + 1;
    }
  }
  if (calls != NULL)
    for (const CallEntry *entry = calls->more_calls; entry->parameters != NULL; entry++)
      if (strncmp(parameters, entry->parameters, count) == 0 && entry->parameters[count] == '\0') return entry->thunk;
  for (struct ffi_wasi_call *call = added_calls; call != NULL; call = call->next)
    if (strncmp(parameters, call->letters, count) == 0 && call->letters[count] == '\0') return call->thunk;
  return NULL;
}

/* Where `size` bytes with this alignment are in `room`, which has at least size + alignment. */
static void *aligned(void *room, size_t alignment) { return (void *)FFI_ALIGN(room, alignment); }

#define COPY(from, size, alignment) memcpy(aligned(alloca((size) + (alignment)), (alignment)), (from), (size))

void ffi_call(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue) {
  ffi_wasi_value result, *values = alloca(sizeof *values * (2 * (size_t)cif->nfixedargs + 2)), *next = values;
  ffi_type *scalar;

  if (cif->flags & FLAG_BY_POINTER) {
    if (rvalue == NULL) rvalue = aligned(alloca(cif->rtype->size + cif->rtype->alignment), cif->rtype->alignment);
    (next++)->i = (int)rvalue;
  }

  for (unsigned i = 0; i < cif->nfixedargs; i++) {
    ffi_type *type = cif->arg_types[i];
    void *from = avalue[i];
    switch (ffi_wasi_passing(type, &scalar)) {
    case PASS_I: (next++)->i = ffi_wasi_extended(scalar, from); break;
    case PASS_F: memcpy(&(next++)->f, from, sizeof(float)); break;
    case PASS_L:
    case PASS_D: memcpy(next++, from, sizeof(double)); break;
    case PASS_PAIR:
      memcpy(next, from, 2 * sizeof(long long));
      next += 2;
      break;
    case PASS_POINTER:
      /* The callee owns what it is handed. */
      (next++)->i = (int)COPY(from, type->size, type->alignment);
      break;
    default: break;
    }
  }

  if (cif->flags & FLAG_VARIADIC) {
    size_t most = 0, at = 0;
    for (unsigned i = cif->nfixedargs; i < cif->nargs; i++) most += cif->arg_types[i]->size + cif->arg_types[i]->alignment + sizeof(int);
    char *buffer = aligned(alloca(most + 16), 16);
    for (unsigned i = cif->nfixedargs; i < cif->nargs; i++) {
      ffi_type *type = cif->arg_types[i];
      Passing passing = ffi_wasi_passing(type, &scalar);
      if (passing == PASS_NOTHING) continue;
      at = FFI_ALIGN(at, ffi_wasi_variadic_alignment(type, passing));
      if (passing == PASS_POINTER) {
        *(void **)(buffer + at) = COPY(avalue[i], type->size, type->alignment);
        at += sizeof(void *);
      } else if (passing == PASS_I) {
        *(int *)(buffer + at) = ffi_wasi_extended(scalar, avalue[i]);
        at += sizeof(int);
      } else {
        memcpy(buffer + at, avalue[i], type->size);
        at += type->size;
      }
    }
    (next++)->i = (int)buffer;
  }

  ((ffi_wasi_thunk)cif->thunk)(cif->flags & FLAG_RESULT, fn, &result, values);

  if (rvalue == NULL || cif->flags & FLAG_BY_POINTER) return;
  switch (ffi_wasi_passing(cif->rtype, &scalar)) {
  case PASS_I:
    if (cif->rtype->type == FFI_TYPE_STRUCT) memcpy(rvalue, &result, cif->rtype->size);
    else *(int *)rvalue = ffi_wasi_extended(scalar, &result); /* libffi widens integers to ffi_arg */
    break;
  case PASS_F: memcpy(rvalue, &result, sizeof(float)); break;
  case PASS_L:
  case PASS_D: memcpy(rvalue, &result, sizeof(double)); break;
  default: break;
  }
}
