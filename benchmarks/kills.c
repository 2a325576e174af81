/* Counts the calls by which a program changes files, over all its threads and processes, and kills the whole group at the n-th.

Loaded with LD_PRELOAD by kills.py. VITALFEW_KILLS names a file of 16 bytes: calls so far, and the call to kill at (0: none). The call
itself is not made. Calls on pipes, sockets and terminals are not counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long *shared;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("VITALFEW_KILLS");
    if (!path) return;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int file = real_open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) abort();
    void *found = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (found == MAP_FAILED) abort();
    shared = found;
}

static void count(void) {
    if (!shared) return;
    long now = atomic_fetch_add(&shared[0], 1) + 1;
    if (shared[1] && now >= shared[1]) {
        kill(0, SIGKILL);
        for (;;) pause();
    }
}

static int regular(int file) {
    struct stat about;
    return fstat(file, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
}

#define ON_FILE(type, name, parameters, arguments)                                   \
    type name parameters {                                                           \
        static type (*real) parameters;                                              \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                   \
        if (regular(file)) count();                                                  \
        return real arguments;                                                       \
    }
#define ON_NAME(name, parameters, arguments)                                         \
    int name parameters {                                                            \
        static int (*real) parameters;                                               \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                   \
        count();                                                                     \
        return real arguments;                                                       \
    }

ON_FILE(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size))
ON_FILE(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
ON_FILE(ssize_t, pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))
ON_FILE(ssize_t, writev, (int file, const struct iovec *parts, int number), (file, parts, number))
ON_FILE(ssize_t, pwritev, (int file, const struct iovec *parts, int number, off_t at), (file, parts, number, at))
ON_FILE(int, fsync, (int file), (file))
ON_FILE(int, fdatasync, (int file), (file))
ON_FILE(int, ftruncate, (int file, off_t size), (file, size))
ON_FILE(int, ftruncate64, (int file, off64_t size), (file, size))
ON_FILE(ssize_t, sendfile, (int file, int from, off_t *at, size_t size), (file, from, at, size))
ON_FILE(ssize_t, sendfile64, (int file, int from, off64_t *at, size_t size), (file, from, at, size))
ON_FILE(ssize_t, copy_file_range, (int from, off64_t *at, int file, off64_t *to, size_t size, unsigned int flags),
        (from, at, file, to, size, flags))
ON_NAME(rename, (const char *from, const char *to), (from, to))
ON_NAME(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
ON_NAME(renameat2, (int a, const char *from, int b, const char *to, unsigned int flags), (a, from, b, to, flags))
ON_NAME(unlink, (const char *path), (path))
ON_NAME(unlinkat, (int at, const char *path, int flags), (at, path, flags))
ON_NAME(mkdir, (const char *path, mode_t mode), (path, mode))
ON_NAME(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode))
ON_NAME(rmdir, (const char *path), (path))
ON_NAME(remove, (const char *path), (path))
ON_NAME(symlink, (const char *to, const char *path), (to, path))
ON_NAME(symlinkat, (const char *to, int at, const char *path), (to, at, path))
ON_NAME(link, (const char *from, const char *to), (from, to))

#define OPENED(name)                                                                 \
    int name(const char *path, int flags, ...) {                                     \
        static int (*real)(const char *, int, ...);                                  \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                   \
        va_list rest;                                                                \
        va_start(rest, flags);                                                       \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;    \
        va_end(rest);                                                                \
        if (flags & (O_CREAT | O_TRUNC)) count();                                    \
        return real(path, flags, mode);                                              \
    }
OPENED(open)
OPENED(open64)
