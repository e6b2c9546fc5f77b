/* SPDX-License-Identifier: blessing */
/* The folder of announcements of SQLite's VFS for WASI: its entries, ours and others', and how long those of others are valid.
 *
 * Only wasi_lock.c calls these; what the entries mean is in wasi_lock.h. Each function is one look at the folder or one change of it. The
 * names of entries are the only state that processes share, so a change is one call on one name, and of two processes that change the same
 * name only one succeeds.
 */
#ifndef WASI_FOLDER_H
#define WASI_FOLDER_H

#include <dirent.h>

#include "wasi_clock.h"

#pragma GCC visibility push(hidden)

/* Who ends a lease must have watched its name, unchanged, for this long: longer than the owner trusts a renewal (TRUST in wasi_lock.c), with
 * a margin for the one write that the owner may have begun. The watcher's clock is a monotonic one that stands still with the machine, so a
 * suspended machine does not count. */
#define WATCH (3 * SECOND)
/* A lease ends when it was watched for its whole length, or for WATCH if the time in its name says that it is over. */
#define READER_LEASE (10 * SECOND)
#define WRITER_LEASE (30 * SECOND)
#define NO_TAKEOVER (-1)
/* Two looks at the folder within this time: a lease that its owner keeps is not renamed twice within it, so one of the looks sees it. */
#define TWO_LOOKS (SECOND / 20)

/* Lengths, in bytes, of a token and of an entry's name with its null. */
enum { TOKEN_LENGTH = 16, NAME_LENGTH = 40 };
/* A folder with more entries of others counts as busy. */
enum { MOST_ENTRIES = 64 };

typedef enum {
  LOCK_OK,
  LOCK_BUSY,   /* another process holds what excludes ours */
  LOCK_LOST,   /* another process ended our lease */
  LOCK_CLOSED, /* nothing can be announced here: we may not write the folder */
  LOCK_ERROR   /* errno has the reason */
} LockResult;

/* An entry of the folder. */
typedef struct {
  char kind; /* N S L R P W */
  char token[TOKEN_LENGTH + 1];
  Micros time; /* of N, S and L; wall clock */
  char name[NAME_LENGTH];
} Entry;

/* A lease of another process, and since when it has been there under this name. */
typedef struct {
  char name[NAME_LENGTH];
  Micros since, last; /* monotonic clock */
  int look;
} Watched;

/* This process's part in one folder. Zeroed and given its `folder` by sqlite3_wasi_lock_init. */
typedef struct {
  /* The folder and our entries in it; wasi_folder.c sets them. */
  char *folder;
  DIR *dir; /* null while the folder is not open */
  char token[TOKEN_LENGTH + 1];
  char lease[NAME_LENGTH]; /* our N-, S- or L- entry; empty if we have none */
  char extra;              /* our R-, P- or W- entry: its kind, 0 if we have none */
  int reserved;            /* beside our P-: R- is there, too */
  Micros renewed;          /* monotonic clock, taken before the renaming */
  Micros named;            /* the time in the lease's name */
  int alone;               /* the last look showed no other process */
  Micros clear;            /* monotonic clock, when the last look began; 0 if it showed a lock of another process */
  /* The others' entries; wasi_folder.c sets them. */
  int old_count; /* names that were there when we came, -1 before we looked: a power cut may have left them in an earlier state */
  char old[MOST_ENTRIES][NAME_LENGTH];
  int looks, watched_count;
  Watched watched[MOST_ENTRIES];
  /* wasi_lock.c sets these. */
  Micros begun, released; /* of SHARED; monotonic clock */
  int streak;             /* how often SHARED was taken again within BURST */
  Micros term;            /* how long a lease lasts; 0: the defaults; NO_TAKEOVER: for ever */
  /* The VFS sets this: the kinds of files that are missing. 0 when the lease begins. */
  unsigned absent;
} Lock;

/* Whether this kind of entry is a lease. */
static inline int is_lease(char kind) { return kind == 'S' || kind == 'L'; }

/* Opens the folder if it is not open; with `make`, makes it. LOCK_BUSY: there is none, or it was removed just now. */
LockResult sqlite3_wasi_folder_open(Lock *lock, int make);

void sqlite3_wasi_folder_close(Lock *lock);

/* Reads the entries of others (not their N- entries) into `entries`, which has room for MOST_ENTRIES, and their number into `count`. The
 * folder must be open. LOCK_BUSY: there may be more. An error of reading is an error: an entry that is not seen is a lock that is not
 * honoured. */
LockResult sqlite3_wasi_folder_read(Lock *lock, Entry *entries, int *count);

/* Opens the folder and makes our N- entry, under a new token. LOCK_OK if we have a lease or an N- entry already. */
LockResult sqlite3_wasi_folder_enter(Lock *lock);

/* Renames our N-, S- or L- entry to one of this kind (N, S, L) with the time of now. LOCK_LOST: it is not there. */
LockResult sqlite3_wasi_folder_rename(Lock *lock, char kind);

/* Makes our entry beside the lease one of this kind (R, P, W); 0 removes it. R- stays beside P-, so none of these ever changes its name, and each
 * look shows it. LOCK_LOST: our lease is not there any more, and is forgotten. */
LockResult sqlite3_wasi_folder_set_extra(Lock *lock, char kind);

/* Removes what is left of our entries after another process ended our lease. */
void sqlite3_wasi_folder_forget(Lock *lock);

/* Removes our entries, those that idle processes left behind when they died, and the folder if nobody is left; closes it. */
void sqlite3_wasi_folder_leave(Lock *lock);

/* The lease of the process with this token; null if it has none. */
const Entry *sqlite3_wasi_lease_of(const Entry *entries, int count, const char *token);

/* Whether the entry of this name was there when this process came. */
int sqlite3_wasi_lease_is_old(const Lock *lock, const char *name);

/* Notes, for each lease among `entries` and each other entry that has lost its lease, since when it is there under its name. To be called
 * with every look at the folder: who is missing in one is watched anew. */
void sqlite3_wasi_lease_watch(Lock *lock, const Entry *entries, int count, Micros now);

typedef enum {
  LEASE_VALID,
  LEASE_DOUBTFUL, /* its time is over, but it was not watched for long enough: look again */
  LEASE_OVER      /* anyone may end it */
} LeaseState;

/* How `entry`, a watched one, is at `now`. `writer`: its process has an R-, P- or W- entry besides. */
LeaseState sqlite3_wasi_lease_state(Lock *lock, const Entry *entry, int writer, Micros now);

/* Ends the lease `entry`: whether it did. It fails when the owner has renewed the lease, or another process was faster. */
int sqlite3_wasi_lease_end(Lock *lock, const Entry *entry, const Entry *entries, int count);

#pragma GCC visibility pop

#endif
