/* SPDX-License-Identifier: blessing */
/* The database files that this process has open, and SQLite's lock states on them: see wasi_node.h. */
#include "wasi_node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Node *nodes;
static File *files;

void sqlite3_wasi_drop_collected(Node *node) {
  if (node->pending) node->pending->count = 0;
  node->pending = 0;
}

/* ---- leases ---- */

/* Another process ended our lease: no connection holds anything now. */
static void on_lost(Node *node) {
  sqlite3_log(SQLITE_IOERR_LOCK, "%s: another process ended our lock, which was not renewed in time; what we had begun is given up",
              node->path);
  node->era++;
  node->level = SQLITE_LOCK_NONE;
  node->sharers = 0;
  node->shm = 0;
  sqlite3_wasi_drop_collected(node);
}

/* Logs what a claim met, and turns its result into SQLite's code. `who` may be null where the result can't be LOCK_BUSY. */
static int lock_code(Node *node, LockResult result, const Entry *who, int ended) {
  if (ended) sqlite3_log(SQLITE_NOTICE, "%s: ended the lock %s, which a process left behind (%d)", node->lock.folder, who->name, ended);
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

int sqlite3_wasi_still_held(File *file, int always) {
  Node *node = file->node;
  if (!node) return SQLITE_OK;
  if (file->era != node->era && (file->kind != DATABASE || file->level > SQLITE_LOCK_NONE)) return SQLITE_IOERR_LOCK;
  if (node->level == SQLITE_LOCK_NONE || !lock_holds(&node->lock)) return SQLITE_OK; /* nolock=1, immutable=1 */
  LockResult result = sqlite3_wasi_lock_renew(&node->lock, always);
  return result == LOCK_OK ? SQLITE_OK : lock_code(node, result, 0, 0);
}

int sqlite3_wasi_settle(Node *node) {
  LockResult result = LOCK_OK;
  if (!node->lock.lease[0]) return SQLITE_OK;
  char extra = node->shm ? 'W' : node->level >= SQLITE_LOCK_PENDING ? 'P' : node->level == SQLITE_LOCK_RESERVED ? 'R' : 0;
  if (node->lock.extra != extra) result = sqlite3_wasi_lock_lower(&node->lock, extra);
  if (result == LOCK_OK && !node->sharers && !node->shm) {
    sqlite3_wasi_lock_unshare(&node->lock); /* If it was ended, nothing is lost any more. */
    return SQLITE_OK;
  }
  if (result == LOCK_LOST) on_lost(node);
  return result == LOCK_ERROR ? SQLITE_IOERR_UNLOCK : SQLITE_OK;
}

/* ---- nodes ---- */

/* A runtime that has no inode numbers says 0; then the name has to do. */
Node *sqlite3_wasi_node_of(const struct stat *stat, const char *path) {
  for (Node *node = nodes; node; node = node->next)
    if (node->dev == stat->st_dev && node->ino == stat->st_ino && (node->ino || !strcmp(node->path, path))) return node;
  size_t length = strlen(path) + 1;
  Node *node = sqlite3_malloc64(sizeof *node + 2 * length + 5);
  if (!node) return 0;
  memset(node, 0, sizeof *node);
  node->path = (char *)(node + 1);
  memcpy(node->path, path, length);
  char *folder = node->path + length;
  memcpy(folder, path, length);
  memcpy(folder + length - 1, "-lock", 6);
  sqlite3_wasi_lock_init(&node->lock, folder);
  node->dev = stat->st_dev;
  node->ino = stat->st_ino;
  struct stat here;
  node->fd = open(path, O_RDONLY | O_NOFOLLOW);
  if (node->fd >= 0 && (fstat(node->fd, &here) || !same_file(&here, stat))) {
    close(node->fd);
    node->fd = -1;
  }
  const char *term = getenv("SQLITE_WASI_LEASE");
  if (term) sqlite3_wasi_lock_set_term(&node->lock, term);
  node->next = nodes;
  nodes = node;
  return node;
}

/* Ends one use of the node. */
static void drop_node(Node *node) {
  if (--node->users) return;
  sqlite3_wasi_lock_leave(&node->lock);
  if (node->fd >= 0) close(node->fd);
  Node **link = &nodes;
  while (*link != node) link = &(*link)->next;
  *link = node->next;
  sqlite3_free(node);
}

void sqlite3_wasi_add_file(File *file) {
  if (file->node) {
    file->node->users++;
    file->era = file->node->era;
  }
  file->next = files;
  files = file;
}

void sqlite3_wasi_remove_file(File *file) {
  File **link = &files;
  while (*link != file) link = &(*link)->next;
  *link = file->next;
  if (file->node) drop_node(file->node);
}

void sqlite3_wasi_leave_all(void) {
  for (Node *node = nodes; node; node = node->next) {
    sqlite3_wasi_lock_leave(&node->lock);
    if (node->level > SQLITE_LOCK_NONE) node->era++;
    node->level = SQLITE_LOCK_NONE;
    node->sharers = 0;
  }
}

File *sqlite3_wasi_database_of(const char *path, const char *suffix) {
  size_t length = strlen(path), tail = strlen(suffix);
  if (length <= tail || strcmp(path + length - tail, suffix)) return 0;
  File *found = 0;
  for (File *file = files; file; file = file->next)
    if (file->kind == DATABASE && strlen(file->path) == length - tail && !memcmp(file->path, path, length - tail) &&
        (!found || file->era == file->node->era))
      found = file;
  return found;
}

/* An answer serves for so long, while a lock is held: SQLite asks at each step of a transaction, and who renames a database in one is not
 * protected at all. */
#define PLACE_TRUST (SECOND / 20)

int sqlite3_wasi_has_moved(File *file) {
  struct stat now;
  Micros time = sqlite3_wasi_monotonic();
  if (file->level > SQLITE_LOCK_NONE && file->placed && time - file->placed < PLACE_TRUST) return 0;
  file->placed = 0;
  if (lstat(file->path, &now) || now.st_dev != file->node->dev || now.st_ino != file->node->ino) return 1;
  file->placed = time;
  file->links = now.st_nlink;
  return 0;
}

/* Under a new name another process may write the file, and the lock beside the old name does not keep it from that. A file that was removed
 * can be read on: it has no name under which anyone could open it. */
static int readable_place(File *file) {
  Node *node = file->node;
  struct stat now;
  if (!sqlite3_wasi_has_moved(file) || (node->fd >= 0 && !fstat(node->fd, &now) && now.st_nlink == 0)) return SQLITE_OK;
  sqlite3_log(SQLITE_IOERR_LOCK, "%s: was renamed while open; others may write it under its new name, so it is not read", file->path);
  return SQLITE_IOERR_LOCK;
}

int sqlite3_wasi_writable_place(File *file) {
  if (sqlite3_wasi_has_moved(file)) {
    sqlite3_log(SQLITE_READONLY_DBMOVED, "%s: was renamed or removed while open; it is not written", file->path);
    return SQLITE_READONLY_DBMOVED;
  }
  if (file->links > 1) {
    sqlite3_log(SQLITE_READONLY, "%s: has %d names, and each name has its own journal and lock; it is not written", file->path,
                (int)file->links);
    return SQLITE_READONLY;
  }
  return SQLITE_OK;
}

/* ---- locks ---- */

/* Takes SHARED without an announcement, where the folder can't be written. */
static int share_unannounced(File *file) {
  Node *node = file->node;
  if (stat(file->path, &file->seen)) return SQLITE_IOERR_LOCK;
  LockResult result = sqlite3_wasi_lock_peek(&node->lock, "PW");
  return result == LOCK_OK ? SQLITE_OK : result == LOCK_BUSY ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
}

int sqlite3_wasi_read_unannounced(const File *file) {
  struct stat now;
  if (stat(file->path, &now)) return SQLITE_IOERR_LOCK;
  if (!same_file(&now, &file->seen) || now.st_size != file->seen.st_size || now.st_mtim.tv_sec != file->seen.st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != file->seen.st_mtim.tv_nsec || sqlite3_wasi_lock_peek(&file->node->lock, "PW") != LOCK_OK)
    return SQLITE_IOERR_LOCK;
  return SQLITE_OK;
}

/* Takes SHARED for a node that has no lock yet. */
static int claim_shared(File *file) {
  Node *node = file->node;
  Entry who = {0};
  int ended = 0;
  if (!node->mute) {
    Micros named = node->lock.named;
    LockResult result = sqlite3_wasi_lock_share(&node->lock, &who, &ended);
    if (result == LOCK_OK && named != node->lock.named && readable_place(file)) { /* not asked again while it lingers */
      sqlite3_wasi_lock_unshare(&node->lock);
      return SQLITE_IOERR_LOCK;
    }
    if (result != LOCK_CLOSED) return lock_code(node, result, &who, ended);
    node->mute = 1;
    sqlite3_log(SQLITE_WARNING, "%s can't be made: other processes that write %s will not wait for this one to read", node->lock.folder,
                node->path);
  }
  return readable_place(file) ? SQLITE_IOERR_LOCK : share_unannounced(file);
}

int sqlite3_wasi_lock(sqlite3_file *base, int want) {
  File *file = (File *)base;
  Node *node = file->node;
  if (file->level >= want) return SQLITE_OK;
  if (file->refused) return SQLITE_CANTOPEN;
  if (file->level > SQLITE_LOCK_NONE && file->era != node->era) return SQLITE_IOERR_LOCK;
  if (node->level > SQLITE_LOCK_NONE) {
    int rc = sqlite3_wasi_still_held(file, 0);
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
    rc = sqlite3_wasi_writable_place(file);
    if (rc) return rc;
  }
  if (want == SQLITE_LOCK_RESERVED) {
    LockResult result = node->shm ? LOCK_OK : sqlite3_wasi_lock_reserve(&node->lock, &who, &ended);
    rc = lock_code(node, result, &who, ended);
    if (!rc) file->level = node->level = SQLITE_LOCK_RESERVED;
    return rc;
  }

  /* Straight from SHARED is how a hot journal is rolled back: two at it would keep each other waiting if one stayed PENDING. */
  int from_shared = file->level == SQLITE_LOCK_SHARED;
  if (from_shared && node->sharers > 1) return SQLITE_BUSY;
  LockResult result = node->shm ? LOCK_OK : sqlite3_wasi_lock_exclude(&node->lock, &who, &ended);
  rc = lock_code(node, result, &who, ended);
  if (rc && rc != SQLITE_BUSY) {
    if (node->level > SQLITE_LOCK_NONE) sqlite3_wasi_settle(node);
    return rc;
  }
  if (!rc && node->sharers > 1) rc = SQLITE_BUSY;
  if (rc && from_shared) {
    sqlite3_wasi_settle(node);
    return rc;
  }
  file->level = node->level = rc ? SQLITE_LOCK_PENDING : SQLITE_LOCK_EXCLUSIVE;
  return rc;
}

int sqlite3_wasi_unlock(sqlite3_file *base, int to) {
  File *file = (File *)base;
  Node *node = file->node;
  if (file->level <= to) return SQLITE_OK;
  if (to == SQLITE_LOCK_NONE) file->placed = 0;
  if (file->era != node->era) {
    file->level = to; /* Nothing is left to give back. Until SQLite lets SHARED go too, all reads fail. */
    return SQLITE_OK;
  }
  if (file->level > SQLITE_LOCK_SHARED) {
    node->level = SQLITE_LOCK_SHARED;
    sqlite3_wasi_drop_collected(node); /* of a transaction that is over */
  }
  file->level = to;
  if (to == SQLITE_LOCK_NONE && --node->sharers == 0) node->level = SQLITE_LOCK_NONE;
  return sqlite3_wasi_settle(node);
}

int sqlite3_wasi_check_reserved(sqlite3_file *base, int *out) {
  File *file = (File *)base;
  Node *node = file->node;
  *out = node->level > SQLITE_LOCK_SHARED;
  if (*out) return SQLITE_OK;
  if (node->mute) { /* It could not roll a journal back, nor prove that the writer lives. */
    LockResult result = sqlite3_wasi_lock_peek(&node->lock, "RPW");
    return result == LOCK_OK ? SQLITE_OK : result == LOCK_BUSY ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
  }
  Entry who = {0};
  int ended = 0, proven;
  LockResult result = sqlite3_wasi_lock_reserved(&node->lock, &proven, &who, &ended);
  int rc = lock_code(node, result, &who, ended);
  if (rc == SQLITE_BUSY && proven) {
    *out = 1;
    rc = SQLITE_OK;
  }
  return rc;
}

int sqlite3_wasi_claim_wal(File *file) {
  Node *node = file->node;
  Entry who = {0};
  int ended = 0;
  if (node->mute) return SQLITE_CANTOPEN;
  LockResult result = lock_holds(&node->lock) ? sqlite3_wasi_lock_wal(&node->lock, &who, &ended) : LOCK_OK;
  int rc = lock_code(node, result, &who, ended);
  if (!rc) {
    node->shm = sqlite3_malloc64(sizeof(Shm));
    if (!node->shm) {
      sqlite3_wasi_settle(node);
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
  sqlite3_wasi_settle(node);
  return SQLITE_CANTOPEN;
}

int sqlite3_wasi_may_remove(const File *database, int journal) {
  Node *node = database->node;
  if (node->level == SQLITE_LOCK_NONE || (journal && node->level < SQLITE_LOCK_RESERVED)) {
    for (File *file = files; file; file = file->next)
      if (file->kind == DATABASE && file->node == node && file->level && file->era != node->era) return SQLITE_IOERR_DELETE;
  } else if (lock_holds(&node->lock)) {
    LockResult result = sqlite3_wasi_lock_renew(&node->lock, 1);
    if (result != LOCK_OK) return lock_code(node, result, 0, 0);
  }
  return SQLITE_OK;
}
