/* SPDX-License-Identifier: blessing */
/* One thread at a time in the VFS of wasi_vfs.c, where the target has threads.
 *
 * That VFS keeps its files and lock states in lists without a lock. Here it gets one around each of its functions, but for the sleep, in which
 * another connection must get in, and for entropy, which SQLite asks for while it holds a lock of its own that xOpen takes, too. It takes the
 * name of the VFS that it guards, so that no connection gets past it.
 * sqlite3.c calls sqlite3_wasi_init_threads in place of sqlite3_wasi_init (SQLITE_EXTRA_INIT).
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "sqlite3.h"

static sqlite3_vfs *inner;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* An open file. SQLite makes room for it and, after it, for the file of the VFS that is guarded. */
typedef struct {
  _Alignas(8) sqlite3_file base;
} Guarded;

static sqlite3_file *below(sqlite3_file *file) { return (sqlite3_file *)((Guarded *)file + 1); }
static const sqlite3_io_methods *methods(sqlite3_file *file) { return below(file)->pMethods; }

static void enter(void) { pthread_mutex_lock(&guard); }

static int leave(int rc) {
  pthread_mutex_unlock(&guard);
  return rc;
}

#define GUARDED(call) (enter(), leave(call))

static int file_close(sqlite3_file *file) {
  int rc = GUARDED(methods(file)->xClose(below(file)));
  file->pMethods = 0;
  return rc;
}

static int file_read(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset) {
  return GUARDED(methods(file)->xRead(below(file), buffer, count, offset));
}

static int file_write(sqlite3_file *file, const void *buffer, int count, sqlite3_int64 offset) {
  return GUARDED(methods(file)->xWrite(below(file), buffer, count, offset));
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) { return GUARDED(methods(file)->xTruncate(below(file), size)); }
static int file_sync(sqlite3_file *file, int flags) { return GUARDED(methods(file)->xSync(below(file), flags)); }
static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return GUARDED(methods(file)->xFileSize(below(file), size)); }
static int file_lock(sqlite3_file *file, int level) { return GUARDED(methods(file)->xLock(below(file), level)); }
static int file_unlock(sqlite3_file *file, int level) { return GUARDED(methods(file)->xUnlock(below(file), level)); }
static int file_reserved(sqlite3_file *file, int *out) { return GUARDED(methods(file)->xCheckReservedLock(below(file), out)); }
static int file_control(sqlite3_file *file, int op, void *arg) { return GUARDED(methods(file)->xFileControl(below(file), op, arg)); }
static int file_sector(sqlite3_file *file) { return GUARDED(methods(file)->xSectorSize(below(file))); }
static int file_device(sqlite3_file *file) { return GUARDED(methods(file)->xDeviceCharacteristics(below(file))); }

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
  return GUARDED(methods(file)->xShmMap(below(file), region, size, extend, out));
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return GUARDED(methods(file)->xShmLock(below(file), offset, count, flags));
}

/* Taking the lock is a barrier, too. */
static void file_shm_barrier(sqlite3_file *file) {
  enter();
  methods(file)->xShmBarrier(below(file));
  leave(0);
}

static int file_shm_unmap(sqlite3_file *file, int delete_it) { return GUARDED(methods(file)->xShmUnmap(below(file), delete_it)); }

/* The first has no shared memory, as the files that it stands for. */
static const sqlite3_io_methods plain_methods = {1,
                                                 file_close,
                                                 file_read,
                                                 file_write,
                                                 file_truncate,
                                                 file_sync,
                                                 file_size,
                                                 file_lock,
                                                 file_unlock,
                                                 file_reserved,
                                                 file_control,
                                                 file_sector,
                                                 file_device,
                                                 0,
                                                 0,
                                                 0,
                                                 0,
                                                 0,
                                                 0};
static const sqlite3_io_methods shared_methods = {2,
                                                  file_close,
                                                  file_read,
                                                  file_write,
                                                  file_truncate,
                                                  file_sync,
                                                  file_size,
                                                  file_lock,
                                                  file_unlock,
                                                  file_reserved,
                                                  file_control,
                                                  file_sector,
                                                  file_device,
                                                  file_shm_map,
                                                  file_shm_lock,
                                                  file_shm_barrier,
                                                  file_shm_unmap,
                                                  0,
                                                  0};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  memset(file, 0, sizeof(Guarded));
  memset(below(file), 0, inner->szOsFile);
  int rc = GUARDED(inner->xOpen(inner, path, below(file), flags, out));
  const sqlite3_io_methods *opened = methods(file);
  /* A file that could not be opened may have to be closed all the same. */
  if (opened) file->pMethods = opened->iVersion >= 2 && opened->xShmMap ? &shared_methods : &plain_methods;
  return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) { return (void)vfs, GUARDED(inner->xDelete(inner, path, sync)); }
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
  return (void)vfs, GUARDED(inner->xAccess(inner, path, flags, out));
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  return (void)vfs, GUARDED(inner->xFullPathname(inner, path, size, out));
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *out) { return (void)vfs, inner->xRandomness(inner, count, out); }

static int vfs_sleep(sqlite3_vfs *vfs, int micros) {
  struct timespec rest = {micros / 1000000, micros % 1000000 * 1000};
  (void)vfs;
  nanosleep(&rest, 0);
  return micros;
}

static int vfs_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *out) { return (void)vfs, GUARDED(inner->xCurrentTimeInt64(inner, out)); }
static int vfs_current_time(sqlite3_vfs *vfs, double *out) { return (void)vfs, GUARDED(inner->xCurrentTime(inner, out)); }
static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out) { return (void)vfs, GUARDED(inner->xGetLastError(inner, size, out)); }

static int vfs_set_call(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr call) {
  return (void)vfs, GUARDED(inner->xSetSystemCall(inner, name, call));
}

static sqlite3_syscall_ptr vfs_get_call(sqlite3_vfs *vfs, const char *name) { return (void)vfs, inner->xGetSystemCall(inner, name); }
static const char *vfs_next_call(sqlite3_vfs *vfs, const char *name) { return (void)vfs, inner->xNextSystemCall(inner, name); }

static sqlite3_vfs guarded_vfs = {
    3,
    0, /* sizes: below */
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
int sqlite3_wasi_init_threads(const char *unused);

int sqlite3_wasi_init_threads(const char *unused) {
  int rc = sqlite3_wasi_init(unused);
  if (rc) return rc;
  inner = sqlite3_vfs_find("wasi");
  if (!inner) return SQLITE_ERROR;
  guarded_vfs.szOsFile = (int)sizeof(Guarded) + inner->szOsFile;
  guarded_vfs.mxPathname = inner->mxPathname;
  sqlite3_vfs_unregister(inner);
  return sqlite3_vfs_register(&guarded_vfs, 1);
}
