/* SQLite's VFS for WASI: locks, WAL and entropy that the stock ones do not have there.
 * SPDX-License-Identifier: MIT
 *
 * A shim over the stock "unix-none", which does all reading and writing. What it adds:
 *   - the lock states of SQLite between the connections of a process, by the file's device and inode;
 *   - between processes, see wasi_lock.h;
 *   - shared memory for WAL, which is this process's own memory, so WAL is for the connections of one process;
 *   - files that were renamed, removed or linked under an open database are told, and not written;
 *   - entropy from getentropy, sleep and time from the clocks; temporary files in memory where no folder can have them.
 * sqlite3.c calls sqlite3_wasi_init at the end of sqlite3_initialize (SQLITE_EXTRA_INIT), which makes it the default.
 */
#include "sqlite3.h"
#include "wasi_lock.h"

typedef sqlite3_int64 i64;
typedef struct Node Node;
typedef struct File File;

/* Memory that stands for the -shm file. Outlives the node's use of it where a connection holds on to it after a loss. */
typedef struct {
  int users;
  int count, size;
  void **regions;
  int locks[SQLITE_SHM_NLOCK]; /* readers, or -1 for a writer */
} Shm;

/* A database file that this process has open, by whatever name. */
struct Node {
  Node *next;
  dev_t dev;
  ino_t ino;
  int users;
  int level;   /* the highest of its connections */
  int sharers; /* connections with SHARED or more */
  unsigned era; /* advanced when another process ended our lease: locks of an earlier era are gone */
  int mute;    /* the folder of announcements can't be written */
  Shm *shm;
  Lock lock;
  char *path; /* as its first connection calls it; the folder beside it */
};

typedef enum { DATABASE = 1, JOURNAL, WAL_FILE } Kind;

struct File {
  sqlite3_file base;
  Kind kind;
  Node *node; /* 0 for a journal whose database is not open */
  File *next;
  const char *path; /* SQLite keeps it until the file is closed */
  unsigned era;
  /* Of a database: */
  int level;
  int refused; /* another process has this WAL database */
  Shm *shm;
  unsigned shared_mask, exclusive_mask;
  struct stat seen; /* when SHARED was taken unannounced */
};

static sqlite3_vfs *lower; /* unix-none */
static Node *nodes;
static File *files;

static sqlite3_file *below(sqlite3_file *file) { return (sqlite3_file *)((File *)file + 1); }

static int same_file(const struct stat *a, const struct stat *b) { return a->st_dev == b->st_dev && a->st_ino == b->st_ino; }

/* ---- leases ---- */

static void on_lost(Node *node) {
  sqlite3_log(SQLITE_IOERR_LOCK, "%s: another process ended our lock, which was not renewed in time; what we had begun is given up",
              node->path);
  node->era++;
  node->level = SQLITE_LOCK_NONE;
  node->sharers = 0;
  node->shm = 0;
}

/* Tells what a claim met and turns it into SQLite's code. */
static int lock_code(Node *node, LockResult result, const Entry *who, int ended) {
  if (ended)
    sqlite3_log(SQLITE_NOTICE, "%s: ended the lock %s, which a process left behind (%d)", node->lock.folder, who->name, ended);
  switch (result) {
  case LOCK_OK: return SQLITE_OK;
  case LOCK_BUSY:
    if (who->kind == 'W')
      sqlite3_log(SQLITE_BUSY, "%s: another process has this database open in WAL mode, which is for one process (%s/%s)", node->path,
                  node->lock.folder, who->name);
    return SQLITE_BUSY;
  case LOCK_LOST: on_lost(node); return SQLITE_IOERR_LOCK;
  case LOCK_CLOSED: return SQLITE_READONLY_DIRECTORY;
  case LOCK_ERROR: break;
  }
  sqlite3_log(SQLITE_IOERR_LOCK, "%s: %s", node->lock.folder, strerror(errno));
  return SQLITE_IOERR_LOCK;
}

/* Before a write, and after a read: is the lock that the caller relies on still held? `always` does not trust the clock. */
static int still_held(File *file, int always) {
  Node *node = file->node;
  if (!node) return SQLITE_OK;
  if (file->era != node->era && (file->kind != DATABASE || file->level > SQLITE_LOCK_NONE)) return SQLITE_IOERR_LOCK;
  if (node->level == SQLITE_LOCK_NONE || !lock_holds(&node->lock)) return SQLITE_OK; /* nolock=1, immutable=1 */
  LockResult result = lock_renew(&node->lock, always);
  return result == LOCK_OK ? SQLITE_OK : lock_code(node, result, 0, 0);
}

/* What the levels ask for between processes; downwards only. */
static int settle(Node *node) {
  LockResult result = LOCK_OK;
  if (!node->lock.lease[0]) return SQLITE_OK;
  char extra = node->shm ? 'W' : node->level >= SQLITE_LOCK_PENDING ? 'P' : node->level == SQLITE_LOCK_RESERVED ? 'R' : 0;
  if (node->lock.extra != extra) result = set_extra(&node->lock, extra);
  if (result == LOCK_OK && !node->sharers && !node->shm) {
    lock_unshare(&node->lock); /* If it was ended, nothing is lost any more. */
    return SQLITE_OK;
  }
  if (result == LOCK_LOST) on_lost(node);
  return result == LOCK_ERROR ? SQLITE_IOERR_UNLOCK : SQLITE_OK;
}

/* ---- nodes ---- */

/* A runtime that has no inode numbers says 0; then the name has to do. */
static Node *node_of(const struct stat *stat, const char *path) {
  for (Node *node = nodes; node; node = node->next)
    if (node->dev == stat->st_dev && node->ino == stat->st_ino && (node->ino || !strcmp(node->path, path))) return node;
  size_t length = strlen(path) + 1;
  Node *node = sqlite3_malloc64(sizeof *node + 2 * length + 5);
  if (!node) return 0;
  memset(node, 0, sizeof *node);
  node->path = (char *)(node + 1);
  memcpy(node->path, path, length);
  node->lock.folder = node->path + length;
  memcpy(node->lock.folder, path, length);
  memcpy(node->lock.folder + length - 1, "-lock", 6);
  node->lock.old_count = -1;
  node->dev = stat->st_dev;
  node->ino = stat->st_ino;
  const char *term = getenv("SQLITE_WASI_LEASE");
  if (term) {
    micros seconds = strtoll(term, 0, 10) * SECOND;
    node->lock.term = seconds <= 0 ? NO_TAKEOVER : seconds < SHORTEST_LEASE ? SHORTEST_LEASE : seconds;
  }
  node->next = nodes;
  nodes = node;
  return node;
}

static void drop_node(Node *node) {
  if (!node || --node->users) return;
  lock_leave(&node->lock);
  Node **link = &nodes;
  while (*link != node) link = &(*link)->next;
  *link = node->next;
  sqlite3_free(node);
}

/* At exit with connections still open: nothing of ours runs any more, so nothing of ours is locked. */
static void leave_all(void) {
  for (Node *node = nodes; node; node = node->next) {
    lock_leave(&node->lock);
    if (node->level > SQLITE_LOCK_NONE) node->era++;
    node->level = SQLITE_LOCK_NONE;
    node->sharers = 0;
  }
}

/* The database whose journal or WAL file `path` is. */
static File *database_of(const char *path, const char *suffix) {
  size_t length = strlen(path), tail = strlen(suffix);
  if (length <= tail || strcmp(path + length - tail, suffix)) return 0;
  File *found = 0;
  for (File *file = files; file; file = file->next)
    if (file->kind == DATABASE && strlen(file->path) == length - tail && !memcmp(file->path, path, length - tail) &&
        (!found || file->era == file->node->era))
      found = file;
  return found;
}

/* SQLite's unix VFS tells of these and, where it is asked, does not write a file that was moved. */
static int has_moved(File *file) {
  struct stat now;
  return lstat(file->path, &now) != 0 || now.st_dev != file->node->dev || now.st_ino != file->node->ino;
}

static int writable_place(File *file) {
  struct stat now;
  if (lstat(file->path, &now) || now.st_dev != file->node->dev || now.st_ino != file->node->ino) {
    sqlite3_log(SQLITE_READONLY_DBMOVED, "%s: was renamed or removed while open; it is not written", file->path);
    return SQLITE_READONLY_DBMOVED;
  }
  if (now.st_nlink > 1) {
    sqlite3_log(SQLITE_READONLY, "%s: has %d names, and each name has its own journal and lock; it is not written", file->path,
                (int)now.st_nlink);
    return SQLITE_READONLY;
  }
  return SQLITE_OK;
}

/* ---- locks ---- */

static int share_unannounced(File *file) {
  Node *node = file->node;
  if (stat(file->path, &file->seen)) return SQLITE_IOERR_LOCK;
  LockResult result = lock_peek(&node->lock);
  return result == LOCK_OK ? SQLITE_OK : result == LOCK_BUSY ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
}

/* A writer in another process can't see a reader that may not announce itself; that reader sees what the writer did. */
static int read_unannounced(File *file) {
  struct stat now;
  if (stat(file->path, &now)) return SQLITE_IOERR_LOCK;
  if (!same_file(&now, &file->seen) || now.st_size != file->seen.st_size || now.st_mtim.tv_sec != file->seen.st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != file->seen.st_mtim.tv_nsec || lock_peek(&file->node->lock) != LOCK_OK)
    return SQLITE_IOERR_LOCK;
  return SQLITE_OK;
}

static int claim_shared(File *file) {
  Node *node = file->node;
  Entry who = {0};
  int ended = 0;
  if (!node->mute) {
    LockResult result = lock_share(&node->lock, &who, &ended);
    if (result != LOCK_CLOSED) return lock_code(node, result, &who, ended);
    node->mute = 1;
    sqlite3_log(SQLITE_WARNING, "%s can't be made: other processes that write %s will not wait for this one to read", node->lock.folder,
                node->path);
  }
  return share_unannounced(file);
}

static int vfs_lock(sqlite3_file *base, int want) {
  File *file = (File *)base;
  Node *node = file->node;
  if (file->level >= want) return SQLITE_OK;
  if (file->refused) return SQLITE_CANTOPEN;
  if (file->level > SQLITE_LOCK_NONE && file->era != node->era) return SQLITE_IOERR_LOCK;
  if (node->level > SQLITE_LOCK_NONE) {
    int rc = still_held(file, 0);
    if (rc && file->level > SQLITE_LOCK_NONE) return rc;
    if (rc && node->level > SQLITE_LOCK_NONE) return rc;
  }
  /* A connection with more than SHARED excludes what is above SHARED, one that waits for EXCLUSIVE or has it excludes all. */
  if (file->level != node->level && (node->level >= SQLITE_LOCK_PENDING || want > SQLITE_LOCK_SHARED)) return SQLITE_BUSY;

  if (want == SQLITE_LOCK_SHARED) {
    if (node->level == SQLITE_LOCK_NONE) {
      int rc = claim_shared(file);
      if (rc) return rc;
      node->level = SQLITE_LOCK_SHARED;
    } else if (node->mute) {
      int rc = share_unannounced(file);
      if (rc) return rc;
    }
    node->sharers++;
    file->level = SQLITE_LOCK_SHARED;
    file->era = node->era;
    return SQLITE_OK;
  }

  if (node->mute) return SQLITE_READONLY_DIRECTORY;
  Entry who = {0};
  int ended = 0, rc;
  if (file->level == SQLITE_LOCK_SHARED) {
    rc = writable_place(file);
    if (rc) return rc;
  }
  if (want == SQLITE_LOCK_RESERVED) {
    rc = node->shm ? SQLITE_OK : lock_code(node, lock_reserve(&node->lock, &who, &ended), &who, ended);
    if (!rc) file->level = node->level = SQLITE_LOCK_RESERVED;
    return rc;
  }

  /* Straight from SHARED is how a hot journal is rolled back: two at it would keep each other waiting if one stayed PENDING. */
  int from_shared = file->level == SQLITE_LOCK_SHARED;
  if (from_shared && node->sharers > 1) return SQLITE_BUSY;
  rc = node->shm ? SQLITE_OK : lock_code(node, lock_exclude(&node->lock, &who, &ended), &who, ended);
  if (rc && rc != SQLITE_BUSY) {
    if (node->level > SQLITE_LOCK_NONE) settle(node);
    return rc;
  }
  if (!rc && node->sharers > 1) rc = SQLITE_BUSY;
  if (rc && from_shared) {
    settle(node);
    return rc;
  }
  file->level = node->level = rc ? SQLITE_LOCK_PENDING : SQLITE_LOCK_EXCLUSIVE;
  return rc;
}

static int vfs_unlock(sqlite3_file *base, int to) {
  File *file = (File *)base;
  Node *node = file->node;
  if (file->level <= to) return SQLITE_OK;
  if (file->era != node->era) {
    file->level = to; /* Nothing is left to give back. Until SQLite lets SHARED go too, all reads fail. */
    return SQLITE_OK;
  }
  if (file->level > SQLITE_LOCK_SHARED) node->level = SQLITE_LOCK_SHARED;
  file->level = to;
  if (to == SQLITE_LOCK_NONE && --node->sharers == 0) node->level = SQLITE_LOCK_NONE;
  return settle(node);
}

static int vfs_check_reserved(sqlite3_file *base, int *out) {
  File *file = (File *)base;
  Node *node = file->node;
  *out = node->level > SQLITE_LOCK_SHARED;
  if (*out || node->mute) return SQLITE_OK;
  Entry who = {0};
  int ended = 0, proven;
  int rc = lock_code(node, lock_reserved(&node->lock, &proven, &who, &ended), &who, ended);
  if (rc == SQLITE_BUSY && proven) {
    *out = 1;
    rc = SQLITE_OK;
  }
  return rc;
}

/* ---- reading and writing ---- */

static int vfs_read(sqlite3_file *base, void *buffer, int count, i64 offset) {
  File *file = (File *)base;
  int rc = below(base)->pMethods->xRead(below(base), buffer, count, offset);
  if (rc && rc != SQLITE_IOERR_SHORT_READ) return rc;
  /* Checked after: who still holds SHARED now held it while reading. */
  int held = still_held(file, 0);
  if (!held && file->kind == DATABASE && file->level && file->node->mute) held = read_unannounced(file);
  return held ? held : rc;
}

static int vfs_write(sqlite3_file *base, const void *buffer, int count, i64 offset) {
  File *file = (File *)base;
  int rc = still_held(file, file->kind == JOURNAL && offset == 0); /* a journal whose head is zeroed is a commit, too */
  return rc ? rc : below(base)->pMethods->xWrite(below(base), buffer, count, offset);
}

static int vfs_truncate(sqlite3_file *base, i64 size) {
  File *file = (File *)base;
  int rc = still_held(file, file->kind == JOURNAL); /* of a journal it is a commit */
  return rc ? rc : below(base)->pMethods->xTruncate(below(base), size);
}

static int vfs_sync(sqlite3_file *base, int flags) { return below(base)->pMethods->xSync(below(base), flags); }
static int vfs_file_size(sqlite3_file *base, i64 *size) { return below(base)->pMethods->xFileSize(below(base), size); }
static int vfs_sector_size(sqlite3_file *base) { return below(base)->pMethods->xSectorSize(below(base)); }
static int vfs_device(sqlite3_file *base) { return below(base)->pMethods->xDeviceCharacteristics(below(base)); }

static int vfs_file_control(sqlite3_file *base, int op, void *arg) {
  File *file = (File *)base;
  if (file->kind == DATABASE) {
    switch (op) {
    case SQLITE_FCNTL_HAS_MOVED: *(int *)arg = has_moved(file); return SQLITE_OK;
    case SQLITE_FCNTL_LOCKSTATE: *(int *)arg = file->level; return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME: *(char **)arg = sqlite3_mprintf("wasi"); return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT: {
      int rc = still_held(file, 0);
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

static int shm_held(File *file) { return file->shm && file->shm == file->node->shm ? still_held(file, 0) : SQLITE_IOERR_LOCK; }

/* Takes the database for this process. A connection that may not have it gives its SHARED lock back behind SQLite's back, for SQLite would
 * hold it until it closes, and is refused from then on. */
static int claim_wal(File *file) {
  Node *node = file->node;
  Entry who = {0};
  int ended = 0;
  if (node->mute) return SQLITE_CANTOPEN;
  LockResult result = lock_holds(&node->lock) ? lock_wal(&node->lock, &who, &ended) : LOCK_OK;
  int rc = lock_code(node, result, &who, ended);
  if (!rc) {
    node->shm = sqlite3_malloc64(sizeof(Shm));
    if (!node->shm) {
      settle(node);
      return SQLITE_NOMEM;
    }
    memset(node->shm, 0, sizeof(Shm));
    return SQLITE_OK;
  }
  if (rc != SQLITE_BUSY) return rc;
  sqlite3_log(SQLITE_CANTOPEN, "%s: another process is using this WAL database; close this connection and open it again later", node->path);
  file->refused = 1;
  file->era = node->era - 1;
  if (--node->sharers == 0) node->level = SQLITE_LOCK_NONE;
  settle(node);
  return SQLITE_CANTOPEN;
}

static int vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
  File *file = (File *)base;
  *out = 0;
  if (file->refused) return SQLITE_CANTOPEN;
  if (!file->shm) {
    int rc = still_held(file, 0);
    /* Under a second name the same database would have a second log. */
    if (!rc) rc = writable_place(file) ? SQLITE_CANTOPEN : SQLITE_OK;
    if (!rc && !file->node->shm) rc = claim_wal(file);
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
    settle(file->node);
  }
  drop_shm(shm);
  return SQLITE_OK;
}

/* ---- opening and closing ---- */

static int vfs_close(sqlite3_file *base) {
  File *file = (File *)base;
  if (file->kind == DATABASE) {
    vfs_shm_unmap(base, 0);
    vfs_unlock(base, SQLITE_LOCK_NONE);
  }
  int rc = below(base)->pMethods->xClose(below(base));
  File **link = &files;
  while (*link != file) link = &(*link)->next;
  *link = file->next;
  drop_node(file->node);
  return rc;
}

static const sqlite3_io_methods database_methods = {
    2,               vfs_close,     vfs_read,         vfs_write,          vfs_truncate,    vfs_sync,         vfs_file_size, vfs_lock,
    vfs_unlock,      vfs_check_reserved, vfs_file_control, vfs_sector_size, vfs_device,      vfs_shm_map,      vfs_shm_lock,  vfs_shm_barrier,
    vfs_shm_unmap,   0,             0,
};

/* Journals and WAL files are never locked. */
static int no_lock(sqlite3_file *base, int level) { return (void)base, (void)level, SQLITE_OK; }
static int no_reserved(sqlite3_file *base, int *out) { return (void)base, *out = 0, SQLITE_OK; }
static const sqlite3_io_methods sidecar_methods = {
    1, vfs_close, vfs_read, vfs_write, vfs_truncate, vfs_sync, vfs_file_size, no_lock, no_lock, no_reserved, vfs_file_control, vfs_sector_size,
    vfs_device, 0, 0, 0, 0, 0, 0,
};

static int open_lower(const char *path, sqlite3_file *base, int flags, int *out) {
  memset(below(base), 0, lower->szOsFile);
  return lower->xOpen(lower, path, below(base), flags, out);
}

/* WASI has no stat of SQLite's own descriptor: the name must be the same file before and after. */
static int open_database(File *file, const char *path, int flags, int *out) {
  struct stat before, after;
  for (int i = 0; i < 10; i++) {
    int existed = lstat(path, &before) == 0;
    int rc = open_lower(path, &file->base, flags, out);
    if (rc) return rc;
    if (lstat(path, &after) == 0 && (!existed || same_file(&before, &after))) {
      file->node = node_of(&after, path);
      if (file->node) return SQLITE_OK;
      below(&file->base)->pMethods->xClose(below(&file->base));
      return SQLITE_NOMEM;
    }
    below(&file->base)->pMethods->xClose(below(&file->base));
  }
  sqlite3_log(SQLITE_CANTOPEN, "%s: changes while it is opened", path);
  return SQLITE_CANTOPEN;
}

static void set_term(File *file, int flags) {
  const char *term = flags & SQLITE_OPEN_URI ? sqlite3_uri_parameter(file->path, "wasi_lease") : 0;
  if (!term) return;
  micros seconds = strtoll(term, 0, 10) * SECOND;
  file->node->lock.term = seconds <= 0 ? NO_TAKEOVER : seconds < SHORTEST_LEASE ? SHORTEST_LEASE : seconds;
}

static int open_in_memory(sqlite3_file *base);

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out) {
  File *file = (File *)base;
  (void)vfs;
  memset(file, 0, sizeof *file);
  Kind kind = flags & SQLITE_OPEN_MAIN_DB ? DATABASE : flags & SQLITE_OPEN_MAIN_JOURNAL ? JOURNAL : flags & SQLITE_OPEN_WAL ? WAL_FILE : 0;
  if (!kind || !path) {
    /* Nobody else sees these: the stock file itself, at no cost. */
    memset(base, 0, lower->szOsFile);
    int rc = lower->xOpen(lower, path, base, flags, out);
    if (rc && !path) {
      rc = open_in_memory(base);
      if (!rc && out) *out = flags;
    }
    return rc;
  }
  int rc;
  file->path = path;
  file->kind = kind;
  if (kind == DATABASE) {
    rc = open_database(file, path, flags, &flags);
    if (!rc) set_term(file, flags);
  } else {
    File *database = database_of(path, kind == JOURNAL ? "-journal" : "-wal");
    rc = database ? still_held(database, 0) : SQLITE_OK;
    if (!rc) rc = open_lower(path, base, flags, &flags);
    if (!rc && database) file->node = database->node;
  }
  if (rc) return rc;
  if (out) *out = flags;
  if (file->node) {
    file->node->users++;
    file->era = file->node->era;
  }
  file->next = files;
  files = file;
  base->pMethods = kind == DATABASE ? &database_methods : &sidecar_methods;
  return SQLITE_OK;
}

/* Whether folders can be synced. wasmtime can't: there the stock VFS fails each commit over several files and with synchronous=EXTRA. */
static int sync_folder(const char *path) {
  static int unable;
  const char *slash = strrchr(path, '/');
  if (unable) return 0;
  char *folder = slash && slash != path ? sqlite3_mprintf("%.*s", (int)(slash - path), path) : sqlite3_mprintf("%s", slash ? "/" : ".");
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
  unable = fd < 0 || fsync(fd) != 0;
  if (fd >= 0) close(fd);
  sqlite3_free(folder);
  return !unable;
}

/* Where the folder can't be synced, the removal is made lasting by what can: an empty journal is none, as SQLite takes it. */
static int empty_lastingly(const char *path) {
  int fd = open(path, O_WRONLY | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  int rc = ftruncate(fd, 0) || fsync(fd) ? SQLITE_IOERR_DELETE : SQLITE_OK;
  return close(fd) ? SQLITE_IOERR_DELETE : rc;
}

/* Removing a journal is the commit of its transaction, and removing one that is not ours would undo another process's. */
static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) {
  (void)vfs;
  File *journal_of = database_of(path, "-journal");
  File *database = journal_of ? journal_of : database_of(path, "-wal");
  if (database) {
    Node *node = database->node;
    int rc = SQLITE_OK;
    if (node->level == SQLITE_LOCK_NONE || (journal_of && node->level < SQLITE_LOCK_RESERVED)) {
      for (File *file = files; file; file = file->next)
        if (file->kind == DATABASE && file->node == node && file->level && file->era != node->era) rc = SQLITE_IOERR_DELETE;
    } else if (lock_holds(&node->lock)) {
      LockResult result = lock_renew(&node->lock, 1);
      if (result != LOCK_OK) rc = lock_code(node, result, 0, 0);
    }
    if (rc) return rc;
  }
  if (!sync) return lower->xDelete(lower, path, 0);
  if (!sync_folder(path)) {
    int rc = empty_lastingly(path);
    return rc ? rc : lower->xDelete(lower, path, 0);
  }
  int rc = lower->xDelete(lower, path, 0);
  sync_folder(path);
  return rc;
}

/* ---- temporary files in memory ---- */

#define CHUNK 65536

typedef struct {
  sqlite3_file base;
  i64 size;
  int count;
  char **chunks;
} Memory;

static int memory_close(sqlite3_file *base) {
  Memory *memory = (Memory *)base;
  for (int i = 0; i < memory->count; i++) sqlite3_free(memory->chunks[i]);
  sqlite3_free(memory->chunks);
  return SQLITE_OK;
}

static int memory_move(Memory *memory, char *buffer, i64 count, i64 offset, int write) {
  while (count > 0) {
    i64 chunk = offset / CHUNK, from = offset % CHUNK, part = CHUNK - from < count ? CHUNK - from : count;
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

static int memory_read(sqlite3_file *base, void *buffer, int count, i64 offset) {
  Memory *memory = (Memory *)base;
  i64 there = memory->size - offset < 0 ? 0 : memory->size - offset < count ? memory->size - offset : count;
  int rc = memory_move(memory, buffer, there, offset, 0);
  if (rc || there == count) return rc;
  memset((char *)buffer + there, 0, count - there);
  return SQLITE_IOERR_SHORT_READ;
}

static int memory_write(sqlite3_file *base, const void *buffer, int count, i64 offset) {
  Memory *memory = (Memory *)base;
  int rc = memory_move(memory, (char *)buffer, count, offset, 1);
  if (!rc && offset + count > memory->size) memory->size = offset + count;
  return rc;
}

static int memory_truncate(sqlite3_file *base, i64 size) {
  Memory *memory = (Memory *)base;
  if (size >= memory->size) return SQLITE_OK;
  int keep = (int)((size + CHUNK - 1) / CHUNK);
  while (memory->count > keep) sqlite3_free(memory->chunks[--memory->count]);
  if (size % CHUNK && keep) memset(memory->chunks[keep - 1] + size % CHUNK, 0, CHUNK - size % CHUNK);
  memory->size = size;
  return SQLITE_OK;
}

static int memory_sync(sqlite3_file *base, int flags) { return (void)base, (void)flags, SQLITE_OK; }
static int memory_size(sqlite3_file *base, i64 *size) { return *size = ((Memory *)base)->size, SQLITE_OK; }
static int memory_control(sqlite3_file *base, int op, void *arg) { return (void)base, (void)op, (void)arg, SQLITE_NOTFOUND; }
static int memory_sector(sqlite3_file *base) { return (void)base, 4096; }
static int memory_device(sqlite3_file *base) {
  return (void)base, SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL;
}

static const sqlite3_io_methods memory_methods = {
    1, memory_close, memory_read, memory_write, memory_truncate, memory_sync, memory_size, no_lock, no_lock, no_reserved, memory_control,
    memory_sector, memory_device, 0, 0, 0, 0, 0, 0,
};

static int open_in_memory(sqlite3_file *base) {
  memset(base, 0, sizeof(Memory));
  base->pMethods = &memory_methods;
  return SQLITE_OK;
}

/* ---- the system ---- */

/* SQLite asks for a hot journal and a log whenever it takes SHARED. While we linger without a break nobody can have left a hot one or have
 * begun a log: either takes EXCLUSIVE. So one answer serves. (A journal that a living process with RESERVED makes is not hot.) */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
  (void)vfs;
  Node *node = 0;
  unsigned which = 0;
  if (flags == SQLITE_ACCESS_EXISTS) {
    File *file = database_of(path, "-journal");
    which = file ? 1 : 2;
    if (!file) file = database_of(path, "-wal");
    if (file && file->node->level == SQLITE_LOCK_SHARED && file->node->lock.lease[0] == 'L') node = file->node;
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

/* The stock VFS looks for /dev/urandom and else takes the second and the process number, which on WASI is 1. */
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
  pause_for(time);
  return time;
}

/* In milliseconds, from noon of 24 November 4714 BC; 2440587.5 days before 1970. */
static int vfs_current_time_int64(sqlite3_vfs *vfs, i64 *out) {
  (void)vfs;
  *out = 24405875 * (i64)8640000 + clock_of(CLOCK_REALTIME) / 1000;
  return SQLITE_OK;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *out) {
  i64 time;
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
    atexit(leave_all);
  }
  return sqlite3_vfs_register(&wasi_vfs, 1);
}
