/* The folder of announcements of SQLite's VFS for WASI: its entries, ours and others', and how long those of others are good. What they mean
 * is told in wasi_lock.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef WASI_FOLDER_H
#define WASI_FOLDER_H

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
/* wasi-libc asks for 4,096 bytes of entries at a time, 24 and the name for each; only what comes in one piece is sure to be whole. A folder
 * with more counts as busy. */
#define PIECE 4096
#define ENTRY_HEAD 24
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

/* Reads the folder. Errors of reading it are told: an entry that is not seen is a lock that is not honoured. */
static LockResult read_entries(Lock *lock, Entry *entries, int *count) {
  int too_many = 0, others = 0;
  *count = 0;
  for (int attempt = 0;; attempt++) {
    rewinddir(lock->dir);
    errno = 0;
    struct dirent *dirent;
    size_t bytes = 0;
    *count = too_many = others = 0;
    while ((dirent = readdir(lock->dir))) {
      Entry entry;
      bytes += ENTRY_HEAD + strlen(dirent->d_name); /* of whatever is there, ours or not */
      if (!parse_entry(dirent->d_name, &entry) || !strcmp(entry.token, lock->token)) continue;
      if (entry.kind == 'N') {
        others |= clock_of(CLOCK_REALTIME) - entry.time < 60 * SECOND;
        continue;
      }
      others = 1;
      if (*count < MOST_ENTRIES) entries[(*count)++] = entry;
      else too_many = 1;
    }
    too_many |= bytes > PIECE;
    if (!errno) break;
    /* wasmtime looks at every entry after listing them; one that was renamed between is an error of the whole. */
    if (errno != ENOENT || attempt == 100) return LOCK_ERROR;
  }
  lock->alone = !others;
  return too_many ? LOCK_BUSY : LOCK_OK;
}

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

#endif
