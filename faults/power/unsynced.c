// Loses power for one process: preloaded into it, this keeps a second copy of a folder, in which stands only what the process
// has synced. When the process is killed, that copy is what a disk would hold after the plug was pulled: everything that was
// written and not synced is gone.
//
// UNSYNCED_DIR   the folder, as an absolute path
// UNSYNCED_KEPT  the copy, outside of it; equal to the folder when the process starts
//
// A write marks a range of its file; fsync and fdatasync bring the ranges, and the size, into the copy. A new file is there
// once it was synced; a rename and a deletion are there once their folder was synced. What a process writes through a
// memory map is never synced (SQLite's -shm, which is rebuilt). No other descriptor of a file is opened here: closing it
// would drop the process's locks.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 65536
#define RANGES 1024

struct file {
  char path[PATH_MAX]; // below UNSYNCED_DIR, with its slash
  int kept;            // descriptor of the copy; -1 before the first sync
  int known;           // the copy has the file
  off_t from[RANGES], to[RANGES];
  int ranges;
  struct file *next;
};

struct change { // of names, not synced yet
  char path[PATH_MAX];
  char to[PATH_MAX]; // empty: deleted
  struct change *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;
static struct change *changes, **last = &changes;
static struct file *open_files[FDS];
static char folders[FDS][256]; // of descriptors of folders; "" for others, "." for the folder itself
static struct stat meant[FDS]; // a descriptor may be closed unseen, by a bare system call, and be another file's
static const char *dir, *kept;
static size_t dir_length;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);

static void fail(const char *what) {
  fprintf(stderr, "unsynced: %s: %s\n", what, strerror(errno));
  abort();
}

// Before anything else here: constructors are not every compiler's.
static void start(void) {
  static volatile int started;
  if (started) return;
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  dir = getenv("UNSYNCED_DIR");
  kept = getenv("UNSYNCED_KEPT");
  if (dir == NULL || kept == NULL) dir = NULL;
  dir_length = dir == NULL ? 0 : strlen(dir);
  started = 1;
}

// The path below the folder, with its slash; NULL for what lies elsewhere.
static const char *below(const char *path) {
  if (dir == NULL || path == NULL || strncmp(path, dir, dir_length) != 0) return NULL;
  return path[dir_length] == '/' || path[dir_length] == 0 ? path + dir_length : NULL;
}

static void copy_of(char *to, const char *path) {
  if (snprintf(to, PATH_MAX, "%s%s", kept, path) >= PATH_MAX) fail("a path is too long");
}

static struct file *file_of(const char *path, int existed) {
  for (struct file *each = files; each != NULL; each = each->next)
    if (strcmp(each->path, path) == 0) return each;
  struct file *file = calloc(1, sizeof *file);
  if (file == NULL || strlen(path) >= PATH_MAX) fail("no room");
  strcpy(file->path, path);
  file->kept = -1;
  file->known = existed;
  file->next = files;
  files = file;
  return file;
}

static void forget(const char *path) {
  for (struct file *each = files; each != NULL; each = each->next)
    if (strcmp(each->path, path) == 0) each->path[0] = 0; // who has it open goes on with a file without a name
}

static int lies_in(const char *path, const char *folder) {
  if (folder == NULL || path[0] == 0) return 0;
  size_t length = strrchr(path, '/') - path;
  return strlen(folder) == length && strncmp(folder, path, length) == 0;
}

// Brings changes of names into the copy: those in one folder, or all that name one path.
static void settle(const char *folder, const char *path) {
  struct change **at = &changes;
  while (*at != NULL) {
    struct change *change = *at;
    int here = lies_in(change->path, folder) || lies_in(change->to, folder);
    if (!here && !(path != NULL && (strcmp(path, change->path) == 0 || strcmp(path, change->to) == 0))) {
      at = &change->next;
      continue;
    }
    char from[PATH_MAX], to[PATH_MAX];
    copy_of(from, change->path);
    copy_of(to, change->to);
    int done = change->to[0] == 0 ? real_unlink(from) : real_rename(from, to);
    if (done != 0 && errno != ENOENT) fail(from);
    *at = change->next;
    if (last == &change->next) last = at;
    free(change);
  }
}

static void changed(const char *path, const char *to) {
  struct change *change = calloc(1, sizeof *change);
  if (change == NULL) fail("no room");
  strcpy(change->path, path);
  strcpy(change->to, to);
  *last = change;
  last = &change->next;
}

static void wrote(struct file *file, off_t from, off_t to) {
  if (file->ranges > 0 && file->to[file->ranges - 1] == from) {
    file->to[file->ranges - 1] = to;
    return;
  }
  if (file->ranges == RANGES) { // one that holds them all
    for (int i = 1; i < RANGES; i++) {
      if (file->from[i] < file->from[0]) file->from[0] = file->from[i];
      if (file->to[i] > file->to[0]) file->to[0] = file->to[i];
    }
    file->ranges = 1;
  }
  file->from[file->ranges] = from;
  file->to[file->ranges++] = to;
}

static void keep(int fd, struct file *file) {
  char path[PATH_MAX], buffer[65536];
  if (file->path[0] == 0) return;
  copy_of(path, file->path);
  if (file->kept < 0) {
    if (!file->known) settle(NULL, file->path); // an earlier file of that name has gone
    file->kept = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC | (file->known ? 0 : O_TRUNC), 0600);
    if (file->kept < 0) fail(path);
    file->known = 1;
  }
  struct stat now;
  if (fstat(fd, &now) != 0 || real_ftruncate(file->kept, now.st_size) != 0) fail(path);
  for (int i = 0; i < file->ranges; i++) {
    off_t at = file->from[i], to = file->to[i] < now.st_size ? file->to[i] : now.st_size;
    while (at < to) {
      size_t want = to - at < (off_t)sizeof buffer ? (size_t)(to - at) : sizeof buffer;
      ssize_t got = pread(fd, buffer, want, at);
      if (got <= 0 || real_pwrite(file->kept, buffer, got, at) != got) fail(path);
      at += got;
    }
  }
  file->ranges = 0;
}

static int opened(int fd, const char *path, int flags, int existed) {
  const char *name = below(path);
  if (fd < 0 || fd >= FDS || dir == NULL) return fd;
  pthread_mutex_lock(&lock);
  open_files[fd] = NULL;
  folders[fd][0] = 0;
  if (name != NULL && fstat(fd, &meant[fd]) == 0) {
    if (S_ISDIR(meant[fd].st_mode)) {
      size_t length = strlen(name);
      while (length > 0 && name[length - 1] == '/') length--;
      if (length == 0) strcpy(folders[fd], ".");
      else snprintf(folders[fd], sizeof folders[fd], "%.*s", (int)length, name);
    } else if ((flags & O_ACCMODE) != O_RDONLY) {
      open_files[fd] = file_of(name, existed);
      if (flags & O_TRUNC) open_files[fd]->ranges = 0;
    }
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

// Whether the descriptor is still one of the folder.
static int ours(int fd) {
  struct stat now;
  if (fd < 0 || fd >= FDS || (open_files[fd] == NULL && folders[fd][0] == 0)) return 0;
  if (fstat(fd, &now) == 0 && now.st_ino == meant[fd].st_ino && now.st_dev == meant[fd].st_dev) return 1;
  open_files[fd] = NULL;
  folders[fd][0] = 0;
  return 0;
}

// What is only written is read as well, when it is synced.
static int readable(const char *path, int flags) {
  return below(path) != NULL && (flags & O_ACCMODE) == O_WRONLY ? (flags & ~O_ACCMODE) | O_RDWR : flags;
}

int open64(const char *path, int flags, ...) {
  start();
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  int existed = below(path) != NULL && access(path, F_OK) == 0;
  return opened(real_open(path, readable(path, flags), mode), path, flags, existed);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open64(path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
  start();
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (path[0] == '/') return open64(path, flags, mode);
  return real_openat(at, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return openat64(at, path, flags, mode);
}

static struct file *written(int fd) {
  start();
  return ours(fd) ? open_files[fd] : NULL;
}

static off_t place(int fd) {
  struct stat now;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &now) == 0 ? now.st_size : 0;
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  struct file *file = written(fd);
  if (file == NULL) return real_write(fd, bytes, count);
  pthread_mutex_lock(&lock);
  off_t at = place(fd);
  ssize_t done = real_write(fd, bytes, count);
  if (done > 0) wrote(file, at, at + done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  struct file *file = written(fd);
  if (file == NULL) return real_writev(fd, parts, count);
  pthread_mutex_lock(&lock);
  off_t at = place(fd);
  ssize_t done = real_writev(fd, parts, count);
  if (done > 0) wrote(file, at, at + done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
  struct file *file = written(fd);
  if (file == NULL) return real_pwrite(fd, bytes, count, at);
  pthread_mutex_lock(&lock);
  ssize_t done = real_pwrite(fd, bytes, count, at);
  if (done > 0) wrote(file, at, at + done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return pwrite64(fd, bytes, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
  struct file *file = written(fd);
  if (file == NULL) return real_pwritev(fd, parts, count, at);
  pthread_mutex_lock(&lock);
  ssize_t done = real_pwritev(fd, parts, count, at);
  if (done > 0) wrote(file, at, at + done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  return pwritev64(fd, parts, count, at);
}

int fsync(int fd) {
  start();
  if (!ours(fd)) return real_fsync(fd);
  pthread_mutex_lock(&lock);
  if (open_files[fd] != NULL) keep(fd, open_files[fd]);
  else settle(strcmp(folders[fd], ".") == 0 ? "" : folders[fd], NULL);
  pthread_mutex_unlock(&lock);
  return 0;
}

int fdatasync(int fd) {
  start();
  return ours(fd) ? fsync(fd) : real_fdatasync(fd);
}

int rename(const char *path, const char *to) {
  start();
  int done = real_rename(path, to);
  const char *from = below(path), *target = below(to);
  if (done != 0 || from == NULL || target == NULL) return done;
  pthread_mutex_lock(&lock);
  forget(target);
  forget(from);
  changed(from, target);
  pthread_mutex_unlock(&lock);
  return done;
}

int unlink(const char *path) {
  start();
  int done = real_unlink(path);
  const char *name = below(path);
  if (done != 0 || name == NULL) return done;
  pthread_mutex_lock(&lock);
  forget(name);
  changed(name, "");
  pthread_mutex_unlock(&lock);
  return done;
}

// Folders are there at once: nobody relies on one being gone.
int mkdir(const char *path, mode_t mode) {
  start();
  static int (*real_mkdir)(const char *, mode_t);
  if (real_mkdir == NULL) real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  int done = real_mkdir(path, mode);
  const char *name = below(path);
  if (done == 0 && name != NULL) {
    char copy[PATH_MAX];
    copy_of(copy, name);
    if (real_mkdir(copy, 0700) != 0 && errno != EEXIST) fail(copy);
  }
  return done;
}
