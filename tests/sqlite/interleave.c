/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Processes that contend for the lock of SQLite's VFS, as coroutines of one program: interleave SEED ROUNDS [nolinks]
 *
 * The lock's own code (wasi_lock.c, wasi_folder.c) runs on a folder of ours, which promises what POSIX does and no more: a list shows the
 * entries that do not change meanwhile; one that is made, renamed or removed during the list may be missed or shown twice. Linux lists a small
 * folder at once, so no test on it meets that. At each call, and between the entries of a list, another process may go on, for microseconds or
 * for so long that leases are renewed; the clock is ours. After each claim that succeeds, no other process may hold what it excludes.
 * tests/cli/sqlite.rs runs it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static int sim_mkdir(const char *path, unsigned mode);
static int sim_rmdir(const char *path);
static int sim_open(const char *path, int flags);
static int sim_openat(int folder, const char *name, int flags, unsigned mode);
static int sim_close(int fd);
static int sim_linkat(int folder, const char *from, int to_folder, const char *to, int flags);
static int sim_renameat(int folder, const char *from, int to_folder, const char *to);
static int sim_unlinkat(int folder, const char *name, int flags);
static DIR *sim_fdopendir(int fd);
static int sim_dirfd(DIR *dir);
static void sim_rewinddir(DIR *dir);
static struct dirent *sim_readdir(DIR *dir);
static int sim_closedir(DIR *dir);
static int sim_clock_gettime(clockid_t id, struct timespec *out);
static int sim_nanosleep(const struct timespec *time, struct timespec *rest);
static int sim_getentropy(void *buffer, size_t count);

#define mkdir sim_mkdir
#define rmdir sim_rmdir
#define open sim_open
#define openat sim_openat
#define close sim_close
#define linkat sim_linkat
#define renameat sim_renameat
#define unlinkat sim_unlinkat
#define fdopendir sim_fdopendir
#define dirfd sim_dirfd
#define rewinddir sim_rewinddir
#define readdir sim_readdir
#define closedir sim_closedir
#define clock_gettime sim_clock_gettime
#define nanosleep sim_nanosleep
#define getentropy sim_getentropy

#include "wasi_clock.c"
#include "wasi_folder.c"
#include "wasi_lock.c"

enum { PROCESSES = 3, SLOTS = 40, STACK = 256 * 1024, FOLDER_FD = 1000, STEPS = 40000 };

typedef enum { NONE, SHARED, RESERVED, PENDING, EXCLUSIVE } Level;

typedef struct {
  ucontext_t context;
  Lock lock;
  Level level; /* what its caller may rely on */
  Micros wakes, last_monotonic;
  int next, opened;
  struct dirent entry;
} Process;

static Process processes[PROCESSES], *current;
static ucontext_t scheduler;
static char slots[SLOTS][NAME_LENGTH]; /* the folder; empty: free */
static int folder_exists, no_links;
static int patient; /* Some read for seconds; else they come, write a little and go, while one writes again and again. */
static Micros now_micros;
static unsigned long long random_state;
static long long claims[EXCLUSIVE + 1], lingered;

static unsigned draw(unsigned below) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(random_state >> 33) % below;
}

/* Lets others go on. */
static void pass(Micros time) {
  current->wakes = now_micros + time;
  current->last_monotonic = last_monotonic;
  swapcontext(&current->context, &scheduler);
  last_monotonic = current->last_monotonic;
}

/* Where `patient`, calls are slow, so that renewing a lease, which is done once a second, often meets another's look; else only the lists are. */
static void step(int in_list) {
  unsigned chance = draw(3000);
  pass(chance == 0 ? draw(60000) : chance < (in_list ? 2000 : patient ? 1000 : 0) ? draw(500) : draw(4));
}

/* ---- the folder ---- */

static int sim_error(int code) {
  errno = code;
  return -1;
}

static int find(const char *name) {
  for (int i = 0; i < SLOTS; i++)
    if (!strcmp(slots[i], name)) return i;
  return -1;
}

/* A new name may be listed before or after any other. */
static int put(const char *name) {
  for (;;) {
    int i = (int)draw(SLOTS);
    if (slots[i][0]) continue;
    strcpy(slots[i], name);
    return 0;
  }
}

static int sim_mkdir(const char *path, unsigned mode) {
  (void)path, (void)mode;
  step(0);
  if (folder_exists) return sim_error(EEXIST);
  folder_exists = 1;
  return 0;
}

static int sim_rmdir(const char *path) {
  (void)path;
  step(0);
  return sim_error(ENOTEMPTY); /* The folder stays: hammer.c tries its end. */
}

static int sim_open(const char *path, int flags) {
  (void)path, (void)flags;
  step(0);
  return folder_exists ? FOLDER_FD : sim_error(ENOENT);
}

static int sim_openat(int folder, const char *name, int flags, unsigned mode) {
  (void)folder, (void)flags, (void)mode;
  step(0);
  return find(name) >= 0 ? sim_error(EEXIST) : put(name);
}

static int sim_close(int fd) { return (void)fd, 0; }

static int sim_linkat(int folder, const char *from, int to_folder, const char *to, int flags) {
  (void)folder, (void)to_folder, (void)flags;
  step(0);
  if (no_links) return sim_error(EPERM);
  if (find(from) < 0) return sim_error(ENOENT);
  return find(to) >= 0 ? sim_error(EEXIST) : put(to);
}

static int sim_renameat(int folder, const char *from, int to_folder, const char *to) {
  (void)folder, (void)to_folder;
  step(0);
  int i = find(from);
  if (i < 0) return sim_error(ENOENT);
  slots[i][0] = 0;
  return put(to);
}

static int sim_unlinkat(int folder, const char *name, int flags) {
  (void)folder, (void)flags;
  step(0);
  int i = find(name);
  if (i < 0) return sim_error(ENOENT);
  slots[i][0] = 0;
  return 0;
}

static DIR *sim_fdopendir(int fd) { return (void)fd, (DIR *)current; }
static int sim_dirfd(DIR *dir) { return (void)dir, FOLDER_FD; }
static void sim_rewinddir(DIR *dir) { ((Process *)dir)->next = 0; }
static int sim_closedir(DIR *dir) { return (void)dir, 0; }

static struct dirent *sim_readdir(DIR *dir) {
  Process *process = (Process *)dir;
  for (;;) {
    if (draw(3) == 0) step(1);
    if (process->next == SLOTS) return 0;
    const char *name = slots[process->next++];
    if (!name[0]) continue;
    strcpy(process->entry.d_name, name);
    return &process->entry;
  }
}

static int sim_clock_gettime(clockid_t id, struct timespec *out) {
  Micros time = now_micros + (id == CLOCK_REALTIME ? 1700000000 * SECOND : 0);
  out->tv_sec = time / SECOND;
  out->tv_nsec = time % SECOND * 1000;
  return 0;
}

static int sim_nanosleep(const struct timespec *time, struct timespec *rest) {
  (void)rest;
  pass(time->tv_sec * SECOND + time->tv_nsec / 1000);
  return 0;
}

static int sim_getentropy(void *buffer, size_t count) {
  for (size_t i = 0; i < count; i++) ((unsigned char *)buffer)[i] = (unsigned char)draw(256);
  return 0;
}

/* ---- the processes ---- */

static void wrong(Level level, const Process *other) {
  printf("VIOLATION at %lld us: process %d got level %d, process %d has level %d; the folder:", now_micros, (int)(current - processes),
         level, (int)(other - processes), other->level);
  for (int i = 0; i < SLOTS; i++)
    if (slots[i][0]) printf(" %s", slots[i]);
  printf("\n");
  exit(1);
}

static void got(Level level) {
  claims[level]++;
  current->level = level;
  for (Process *other = processes; other < processes + PROCESSES; other++) {
    if (other == current) continue;
    if (level == EXCLUSIVE ? other->level >= SHARED : level >= RESERVED ? other->level >= RESERVED : other->level == EXCLUSIVE)
      wrong(level, other);
  }
}

/* As wasi_node.c: what is beyond SHARED goes first. */
static void give_back(void) {
  Lock *lock = &current->lock;
  current->level = NONE;
  if (lock->extra) sqlite3_wasi_lock_lower(lock, 0);
  if (draw(4) == 0) step(0);
  sqlite3_wasi_lock_unshare(lock);
}

/* Reads or writes, for a moment or for some seconds; whether the lock is still held. */
static int uses(int always) {
  Micros end = now_micros + (!patient || draw(60) ? 0 : draw(5000000));
  for (unsigned i = draw(3); i > 0 || now_micros < end; i -= i > 0) {
    if (now_micros < end) pass(draw(150000));
    else step(0);
    if (sqlite3_wasi_lock_renew(&current->lock, always) == LOCK_OK) continue;
    current->level = NONE;
    return 0;
  }
  return 1;
}

static void transaction(int writes) {
  Lock *lock = &current->lock;
  Entry who = {0};
  int ended = 0;
  int rolls_back = writes && draw(10) == 0; /* a hot journal: from SHARED to EXCLUSIVE */
  if (sqlite3_wasi_lock_share(lock, &who, &ended) != LOCK_OK) return;
  if (lock_lingers(lock)) lingered++;
  got(SHARED);
  if (!uses(0)) return;
  if (writes && !rolls_back) {
    LockResult result = sqlite3_wasi_lock_reserve(lock, &who, &ended);
    if (result == LOCK_LOST) {
      current->level = NONE;
      return;
    }
    if (result != LOCK_OK) {
      give_back();
      return;
    }
    got(RESERVED);
    if (!uses(draw(2))) return;
  }
  for (int tries = 0; writes && tries < 3; tries++) {
    LockResult result = sqlite3_wasi_lock_exclude(lock, &who, &ended);
    if (result == LOCK_LOST) {
      current->level = NONE;
      return;
    }
    if (result == LOCK_OK) {
      got(EXCLUSIVE);
      if (!uses(1)) return;
      break;
    }
    if (rolls_back) break;
    if (tries < 2) pass(draw(3000));
  }
  give_back();
}

static void live(void) {
  for (;;) {
    int resident = !patient && current == processes;
    unsigned burst = 1 + draw(resident ? 200 : patient ? 60 : 3), writes = draw(3); /* none, all or some of them write */
    for (unsigned i = 0; i < burst; i++) {
      transaction(writes == 2 ? (int)draw(2) : (int)writes);
      if (draw(3)) step(0);
    }
    if (draw(3)) sqlite3_wasi_lock_leave(&current->lock); /* Who is alone lingers. */
    if (patient ? draw(2) : !resident) pass(draw(draw(8) ? 10000 : 800000));
  }
}

static void play(unsigned long long seed) {
  static char stacks[PROCESSES][STACK];
  random_state = seed * 2654435761u + 1;
  patient = seed % 2;
  memset(slots, 0, sizeof slots);
  folder_exists = 0;
  now_micros = SECOND;
  for (int i = 0; i < PROCESSES; i++) {
    Process *process = &processes[i];
    memset(process, 0, sizeof *process);
    sqlite3_wasi_lock_init(&process->lock, "folder");
    getcontext(&process->context);
    process->context.uc_stack.ss_sp = stacks[i];
    process->context.uc_stack.ss_size = STACK;
    makecontext(&process->context, live, 0);
  }
  for (int i = 0; i < STEPS; i++) {
    Process *ready[PROCESSES], *first = processes;
    unsigned count = 0;
    for (Process *process = processes; process < processes + PROCESSES; process++) {
      if (process->wakes <= now_micros) ready[count++] = process;
      if (process->wakes < first->wakes) first = process;
    }
    current = count ? ready[draw(count)] : first;
    if (!count) now_micros = first->wakes;
    now_micros += 1;
    swapcontext(&scheduler, &current->context);
  }
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  unsigned long long seed = strtoull(arguments[1], 0, 10);
  int rounds = atoi(arguments[2]);
  no_links = count > 3;
  for (int i = 0; i < rounds; i++) play(seed + (unsigned)i);
  printf("%d rounds of %d processes: %lld SHARED, of them %lld lingering, %lld RESERVED, %lld EXCLUSIVE, none excluded by another's\n",
         rounds, PROCESSES, claims[SHARED], lingered, claims[RESERVED], claims[EXCLUSIVE]);
  return !(claims[EXCLUSIVE] && lingered);
}
