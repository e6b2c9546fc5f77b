/* The lock between processes of SQLite's VFS for WASI: a folder of announcements beside the database.
 * SPDX-License-Identifier: MIT
 *
 * WASI has no file lock, no process number that differs between processes, and no way to see that a process died. What it has is a folder
 * whose entries are made, renamed and removed atomically. Each process that uses a database has in `<database>-lock/`:
 *
 *     N-<token>-<time>   it has the database open and holds no lock
 *     S-<token>-<time>   it holds SHARED or more: the same entry, renamed. Its name is the lease: renewed by a rename to a later time.
 *     L-<token>-<time>   it lingers: it has read many times in a row, is alone, and is idle or reads again. As S, but soon over.
 *     R-<token>          besides S: it holds RESERVED
 *     P-<token>          besides S: it waits for EXCLUSIVE or has it (R-, renamed)
 *     W-<token>          besides S: it has the database in WAL mode
 *
 * A lock is claimed by announcing it first and looking at the others' announcements then. Of two that claim at once at least one sees the
 * other, so never do both hold. A lease that was not renewed is ended by removing the entry under the very name that was seen: renewing
 * and ending are both operations on one name, of which only one can succeed. docs/sqlite-vfs.md tells the whole argument.
 *
 * Only POSIX calls, so that any WASI libc serves. One thread: WASI preview 1 has no more.
 */
#ifndef WASI_LOCK_H
#define WASI_LOCK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef long long micros;
#define SECOND ((micros)1000000)

/* For so long after a renewal the lease is taken as valid unasked. */
#define TRUST (1 * SECOND)
/* So long a name must be watched, unchanged, by the one who ends its lease: more than TRUST, with a margin for the one write that the owner
 * may have begun. The watcher's clock is a monotonic one that stands still with the machine, so a suspended machine does not count. */
#define WATCH (3 * SECOND)
/* A lease ends when it was watched for its whole length, or by WATCH when the time in its name says that it is over. */
#define READER_LEASE (10 * SECOND)
#define WRITER_LEASE (30 * SECOND)
#define SHORTEST_LEASE (5 * SECOND)
#define NO_TAKEOVER (-1)
/* Two looks at the folder within this time; a lease that is held on to is not renamed twice within it, so one of the two is undisturbed. */
#define TWO_LOOKS (SECOND / 20)

/* Lingering. Giving SHARED back and announcing it again costs three calls, more than many a query. A process that is alone with the
 * database and reads again and again within BURST keeps its entry, as L-, and takes SHARED again without a call. Others may end an L- after
 * WATCH. Its owner looks at it again before it reads when LINGER_TRUST is over, and makes it S- when a transaction reads longer than SHORT. */
#define BURST (SECOND / 200)
#define BURST_LENGTH 16
#define LINGER_TRUST (SECOND / 2)
#define SHORT (SECOND / 10)

#define TOKEN_LENGTH 16
#define NAME_LENGTH 40
/* wasi-libc asks for 4,096 bytes of entries at a time and only what comes in one piece is sure to be whole: 55 bytes each. */
#define MOST_ENTRIES 64

typedef struct {
  char kind; /* N S L R P W */
  char token[TOKEN_LENGTH + 1];
  micros time; /* of N, S and L; wall clock */
  char name[NAME_LENGTH];
} Entry;

/* A lease of another process, and since when it has been seen under this name. */
typedef struct {
  char name[NAME_LENGTH];
  micros since, last;
  int look;
} Watched;

typedef struct {
  char *folder;
  DIR *dir;
  char token[TOKEN_LENGTH + 1];
  char lease[NAME_LENGTH]; /* our N-, S- or L- entry; empty if we have none */
  char extra;              /* 0, R, P or W */
  micros renewed;          /* monotonic clock, taken before the rename */
  micros named;            /* the time in the name */
  micros begun, released;  /* of SHARED; monotonic clock */
  int streak;              /* how often SHARED was taken again within BURST */
  int alone;               /* at the last look */
  unsigned absent;         /* for the VFS: what it found missing under this L- entry; 0 with each renaming */
  micros term;             /* 0: the defaults; NO_TAKEOVER */
  int looks;
  int old_count; /* names that were there when we came: a power cut may have left them in a state of before */
  char old[MOST_ENTRIES][NAME_LENGTH];
  int watched_count;
  Watched watched[MOST_ENTRIES];
} Lock;

typedef enum {
  LOCK_OK,
  LOCK_BUSY,   /* another process holds what excludes ours */
  LOCK_LOST,   /* our lease was ended by another process */
  LOCK_CLOSED, /* no announcement can be made here: the folder is not ours to write */
  LOCK_ERROR   /* errno tells */
} LockResult;

static micros clock_of(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

/* When the clock was last asked, which is before now: for what may be early, and is not worth a call. */
static micros last_asked;
static micros monotonic(void) { return last_asked = clock_of(CLOCK_MONOTONIC); }

static void pause_for(micros time) {
  struct timespec t = {time / SECOND, (long)(time % SECOND) * 1000};
  nanosleep(&t, 0);
}

static int is_lease(char kind) { return kind == 'S' || kind == 'L'; }
static int lock_holds(const Lock *lock) { return is_lease(lock->lease[0]); }

static void lease_name(Lock *lock, char kind, char *name) {
  micros now = clock_of(CLOCK_REALTIME) / 1000;
  /* A name never comes twice, whatever the clock does. */
  lock->named = now > lock->named ? now : lock->named + 1;
  snprintf(name, NAME_LENGTH, "%c-%s-%012llx", kind, lock->token, lock->named);
}

static void extra_name(const Lock *lock, char kind, char *name) { snprintf(name, NAME_LENGTH, "%c-%s", kind, lock->token); }

static int parse_entry(const char *name, Entry *entry) {
  size_t length = strlen(name), expected = 2 + TOKEN_LENGTH;
  if (length >= NAME_LENGTH || !strchr("NSLRPW", name[0]) || name[0] == 0 || name[1] != '-') return 0;
  int lease = name[0] == 'N' || is_lease(name[0]);
  if (lease ? length < expected + 2 || name[expected] != '-' : length != expected) return 0;
  entry->kind = name[0];
  memcpy(entry->token, name + 2, TOKEN_LENGTH);
  entry->token[TOKEN_LENGTH] = 0;
  entry->time = lease ? (micros)strtoull(name + expected + 1, 0, 16) * 1000 : 0;
  strcpy(entry->name, name);
  return 1;
}

static void close_folder(Lock *lock) {
  if (lock->dir) closedir(lock->dir);
  lock->dir = 0;
}

static LockResult failure(void) {
  return errno == EROFS || errno == EACCES || errno == EPERM
#ifdef ENOTCAPABLE
                 || errno == ENOTCAPABLE
#endif
             ? LOCK_CLOSED
             : LOCK_ERROR;
}

static LockResult open_folder(Lock *lock, int make) {
  if (lock->dir) return LOCK_OK;
  if (make && mkdir(lock->folder, 0777) && errno != EEXIST) return failure();
  for (int attempt = 0; attempt < 100; attempt++) {
    int fd = open(lock->folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return errno == ENOENT ? LOCK_BUSY : failure();
    lock->dir = fdopendir(fd);
    if (lock->dir) return LOCK_OK;
    int code = errno;
    close(fd);
    errno = code;
    if (code != ENOENT) break; /* It reads the folder at once; an entry that was renamed meanwhile is this error, under wasmtime. */
  }
  return LOCK_ERROR;
}

static LockResult read_entries(Lock *lock, Entry *entries, int *count);

static LockResult remember_old(Lock *lock) {
  Entry entries[MOST_ENTRIES];
  int count;
  LockResult result = read_entries(lock, entries, &count);
  if (result != LOCK_OK) return result;
  for (lock->old_count = 0; lock->old_count < count; lock->old_count++) strcpy(lock->old[lock->old_count], entries[lock->old_count].name);
  return LOCK_OK;
}

static int is_old(const Lock *lock, const char *name) {
  for (int i = 0; i < lock->old_count; i++)
    if (!strcmp(lock->old[i], name)) return 1;
  return 0;
}

/* Makes the N- entry. The last one to leave removes the folder, which may be between our making it and using it. */
static LockResult lock_enter(Lock *lock) {
  if (lock->lease[0]) return LOCK_OK;
  for (int i = 0; i < 50; i++) {
    LockResult result = open_folder(lock, 1);
    if (result == LOCK_BUSY) continue;
    if (result == LOCK_OK && lock->old_count < 0) result = remember_old(lock);
    if (result != LOCK_OK) return result;
    unsigned char random[TOKEN_LENGTH / 2];
    char name[NAME_LENGTH];
    if (getentropy(random, sizeof random)) return LOCK_ERROR;
    /* A token is never used again once its lease was lost: what is left of it in the folder stays dead. */
    for (int k = 0; k < TOKEN_LENGTH / 2; k++) snprintf(lock->token + 2 * k, 3, "%02x", random[k]);
    lease_name(lock, 'N', name);
    int fd = openat(dirfd(lock->dir), name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd >= 0) {
      close(fd);
      strcpy(lock->lease, name);
      return LOCK_OK;
    }
    if (errno != ENOENT) return failure();
    close_folder(lock);
  }
  return LOCK_BUSY;
}

/* Ends our own part after another process ended our lease. */
static void lock_forget(Lock *lock) {
  char name[NAME_LENGTH];
  if (lock->extra && lock->dir) {
    extra_name(lock, lock->extra, name);
    unlinkat(dirfd(lock->dir), name, 0);
  }
  if (lock->lease[0] && lock->dir) unlinkat(dirfd(lock->dir), lock->lease, 0);
  lock->extra = 0;
  lock->lease[0] = 0;
}

static LockResult rename_lease(Lock *lock, char kind) {
  char name[NAME_LENGTH];
  micros now = monotonic();
  lease_name(lock, kind, name);
  if (renameat(dirfd(lock->dir), lock->lease, dirfd(lock->dir), name)) return errno == ENOENT ? LOCK_LOST : LOCK_ERROR;
  strcpy(lock->lease, name);
  lock->absent = 0;
  lock->renewed = now;
  return LOCK_OK;
}

/* Says whether the lock that we hold is still ours, and renews the lease if it was not renewed for a while, or if told to. */
static LockResult lock_renew(Lock *lock, int always) {
  if (!lock_holds(lock)) return LOCK_OK;
  micros now = always ? 0 : monotonic();
  if (!always && lock->lease[0] == 'S' && now - lock->renewed < TRUST) return LOCK_OK;
  if (!always && lock->lease[0] == 'L' && now - lock->renewed < LINGER_TRUST && now - lock->begun < SHORT) return LOCK_OK;
  LockResult result = rename_lease(lock, 'S');
  if (result == LOCK_LOST) lock_forget(lock);
  return result;
}

/* Reads the folder. Errors of reading it are told: an entry that is not seen is a lock that is not honoured. */
static LockResult read_entries(Lock *lock, Entry *entries, int *count) {
  int idle = 0, too_many = 0, others = 0;
  *count = 0;
  for (int attempt = 0;; attempt++) {
    rewinddir(lock->dir);
    errno = 0;
    struct dirent *dirent;
    *count = idle = too_many = others = 0;
    while ((dirent = readdir(lock->dir))) {
      Entry entry;
      if (*count + idle >= MOST_ENTRIES) too_many = 1;
      if (!parse_entry(dirent->d_name, &entry) || !strcmp(entry.token, lock->token)) continue;
      if (entry.kind == 'N') {
        idle++;
        others |= clock_of(CLOCK_REALTIME) - entry.time < 60 * SECOND;
        continue;
      }
      others = 1;
      if (*count < MOST_ENTRIES) entries[(*count)++] = entry;
    }
    if (!errno) break;
    /* wasmtime looks at every entry after listing them; one that was renamed between is an error of the whole. */
    if (errno != ENOENT || attempt == 100) return LOCK_ERROR;
  }
  lock->alone = !others;
  return too_many ? LOCK_BUSY : LOCK_OK;
}

static const Entry *lease_of(const Entry *entries, int count, const char *token) {
  for (int i = 0; i < count; i++)
    if (is_lease(entries[i].kind) && !strcmp(entries[i].token, token)) return &entries[i];
  return 0;
}

static int is_writer(const Entry *entries, int count, const char *token) {
  for (int i = 0; i < count; i++)
    if (!is_lease(entries[i].kind) && !strcmp(entries[i].token, token)) return 1;
  return 0;
}

/* Keeps since when each lease has been there under its name. Entries whose lease is gone are watched under their own name. */
static Watched *watch(Lock *lock, const char *name, micros now) {
  for (int i = 0; i < lock->watched_count; i++)
    if (!strcmp(lock->watched[i].name, name)) return &lock->watched[i];
  if (lock->watched_count == MOST_ENTRIES) return 0;
  Watched *watched = &lock->watched[lock->watched_count++];
  strcpy(watched->name, name);
  watched->since = watched->last = now;
  return watched;
}

static void watch_all(Lock *lock, const Entry *entries, int count, micros now) {
  int look = ++lock->looks;
  for (int i = 0; i < count; i++) {
    if (!is_lease(entries[i].kind) && lease_of(entries, count, entries[i].token)) continue;
    Watched *watched = watch(lock, entries[i].name, now);
    if (watched) watched->look = look;
  }
  for (int i = 0; i < lock->watched_count;)
    if (lock->watched[i].look == look) i++;
    else lock->watched[i] = lock->watched[--lock->watched_count];
}

typedef enum { LEASE_VALID, LEASE_DOUBTFUL, LEASE_OVER } LeaseState;

static LeaseState lease_state(Lock *lock, const Entry *entry, int writer, micros now) {
  Watched *watched = watch(lock, entry->name, now);
  if (!watched || (lock->term == NO_TAKEOVER && entry->kind != 'L')) return LEASE_VALID;
  micros seen = now - watched->since, gap = now - watched->last;
  watched->last = now;
  if (entry->kind == 'L') return seen >= WATCH ? LEASE_OVER : LEASE_DOUBTFUL;
  if (entry->kind != 'S') /* The lease is gone already. Two looks, since one may have missed it while it was renamed. */
    return seen >= WATCH && gap < TWO_LOOKS ? LEASE_OVER : LEASE_DOUBTFUL;
  micros term = lock->term ? lock->term : writer ? WRITER_LEASE : READER_LEASE;
  int over = clock_of(CLOCK_REALTIME) - entry->time >= term;
  if (seen >= term || (over && seen >= WATCH)) return LEASE_OVER;
  return over ? LEASE_DOUBTFUL : LEASE_VALID;
}

/* Ends the lease: only if it is still there under this name, which it is not when its owner renewed it or another was faster. */
static int end_lease(Lock *lock, const Entry *entry, const Entry *entries, int count) {
  int fd = dirfd(lock->dir);
  if (unlinkat(fd, entry->name, 0)) return 0;
  for (int i = 0; i < count; i++)
    if (!is_lease(entries[i].kind) && !strcmp(entries[i].token, entry->token)) unlinkat(fd, entries[i].name, 0);
  return 1;
}

/* One look: is there what excludes a claim? `against` are the kinds of entry that do. `who` gets one of them. */
static LockResult look(Lock *lock, const char *against, int *doubtful, Entry *who, int *ended) {
  Entry entries[MOST_ENTRIES];
  int count;
  *doubtful = 0;
  LockResult result = read_entries(lock, entries, &count);
  if (result != LOCK_OK) return result;
  micros now = monotonic();
  watch_all(lock, entries, count, now);
  result = LOCK_OK;
  for (int i = 0; i < count; i++) {
    if (!strchr(against, entries[i].kind)) continue;
    const Entry *lease = lease_of(entries, count, entries[i].token);
    const Entry *judged = lease ? lease : &entries[i];
    switch (lease_state(lock, judged, is_writer(entries, count, entries[i].token), now)) {
    case LEASE_OVER:
      if (end_lease(lock, judged, entries, count)) {
        if (ended) ++*ended;
        *who = *judged;
      }
      *doubtful = 1; /* Look again, at once. */
      break;
    case LEASE_DOUBTFUL: *doubtful = 1; break;
    case LEASE_VALID:
      *who = entries[i];
      *doubtful = 0;
      return LOCK_BUSY;
    }
    result = LOCK_BUSY;
  }
  return result;
}

/* Looks until nothing excludes the claim that we announced, or something valid does. */
static LockResult contend(Lock *lock, const char *against, int looks, Entry *who, int *ended) {
  for (int slow = 0; slow < 100;) {
    micros begin = monotonic();
    LockResult result = LOCK_OK;
    int doubtful = 0, before = *ended;
    for (int i = 0; i < looks && result == LOCK_OK; i++) result = look(lock, against, &doubtful, who, ended);
    if (result == LOCK_OK && (looks == 1 || monotonic() - begin < TWO_LOOKS)) return LOCK_OK;
    if (result == LOCK_OK) slow++;
    if (result != LOCK_OK && !doubtful) return result;
    if (result != LOCK_OK && *ended == before) pause_for(SECOND / 50);
    result = lock_renew(lock, 0);
    if (result != LOCK_OK) return result;
  }
  return LOCK_BUSY;
}

static LockResult make_extra(Lock *lock, char kind) {
  char name[NAME_LENGTH];
  extra_name(lock, kind, name);
  int fd = openat(dirfd(lock->dir), name, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0) return LOCK_ERROR;
  close(fd);
  lock->extra = kind;
  return LOCK_OK;
}

/* Makes R-, P- or W- ours, renaming the one that we have; 0 removes it. */
static LockResult set_extra(Lock *lock, char kind) {
  char old[NAME_LENGTH], name[NAME_LENGTH];
  if (lock->extra == kind) return LOCK_OK;
  if (!lock->extra) return make_extra(lock, kind);
  extra_name(lock, lock->extra, old);
  if (!kind) {
    if (unlinkat(dirfd(lock->dir), old, 0) && errno != ENOENT) return LOCK_ERROR;
    lock->extra = 0;
    return LOCK_OK;
  }
  extra_name(lock, kind, name);
  if (renameat(dirfd(lock->dir), old, dirfd(lock->dir), name)) {
    if (errno != ENOENT) return LOCK_ERROR;
    lock_forget(lock);
    return LOCK_LOST;
  }
  lock->extra = kind;
  return LOCK_OK;
}

/* Lets SHARED go. */
static LockResult lock_unshare(Lock *lock) {
  if (!lock_holds(lock)) return LOCK_OK;
  lock->released = last_asked;
  if (lock->lease[0] == 'L') return LOCK_OK;
  int linger = lock->streak >= BURST_LENGTH && lock->alone && lock->term != NO_TAKEOVER;
  LockResult result = rename_lease(lock, linger ? 'L' : 'N');
  if (linger) lock->renewed = lock->released - LINGER_TRUST; /* The next one is to look first. */
  if (result == LOCK_LOST) lock_forget(lock);
  return result;
}

static LockResult lock_share(Lock *lock, Entry *who, int *ended) {
  micros now = monotonic();
  LockResult result = LOCK_LOST;
  lock->streak = now - lock->released < BURST ? lock->streak + 1 : 0;
  lock->begun = now;
  if (lock->lease[0] == 'L') {
    if (lock->streak && now - lock->renewed < LINGER_TRUST) return LOCK_OK;
    result = rename_lease(lock, lock->streak && lock->alone ? 'L' : 'S');
    if (result == LOCK_LOST) lock->lease[0] = 0;
  }
  /* An N- entry is not a lock: anyone may tidy it away. */
  for (int i = 0; i < 5 && result == LOCK_LOST; i++) {
    result = lock_enter(lock);
    if (result != LOCK_OK) return result;
    result = rename_lease(lock, 'S');
    if (result == LOCK_LOST) {
      lock->lease[0] = 0;
      close_folder(lock);
    }
  }
  if (result != LOCK_OK) return result;
  result = contend(lock, "PW", 1, who, ended);
  if (result == LOCK_OK && lock->lease[0] == 'L' && !lock->alone) {
    result = rename_lease(lock, 'S');
    if (result == LOCK_OK) result = contend(lock, "PW", 1, who, ended);
    else if (result == LOCK_LOST) lock_forget(lock);
  }
  if (result != LOCK_OK && result != LOCK_LOST) {
    lock->streak = 0;
    if (lock->lease[0] == 'L') rename_lease(lock, 'S');
    lock_unshare(lock);
  }
  return result;
}

/* What goes beyond SHARED does not linger. */
static LockResult lock_firmly(Lock *lock) {
  return lock_renew(lock, lock->lease[0] == 'L');
}

/* From SHARED, which is kept on failure. */
static LockResult lock_reserve(Lock *lock, Entry *who, int *ended) {
  LockResult result = lock_firmly(lock);
  if (result == LOCK_OK) result = set_extra(lock, 'R');
  if (result == LOCK_OK) result = contend(lock, "RPW", 2, who, ended);
  if (result != LOCK_OK && result != LOCK_LOST) set_extra(lock, 0);
  return result;
}

/* From SHARED or RESERVED, or again after LOCK_BUSY: the P- entry then stays and keeps new readers out, until lock_downgrade. */
static LockResult lock_exclude(Lock *lock, Entry *who, int *ended) {
  LockResult result = lock_firmly(lock);
  if (result == LOCK_OK) result = set_extra(lock, 'P');
  if (result == LOCK_OK) result = contend(lock, "SLRPW", 2, who, ended);
  /* A reader that is refused because of us shows its S- for a moment. */
  for (int i = 0; i < 5 && result == LOCK_BUSY && who->kind == 'S'; i++) {
    pause_for(SECOND / 1000);
    result = contend(lock, "SLRPW", 2, who, ended);
  }
  return result;
}

/* From SHARED. Two that open a WAL database at once would wait for each other's S- for ever: the smaller token waits, the other gives up.
 * An S- alone is about to become W- or to go, or its owner is dead and its lease will end. */
static LockResult lock_wal(Lock *lock, Entry *who, int *ended) {
  micros end = monotonic() + 2 * SECOND + (lock->term == NO_TAKEOVER ? 0 : lock->term ? lock->term : READER_LEASE);
  LockResult result = lock_firmly(lock);
  if (result == LOCK_OK) result = set_extra(lock, 'W');
  while (result == LOCK_OK) {
    result = contend(lock, "SLRPW", 2, who, ended);
    if (result != LOCK_BUSY) break;
    Entry entries[MOST_ENTRIES];
    int count, first = 1;
    result = read_entries(lock, entries, &count);
    for (int i = 0; i < count; i++)
      if (entries[i].kind == 'W' && strcmp(entries[i].token, lock->token) < 0) first = 0;
    if (result == LOCK_OK && (!first || monotonic() > end)) result = LOCK_BUSY;
    if (result == LOCK_OK) pause_for(SECOND / 100);
    if (result == LOCK_OK) result = lock_renew(lock, 0);
  }
  if (result != LOCK_OK && result != LOCK_LOST) set_extra(lock, 0);
  return result;
}

/* Asked where there is a journal: does another process hold RESERVED? Then the journal is not hot, for the database was not written yet.
 *
 * After a power cut the folder may be as it was some changes before the database's last writes, since folders are not synced: R- is there,
 * its renaming to P- is lost. So an R- is believed only if its lease was made or renewed while this process ran, which proves that the
 * power did not go since. *proven says whether it was. */
static LockResult lock_reserved(Lock *lock, int *proven, Entry *who, int *ended) {
  *proven = 1;
  if (!lock->dir) return LOCK_OK;
  LockResult result = contend(lock, "RPW", 1, who, ended);
  if (result != LOCK_BUSY) return result;
  Entry entries[MOST_ENTRIES];
  int count;
  result = read_entries(lock, entries, &count);
  if (result != LOCK_OK) return result;
  for (int i = 0; i < count; i++) {
    if (is_lease(entries[i].kind)) continue;
    const Entry *lease = lease_of(entries, count, entries[i].token);
    if (!lease || is_old(lock, lease->name)) *proven = 0;
  }
  return LOCK_BUSY;
}

/* For a process that may not write the folder: whether anyone writes. */
static LockResult lock_peek(Lock *lock) {
  LockResult result = open_folder(lock, 0);
  if (result == LOCK_BUSY) return LOCK_OK; /* there is no folder */
  if (result == LOCK_OK) {
    Entry entries[MOST_ENTRIES];
    int count;
    result = read_entries(lock, entries, &count);
    for (int i = 0; i < count && result == LOCK_OK; i++)
      if (entries[i].kind == 'P' || entries[i].kind == 'W') result = LOCK_BUSY;
  }
  close_folder(lock); /* It may be another one next time. */
  return result;
}

/* Takes our entries away, those that idle processes left behind when they died, and the folder if nobody is left. */
static void lock_leave(Lock *lock) {
  if (lock->dir && lock->lease[0]) {
    if (lock->extra) set_extra(lock, 0);
    unlinkat(dirfd(lock->dir), lock->lease, 0);
    lock->lease[0] = 0;
    if (rmdir(lock->folder) && errno != ENOENT) {
      struct dirent *dirent;
      Entry entry;
      micros now = clock_of(CLOCK_REALTIME);
      rewinddir(lock->dir);
      while ((dirent = readdir(lock->dir)))
        if (parse_entry(dirent->d_name, &entry) && entry.kind == 'N' && now - entry.time > 60 * SECOND)
          unlinkat(dirfd(lock->dir), entry.name, 0);
      rmdir(lock->folder);
    }
  }
  close_folder(lock);
}

#endif
