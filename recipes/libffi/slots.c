/* SPDX-License-Identifier: MIT */
/* The slots of the function table that ffi_closure_alloc hands out.
 *
 * They come from growing the table. Where the linker fixed its size (no --growable-table), they are those of functions whose only
 * purpose is to have one. */

#include <stdbool.h>
#include <stdlib.h>

#include "internal.h"

/* A slot holds a closure, or, shifted and with the lowest bit set, the next slot that is free. */
typedef union {
  ffi_closure *closure;
  uintptr_t free;
} Slot;

/* Slots whose codes follow each other. */
typedef struct {
  unsigned code, count;
  Slot *slots;
} Chunk;

enum { LEAST = 32, MOST = 1024, FREE_NONE = 0x7fffffff };

static Chunk *chunks;
static size_t chunk_count;
static unsigned slot_count, first_free = FREE_NONE; /* a slot is named by its code */

#define RESERVE(name, k) \
  static void name##_##k(void) { __builtin_trap(); }
#define RESERVED(name, k) name##_##k,
FFI_WASI_TIMES_64(RESERVE, reserved)
static void (*const reserved[])(void) = {FFI_WASI_TIMES_64(RESERVED, reserved)};

static Slot *slot_of(unsigned code) {
  for (Chunk *chunk = chunks; chunk != chunks + chunk_count; chunk++)
    if (code - chunk->code < chunk->count) return &chunk->slots[code - chunk->code];
  return NULL;
}

/* Adds slots, the lowest of which is the next one to be taken. */
static bool add_chunk(unsigned code, unsigned count) {
  Slot *slots = malloc(count * sizeof *slots);
  Chunk *grown = realloc(chunks, (chunk_count + 1) * sizeof *chunks);
  if (grown != NULL) chunks = grown;
  if (slots == NULL || grown == NULL) {
    free(slots);
    return false;
  }
  for (unsigned i = count; i-- > 0; first_free = code + i) slots[i].free = first_free << 1 | 1;
  chunks[chunk_count++] = (Chunk){code, count, slots};
  slot_count += count;
  return true;
}

/* Makes more slots: whether it could. */
static bool more_slots(void) {
  static bool reserved_used;
  unsigned by = slot_count < LEAST ? LEAST : slot_count > MOST ? MOST : slot_count;
  int first = ffi_wasi_table_grow(by);
  if (first >= 0) return add_chunk(first, by);
  if (first == -1 && !reserved_used) {
    reserved_used = true;
    size_t count = sizeof reserved / sizeof *reserved;
    while (count-- > 0)
      if (!add_chunk((unsigned)reserved[count], 1)) return first_free != FREE_NONE;
    return true;
  }
  if (first == -1) ffi_wasi_refuse("the function table is full; link with -Wl,--growable-table");
  else ffi_wasi_refuse("the program was linked with FFI_WASI_NO_TABLE, so only ffi_wasi_closure_alloc makes one");
  return false;
}

void *ffi_closure_alloc(size_t size, void **code) {
  if (code == NULL || (first_free == FREE_NONE && !more_slots())) return NULL;
  ffi_closure *closure = ffi_wasi_new_closure(size, first_free);
  if (closure == NULL) return NULL;
  Slot *slot = slot_of(first_free);
  *code = (void *)first_free;
  first_free = slot->free >> 1;
  slot->closure = closure;
  return closure;
}

int FFI_HIDDEN ffi_wasi_slot_holds(unsigned code, const ffi_closure *closure) {
  Slot *slot = slot_of(code);
  return slot != NULL && slot->closure == closure;
}

int FFI_HIDDEN ffi_wasi_slot_free(unsigned code, const ffi_closure *closure) {
  Slot *slot = slot_of(code);
  if (slot == NULL || slot->closure != closure) return 0;
  slot->free = first_free << 1 | 1;
  first_free = code;
  return 1;
}
