/* SPDX-License-Identifier: blessing */
/* The lock between processes of SQLite's VFS for WASI: a folder of announcements beside the database.
 *
 * WASI has no file lock, no process number that differs between processes, and no way to see that a process died. What it has is a folder
 * whose entries are made, renamed and removed atomically. Each process that uses a database has in `<database>-lock/`:
 *
 *     N-<token>-<time>   it has the database open and holds no lock
 *     S-<token>-<time>   it holds SHARED or more: the same entry, renamed. Its name is the lease: renewed by a rename to a later time.
 *     L-<token>-<time>   it lingers: it has read many times in a row, is alone, and is idle or reads again. As S, but soon over.
 *     R-<token>          besides S: it holds RESERVED
 *     P-<token>          besides S: it waits for EXCLUSIVE or has it (R- stays)
 *     W-<token>          besides S: it has the database in WAL mode
 *
 * R-, P- and W- are further names of the lease's file, and never change.
 *
 * A process announces a lock first, and then looks at the others' announcements. Of two that announce at once, at least one sees the
 * other, so they never both hold what excludes the other. A lease that was not renewed is ended by removing the entry under exactly the name
 * that was seen: renewing and ending are both operations on one name, of which only one can succeed. docs/sqlite-vfs.md has the whole
 * argument.
 *
 * The functions are the steps of SQLite's lock states, and have their order: a caller takes SHARED before anything else, and lowers what is
 * beyond SHARED before it gives SHARED back. They keep this process's own entries, and know nothing of connections: wasi_node.h shares one
 * Lock among those of a process.
 *
 * Where a function returns LOCK_BUSY, `who` is an entry that excludes the claim. `ended` counts up with each lease of a dead process that was
 * ended on the way; `who` is then the last of these if the claim succeeded. LOCK_LOST: another process ended our lease, and we hold nothing.
 *
 * Only POSIX calls, so that any WASI libc serves. One thread: WASI preview 1 has no more.
 */
#ifndef WASI_LOCK_H
#define WASI_LOCK_H

#include "wasi_folder.h"

#pragma GCC visibility push(hidden)

/* Whether we hold SHARED or more. */
static inline int lock_holds(const Lock *lock) { return is_lease(lock->lease[0]); }

/* Whether we linger: no other process had more than SHARED since our last look. */
static inline int lock_lingers(const Lock *lock) { return lock->lease[0] == 'L'; }

/* A lock that holds nothing, in `folder`: a path that must outlive it. The folder is made when SHARED is taken. */
void sqlite3_wasi_lock_init(Lock *lock, char *folder);

/* How long a lease of others must be watched before it is ended, as text: seconds, 5 at least; 0: nothing is ever ended. */
void sqlite3_wasi_lock_set_term(Lock *lock, const char *seconds);

/* Takes SHARED. On failure nothing is held. LOCK_CLOSED: we may not announce it. */
LockResult sqlite3_wasi_lock_share(Lock *lock, Entry *who, int *ended);

/* Takes RESERVED, from SHARED, which is kept on failure. */
LockResult sqlite3_wasi_lock_reserve(Lock *lock, Entry *who, int *ended);

/* Takes EXCLUSIVE, from SHARED, RESERVED or, after LOCK_BUSY, once more: the P- entry then stays and keeps new readers out, until
 * sqlite3_wasi_lock_lower. */
LockResult sqlite3_wasi_lock_exclude(Lock *lock, Entry *who, int *ended);

/* Takes the database for this process's WAL, from SHARED, which is kept on failure. Waits for processes that are about to go. */
LockResult sqlite3_wasi_lock_wal(Lock *lock, Entry *who, int *ended);

/* Goes back to what `extra` stands for: W, P, R, or 0 for SHARED. Never upwards. SHARED lingers where transactions write one after another. */
LockResult sqlite3_wasi_lock_lower(Lock *lock, char extra);

/* Gives SHARED back; R-, P- and W- must be gone. */
LockResult sqlite3_wasi_lock_unshare(Lock *lock);

/* Is what we hold still ours? Renews the lease if that was not done for a while; `always` does not trust the clock. LOCK_OK, too, if we hold
 * nothing. */
LockResult sqlite3_wasi_lock_renew(Lock *lock, int always);

/* For a database with a journal: does another process hold RESERVED or more? LOCK_BUSY: it does, or we can't tell. With LOCK_BUSY, `proven`
 * says that it does, and that its journal is not hot: the database was not written yet. */
LockResult sqlite3_wasi_lock_reserved(Lock *lock, int *proven, Entry *who, int *ended);

/* For a process that may not write the folder: LOCK_BUSY if there is an entry of one of these kinds. */
LockResult sqlite3_wasi_lock_peek(Lock *lock, const char *kinds);

/* Removes our entries and, if nobody else is there, the folder. What we held is gone; SHARED may be taken again. */
void sqlite3_wasi_lock_leave(Lock *lock);

#pragma GCC visibility pop

#endif
