/* SPDX-License-Identifier: blessing */
/* The database files that this process has open, and SQLite's lock states on them: between its connections, and through wasi_lock.h between
 * processes.
 *
 * A Node is a database file; the connections to it are Files that share it. Its level is the highest of theirs, and its Lock stands for all
 * of them before other processes: the lock has SHARED if a connection has, and what is beyond SHARED is one connection's.
 *
 * Another process may end our lease. Then the node's era advances, and every connection whose level is of an earlier era has lost it: each
 * of its reads and writes fails until it is back at SQLITE_LOCK_NONE. Connections without a lock notice nothing.
 *
 * Functions return SQLite's result codes and log why, except where they say otherwise.
 */
#ifndef WASI_NODE_H
#define WASI_NODE_H

#include <sys/stat.h>

#include "sqlite3.h"
#include "wasi_lock.h"

#pragma GCC visibility push(hidden)

/* Memory that stands for the -shm file; wasi_vfs.c frees it when its last user goes. A connection may hold on to it after a loss, when the
 * node has none or another. */
typedef struct {
  int users;
  int count;
  void **regions;
  int locks[SQLITE_SHM_NLOCK]; /* readers, or -1 for a writer */
} Shm;

typedef struct File File;

/* A database file that this process has open, by whatever name. */
typedef struct Node Node;
struct Node {
  Node *next;
  dev_t dev;
  ino_t ino;
  int users;     /* Files */
  int level;     /* the highest of its connections */
  int sharers;   /* connections with SHARED or more */
  unsigned era;  /* advanced when another process ended our lease */
  int mute;      /* the folder of announcements can't be written */
  int fd;        /* of the file, to see what became of it; -1 if it could not be opened */
  Shm *shm;      /* null: not in WAL mode */
  File *pending; /* the journal that has collected writes; null: none has */
  Lock lock;
  char *path; /* as its first connection calls it; the folder is beside it */
};

typedef enum { DATABASE = 1, JOURNAL = 2, WAL_FILE = 4 } Kind;

/* An open file. SQLite makes room for it and, after it, for the file of the stock VFS. */
struct File {
  sqlite3_file base;
  Kind kind;
  Node *node; /* null for a journal whose database is not open */
  File *next;
  const char *path; /* SQLite keeps it until the file is closed */
  unsigned era;     /* of the node, when `level` was taken */
  /* Of a database: */
  int level;
  int refused; /* another process has this WAL database */
  Shm *shm;
  unsigned shared_mask, exclusive_mask; /* its locks in `shm` */
  struct stat seen;                     /* when SHARED was taken unannounced */
  Micros placed;                        /* when its name was last seen to lead to the file, under this lock; monotonic clock, 0: not yet */
  nlink_t links;                        /* the file's names then */
  /* Of a journal: writes that follow each other, not yet written; wasi_vfs.c collects them. */
  unsigned char *collected;
  int count;
  sqlite3_int64 at;
};

/* Whether both are of the same file. */
static inline int same_file(const struct stat *a, const struct stat *b) { return a->st_dev == b->st_dev && a->st_ino == b->st_ino; }

/* The node of the file that `stat` describes, made if there is none; null if there is no memory. A new one has no users. */
Node *sqlite3_wasi_node_of(const struct stat *stat, const char *path);

/* Enters an open file, with its node, among the process's files; the second takes it out, and frees a node that nobody uses any more. */
void sqlite3_wasi_add_file(File *file);
void sqlite3_wasi_remove_file(File *file);

/* Forgets the writes that a journal of the node has collected. */
void sqlite3_wasi_drop_collected(Node *node);

/* The open database whose journal or WAL file `path` is: its name and `suffix`. Null if there is none. */
File *sqlite3_wasi_database_of(const char *path, const char *suffix);

/* For atexit, with connections still open: nothing of ours runs any more, so nothing of ours stays locked. */
void sqlite3_wasi_leave_all(void);

/* Before a write, and after a read: is the lock that the caller relies on still held? `always` does not trust the clock. SQLITE_OK, too, for
 * a file that is not locked (nolock=1, immutable=1). */
int sqlite3_wasi_still_held(File *file, int always);

/* After a read of a database whose folder can't be written: SQLITE_IOERR_LOCK if another process may have written it meanwhile. A writer
 * can't see a reader that may not announce itself; so the reader has to see what the writer did. */
int sqlite3_wasi_read_unannounced(const File *file);

/* Whether the name of the database leads to another file, or to none. Asked once for the steps that take a lock one after another. */
int sqlite3_wasi_has_moved(File *file);

/* SQLITE_OK if the database may be written: it has one name, that under which it was opened. */
int sqlite3_wasi_writable_place(File *file);

/* Before the removal of `database`'s journal or log (`journal` says which), which commits a transaction: SQLITE_OK, or an error if the lock
 * under which the transaction was made is lost. */
int sqlite3_wasi_may_remove(const File *database, int journal);

/* Puts the node into WAL mode, with empty memory for its -shm file. If another process has the database, SQLITE_CANTOPEN: the connection gives
 * SHARED back without SQLite's knowledge, which would hold it until it closes, and is refused from then on. */
int sqlite3_wasi_claim_wal(File *file);

/* Lowers what this process announces to what the node's level and `shm` ask for. */
int sqlite3_wasi_settle(Node *node);

/* xLock, xUnlock and xCheckReservedLock of a database. */
int sqlite3_wasi_lock(sqlite3_file *base, int want);
int sqlite3_wasi_unlock(sqlite3_file *base, int to);
int sqlite3_wasi_check_reserved(sqlite3_file *base, int *out);

#pragma GCC visibility pop

#endif
