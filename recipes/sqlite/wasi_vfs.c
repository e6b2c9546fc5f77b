/* SPDX-License-Identifier: blessing */
/* SQLite's VFS for WASI: locks, WAL and entropy that the stock ones do not have there.
 *
 * A shim over the stock "unix-none", which does all reading and writing. What it adds:
 *   - the lock states of SQLite between the connections of a process, by the file's device and inode: wasi_node.h;
 *   - the same between processes: wasi_lock.h;
 *   - shared memory for WAL, which is this process's own memory, so WAL is for the connections of one process;
 *   - a file that was renamed, removed or linked under an open database is reported, and not written;
 *   - what SQLite writes to a journal is collected, as it comes in small pieces;
 *   - entropy from getentropy, sleep and time from the clocks; temporary files in memory where no folder takes them: wasi_memory.h.
 * sqlite3.c calls sqlite3_wasi_init at the end of sqlite3_initialize (SQLITE_EXTRA_INIT), which makes it the default.
 *
 * The files share names that begin with sqlite3_wasi_, all hidden but sqlite3_wasi_init: no program sees more of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sqlite3.h"
#include "wasi_memory.h"
#include "wasi_node.h"

static sqlite3_vfs *lower; /* unix-none */

_Static_assert(sizeof(MemoryFile) <= sizeof(File), "a file in memory takes the place of a File");

static sqlite3_file *below(sqlite3_file *file) { return (sqlite3_file *)((File *)file + 1); }

/* ---- collecting what is written to a journal ---- */

/* SQLite writes three pieces for each page. They are kept until the journal is synced, or the database is written: no page of the database is
 * written before its old content is in the journal, so what was collected and is lost was of no use yet. */
enum { COLLECT = 32768 };

static int is_collected(const File *file, int count, sqlite3_int64 offset) {
  return file->count && offset >= file->at && offset + count <= file->at + file->count;
}

static int write_collected(File *file) {
  if (!file->count) return SQLITE_OK;
  int rc = sqlite3_wasi_still_held(file, file->at == 0);
  if (!rc) rc = below(&file->base)->pMethods->xWrite(below(&file->base), file->collected, file->count, file->at);
  if (!rc) sqlite3_wasi_drop_collected(file->node);
  return rc;
}

/* Before anything that relies on the journal of this file, or on the file itself if it is one. */
static int settle_journal(File *file) {
  if (file->kind == DATABASE && file->node->pending) return write_collected(file->node->pending);
  return write_collected(file);
}

/* A short write at the head of a journal arms it, or zeroes its head, which commits. (The first head is longer.) */
static int is_brief(int count, sqlite3_int64 offset) { return offset == 0 && count < 512; }
static int ends_journal(const void *buffer, int count, sqlite3_int64 offset) { return is_brief(count, offset) && !*(const char *)buffer; }

/* Whether the write was taken. Arming may wait, with the pages, for the sync; a commit may not. */
static int collect(File *file, const void *buffer, int count, sqlite3_int64 offset) {
  if (file->kind != JOURNAL || !file->node || ends_journal(buffer, count, offset)) return 0;
  if (is_collected(file, count, offset)) {
    memcpy(file->collected + (offset - file->at), buffer, count);
    return 1;
  }
  if (count > COLLECT - file->count || (file->count ? offset != file->at + file->count : file->node->pending || is_brief(count, offset)))
    return 0;
  if (!file->collected && !(file->collected = sqlite3_malloc(COLLECT))) return 0;
  if (!file->count) file->at = offset;
  memcpy(file->collected + file->count, buffer, count);
  file->count += count;
  file->node->pending = file;
  return 1;
}

/* ---- reading and writing ---- */

static int vfs_read(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
  File *file = (File *)base;
  int rc = SQLITE_OK;
  if (is_collected(file, count, offset))
    memcpy(buffer, file->collected + (offset - file->at), count); /* a full disk does not keep it back */
  else {
    if (file->count && offset < file->at + file->count && offset + count > file->at) rc = write_collected(file);
    if (!rc) rc = below(base)->pMethods->xRead(below(base), buffer, count, offset);
  }
  if (rc && rc != SQLITE_IOERR_SHORT_READ) return rc;
  /* Checked after: who still holds SHARED now held it while reading. */
  int held = sqlite3_wasi_still_held(file, 0);
  if (!held && file->kind == DATABASE && file->level && file->node->mute) held = sqlite3_wasi_read_unannounced(file);
  return held ? held : rc;
}

/* Notes that a journal was emptied or lost its head, or that it is written: see vfs_access. */
static void note_journal(File *file, int ended) {
  if (file->kind != JOURNAL || !file->node) return;
  if (ended) file->node->lock.absent |= JOURNAL;
  else file->node->lock.absent &= ~(unsigned)JOURNAL;
}

/* What a journal that ends has collected was of no use: a transaction is rolled back, and the disk may be full. */
static int vfs_write(sqlite3_file *base, const void *buffer, int count, sqlite3_int64 offset) {
  File *file = (File *)base;
  int ends = file->kind == JOURNAL && ends_journal(buffer, count, offset);
  note_journal(file, 0);
  int rc = sqlite3_wasi_still_held(file, 0);
  if (rc || collect(file, buffer, count, offset)) return rc;
  if (!ends) rc = settle_journal(file);
  else if (file->count) sqlite3_wasi_drop_collected(file->node);
  if (rc || collect(file, buffer, count, offset)) return rc;
  if (file->kind == JOURNAL && offset == 0) rc = sqlite3_wasi_still_held(file, 1); /* a journal whose head is zeroed is a commit, too */
  if (!rc) rc = below(base)->pMethods->xWrite(below(base), buffer, count, offset);
  if (!rc && ends) note_journal(file, 1);
  return rc;
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size) {
  File *file = (File *)base;
  int rc = SQLITE_OK;
  if (size || file->kind != JOURNAL) rc = settle_journal(file);
  else if (file->count) sqlite3_wasi_drop_collected(file->node);
  if (!rc) rc = sqlite3_wasi_still_held(file, file->kind == JOURNAL); /* of a journal it is a commit */
  if (!rc) rc = below(base)->pMethods->xTruncate(below(base), size);
  if (!rc && !size) note_journal(file, 1);
  return rc;
}

static int vfs_sync(sqlite3_file *base, int flags) {
  int rc = settle_journal((File *)base);
  return rc ? rc : below(base)->pMethods->xSync(below(base), flags);
}

static int vfs_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  File *file = (File *)base;
  int rc = below(base)->pMethods->xFileSize(below(base), size);
  if (file->count && *size < file->at + file->count) *size = file->at + file->count;
  return rc;
}

static int vfs_sector_size(sqlite3_file *base) { return below(base)->pMethods->xSectorSize(below(base)); }
static int vfs_device(sqlite3_file *base) { return below(base)->pMethods->xDeviceCharacteristics(below(base)); }

static int vfs_file_control(sqlite3_file *base, int op, void *arg) {
  File *file = (File *)base;
  if (file->kind == DATABASE) {
    switch (op) {
    case SQLITE_FCNTL_HAS_MOVED: *(int *)arg = sqlite3_wasi_has_moved(file); return SQLITE_OK;
    case SQLITE_FCNTL_LOCKSTATE: *(int *)arg = file->level; return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME: *(char **)arg = sqlite3_mprintf("wasi"); return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT: {
      int rc = settle_journal(file);
      if (!rc) rc = sqlite3_wasi_still_held(file, 0);
      if (rc) return rc;
    }
    }
  }
  return below(base)->pMethods->xFileControl(below(base), op, arg);
}

/* ---- WAL ---- */

static void drop_shm(Shm *shm) {
  if (!shm || --shm->users) return;
  for (int i = 0; i < shm->count; i++) sqlite3_free(shm->regions[i]);
  sqlite3_free(shm->regions);
  sqlite3_free(shm);
}

static int shm_held(File *file) { return file->shm && file->shm == file->node->shm ? sqlite3_wasi_still_held(file, 0) : SQLITE_IOERR_LOCK; }

static int vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
  File *file = (File *)base;
  *out = 0;
  if (file->refused) return SQLITE_CANTOPEN;
  if (!file->shm) {
    int rc = sqlite3_wasi_still_held(file, 0);
    /* Under a second name the same database would have a second log. */
    if (!rc) rc = sqlite3_wasi_writable_place(file) ? SQLITE_CANTOPEN : SQLITE_OK;
    if (!rc && !file->node->shm) rc = sqlite3_wasi_claim_wal(file);
    if (rc) return rc;
    file->shm = file->node->shm;
    file->shm->users++;
  }
  Shm *shm = file->shm;
  if (shm != file->node->shm) return SQLITE_IOERR_SHMMAP;
  if (region >= shm->count) {
    if (!extend) return SQLITE_OK;
    void **regions = sqlite3_realloc64(shm->regions, (region + 1) * sizeof *regions);
    if (!regions) return SQLITE_IOERR_NOMEM;
    shm->regions = regions;
    for (; shm->count <= region; shm->count++) {
      regions[shm->count] = sqlite3_malloc64(size);
      if (!regions[shm->count]) return SQLITE_IOERR_NOMEM;
      memset(regions[shm->count], 0, size);
    }
  }
  *out = shm->regions[region];
  return SQLITE_OK;
}

static int vfs_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
  File *file = (File *)base;
  Shm *shm = file->shm;
  unsigned mask = (1u << (offset + count)) - (1u << offset);
  if (!shm) return SQLITE_IOERR_SHMLOCK;
  if (flags & SQLITE_SHM_UNLOCK) {
    for (int i = offset; i < offset + count; i++) {
      if (file->shared_mask & 1u << i) shm->locks[i]--;
      if (file->exclusive_mask & 1u << i) shm->locks[i] = 0;
    }
    file->shared_mask &= ~mask;
    file->exclusive_mask &= ~mask;
    return SQLITE_OK;
  }
  if (shm_held(file)) return SQLITE_IOERR_SHMLOCK;
  if (flags & SQLITE_SHM_SHARED) {
    if (file->shared_mask & mask) return SQLITE_OK;
    if (shm->locks[offset] < 0) return SQLITE_BUSY;
    shm->locks[offset]++;
    file->shared_mask |= mask;
    return SQLITE_OK;
  }
  for (int i = offset; i < offset + count; i++)
    if (!(file->exclusive_mask & 1u << i) && shm->locks[i]) return SQLITE_BUSY;
  for (int i = offset; i < offset + count; i++) shm->locks[i] = -1;
  file->exclusive_mask |= mask;
  return SQLITE_OK;
}

static void vfs_shm_barrier(sqlite3_file *base) {
  (void)base;
  __sync_synchronize();
}

static int vfs_shm_unmap(sqlite3_file *base, int delete_it) {
  File *file = (File *)base;
  Shm *shm = file->shm;
  (void)delete_it; /* There is no file. */
  if (!shm) return SQLITE_OK;
  vfs_shm_lock(base, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK);
  file->shm = 0;
  if (shm == file->node->shm && shm->users == 1) {
    file->node->shm = 0;
    sqlite3_wasi_settle(file->node);
  }
  drop_shm(shm);
  return SQLITE_OK;
}

/* ---- opening and closing ---- */

static int vfs_close(sqlite3_file *base) {
  File *file = (File *)base;
  if (file->kind == DATABASE) {
    vfs_shm_unmap(base, 0);
    sqlite3_wasi_unlock(base, SQLITE_LOCK_NONE);
  }
  if (file->count) sqlite3_wasi_drop_collected(file->node);
  sqlite3_free(file->collected);
  int rc = below(base)->pMethods->xClose(below(base));
  sqlite3_wasi_remove_file(file);
  return rc;
}

static const sqlite3_io_methods database_methods = {2,
                                                    vfs_close,
                                                    vfs_read,
                                                    vfs_write,
                                                    vfs_truncate,
                                                    vfs_sync,
                                                    vfs_file_size,
                                                    sqlite3_wasi_lock,
                                                    sqlite3_wasi_unlock,
                                                    sqlite3_wasi_check_reserved,
                                                    vfs_file_control,
                                                    vfs_sector_size,
                                                    vfs_device,
                                                    vfs_shm_map,
                                                    vfs_shm_lock,
                                                    vfs_shm_barrier,
                                                    vfs_shm_unmap,
                                                    0,
                                                    0};

/* Journals and WAL files are never locked. */
static const sqlite3_io_methods sidecar_methods = {1,
                                                   vfs_close,
                                                   vfs_read,
                                                   vfs_write,
                                                   vfs_truncate,
                                                   vfs_sync,
                                                   vfs_file_size,
                                                   sqlite3_wasi_no_lock,
                                                   sqlite3_wasi_no_lock,
                                                   sqlite3_wasi_no_reserved,
                                                   vfs_file_control,
                                                   vfs_sector_size,
                                                   vfs_device,
                                                   0,
                                                   0,
                                                   0,
                                                   0,
                                                   0,
                                                   0};

/* Whether folders can be synced. wasmtime can't: there the stock VFS fails each commit over several files and with synchronous=EXTRA. */
static enum { UNKNOWN, ABLE, UNABLE } folder_syncs;

/* Syncs the folder of the file `path`: whether it did. */
static int sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  if (folder_syncs == UNABLE) return 0;
  char *folder = slash && slash != path ? sqlite3_mprintf("%.*s", (int)(slash - path), path) : sqlite3_mprintf("%s", slash ? "/" : ".");
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
  sqlite3_free(folder);
  if (fd < 0) return 0;
  folder_syncs = fsync(fd) ? UNABLE : ABLE;
  close(fd);
  return folder_syncs == ABLE;
}

static int open_lower(const char *path, sqlite3_file *base, int flags, int *out) {
  memset(below(base), 0, lower->szOsFile);
  return lower->xOpen(lower, path, below(base), flags, out);
}

/* Of a new journal the stock VFS asks for the database's permissions, which WASI has not, and syncs the folder. Where that can't be done it gets
 * the journal as a file of another type, for which it does neither. */
static int open_journal(const char *path, sqlite3_file *base, int flags, int *out) {
  if (folder_syncs == UNKNOWN) sync_folder(path);
  if (folder_syncs == UNABLE && flags & SQLITE_OPEN_CREATE &&
      open_lower(path, base, (flags & ~SQLITE_OPEN_MAIN_JOURNAL) | SQLITE_OPEN_SUBJOURNAL, out) == SQLITE_OK) {
    *out = (*out & ~SQLITE_OPEN_SUBJOURNAL) | SQLITE_OPEN_MAIN_JOURNAL;
    return SQLITE_OK;
  }
  return open_lower(path, base, flags, out);
}

/* WASI has no stat of SQLite's own descriptor: the name must be the same file before and after. */
static int open_database(File *file, const char *path, int flags, int *out) {
  struct stat before, after;
  for (int i = 0; i < 10; i++) {
    int existed = lstat(path, &before) == 0;
    int rc = open_lower(path, &file->base, flags, out);
    if (rc) return rc;
    if (lstat(path, &after) == 0 && (!existed || same_file(&before, &after))) {
      file->node = sqlite3_wasi_node_of(&after, path);
      if (file->node) return SQLITE_OK;
      below(&file->base)->pMethods->xClose(below(&file->base));
      return SQLITE_NOMEM;
    }
    below(&file->base)->pMethods->xClose(below(&file->base));
  }
  sqlite3_log(SQLITE_CANTOPEN, "%s: changes while it is opened", path);
  return SQLITE_CANTOPEN;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out) {
  File *file = (File *)base;
  (void)vfs;
  memset(file, 0, sizeof *file);
  Kind kind = flags & SQLITE_OPEN_MAIN_DB ? DATABASE : flags & SQLITE_OPEN_MAIN_JOURNAL ? JOURNAL : flags & SQLITE_OPEN_WAL ? WAL_FILE : 0;
  if (!kind || !path) {
    /* Nobody else sees these: they need no shim. */
    memset(base, 0, lower->szOsFile);
    int rc = lower->xOpen(lower, path, base, flags, out);
    if (rc && !path) {
      rc = sqlite3_wasi_open_in_memory(base);
      if (!rc && out) *out = flags;
    }
    return rc;
  }
  int rc;
  file->path = path;
  file->kind = kind;
  if (kind == DATABASE) {
    rc = open_database(file, path, flags, &flags);
    const char *term = !rc && flags & SQLITE_OPEN_URI ? sqlite3_uri_parameter(path, "wasi_lease") : 0;
    if (term) sqlite3_wasi_lock_set_term(&file->node->lock, term);
  } else {
    File *database = sqlite3_wasi_database_of(path, kind == JOURNAL ? "-journal" : "-wal");
    rc = database ? sqlite3_wasi_still_held(database, 0) : SQLITE_OK;
    if (!rc) rc = kind == JOURNAL ? open_journal(path, base, flags, &flags) : open_lower(path, base, flags, &flags);
    if (!rc && database) {
      file->node = database->node;
      file->node->lock.absent &= ~(unsigned)kind;
    }
  }
  if (rc) return rc;
  if (out) *out = flags;
  sqlite3_wasi_add_file(file);
  base->pMethods = kind == DATABASE ? &database_methods : &sidecar_methods;
  return SQLITE_OK;
}

/* Where the folder can't be synced, the file can: it is emptied first, since SQLite takes an empty journal for none. */
static int empty_lastingly(const char *path) {
  int fd = open(path, O_WRONLY | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  int rc = ftruncate(fd, 0) || fsync(fd) ? SQLITE_IOERR_DELETE : SQLITE_OK;
  return close(fd) ? SQLITE_IOERR_DELETE : rc;
}

/* Removing a journal is the commit of its transaction, and removing one that is not ours would undo another process's. */
static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) {
  (void)vfs;
  File *journal_of = sqlite3_wasi_database_of(path, "-journal");
  File *database = journal_of ? journal_of : sqlite3_wasi_database_of(path, "-wal");
  if (database) {
    int rc = sqlite3_wasi_may_remove(database, journal_of != 0);
    if (rc) return rc;
  }
  int rc = sync && !sync_folder(path) ? empty_lastingly(path) : SQLITE_OK;
  if (!rc) rc = lower->xDelete(lower, path, 0);
  if (!rc && sync) sync_folder(path);
  if (!rc && database) database->node->lock.absent |= journal_of ? JOURNAL : WAL_FILE;
  return rc;
}

/* ---- the system ---- */

/* SQLite asks for a hot journal and a log whenever it takes SHARED. While we linger without a break nobody else can have left a hot one or have
 * begun a log: either takes EXCLUSIVE. So one answer serves. (A journal that a living process with RESERVED makes is not hot.) What we open
 * or write ourselves is not absent; a journal that we removed, emptied or took the head of is, or might as well be. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
  (void)vfs;
  Node *node = 0;
  unsigned which = 0;
  if (flags == SQLITE_ACCESS_EXISTS) {
    File *file = sqlite3_wasi_database_of(path, "-journal");
    which = file ? JOURNAL : WAL_FILE;
    if (!file) file = sqlite3_wasi_database_of(path, "-wal");
    if (file && file->node->level == SQLITE_LOCK_SHARED && lock_lingers(&file->node->lock)) node = file->node;
  }
  if (node && node->lock.absent & which) {
    *out = 0;
    return SQLITE_OK;
  }
  int rc = lower->xAccess(lower, path, flags, out);
  if (node && !rc && !*out) node->lock.absent |= which;
  return rc;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  (void)vfs;
  return lower->xFullPathname(lower, path, size, out);
}

/* The stock VFS reads /dev/urandom or, where there is none, takes the second and the process number, which on WASI is 1. */
static int vfs_randomness(sqlite3_vfs *vfs, int count, char *out) {
  (void)vfs;
  for (int done = 0; done < count;) {
    int part = count - done < 256 ? count - done : 256;
    if (getentropy(out + done, part)) return lower->xRandomness(lower, count, out);
    done += part;
  }
  return count;
}

static int vfs_sleep(sqlite3_vfs *vfs, int time) {
  (void)vfs;
  sqlite3_wasi_pause(time);
  return time;
}

/* In milliseconds, from noon of 24 November 4714 BC; 2440587.5 days before 1970. */
static int vfs_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *out) {
  (void)vfs;
  *out = 24405875 * (sqlite3_int64)8640000 + sqlite3_wasi_clock(CLOCK_REALTIME) / 1000;
  return SQLITE_OK;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *out) {
  sqlite3_int64 time;
  vfs_current_time_int64(vfs, &time);
  *out = time / 86400000.0;
  return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out) {
  (void)vfs;
  return lower->xGetLastError ? lower->xGetLastError(lower, size, out) : 0;
}

static int vfs_set_call(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr call) {
  (void)vfs;
  return lower->xSetSystemCall(lower, name, call);
}
static sqlite3_syscall_ptr vfs_get_call(sqlite3_vfs *vfs, const char *name) { return (void)vfs, lower->xGetSystemCall(lower, name); }
static const char *vfs_next_call(sqlite3_vfs *vfs, const char *name) { return (void)vfs, lower->xNextSystemCall(lower, name); }

static sqlite3_vfs wasi_vfs = {
    3,
    0, /* below */
    0,
    0,
    "wasi",
    0,
    vfs_open,
    vfs_delete,
    vfs_access,
    vfs_full_pathname,
    0, /* There is no dlopen; SQLITE_OMIT_LOAD_EXTENSION. */
    0,
    0,
    0,
    vfs_randomness,
    vfs_sleep,
    vfs_current_time,
    vfs_last_error,
    vfs_current_time_int64,
    vfs_set_call,
    vfs_get_call,
    vfs_next_call,
};

int sqlite3_wasi_init(const char *unused);

int sqlite3_wasi_init(const char *unused) {
  static int at_exit;
  (void)unused;
  lower = sqlite3_vfs_find("unix-none");
  if (!lower) return SQLITE_ERROR;
  wasi_vfs.szOsFile = (int)sizeof(File) + lower->szOsFile;
  wasi_vfs.mxPathname = lower->mxPathname;
  if (!at_exit) {
    at_exit = 1;
    atexit(sqlite3_wasi_leave_all);
  }
  return sqlite3_vfs_register(&wasi_vfs, 1);
}
