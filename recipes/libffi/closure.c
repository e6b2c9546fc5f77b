/* SPDX-License-Identifier: MIT */
/* Closures: function pointers that lead to a libffi handler.
 *
 * A WebAssembly program makes no code while it runs. So every signature has a pool of functions that were compiled in advance, each of
 * which runs the closure that it finds in its own variable. The code pointer, though, is promised before the signature is known:
 * ffi_closure_alloc takes an empty slot of the function table, whose number is the pointer, and ffi_prep_closure_loc copies a
 * pool's function into that slot.
 *
 * Slots come from growing the table. Where the linker fixed its size (no --growable-table), they are those of functions whose only
 * purpose is to have one. */

#include <stdbool.h>
#include <stdlib.h>

#include "internal.h"

/* A slot of the table, and what is in it. */
typedef struct {
  unsigned code;
  ffi_closure *closure; /* null: the slot is free */
  ffi_closure **user;   /* where the pool's function finds the closure; null: not prepared */
} Slot;

static Slot *slots;
static size_t slot_count, slot_room;
static struct ffi_wasi_pool *added_pools;

enum { GROW_BY = 32 };

void ffi_wasi_add_pool(struct ffi_wasi_pool *pool) {
  pool->next = added_pools;
  added_pools = pool;
}

#define RESERVE(name, k) \
  static void name##_##k(void) { __builtin_trap(); }
#define RESERVED(name, k) name##_##k,
FFI_WASI_TIMES_64(RESERVE, reserved)
static void (*const reserved[])(void) = {FFI_WASI_TIMES_64(RESERVED, reserved)};

/* Makes more slots: whether it could. */
static bool more_slots(void) {
  static bool reserved_used;
  size_t by = GROW_BY, reserved_count = sizeof reserved / sizeof *reserved;
  if (slot_room - slot_count < reserved_count) {
    size_t room = 2 * slot_room + reserved_count;
    Slot *grown = realloc(slots, room * sizeof *slots);
    if (grown == NULL) return false;
    slots = grown;
    slot_room = room;
  }
  int first = ffi_wasi_table_grow(GROW_BY);
  if (first < 0) {
    if (reserved_used) return false;
    reserved_used = true;
    by = reserved_count;
  }
  for (size_t i = 0; i < by; i++) slots[slot_count++] = (Slot){first < 0 ? (unsigned)reserved[i] : first + i, NULL, NULL};
  return true;
}

/* Takes the slot's function from it, so that calling what was a closure traps. */
static void empty(Slot *slot) {
  if (slot->user != NULL) {
    ffi_wasi_table_clear(slot->code);
    *slot->user = NULL;
    slot->user = NULL;
  }
}

void *ffi_closure_alloc(size_t size, void **code) {
  if (code == NULL) return NULL;
  Slot *slot = slots;
  while (slot != slots + slot_count && slot->closure != NULL) slot++;
  if (slot == slots + slot_count) {
    size_t at = slot_count;
    if (!more_slots()) return NULL;
    slot = slots + at;
  }
  ffi_closure *closure = calloc(1, size < sizeof *closure ? sizeof *closure : size);
  if (closure == NULL) return NULL;
  slot->closure = closure;
  *code = (void *)slot->code;
  return closure;
}

void ffi_closure_free(void *closure) {
  if (closure == NULL) return;
  for (Slot *slot = slots; slot != slots + slot_count; slot++)
    if (slot->closure == closure) {
      empty(slot);
      slot->closure = NULL;
      free(closure);
      return;
    }
}

/* Copies a free function of a pool into the slot: whether there was one. */
static bool fill(Slot *slot, void (*const *functions)(void), ffi_closure **users, unsigned size) {
  for (unsigned i = 0; i < size; i++)
    if (users[i] == NULL) {
      users[i] = slot->closure;
      slot->user = &users[i];
      ffi_wasi_table_copy(slot->code, (unsigned)functions[i]);
      return true;
    }
  return false;
}

/* FFI_BAD_TYPEDEF: no pool has this signature. FFI_BAD_ABI: all functions that have it are in use. */
static ffi_status fill_for(Slot *slot, const char *signature) {
  const struct ffi_wasi_pool *const lists[] = {ffi_wasi_more_pools, ffi_wasi_long_pools};
  ffi_status status = FFI_BAD_TYPEDEF;
  size_t parameters = strlen(signature) - 1;

  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (const struct ffi_wasi_pool *pool = lists[i]; pool->letters != NULL; pool++)
      if (strcmp(signature, pool->letters) == 0) {
        if (fill(slot, pool->functions, pool->users, pool->size)) return FFI_OK;
        status = FFI_BAD_ABI;
      }
  for (const struct ffi_wasi_pool *pool = added_pools; pool != NULL; pool = pool->next)
    if (strcmp(signature, pool->letters) == 0) {
      if (fill(slot, pool->functions, pool->users, pool->size)) return FFI_OK;
      status = FFI_BAD_ABI;
    }
  if (parameters <= SHORT_PARAMETERS) {
    unsigned result = signature[0] == 'v' ? FFI_WASI_RESULT_v : ffi_wasi_digit(signature[0]);
    const ShortPool *pool = &ffi_wasi_short_pools[result][ffi_wasi_short_index(signature + 1, parameters)];
    return fill(slot, pool->functions, pool->users, pool->size) ? FFI_OK : FFI_BAD_ABI;
  }
  return status;
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                void *codeloc) {
  char signature[PARAMETERS_MOST + 4];
  Slot *slot;
  if (cif->abi != FFI_WASM32) return FFI_BAD_ABI;
  for (slot = slots; slot != slots + slot_count; slot++)
    if (slot->closure == closure && slot->code == (unsigned)codeloc) break;
  if (slot == slots + slot_count) return FFI_BAD_ABI; /* not from ffi_closure_alloc */

  ffi_status status = ffi_wasi_signature(signature, sizeof signature - 1, cif->rtype, cif->nfixedargs, cif->nargs, cif->arg_types);
  if (status != FFI_OK) return status;
  if (cif->flags & FLAG_VARIADIC) strcat(signature, "i");

  empty(slot); /* prepared anew: it may have another signature now */
  status = fill_for(slot, signature);
  if (status != FFI_OK) return status;
  closure->cif = cif;
  closure->fun = fun;
  closure->user_data = user_data;
  return FFI_OK;
}

void ffi_wasi_run_closure(ffi_closure *closure, ffi_wasi_value *arguments, ffi_wasi_value *to) {
  ffi_cif *cif = closure->cif;
  ffi_wasi_value *next = arguments, result[2];
  void **values = alloca(sizeof *values * (cif->nargs + 1)), *rvalue = result;
  ffi_type *scalar;

  if (cif->flags & FLAG_BY_POINTER) rvalue = (void *)(next++)->i;
  for (unsigned i = 0; i < cif->nfixedargs; i++) {
    switch (ffi_wasi_passing(cif->arg_types[i], &scalar)) {
    case PASS_POINTER: values[i] = (void *)(next++)->i; break;
    case PASS_NOTHING: values[i] = result; break;
    case PASS_PAIR: { /* long double is aligned to 16 bytes, more than the values are */
      void *pair = (void *)FFI_ALIGN(alloca(sizeof(long double) + 16), 16);
      values[i] = memcpy(pair, next, sizeof(long double));
      next += 2;
      break;
    }
    default: values[i] = next++;
    }
  }
  if (cif->flags & FLAG_VARIADIC) {
    size_t at = next->i;
    for (unsigned i = cif->nfixedargs; i < cif->nargs; i++) {
      ffi_type *type = cif->arg_types[i];
      Passing passing = ffi_wasi_passing(type, &scalar);
      if (passing == PASS_NOTHING) {
        values[i] = result;
        continue;
      }
      at = FFI_ALIGN(at, ffi_wasi_variadic_alignment(type, passing));
      values[i] = passing == PASS_POINTER ? *(void **)at : (void *)at;
      at += passing == PASS_POINTER || type->size < sizeof(int) ? sizeof(int) : type->size;
    }
  }

  closure->fun(cif, rvalue, values, closure->user_data);

  if (cif->flags & FLAG_BY_POINTER) return;
  if ((cif->flags & FLAG_RESULT) == FFI_WASI_RESULT_i && ffi_wasi_passing(cif->rtype, &scalar) == PASS_I)
    to->i = ffi_wasi_extended(scalar, result);
  else *to = result[0];
}
