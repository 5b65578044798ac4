/* A disk that hangs on demand: loaded before the C library (LD_PRELOAD) by a story.
 *
 * While the file HANG_WHILE exists, every call that writes to, or asks about, a place below one of the folders of HANG_IN
 * (separated by colons) blocks. The first one that does makes HANG_WHILE.hung. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int gate_is_shut(const char *gate) {
    return syscall(SYS_faccessat, AT_FDCWD, gate, F_OK) == 0;
}

static void hang(const char *path) {
    const char *folders = getenv("HANG_IN"), *gate = getenv("HANG_WHILE");
    if (!folders || !gate || !path || !gate_is_shut(gate)) return;
    for (const char *folder = folders; *folder;) {
        size_t length = strcspn(folder, ":");
        if (length > 0 && strncmp(path, folder, length) == 0) {
            char mark[4096];
            snprintf(mark, sizeof mark, "%s.hung", gate);
            int made = (int)syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
            if (made >= 0) syscall(SYS_close, made);
            struct timespec moment = {0, 5 * 1000 * 1000};
            while (gate_is_shut(gate)) nanosleep(&moment, NULL);
            return;
        }
        folder += length + (folder[length] == ':');
    }
}

static void hang_at(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        hang(path);
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                            \
    int name(const char *path, int flags, ...) {              \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        mode_t mode = mode_of(flags, rest);                   \
        va_end(rest);                                         \
        if (flags & (O_CREAT | O_WRONLY | O_RDWR)) hang(path); \
        return REAL(name)(path, flags, mode);                 \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                          \
    int name(int at, const char *path, int flags, ...) {      \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        mode_t mode = mode_of(flags, rest);                   \
        va_end(rest);                                         \
        if (flags & (O_CREAT | O_WRONLY | O_RDWR)) hang(path); \
        return REAL(name)(at, path, flags, mode);             \
    }
OPENAT(openat)
OPENAT(openat64)

#define BY_FD(type, name, parameters, arguments) \
    type name parameters {                       \
        hang_at(fd);                             \
        return REAL(name) arguments;             \
    }
BY_FD(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
BY_FD(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
BY_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
BY_FD(int, fsync, (int fd), (fd))
BY_FD(int, fdatasync, (int fd), (fd))
BY_FD(int, ftruncate64, (int fd, off64_t length), (fd, length))

#define BY_PATH(type, name, parameters, arguments) \
    type name parameters {                         \
        hang(path);                                \
        return REAL(name) arguments;               \
    }
BY_PATH(int, unlink, (const char *path), (path))
BY_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode))
BY_PATH(int, rename, (const char *path, const char *to), (path, to))
BY_PATH(int, renameat2, (int from, const char *path, int at, const char *to, unsigned flags),
        (from, path, at, to, flags))
BY_PATH(int, statvfs, (const char *path, struct statvfs *answer), (path, answer))
BY_PATH(int, statvfs64, (const char *path, struct statvfs64 *answer), (path, answer))
BY_PATH(DIR *, opendir, (const char *path), (path))
