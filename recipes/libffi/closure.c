/* SPDX-License-Identifier: MIT */
/* Closures: function pointers that lead to a libffi handler.
 *
 * A WebAssembly program makes no code while it runs. So every signature has a pool of functions that were compiled in advance, each of
 * which runs the closure that it finds under its number. The code pointer, though, is promised before the signature is known:
 * ffi_closure_alloc (slots.c) takes an empty slot of the function table, whose number is the pointer, and ffi_prep_closure_loc copies a
 * pool's function into that slot. ffi_wasi_closure_alloc knows the signature and hands out the function itself. */

#include <stdbool.h>
#include <stdlib.h>

#include "internal.h"

#pragma weak ffi_wasi_slot_holds
#pragma weak ffi_wasi_slot_free
#pragma weak ffi_wasi_table_copy
#pragma weak ffi_wasi_table_clear
#pragma weak ffi_wasi_gate_d
#pragma weak ffi_wasi_gate_f
#pragma weak ffi_wasi_gate_l

static const Gate gate_i = {ffi_wasi_pools_i, ffi_wasi_more_i, ffi_wasi_others_i, {&ffi_wasi_gate_d, &ffi_wasi_gate_f, &ffi_wasi_gate_l}};

/* The signatures that have a number: the short ones, then those with one parameter at most that is not i. */
enum { LONG_COUNT = 1 + 3 * 5 + 1 + 3 * 6 + 1 + 3 * 7 + 1 + 3 * 8, NUMBERED = 5 * (SHORT_COUNT + LONG_COUNT) };

/* What a function of a pool has: the closure, or, shifted and with the lowest bit set, the next function that is free. */
typedef union {
  ffi_closure *closure;
  uintptr_t free;
} User;

/* The functions of one signature that are in use. Made with its first closure. */
typedef struct {
  const Pool *pool, *more;
  unsigned size, used; /* how many functions there are, and how many of them had a closure, ever */
  unsigned free;       /* one that is free again, or FREE_NONE */
  User users[];
} Set;

enum { FREE_NONE = 0x7fff };

static Set *sets[NUMBERED];
static struct ffi_wasi_pool *added_pools;

void ffi_wasi_add_pool(struct ffi_wasi_pool *pool) {
  pool->next = added_pools;
  added_pools = pool;
}

/* A signature's number in pools.S, or -1, and its set: the letters that it has, in the bits of their digits. */
static int number_of(const char *signature, unsigned *set) {
  unsigned result = signature[0] == 'v' ? FFI_WASI_RESULT_v : ffi_wasi_digit(signature[0]), index = 0, count = 0, others = 0, other = 0,
           at = 0;
  *set = 1U << result;
  for (const char *letter = signature + 1; *letter != '\0'; letter++, count++) {
    unsigned digit = ffi_wasi_digit(*letter);
    *set |= 1U << digit;
    index = index * 4 + 1 + digit; /* ffi_wasi_short_index */
    if (*letter != 'i') others++, other = *letter, at = count;
  }
  if (count <= SHORT_PARAMETERS) return result * SHORT_COUNT + index;
  if (count > LONG_PARAMETERS || others > 1) return -1;
  /* By the alphabet: d and f at an earlier place come first, l at an earlier place comes last. */
  static const unsigned char starts[] = {0, 16, 35, 57};
  index = others == 0 ? 2 * count : other == 'd' ? 2 * at : other == 'f' ? 2 * at + 1 : 3 * count - at;
  return 5 * SHORT_COUNT + result * LONG_COUNT + starts[count - SHORT_PARAMETERS - 1] + index;
}

/* The gate of a set, or null if the program lacks a type of it: then `*missing` is that type. */
static const Gate *gate_of(unsigned set, const char **missing) {
  static const char *const types[] = {"ffi_type_double", "ffi_type_float", "ffi_type_sint64"};
  static const unsigned char digits[] = {0, 1, 3}; /* of d, f and l */
  const Gate *gate = &gate_i;
  for (int i = 0; i < 3; i++)
    if (set >> digits[i] & 1) {
      *missing = types[i];
      gate = gate->next[i];
      if (gate == NULL) return NULL;
    }
  return gate;
}

static const Pool *pool_of(const Pool *pool, int number) {
  for (; pool->functions != NULL; pool++)
    if (pool->number == number) return pool;
  return NULL;
}

static Set *new_set(const Gate *gate, int number) {
  const Pool *pool = pool_of(gate->pools, number), *more = pool_of(gate->more, number);
  unsigned size = pool->size + (more == NULL ? 0 : more->size);
  Set *set = calloc(1, sizeof *set + size * sizeof *set->users);
  if (set != NULL) *set = (Set){pool, more, size, 0, FREE_NONE};
  return set;
}

/* Takes a function of the set for the closure: null if all are in use. */
static void (*take(Set *set, int number, ffi_closure *closure))(void) {
  unsigned k = set->free;
  if (k != FREE_NONE) set->free = set->users[k].free >> 1;
  else if (set->used < set->size) k = set->used++;
  else return NULL;
  set->users[k].closure = closure;
  ffi_wasi_place(closure)->where = (unsigned)number << 16 | k << 1 | 1;
  return k < set->pool->size ? set->pool->functions[k] : set->more->functions[k - set->pool->size];
}

/* The same from pools that are found by their letters; adds the sizes of those with the signature to `*size`. */
static void (*take_of(const struct ffi_wasi_pool *pool, const char *signature, ffi_closure *closure, unsigned *size))(void) {
  if (strcmp(signature, pool->letters) != 0) return NULL;
  *size += pool->size;
  for (unsigned i = 0; i < pool->size; i++)
    if (pool->users[i] == NULL) {
      pool->users[i] = closure;
      ffi_wasi_place(closure)->where = (unsigned)&pool->users[i];
      return pool->functions[i];
    }
  return NULL;
}

/* Takes a function with this signature for the closure. If there is none, says so and sets `*status`.
 * FFI_BAD_TYPEDEF: no pool has this signature. FFI_BAD_ABI: all functions that have it are in use. */
static void (*function_for(ffi_closure *closure, const char *signature, ffi_status *status))(void) {
  const char *missing = NULL;
  unsigned size = 0, set;
  int number = number_of(signature, &set);
  const Gate *gate = gate_of(set, &missing);
  void (*function)(void);

  if (gate != NULL && number >= 0) {
    if (sets[number] == NULL && (sets[number] = new_set(gate, number)) == NULL) {
      ffi_wasi_refuse("out of memory");
      *status = FFI_BAD_ABI;
      return NULL;
    }
    if ((function = take(sets[number], number, closure)) != NULL) return function;
    size = sets[number]->size;
  }
  for (const struct ffi_wasi_pool *pool = added_pools; pool != NULL; pool = pool->next)
    if ((function = take_of(pool, signature, closure, &size)) != NULL) return function;
  if (gate != NULL && gate->others != NULL)
    for (const struct ffi_wasi_pool *pool = gate->others; pool->letters != NULL; pool++)
      if ((function = take_of(pool, signature, closure, &size)) != NULL) return function;

  ffi_wasi_refuse_signature(signature, size, gate == NULL ? missing : NULL);
  *status = size == 0 ? FFI_BAD_TYPEDEF : FFI_BAD_ABI;
  return NULL;
}

/* Gives the closure's function back. */
static void give_back(ffi_closure *closure) {
  unsigned where = ffi_wasi_place(closure)->where;
  if (where & 1) {
    Set *set = sets[where >> 16];
    unsigned k = (where & 0xffff) >> 1;
    set->users[k].free = set->free << 1 | 1;
    set->free = k;
  } else if (where != 0) *(ffi_closure **)where = NULL;
  ffi_wasi_place(closure)->where = 0;
}

/* Whether the closure has a function that leads to it. */
static bool has_function(const ffi_closure *closure) {
  unsigned where = ffi_wasi_place((ffi_closure *)closure)->where;
  if (where & 1) {
    Set *set = where >> 16 < NUMBERED ? sets[where >> 16] : NULL;
    unsigned k = (where & 0xffff) >> 1;
    return set != NULL && k < set->used && set->users[k].closure == closure;
  }
  return where != 0;
}

/* The letters of a cif's signature. */
static ffi_status letters_of(const ffi_cif *cif, char letters[PARAMETERS_MOST + 4]) {
  if (cif->abi != FFI_WASM32) return FFI_BAD_ABI;
  ffi_status status = ffi_wasi_signature(letters, PARAMETERS_MOST + 3, cif->rtype, cif->nfixedargs, cif->nargs, cif->arg_types);
  if (status == FFI_OK && cif->flags & FLAG_VARIADIC) strcat(letters, "i");
  return status;
}

ffi_closure FFI_HIDDEN *ffi_wasi_new_closure(size_t size, unsigned code) {
  ffi_closure *closure = calloc(1, size < sizeof *closure ? sizeof *closure : size);
  if (closure != NULL) ffi_wasi_place(closure)->code = code;
  return closure;
}

void *ffi_wasi_closure_alloc(size_t size, ffi_cif *cif, void **code) {
  char letters[PARAMETERS_MOST + 4];
  ffi_status status;
  if (letters_of(cif, letters) != FFI_OK) return NULL;
  ffi_closure *closure = ffi_wasi_new_closure(size, 0);
  if (closure == NULL) return NULL;
  void (*function)(void) = function_for(closure, letters, &status);
  if (function == NULL) {
    free(closure);
    return NULL;
  }
  closure->cif = cif;
  ffi_wasi_place(closure)->code = (unsigned)function;
  *code = (void *)function;
  return closure;
}

static bool in_slot(const ffi_closure *closure) {
  return ffi_wasi_slot_holds && ffi_wasi_slot_holds(ffi_wasi_place((ffi_closure *)closure)->code, closure);
}

void ffi_closure_free(void *pointer) {
  ffi_closure *closure = pointer;
  if (closure == NULL) return;
  if (ffi_wasi_slot_free && ffi_wasi_slot_free(ffi_wasi_place(closure)->code, closure)) {
    /* Calling what was a closure traps from now on. */
    if (ffi_wasi_place(closure)->where != 0) ffi_wasi_table_clear(ffi_wasi_place(closure)->code);
  } else if (!has_function(closure)) return; /* not from here */
  give_back(closure);
  free(closure);
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                void *codeloc) {
  char letters[PARAMETERS_MOST + 4];
  Place *place = ffi_wasi_place(closure);
  ffi_status status = letters_of(cif, letters);
  if (status != FFI_OK) return status;
  if (place->code != (unsigned)codeloc) return FFI_BAD_ABI;

  if (in_slot(closure)) {
    /* Prepared anew, it may have another signature now. */
    if (place->where != 0) ffi_wasi_table_clear(place->code);
    give_back(closure);
    void (*function)(void) = function_for(closure, letters, &status);
    if (function == NULL) return status;
    ffi_wasi_table_copy(place->code, (unsigned)function);
  } else {
    /* Its code pointer is a function already, which has the signature that it was allocated for. */
    char own[PARAMETERS_MOST + 4];
    if (!has_function(closure) || letters_of(closure->cif, own) != FFI_OK || strcmp(own, letters) != 0) return FFI_BAD_ABI;
  }
  closure->cif = cif;
  closure->fun = fun;
  closure->user_data = user_data;
  return FFI_OK;
}

/* Called by the functions of pools.S: runs closure `k` of signature `number` with the parameters in `frame`, and writes the result there. */
void ffi_wasi_closure_call(ffi_wasi_value *frame, unsigned k, unsigned number) {
  User user = sets[number]->users[k];
  if (user.free & 1) __builtin_trap(); /* freed */
  ffi_wasi_run_closure(user.closure, frame, frame);
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
