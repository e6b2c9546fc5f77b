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

#include "wasi_folder.h"

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
 * power did not go since. LOCK_BUSY is the answer of one who can't tell; *proven says that it is not. */
static LockResult lock_reserved(Lock *lock, int *proven, Entry *who, int *ended) {
  *proven = 0;
  if (!lock->dir) return LOCK_OK;
  LockResult result = contend(lock, "RPW", 1, who, ended);
  if (result != LOCK_BUSY) return result;
  Entry entries[MOST_ENTRIES];
  int count;
  result = read_entries(lock, entries, &count);
  if (result != LOCK_OK) return result;
  int writers = 0, doubtful = 0;
  for (int i = 0; i < count; i++) {
    if (is_lease(entries[i].kind)) continue;
    const Entry *lease = lease_of(entries, count, entries[i].token);
    writers++;
    doubtful |= !lease || is_old(lock, lease->name);
  }
  *proven = writers && !doubtful;
  return LOCK_BUSY;
}

/* For a process that may not write the folder: whether there is an entry of one of these kinds. */
static LockResult lock_peek(Lock *lock, const char *against) {
  LockResult result = open_folder(lock, 0);
  if (result == LOCK_BUSY) return LOCK_OK; /* there is no folder */
  if (result == LOCK_OK) {
    Entry entries[MOST_ENTRIES];
    int count;
    result = read_entries(lock, entries, &count);
    for (int i = 0; i < count && result == LOCK_OK; i++)
      if (strchr(against, entries[i].kind)) result = LOCK_BUSY;
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
