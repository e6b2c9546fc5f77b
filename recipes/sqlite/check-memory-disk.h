/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A disk in memory, put under SQLite and its VFS in place of libc's calls (linked with --wrap, as tests.toml has it).
 *
 * Every change of it is recorded. disk_after makes the disk as a power cut may leave it: what was synced is there; of what was not synced, a
 * part is. The rules are those of a journalling file system such as ext4:
 *   - a sync of a file makes its writes and its size lasting, and its name, with all changes of names before that one;
 *   - changes of names, and files made shorter, happen in order: of those not yet lasting, a first part is there;
 *   - of unsynced writes any set of 512-byte sectors is there; where a file grew, the rest is zeros or rubbish;
 *   - folders can't be synced, as under wasmtime.
 * The clock is ours, too: sleeping moves it and costs nothing. Entropy comes from disk_random, so that a run can be repeated.
 */
#ifndef MEMORY_DISK_H
#define MEMORY_DISK_H

typedef struct Disk Disk;

typedef enum { WRITE, TRUNCATE, SYNC, MAKE, REMOVE, RENAME, OP_KINDS } OpKind;

/* A change of the disk, or a sync. */
typedef struct {
  OpKind kind;
  int file;
  long offset, length; /* of a WRITE; TRUNCATE: the length; MAKE: 1 for a folder */
  unsigned char *data; /* of a WRITE */
  char name[96], to[96];
  long long when; /* microseconds of the disk's clock */
} Op;

typedef struct {
  Op *ops;
  int count, room;
} Recording;

/* What a power cut leaves of what was not synced. CUTS is their number. */
typedef enum { ALL_THERE, ONLY_SYNCED, SOME_SECTORS, SOME_AND_RUBBISH, CUTS } Cut;

/* The disk that libc's calls see. The test sets it. */
extern Disk *disk;

/* The changes of `disk` while `is_recording`. The test may put another one in its place. */
extern Recording recording;
extern int is_recording;

/* Whether linkat fails, as on a file system without hard links. */
extern int disk_has_no_links;

/* An empty disk; a copy of one; the end of one. */
Disk *disk_new(void);
Disk *disk_copy(const Disk *from);
void disk_free(Disk *d);

/* The disk after the first `end` operations of `recording` and a cut. Sets the clock: the power is back at once, or after two minutes. */
Disk *disk_after(int end, Cut cut);

/* Records the content of `disk` as files that are made, written and synced: what a new recording starts from. */
void disk_record_content(void);

/* Frees what `recording` holds, and empties it. */
void recording_free(void);

/* Numbers that follow from the seed. */
void disk_seed(unsigned long long seed);
unsigned disk_random(void);

#endif
