// A disk that fails for a moment: while the file $FAIL_CALLS exists, calls that its one line `<call> <part>` names fail with EIO on files
// whose path holds <part>. <call> is sync, read or write. What fails is noted in $FAIL_CALLS.log: milliseconds, call, path.
//
// As on ext4, xfs and btrfs, what a failed sync did not bring to the disk is lost, and a later sync succeeds: a byte of the file changes, and
// names that came into a directory since its last sync are gone. A server that goes on as if nothing had happened has wrong layers then.
// Compiled by the run that wants it, and loaded with LD_PRELOAD.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
#define NAMES 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Names that came by a rename, and whose directory was not synced yet. */
static char unsynced[NAMES][1024];
static int next_name;

static int path_of(int file, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static ssize_t real_read(int file, void *bytes, size_t count) {
  static typeof(&read) real;
  if (real == NULL) real = REAL(read);
  return real(file, bytes, count);
}

static ssize_t real_write(int file, const void *bytes, size_t count) {
  static typeof(&write) real;
  if (real == NULL) real = REAL(write);
  return real(file, bytes, count);
}

static void note(const char *call, const char *path) {
  char log[1100], line[1200];
  struct timespec now;
  snprintf(log, sizeof log, "%s.log", getenv("FAIL_CALLS"));
  clock_gettime(CLOCK_REALTIME, &now);
  long long ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  int length = snprintf(line, sizeof line, "%lld %s %s\n", ms, call, path);
  int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) return;
  if (real_write(file, line, length) < 0) perror("fail-calls");
  close(file);
}

static int must_fail(const char *call, int file) {
  char rule[512], path[1024];
  const char *where = getenv("FAIL_CALLS");
  if (where == NULL) return 0;
  int before = errno;
  int rules = open(where, O_RDONLY | O_CLOEXEC);
  errno = before;
  if (rules < 0) return 0;
  ssize_t length = real_read(rules, rule, sizeof rule - 1);
  close(rules);
  if (length <= 0) return 0;
  rule[length] = 0;
  rule[strcspn(rule, "\n")] = 0;
  char *part = strchr(rule, ' ');
  if (part == NULL) return 0;
  *part++ = 0;
  if (strcmp(rule, call) != 0 || !path_of(file, path, sizeof path) || strstr(path, part) == NULL) return 0;
  note(call, path);
  return 1;
}

/* 1 when the name lies in the directory itself. */
static int lies_in(const char *name, const char *directory) {
  size_t length = strlen(directory);
  return strncmp(name, directory, length) == 0 && name[length] == '/' && strchr(name + length + 1, '/') == NULL;
}

static void end_names(const char *directory, int lost) {
  pthread_mutex_lock(&lock);
  for (int index = 0; index < NAMES; index++) {
    if (!unsynced[index][0] || !lies_in(unsynced[index], directory)) continue;
    if (lost) unlink(unsynced[index]);
    unsynced[index][0] = 0;
  }
  pthread_mutex_unlock(&lock);
}

static void lose(int file) {
  struct stat about;
  char byte, path[1024];
  if (fstat(file, &about) < 0) return;
  if (S_ISDIR(about.st_mode)) {
    if (path_of(file, path, sizeof path)) end_names(path, 1);
    return;
  }
  /* The database looks after itself: it ends. */
  if (!path_of(file, path, sizeof path) || strstr(path, "/uploads/") == NULL) return;
  if (REAL(pread)(file, &byte, 1, 0) != 1) return;
  byte ^= 1;
  REAL(pwrite)(file, &byte, 1, 0);
}

static int sync_with(int (*real)(int), int file) {
  char path[1024];
  if (must_fail("sync", file)) {
    lose(file);
    errno = EIO;
    return -1;
  }
  int result = real(file);
  if (result == 0 && path_of(file, path, sizeof path)) end_names(path, 0);
  return result;
}

int fsync(int file) { return sync_with(REAL(fsync), file); }
int fdatasync(int file) { return sync_with(REAL(fdatasync), file); }

int rename(const char *from, const char *to) {
  int result = REAL(rename)(from, to);
  if (result < 0 || strstr(to, "/blobs/") == NULL) return result;
  pthread_mutex_lock(&lock);
  snprintf(unsynced[next_name], sizeof unsynced[0], "%s", to);
  next_name = (next_name + 1) % NAMES;
  pthread_mutex_unlock(&lock);
  return result;
}

#define FAILING(call, result, name, arguments, values) \
  result name arguments { \
    static typeof(&name) real; \
    if (real == NULL) real = REAL(name); \
    if (must_fail(call, file)) { \
      errno = EIO; \
      return -1; \
    } \
    return real values; \
  }

FAILING("read", ssize_t, read, (int file, void *bytes, size_t count), (file, bytes, count))
FAILING("read", ssize_t, pread, (int file, void *bytes, size_t count, off_t at), (file, bytes, count, at))
FAILING("read", ssize_t, pread64, (int file, void *bytes, size_t count, off64_t at), (file, bytes, count, at))
FAILING("read", ssize_t, preadv, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
FAILING("read", ssize_t, preadv64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))
FAILING("write", ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
FAILING("write", ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
FAILING("write", ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
FAILING("write", ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
FAILING("write", ssize_t, pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
FAILING("write", ssize_t, pwritev64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))
