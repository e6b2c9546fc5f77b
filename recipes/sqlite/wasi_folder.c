/* SPDX-License-Identifier: blessing */
/* The folder of announcements of SQLite's VFS for WASI: see wasi_folder.h. */
#include "wasi_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* wasi-libc reads 4,096 bytes of entries at a time, 24 and the name for each; only what comes in one piece is sure to be whole. */
enum { PIECE = 4096, ENTRY_HEAD = 24 };

/* An N- entry that is older counts for nobody, and anyone may remove it: if its process is only idle, it makes a new one. */
#define STALE (60 * SECOND)

/* Writes the name of a lease of now; `name` has room for NAME_LENGTH. */
static void lease_name(Lock *lock, char kind, char *name) {
  Micros now = sqlite3_wasi_clock(CLOCK_REALTIME) / 1000;
  /* A name never comes twice, whatever the clock does. */
  lock->named = now > lock->named ? now : lock->named + 1;
  snprintf(name, NAME_LENGTH, "%c-%s-%012llx", kind, lock->token, lock->named);
}

static void extra_name(const Lock *lock, char kind, char *name) { snprintf(name, NAME_LENGTH, "%c-%s", kind, lock->token); }

/* Whether `name` is that of an entry, which it then writes to `entry`. */
static int parse_entry(const char *name, Entry *entry) {
  size_t length = strlen(name), expected = 2 + TOKEN_LENGTH;
  if (length >= NAME_LENGTH || !strchr("NSLRPW", name[0]) || name[0] == 0 || name[1] != '-') return 0;
  int lease = name[0] == 'N' || is_lease(name[0]);
  if (lease ? length < expected + 2 || name[expected] != '-' : length != expected) return 0;
  entry->kind = name[0];
  memcpy(entry->token, name + 2, TOKEN_LENGTH);
  entry->token[TOKEN_LENGTH] = 0;
  entry->time = lease ? (Micros)strtoull(name + expected + 1, 0, 16) * 1000 : 0;
  strcpy(entry->name, name);
  return 1;
}

void sqlite3_wasi_folder_close(Lock *lock) {
  if (lock->dir) closedir(lock->dir);
  lock->dir = 0;
}

/* What errno says of a change that failed. */
static LockResult failure(void) {
  return errno == EROFS || errno == EACCES || errno == EPERM
#ifdef ENOTCAPABLE
                 || errno == ENOTCAPABLE
#endif
             ? LOCK_CLOSED
             : LOCK_ERROR;
}

LockResult sqlite3_wasi_folder_open(Lock *lock, int make) {
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

LockResult sqlite3_wasi_folder_read(Lock *lock, Entry *entries, int *count) {
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
        others |= sqlite3_wasi_clock(CLOCK_REALTIME) - entry.time < STALE;
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

/* Notes which entries are there already: see `old`. */
static LockResult remember_old(Lock *lock) {
  Entry entries[MOST_ENTRIES];
  int count;
  LockResult result = sqlite3_wasi_folder_read(lock, entries, &count);
  if (result != LOCK_OK) return result;
  for (lock->old_count = 0; lock->old_count < count; lock->old_count++) strcpy(lock->old[lock->old_count], entries[lock->old_count].name);
  return LOCK_OK;
}

int sqlite3_wasi_lease_is_old(const Lock *lock, const char *name) {
  for (int i = 0; i < lock->old_count; i++)
    if (!strcmp(lock->old[i], name)) return 1;
  return 0;
}

/* Tries again where the last process to leave removed the folder between our making it and using it. */
LockResult sqlite3_wasi_folder_enter(Lock *lock) {
  if (lock->lease[0]) return LOCK_OK;
  for (int i = 0; i < 50; i++) {
    LockResult result = sqlite3_wasi_folder_open(lock, 1);
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
    sqlite3_wasi_folder_close(lock);
  }
  return LOCK_BUSY;
}

/* Removes our entry of this kind, R, P or W. */
static LockResult remove_extra(const Lock *lock, char kind) {
  char name[NAME_LENGTH];
  extra_name(lock, kind, name);
  return unlinkat(dirfd(lock->dir), name, 0) && errno != ENOENT ? LOCK_ERROR : LOCK_OK;
}

void sqlite3_wasi_folder_forget(Lock *lock) {
  if (lock->extra && lock->dir) remove_extra(lock, lock->extra);
  if (lock->reserved && lock->dir) remove_extra(lock, 'R');
  if (lock->lease[0] && lock->dir) unlinkat(dirfd(lock->dir), lock->lease, 0);
  lock->extra = 0;
  lock->reserved = 0;
  lock->lease[0] = 0;
}

LockResult sqlite3_wasi_folder_rename(Lock *lock, char kind) {
  char name[NAME_LENGTH];
  Micros now = sqlite3_wasi_monotonic();
  lease_name(lock, kind, name);
  if (renameat(dirfd(lock->dir), lock->lease, dirfd(lock->dir), name)) return errno == ENOENT ? LOCK_LOST : LOCK_ERROR;
  if (!is_lease(lock->lease[0])) lock->absent = 0;
  strcpy(lock->lease, name);
  lock->renewed = now;
  return LOCK_OK;
}

/* A second name of the lease's file: one call, where making a file takes four under wasmtime. It fails if the lease is lost. */
static LockResult make_extra(Lock *lock, char kind) {
  static int no_links; /* as on FAT */
  char name[NAME_LENGTH];
  extra_name(lock, kind, name);
  int folder = dirfd(lock->dir);
  LockResult result = LOCK_OK;
  if (!no_links) {
    if (!linkat(folder, lock->lease, folder, name, 0)) return LOCK_OK;
    result = errno == ENOENT ? LOCK_LOST : LOCK_OK;
  } else if (lock->extra) result = sqlite3_wasi_folder_rename(lock, lock->lease[0]); /* As good a proof. */
  if (result == LOCK_LOST) sqlite3_wasi_folder_forget(lock);
  if (result != LOCK_OK) return result;
  int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0) return LOCK_ERROR;
  close(fd);
  no_links = 1;
  return LOCK_OK;
}

/* What is new is there before what is old goes. R- goes before P-: R- alone beside a journal says that the database was not written yet. */
LockResult sqlite3_wasi_folder_set_extra(Lock *lock, char kind) {
  char old = lock->extra;
  if (old == kind) return LOCK_OK;
  if (kind && !(kind == 'R' && lock->reserved)) {
    LockResult result = make_extra(lock, kind);
    if (result != LOCK_OK) return result;
    lock->extra = kind;
    lock->reserved = lock->reserved || (old == 'R' && kind == 'P');
    if (!old || (old == 'R' && kind == 'P')) return LOCK_OK;
  }
  if (lock->reserved && kind != 'R') {
    if (remove_extra(lock, 'R') != LOCK_OK) return LOCK_ERROR;
    lock->reserved = 0;
  }
  if (remove_extra(lock, old) != LOCK_OK) return LOCK_ERROR;
  lock->extra = kind;
  if (kind == 'R') lock->reserved = 0;
  return LOCK_OK;
}

void sqlite3_wasi_folder_leave(Lock *lock) {
  if (lock->dir && lock->lease[0]) {
    if (lock->extra) sqlite3_wasi_folder_set_extra(lock, 0);
    unlinkat(dirfd(lock->dir), lock->lease, 0);
    lock->lease[0] = 0;
    if (rmdir(lock->folder) && errno != ENOENT) {
      struct dirent *dirent;
      Entry entry;
      Micros now = sqlite3_wasi_clock(CLOCK_REALTIME);
      rewinddir(lock->dir);
      while ((dirent = readdir(lock->dir)))
        if (parse_entry(dirent->d_name, &entry) && entry.kind == 'N' && now - entry.time > STALE) unlinkat(dirfd(lock->dir), entry.name, 0);
      rmdir(lock->folder);
    }
  }
  sqlite3_wasi_folder_close(lock);
}

const Entry *sqlite3_wasi_lease_of(const Entry *entries, int count, const char *token) {
  for (int i = 0; i < count; i++)
    if (is_lease(entries[i].kind) && !strcmp(entries[i].token, token)) return &entries[i];
  return 0;
}

/* What is known of the entry `name`, which is watched from `now` on if it was not; null: there is no room. */
static Watched *watch(Lock *lock, const char *name, Micros now) {
  for (int i = 0; i < lock->watched_count; i++)
    if (!strcmp(lock->watched[i].name, name)) return &lock->watched[i];
  if (lock->watched_count == MOST_ENTRIES) return 0;
  Watched *watched = &lock->watched[lock->watched_count++];
  strcpy(watched->name, name);
  watched->since = watched->last = now;
  return watched;
}

void sqlite3_wasi_lease_watch(Lock *lock, const Entry *entries, int count, Micros now) {
  int look = ++lock->looks;
  for (int i = 0; i < count; i++) {
    if (!is_lease(entries[i].kind) && sqlite3_wasi_lease_of(entries, count, entries[i].token)) continue;
    Watched *watched = watch(lock, entries[i].name, now);
    if (watched) watched->look = look;
  }
  for (int i = 0; i < lock->watched_count;)
    if (lock->watched[i].look == look) i++;
    else lock->watched[i] = lock->watched[--lock->watched_count];
}

LeaseState sqlite3_wasi_lease_state(Lock *lock, const Entry *entry, int writer, Micros now) {
  Watched *watched = watch(lock, entry->name, now);
  if (!watched || (lock->term == NO_TAKEOVER && entry->kind != 'L')) return LEASE_VALID;
  Micros seen = now - watched->since, gap = now - watched->last;
  watched->last = now;
  if (entry->kind == 'L') return seen >= WATCH ? LEASE_OVER : LEASE_DOUBTFUL;
  if (entry->kind != 'S') /* The lease is gone already. Two looks, since one may have missed it while it was renamed. */
    return seen >= WATCH && gap < TWO_LOOKS ? LEASE_OVER : LEASE_DOUBTFUL;
  Micros term = lock->term ? lock->term : writer ? WRITER_LEASE : READER_LEASE;
  int over = sqlite3_wasi_clock(CLOCK_REALTIME) - entry->time >= term;
  if (seen >= term || (over && seen >= WATCH)) return LEASE_OVER;
  return over ? LEASE_DOUBTFUL : LEASE_VALID;
}

int sqlite3_wasi_lease_end(Lock *lock, const Entry *entry, const Entry *entries, int count) {
  int fd = dirfd(lock->dir);
  if (unlinkat(fd, entry->name, 0)) return 0;
  for (int i = 0; i < count; i++)
    if (!is_lease(entries[i].kind) && !strcmp(entries[i].token, entry->token)) unlinkat(fd, entries[i].name, 0);
  return 1;
}
