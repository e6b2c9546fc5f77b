/* SPDX-License-Identifier: blessing */
/* Temporary files of SQLite's VFS for WASI, in memory: see wasi_memory.h. */
#include "wasi_memory.h"

#include <string.h>

int sqlite3_wasi_no_lock(sqlite3_file *base, int level) { return (void)base, (void)level, SQLITE_OK; }
int sqlite3_wasi_no_reserved(sqlite3_file *base, int *out) { return (void)base, *out = 0, SQLITE_OK; }

enum { CHUNK = 65536 };

static int memory_close(sqlite3_file *base) {
  MemoryFile *memory = (MemoryFile *)base;
  for (int i = 0; i < memory->count; i++) sqlite3_free(memory->chunks[i]);
  sqlite3_free(memory->chunks);
  return SQLITE_OK;
}

/* Copies between `buffer` and the chunks, which it makes as far as they are missing. */
static int memory_move(MemoryFile *memory, char *buffer, sqlite3_int64 count, sqlite3_int64 offset, int write) {
  while (count > 0) {
    sqlite3_int64 chunk = offset / CHUNK, from = offset % CHUNK, part = CHUNK - from < count ? CHUNK - from : count;
    if (chunk >= memory->count) {
      char **chunks = sqlite3_realloc64(memory->chunks, (chunk + 1) * sizeof *chunks);
      if (!chunks) return SQLITE_FULL;
      memory->chunks = chunks;
      for (; memory->count <= chunk; memory->count++) {
        chunks[memory->count] = sqlite3_malloc64(CHUNK);
        if (!chunks[memory->count]) return SQLITE_FULL;
        memset(chunks[memory->count], 0, CHUNK);
      }
    }
    char *place = memory->chunks[chunk] + from;
    if (write) memcpy(place, buffer, part);
    else memcpy(buffer, place, part);
    buffer += part;
    offset += part;
    count -= part;
  }
  return SQLITE_OK;
}

static int memory_read(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
  MemoryFile *memory = (MemoryFile *)base;
  sqlite3_int64 there = memory->size - offset < 0 ? 0 : memory->size - offset < count ? memory->size - offset : count;
  int rc = memory_move(memory, buffer, there, offset, 0);
  if (rc || there == count) return rc;
  memset((char *)buffer + there, 0, count - there);
  return SQLITE_IOERR_SHORT_READ;
}

static int memory_write(sqlite3_file *base, const void *buffer, int count, sqlite3_int64 offset) {
  MemoryFile *memory = (MemoryFile *)base;
  int rc = memory_move(memory, (char *)buffer, count, offset, 1);
  if (!rc && offset + count > memory->size) memory->size = offset + count;
  return rc;
}

static int memory_truncate(sqlite3_file *base, sqlite3_int64 size) {
  MemoryFile *memory = (MemoryFile *)base;
  if (size >= memory->size) return SQLITE_OK;
  int keep = (int)((size + CHUNK - 1) / CHUNK);
  while (memory->count > keep) sqlite3_free(memory->chunks[--memory->count]);
  if (size % CHUNK && keep) memset(memory->chunks[keep - 1] + size % CHUNK, 0, CHUNK - size % CHUNK);
  memory->size = size;
  return SQLITE_OK;
}

static int memory_sync(sqlite3_file *base, int flags) { return (void)base, (void)flags, SQLITE_OK; }
static int memory_size(sqlite3_file *base, sqlite3_int64 *size) { return *size = ((MemoryFile *)base)->size, SQLITE_OK; }
static int memory_control(sqlite3_file *base, int op, void *arg) { return (void)base, (void)op, (void)arg, SQLITE_NOTFOUND; }
static int memory_sector(sqlite3_file *base) { return (void)base, 4096; }
static int memory_device(sqlite3_file *base) {
  return (void)base, SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL;
}

static const sqlite3_io_methods memory_methods = {1,
                                                  memory_close,
                                                  memory_read,
                                                  memory_write,
                                                  memory_truncate,
                                                  memory_sync,
                                                  memory_size,
                                                  sqlite3_wasi_no_lock,
                                                  sqlite3_wasi_no_lock,
                                                  sqlite3_wasi_no_reserved,
                                                  memory_control,
                                                  memory_sector,
                                                  memory_device,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0};

int sqlite3_wasi_open_in_memory(sqlite3_file *base) {
  memset(base, 0, sizeof(MemoryFile));
  base->pMethods = &memory_methods;
  return SQLITE_OK;
}
