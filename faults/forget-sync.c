// A lie for a test: fsync and fdatasync of the files whose path holds $FORGET_SYNC succeed without having been done. With it the power
// cut test must fail. Compiled by the run that wants it, and loaded with LD_PRELOAD.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_meant(int file) {
  const char *part = getenv("FORGET_SYNC");
  char link[64], path[4096];
  if (part == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, part) != NULL;
}

int fsync(int file) {
  static int (*real)(int);
  if (is_meant(file)) return 0;
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (is_meant(file)) return 0;
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(file);
}
