/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A disk in memory for the test of power cuts: see memory-disk.h. */
#include "memory-disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FILES = 4096, MOST_NAMES = 64, MOST_OPEN = 64, SECTOR = 512 };

typedef struct {
  int folder;
  long size, room;
  unsigned char *data;
} Content;

struct Disk {
  Content *file[MOST_FILES];
  int files;
  struct {
    char name[96];
    int file;
  } names[MOST_NAMES];
  int count;
};

Disk *disk;
Recording recording;
int is_recording;
int disk_has_no_links;

static struct {
  int used, file, flags;
  char path[96];
  int next;
} opened[MOST_OPEN];
static long long clock_now = 1000000000000LL;

static unsigned long long random_state;

void disk_seed(unsigned long long seed) { random_state = seed; }

unsigned disk_random(void) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(random_state >> 33);
}

static void content_resize(Content *c, long size, int rubbish) {
  if (size > c->room) {
    c->room = size * 2 + 4096;
    c->data = realloc(c->data, c->room);
  }
  for (long i = c->size; i < size; i++) c->data[i] = rubbish ? (unsigned char)disk_random() : 0;
  c->size = size;
}

static void content_write(Content *c, const unsigned char *data, long length, long offset) {
  if (offset + length > c->size) content_resize(c, offset + length, 0);
  memcpy(c->data + offset, data, length);
}

static Op *record(OpKind kind, int file, const char *name) {
  static Op unused;
  if (!is_recording) return &unused;
  if (recording.count == recording.room) {
    recording.room = recording.room * 2 + 256;
    recording.ops = realloc(recording.ops, recording.room * sizeof *recording.ops);
    if (!recording.ops) abort();
  }
  Op *op = &recording.ops[recording.count++];
  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->file = file;
  op->when = clock_now;
  if (name) strcpy(op->name, name);
  return op;
}

static int find_name(const Disk *d, const char *name) {
  for (int i = 0; i < d->count; i++)
    if (!strcmp(d->names[i].name, name)) return i;
  return -1;
}
static void put_name(Disk *d, const char *name, int file) {
  int i = find_name(d, name);
  if (i < 0) i = d->count++;
  if (i >= MOST_NAMES) abort();
  strcpy(d->names[i].name, name);
  d->names[i].file = file;
}
static void cut_name(Disk *d, const char *name) {
  int i = find_name(d, name);
  if (i >= 0) d->names[i] = d->names[--d->count];
}
static int new_file(Disk *d, int folder) {
  if (d->files == MOST_FILES) abort();
  Content *c = calloc(1, sizeof *c);
  c->folder = folder;
  d->file[d->files] = c;
  return d->files++;
}
Disk *disk_new(void) {
  Disk *d = calloc(1, sizeof *d);
  put_name(d, "/", new_file(d, 1));
  return d;
}
void disk_free(Disk *d) {
  for (int i = 0; i < d->files; i++) {
    free(d->file[i]->data);
    free(d->file[i]);
  }
  free(d);
}

static void apply_part(Content *c, const Op *op, Cut cut) {
  if (cut == ONLY_SYNCED) return;
  if (cut == ALL_THERE) {
    content_write(c, op->data, op->length, op->offset);
    return;
  }
  int choice = disk_random() % 3; /* whole, none, or some of its sectors */
  if (choice == 1) {
    if (disk_random() & 1 && op->offset + op->length > c->size) content_resize(c, op->offset + op->length, cut == SOME_AND_RUBBISH);
    return;
  }
  if (op->offset + op->length > c->size) content_resize(c, op->offset + op->length, cut == SOME_AND_RUBBISH);
  for (long at = op->offset; at < op->offset + op->length;) {
    long end = (at / SECTOR + 1) * SECTOR;
    if (end > op->offset + op->length) end = op->offset + op->length;
    if (choice == 0 || disk_random() & 1) memcpy(c->data + at, op->data + (at - op->offset), end - at);
    at = end;
  }
}

static void apply_name(Disk *d, const Op *op) {
  if (op->kind == MAKE) put_name(d, op->name, op->file);
  if (op->kind == REMOVE) cut_name(d, op->name);
  if (op->kind == RENAME) {
    int i = find_name(d, op->name);
    if (i < 0) return;
    int file = d->names[i].file;
    cut_name(d, op->name);
    put_name(d, op->to, file);
  }
}

Disk *disk_after(int end, Cut cut) {
  Disk *d = disk_new();
  const Op *ops = recording.ops;
  int names_sure = -1;
  int *synced = malloc(MOST_FILES * sizeof *synced); /* operation of the last sync of each file */
  for (int i = 0; i < MOST_FILES; i++) synced[i] = -1;
  for (int i = 0; i < end; i++) {
    if (ops[i].kind == MAKE) {
      while (d->files <= ops[i].file) new_file(d, 0);
      d->file[ops[i].file]->folder = ops[i].length != 0;
    }
    if (ops[i].kind != SYNC) continue;
    synced[ops[i].file] = i;
    for (int k = names_sure + 1; k < i; k++)
      if (ops[k].kind == MAKE && ops[k].file == ops[i].file) names_sure = k;
  }
  int names_end = cut == ALL_THERE ? end : cut == ONLY_SYNCED ? names_sure + 1 : names_sure + 1 + (int)(disk_random() % (end - names_sure));
  for (int i = 0; i < end; i++) {
    const Op *op = &ops[i];
    if (op->kind == WRITE) apply_part(d->file[op->file], op, i < synced[op->file] ? ALL_THERE : cut);
    else if (op->kind == TRUNCATE) {
      if (i < names_end || i < synced[op->file]) content_resize(d->file[op->file], op->length, 0);
    } else if (op->kind != SYNC && i < names_end) apply_name(d, op);
  }
  free(synced);
  if (end) clock_now = ops[end - 1].when + (disk_random() & 1 ? 1000 : 120000000);
  return d;
}

Disk *disk_copy(const Disk *from) {
  Disk *d = malloc(sizeof *d);
  *d = *from;
  for (int i = 0; i < d->files; i++) {
    d->file[i] = malloc(sizeof(Content));
    *d->file[i] = *from->file[i];
    d->file[i]->data = malloc(from->file[i]->room + 1);
    if (from->file[i]->size) memcpy(d->file[i]->data, from->file[i]->data, from->file[i]->size);
  }
  return d;
}

void disk_record_content(void) {
  for (int i = 0; i < disk->count; i++) {
    int file = disk->names[i].file;
    if (!strcmp(disk->names[i].name, "/")) continue;
    record(MAKE, file, disk->names[i].name)->length = disk->file[file]->folder;
  }
  for (int i = 0; i < disk->files; i++) {
    if (disk->file[i]->folder || !disk->file[i]->size) continue;
    Op *op = record(WRITE, i, 0);
    op->length = disk->file[i]->size;
    op->data = malloc(op->length);
    memcpy(op->data, disk->file[i]->data, op->length);
    record(SYNC, i, 0);
  }
}

void recording_free(void) {
  for (int i = 0; i < recording.count; i++) free(recording.ops[i].data);
  free(recording.ops);
  memset(&recording, 0, sizeof recording);
}

/* ---- libc's calls: each does what POSIX says of it, as far as SQLite asks ---- */

static int fail_with(int code) {
  errno = code;
  return -1;
}

static void whole_path(char *out, int fd, const char *path) {
  if (path[0] == '/') snprintf(out, 96, "%s", path);
  else if (fd < 0) snprintf(out, 96, "/%s", strcmp(path, ".") ? path : "");
  else snprintf(out, 96, "%s/%s", opened[fd - 100].path, path);
}

static int open_path(const char *path, int flags) {
  int i = find_name(disk, path), file;
  if (i < 0) {
    if (!(flags & O_CREAT)) return fail_with(ENOENT);
    const char *slash = strrchr(path, '/');
    char folder[96] = "/";
    if (slash != path) snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (find_name(disk, folder) < 0) return fail_with(ENOENT);
    file = new_file(disk, 0);
    put_name(disk, path, file);
    record(MAKE, file, path);
  } else {
    file = disk->names[i].file;
    if (flags & O_CREAT && flags & O_EXCL) return fail_with(EEXIST);
    if (disk->file[file]->folder && (flags & O_ACCMODE) != O_RDONLY) return fail_with(EISDIR);
    if (!disk->file[file]->folder && (flags & O_DIRECTORY) == O_DIRECTORY) return fail_with(ENOTDIR);
  }
  for (int fd = 0; fd < MOST_OPEN; fd++) {
    if (opened[fd].used) continue;
    opened[fd].used = 1;
    opened[fd].file = file;
    opened[fd].flags = flags;
    strcpy(opened[fd].path, path);
    return fd + 100;
  }
  return fail_with(EMFILE);
}
int __wrap_open(const char *path, int flags, ...) {
  char whole[96];
  whole_path(whole, -1, path);
  return open_path(whole, flags);
}
int __wrap_openat(int fd, const char *path, int flags, ...) {
  char whole[96];
  whole_path(whole, fd, path);
  if (find_name(disk, opened[fd - 100].path) < 0) return fail_with(ENOENT);
  return open_path(whole, flags);
}
int __wrap_close(int fd) {
  opened[fd - 100].used = 0;
  return 0;
}
static Content *content_of(int fd) { return disk->file[opened[fd - 100].file]; }
ssize_t __wrap_pread(int fd, void *buffer, size_t count, off_t offset) {
  Content *c = content_of(fd);
  long there = c->size - offset;
  if (there < 0) there = 0;
  if ((long)count < there) there = count;
  memcpy(buffer, c->data + offset, there);
  return there;
}
ssize_t __wrap_pwrite(int fd, const void *buffer, size_t count, off_t offset) {
  Op *op = record(WRITE, opened[fd - 100].file, 0);
  if (is_recording) {
    op->offset = offset;
    op->length = count;
    op->data = malloc(count);
    memcpy(op->data, buffer, count);
  }
  content_write(content_of(fd), buffer, count, offset);
  return count;
}
int __wrap_ftruncate(int fd, off_t size) {
  record(TRUNCATE, opened[fd - 100].file, 0)->length = size;
  content_resize(content_of(fd), size, 0);
  return 0;
}
int __wrap_fsync(int fd) {
  if (content_of(fd)->folder) return fail_with(EBADF);
  record(SYNC, opened[fd - 100].file, 0);
  return 0;
}
int __wrap_fdatasync(int fd) { return __wrap_fsync(fd); }
static int stat_file(int file, struct stat *out) {
  memset(out, 0, sizeof *out);
  out->st_dev = 1;
  out->st_ino = file + 1;
  out->st_nlink = 1;
  out->st_mode = disk->file[file]->folder ? S_IFDIR | 0777 : S_IFREG | 0666;
  out->st_size = disk->file[file]->size;
  out->st_blksize = 4096;
  return 0;
}
int __wrap_stat(const char *path, struct stat *out) {
  char whole[96];
  whole_path(whole, -1, path);
  int i = find_name(disk, whole);
  return i < 0 ? fail_with(ENOENT) : stat_file(disk->names[i].file, out);
}
int __wrap_lstat(const char *path, struct stat *out) { return __wrap_stat(path, out); }
int __wrap_fstat(int fd, struct stat *out) { return stat_file(opened[fd - 100].file, out); }
int __wrap_access(const char *path, int mode) {
  struct stat unused;
  (void)mode;
  return __wrap_stat(path, &unused);
}
int __wrap_fcntl(int fd, int command, ...) { return (void)fd, (void)command, 0; }
char *__wrap_getcwd(char *buffer, size_t size) { return (void)size, strcpy(buffer, "/"); }
ssize_t __wrap_readlink(const char *path, char *buffer, size_t size) { return (void)path, (void)buffer, (void)size, fail_with(EINVAL); }
int __wrap_mkdir(const char *path, mode_t mode) {
  (void)mode;
  if (find_name(disk, path) >= 0) return fail_with(EEXIST);
  int file = new_file(disk, 1);
  put_name(disk, path, file);
  record(MAKE, file, path)->length = 1;
  return 0;
}
int __wrap_rmdir(const char *path) {
  size_t length = strlen(path);
  if (find_name(disk, path) < 0) return fail_with(ENOENT);
  for (int i = 0; i < disk->count; i++)
    if (!strncmp(disk->names[i].name, path, length) && disk->names[i].name[length] == '/') return fail_with(ENOTEMPTY);
  cut_name(disk, path);
  record(REMOVE, 0, path);
  return 0;
}
int __wrap_unlink(const char *path) {
  char whole[96];
  whole_path(whole, -1, path);
  if (find_name(disk, whole) < 0) return fail_with(ENOENT);
  cut_name(disk, whole);
  record(REMOVE, 0, whole);
  return 0;
}
int __wrap_unlinkat(int fd, const char *path, int flags) {
  char whole[96];
  (void)flags;
  whole_path(whole, fd, path);
  return __wrap_unlink(whole);
}
int __wrap_renameat(int fd, const char *from, int to_fd, const char *to) {
  Op op = {.kind = RENAME};
  whole_path(op.name, fd, from);
  whole_path(op.to, to_fd, to);
  if (find_name(disk, op.name) < 0) return fail_with(ENOENT);
  apply_name(disk, &op);
  strcpy(record(RENAME, 0, op.name)->to, op.to);
  return 0;
}
int __wrap_linkat(int fd, const char *from, int to_fd, const char *to, int flags) {
  char old[96], new[96];
  (void)flags;
  whole_path(old, fd, from);
  whole_path(new, to_fd, to);
  int i = find_name(disk, old);
  if (disk_has_no_links) return fail_with(EPERM);
  if (i < 0) return fail_with(ENOENT);
  if (find_name(disk, new) >= 0) return fail_with(EEXIST);
  put_name(disk, new, disk->names[i].file);
  record(MAKE, disk->names[i].file, new);
  return 0;
}
DIR *__wrap_fdopendir(int fd) { return (DIR *)(long)fd; }
int __wrap_dirfd(DIR *dir) { return (int)(long)dir; }
int __wrap_closedir(DIR *dir) { return __wrap_close((int)(long)dir); }
void __wrap_rewinddir(DIR *dir) { opened[(long)dir - 100].next = 0; }
struct dirent *__wrap_readdir(DIR *dir) {
  static union {
    struct dirent entry;
    char room[sizeof(struct dirent) + 96];
  } out;
  const char *folder = opened[(long)dir - 100].path;
  size_t length = strlen(folder);
  for (int *i = &opened[(long)dir - 100].next; *i < disk->count;) {
    const char *name = disk->names[(*i)++].name;
    if (strncmp(name, folder, length) || name[length] != '/') continue;
    strcpy(out.entry.d_name, name + length + 1);
    return &out.entry;
  }
  return 0;
}
int __wrap_clock_gettime(clockid_t id, struct timespec *out) {
  (void)id;
  clock_now++;
  out->tv_sec = clock_now / 1000000;
  out->tv_nsec = clock_now % 1000000 * 1000;
  return 0;
}
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest) {
  (void)rest;
  clock_now += time->tv_sec * 1000000LL + time->tv_nsec / 1000;
  return 0;
}
int __wrap_getentropy(void *buffer, size_t count) {
  for (size_t i = 0; i < count; i++) ((unsigned char *)buffer)[i] = (unsigned char)disk_random();
  return 0;
}
