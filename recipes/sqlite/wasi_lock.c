/* SPDX-License-Identifier: blessing */
/* The lock between processes of SQLite's VFS for WASI: see wasi_lock.h. */
#include "wasi_lock.h"

#include <stdlib.h>
#include <string.h>

/* For so long after a renewal we take our lease as valid without a look. */
#define TRUST (1 * SECOND)
_Static_assert(TRUST < WATCH, "nobody ends a lease that its owner still trusts");
/* The shortest term: longer than WATCH, since a lease is renewed only when the database is read or written. */
#define SHORTEST_LEASE (5 * SECOND)

/* Lingering. Giving SHARED back and announcing it again costs more than many a query. A process that is alone with the database and takes it
 * again and again within BURST keeps its entry, as L-, and takes SHARED again without a call. Others may end an L- after WATCH. Its owner
 * looks again before it reads when LINGER_TRUST is over, and makes it S- when a transaction reads longer than SHORT, or writes. */
#define BURST (SECOND / 200)
enum { BURST_LENGTH = 16 };
#define LINGER_TRUST (SECOND / 2)
#define SHORT (SECOND / 10)

void sqlite3_wasi_lock_init(Lock *lock, char *folder) {
  memset(lock, 0, sizeof *lock);
  lock->folder = folder;
  lock->old_count = -1;
}

void sqlite3_wasi_lock_set_term(Lock *lock, const char *seconds) {
  Micros term = strtoll(seconds, 0, 10) * SECOND;
  lock->term = term <= 0 ? NO_TAKEOVER : term < SHORTEST_LEASE ? SHORTEST_LEASE : term;
}

LockResult sqlite3_wasi_lock_renew(Lock *lock, int always) {
  if (!lock_holds(lock)) return LOCK_OK;
  Micros now = always ? 0 : sqlite3_wasi_monotonic();
  if (!always && lock->lease[0] == 'S' && now - lock->renewed < TRUST) return LOCK_OK;
  if (!always && lock->lease[0] == 'L' && now - lock->renewed < LINGER_TRUST && now - lock->begun < SHORT) return LOCK_OK;
  LockResult result = sqlite3_wasi_folder_rename(lock, 'S');
  if (result == LOCK_LOST) sqlite3_wasi_folder_forget(lock);
  return result;
}

/* Whether this process has an R-, P- or W- entry. */
static int is_writer(const Entry *entries, int count, const char *token) {
  for (int i = 0; i < count; i++)
    if (!is_lease(entries[i].kind) && !strcmp(entries[i].token, token)) return 1;
  return 0;
}

/* One look: is there what excludes a claim? `against` are the kinds of entry that do. `who` gets one of them. */
static LockResult look(Lock *lock, const char *against, int *doubtful, Entry *who, int *ended) {
  Entry entries[MOST_ENTRIES];
  int count;
  *doubtful = 0;
  lock->clear = 0;
  Micros begin = sqlite3_wasi_monotonic();
  LockResult result = sqlite3_wasi_folder_read(lock, entries, &count);
  if (result != LOCK_OK) return result;
  if (!count) lock->clear = begin;
  Micros now = sqlite3_wasi_monotonic();
  sqlite3_wasi_lease_watch(lock, entries, count, now);
  result = LOCK_OK;
  for (int i = 0; i < count; i++) {
    if (!strchr(against, entries[i].kind)) continue;
    const Entry *lease = sqlite3_wasi_lease_of(entries, count, entries[i].token);
    const Entry *judged = lease ? lease : &entries[i];
    switch (sqlite3_wasi_lease_state(lock, judged, is_writer(entries, count, entries[i].token), now)) {
    case LEASE_OVER:
      if (sqlite3_wasi_lease_end(lock, judged, entries, count)) {
        ++*ended;
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

/* Looks until nothing excludes the claim that we announced, or something valid does. `earlier`, if not 0, is when a look began that counts
 * as the first of the two. */
static LockResult contend(Lock *lock, const char *against, int looks, Micros earlier, Entry *who, int *ended) {
  for (int slow = 0; slow < 100;) {
    Micros begin = sqlite3_wasi_monotonic();
    if (begin - earlier >= TWO_LOOKS / 2) earlier = 0; /* Too long ago, or none. */
    LockResult result = LOCK_OK;
    int doubtful = 0, before = *ended;
    for (int i = earlier ? 1 : 0; i < looks && result == LOCK_OK; i++) result = look(lock, against, &doubtful, who, ended);
    if (result == LOCK_OK && (looks == 1 || sqlite3_wasi_monotonic() - (earlier ? earlier : begin) < TWO_LOOKS)) return LOCK_OK;
    if (result == LOCK_OK) slow++;
    earlier = 0;
    if (result != LOCK_OK && !doubtful) return result;
    if (result != LOCK_OK && *ended == before) sqlite3_wasi_pause(SECOND / 50);
    result = sqlite3_wasi_lock_renew(lock, 0);
    if (result != LOCK_OK) return result;
  }
  return LOCK_BUSY;
}

static int may_linger(const Lock *lock) { return lock->streak >= BURST_LENGTH && lock->alone && lock->term != NO_TAKEOVER; }

LockResult sqlite3_wasi_lock_unshare(Lock *lock) {
  if (!lock_holds(lock)) return LOCK_OK;
  lock->released = sqlite3_wasi_last_monotonic();
  if (lock->lease[0] == 'L') return LOCK_OK;
  int linger = may_linger(lock);
  LockResult result = sqlite3_wasi_folder_rename(lock, linger ? 'L' : 'N');
  if (linger) lock->renewed = lock->released - LINGER_TRUST; /* The next claim looks first. */
  if (result == LOCK_LOST) sqlite3_wasi_folder_forget(lock);
  return result;
}

LockResult sqlite3_wasi_lock_share(Lock *lock, Entry *who, int *ended) {
  Micros now = sqlite3_wasi_monotonic();
  LockResult result = LOCK_LOST;
  lock->streak = now - lock->released < BURST ? lock->streak + 1 : 0;
  lock->begun = now;
  if (lock->lease[0] == 'L') {
    if (lock->streak && now - lock->renewed < LINGER_TRUST) return LOCK_OK;
    result = sqlite3_wasi_folder_rename(lock, lock->streak && lock->alone ? 'L' : 'S');
    if (result == LOCK_LOST) lock->lease[0] = 0;
  }
  /* An N- entry is not a lock: anyone may remove it. */
  for (int i = 0; i < 5 && result == LOCK_LOST; i++) {
    result = sqlite3_wasi_folder_enter(lock);
    if (result != LOCK_OK) return result;
    result = sqlite3_wasi_folder_rename(lock, 'S');
    if (result == LOCK_LOST) {
      lock->lease[0] = 0;
      sqlite3_wasi_folder_close(lock);
    }
  }
  if (result != LOCK_OK) return result;
  result = contend(lock, "PW", 1, 0, who, ended);
  if (result == LOCK_OK && lock->lease[0] == 'L' && !lock->alone) {
    result = sqlite3_wasi_folder_rename(lock, 'S');
    if (result == LOCK_OK) result = contend(lock, "PW", 1, 0, who, ended);
    else if (result == LOCK_LOST) sqlite3_wasi_folder_forget(lock);
  }
  if (result != LOCK_OK && result != LOCK_LOST) {
    lock->streak = 0;
    if (lock->lease[0] == 'L') sqlite3_wasi_folder_rename(lock, 'S');
    sqlite3_wasi_lock_unshare(lock);
  }
  return result;
}

/* What goes beyond SHARED does not linger. The L- is renamed when the claim has succeeded: a process that misses it for this has announced its
 * own claim after our looks began, and so sees our R-, P- or W-. */
static LockResult lock_firmly(Lock *lock) { return lock->lease[0] == 'L' ? sqlite3_wasi_lock_renew(lock, 1) : LOCK_OK; }

/* One look is enough, since it is for entries that never change their names. */
LockResult sqlite3_wasi_lock_reserve(Lock *lock, Entry *who, int *ended) {
  LockResult result = sqlite3_wasi_lock_renew(lock, 0);
  if (result == LOCK_OK) result = sqlite3_wasi_folder_set_extra(lock, 'R');
  if (result == LOCK_OK) result = contend(lock, "RPW", 1, 0, who, ended);
  if (result == LOCK_OK) result = lock_firmly(lock);
  if (result != LOCK_OK && result != LOCK_LOST) sqlite3_wasi_folder_set_extra(lock, 0);
  return result;
}

/* With R- there are no other writers, and a reader's lease that a look misses was there under the same name in any look of the time before. */
LockResult sqlite3_wasi_lock_exclude(Lock *lock, Entry *who, int *ended) {
  Micros earlier = lock->extra == 'R' ? lock->clear : 0;
  LockResult result = sqlite3_wasi_lock_renew(lock, 0);
  if (result == LOCK_OK) result = sqlite3_wasi_folder_set_extra(lock, 'P');
  if (result == LOCK_OK) result = contend(lock, "SLRPW", 2, earlier, who, ended);
  /* A reader that is refused because of us shows its S- for a moment. */
  for (int i = 0; i < 5 && result == LOCK_BUSY && who->kind == 'S'; i++) {
    sqlite3_wasi_pause(SECOND / 1000);
    result = contend(lock, "SLRPW", 2, 0, who, ended);
  }
  return result == LOCK_OK ? lock_firmly(lock) : result;
}

/* Two that open a WAL database at once would wait for each other's S- for ever: the smaller token waits, the other gives up. An S- alone
 * is about to become W- or to go, or its owner is dead and its lease will end. */
LockResult sqlite3_wasi_lock_wal(Lock *lock, Entry *who, int *ended) {
  Micros end = sqlite3_wasi_monotonic() + 2 * SECOND + (lock->term == NO_TAKEOVER ? 0 : lock->term ? lock->term : READER_LEASE);
  LockResult result = sqlite3_wasi_lock_renew(lock, 0);
  if (result == LOCK_OK) result = sqlite3_wasi_folder_set_extra(lock, 'W');
  while (result == LOCK_OK) {
    result = contend(lock, "SLRPW", 2, 0, who, ended);
    if (result != LOCK_BUSY) break;
    Entry entries[MOST_ENTRIES];
    int count, first = 1;
    result = sqlite3_wasi_folder_read(lock, entries, &count);
    for (int i = 0; i < count; i++)
      if (entries[i].kind == 'W' && strcmp(entries[i].token, lock->token) < 0) first = 0;
    if (result == LOCK_OK && (!first || sqlite3_wasi_monotonic() > end)) result = LOCK_BUSY;
    if (result == LOCK_OK) sqlite3_wasi_pause(SECOND / 100);
    if (result == LOCK_OK) result = sqlite3_wasi_lock_renew(lock, 0);
  }
  if (result == LOCK_OK) result = lock_firmly(lock);
  if (result != LOCK_OK && result != LOCK_LOST) sqlite3_wasi_folder_set_extra(lock, 0);
  return result;
}

/* After a power cut the folder may be as it was some changes before the database's last writes, since folders are not synced: R- is there,
 * its P- is not. So an R- is believed only if its lease was made or renewed while this process ran, which proves that the power did not go
 * since. */
LockResult sqlite3_wasi_lock_reserved(Lock *lock, int *proven, Entry *who, int *ended) {
  *proven = 0;
  if (!lock->dir) return LOCK_OK;
  LockResult result = contend(lock, "RPW", 1, 0, who, ended);
  if (result != LOCK_BUSY) return result;
  Entry entries[MOST_ENTRIES];
  int count;
  result = sqlite3_wasi_folder_read(lock, entries, &count);
  if (result != LOCK_OK) return result;
  int writers = 0, doubtful = 0;
  for (int i = 0; i < count; i++) {
    if (is_lease(entries[i].kind)) continue;
    const Entry *lease = sqlite3_wasi_lease_of(entries, count, entries[i].token);
    writers++;
    doubtful |= !lease || sqlite3_wasi_lease_is_old(lock, lease->name);
  }
  *proven = writers && !doubtful;
  return LOCK_BUSY;
}

LockResult sqlite3_wasi_lock_peek(Lock *lock, const char *kinds) {
  LockResult result = sqlite3_wasi_folder_open(lock, 0);
  if (result == LOCK_BUSY) return LOCK_OK; /* there is no folder */
  if (result == LOCK_OK) {
    Entry entries[MOST_ENTRIES];
    int count;
    result = sqlite3_wasi_folder_read(lock, entries, &count);
    for (int i = 0; i < count && result == LOCK_OK; i++)
      if (strchr(kinds, entries[i].kind)) result = LOCK_BUSY;
  }
  sqlite3_wasi_folder_close(lock); /* It may be another one next time. */
  return result;
}

/* Where many transactions write one after another, the lease becomes L- while P- still keeps others out: nobody can miss it then, and the next
 * claim need not look. */
LockResult sqlite3_wasi_lock_lower(Lock *lock, char extra) {
  if (lock->extra == 'P' && !extra && lock->lease[0] == 'S' && may_linger(lock)) {
    LockResult result = sqlite3_wasi_folder_rename(lock, 'L');
    if (result == LOCK_LOST) sqlite3_wasi_folder_forget(lock);
    if (result != LOCK_OK) return result;
    lock->begun = lock->renewed;
  }
  return sqlite3_wasi_folder_set_extra(lock, extra);
}

void sqlite3_wasi_lock_leave(Lock *lock) { sqlite3_wasi_folder_leave(lock); }
