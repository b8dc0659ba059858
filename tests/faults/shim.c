/* Makes the n-th call that writes below a directory fail with a given errno: to be preloaded (LD_PRELOAD).

   FAULTS_CONTROL names a file of `struct control`, which is mapped, so that a driver can change it between two forks and read the
   counts. FAULTS_DIRECTORY is the directory. A call counts if its kind is in `kinds` and its file lies below the directory. Both are
   read when the library is loaded, and again by `faults_begin`, for a process that was forked by one without them.

   With FAULTS_HURRY=N, `usleep` takes an N-th of its time: SQLite waits ten seconds in all for a lock of the log's index that fails,
   and a campaign over every call does that some hundred times. It counts its waits, not the clock. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 4, CREATE = 8, RENAME = 16, MKDIR = 32, LOCK = 64, OPEN = 128, READ = 256, REMOVE = 512 };

struct control {
    _Atomic long count; /* calls so far */
    long at;            /* the call that fails, from 1; 0: none */
    long number;        /* errno */
    long many;          /* how many fail, from that one on; 0: all */
    long kinds;         /* of calls, a sum of the above */
    _Atomic long failed;
    _Atomic long counts[16]; /* of calls so far, by the bit of their kind */
};

static struct control *control;
static char directory[PATH_MAX];
static size_t length;
static long hurry = 1;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) void faults_begin(void) {
    const char *file = getenv("FAULTS_CONTROL"), *place = getenv("FAULTS_DIRECTORY");
    const char *divisor = getenv("FAULTS_HURRY");
    hurry = divisor && atol(divisor) > 0 ? atol(divisor) : 1;
    control = NULL;
    if (!file || !place || !realpath(place, directory)) return;
    length = strlen(directory);
    int opened = open(file, O_RDWR | O_CLOEXEC);
    if (opened < 0) return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
    close(opened);
    if (mapped != MAP_FAILED) control = mapped;
}

static int below(const char *path) {
    return !strncmp(path, directory, length) && (path[length] == '/' || !path[length]);
}

/* Whether this call is to fail; errno is set then. */
static int refuse(long kind) {
    long count = atomic_fetch_add(&control->count, 1) + 1;
    atomic_fetch_add(&control->counts[__builtin_ctzl(kind)], 1);
    if (!control->at || count < control->at || (control->many && count >= control->at + control->many)) return 0;
    atomic_fetch_add(&control->failed, 1);
    errno = (int)control->number;
    return 1;
}

static int refuses_file(int descriptor, long kind) {
    char name[64], path[PATH_MAX];
    if (!control || !(control->kinds & kind)) return 0;
    int before = errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(name, path, sizeof path - 1);
    errno = before;
    if (size < 0) return 0;
    path[size] = 0;
    return below(path) && refuse(kind);
}

static int refuses_path(int at, const char *path, long kind) {
    char whole[2 * PATH_MAX];
    if (!control || !(control->kinds & kind)) return 0;
    int before = errno;
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char name[64], base[PATH_MAX];
        if (at == AT_FDCWD) snprintf(name, sizeof name, "/proc/self/cwd");
        else snprintf(name, sizeof name, "/proc/self/fd/%d", at);
        ssize_t size = readlink(name, base, sizeof base - 1);
        if (size < 0) return 0;
        base[size] = 0;
        snprintf(whole, sizeof whole, "%s/%s", base, path);
    }
    errno = before;
    return below(whole) && refuse(kind);
}

ssize_t write(int descriptor, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return refuses_file(descriptor, WRITE) ? -1 : real(descriptor, data, size);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return refuses_file(descriptor, WRITE) ? -1 : real(descriptor, parts, count);
}

#define PWRITE(name, offset) \
    ssize_t name(int descriptor, const void *data, size_t size, offset place) { \
        REAL(ssize_t, #name, int, const void *, size_t, offset); \
        return refuses_file(descriptor, WRITE) ? -1 : real(descriptor, data, size, place); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t sendfile(int descriptor, int from, off_t *place, size_t size) {
    REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
    return refuses_file(descriptor, WRITE) ? -1 : real(descriptor, from, place, size);
}

ssize_t copy_file_range(int from, off64_t *start, int descriptor, off64_t *place, size_t size, unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    return refuses_file(descriptor, WRITE) ? -1 : real(from, start, descriptor, place, size, flags);
}

ssize_t read(int descriptor, void *data, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    return refuses_file(descriptor, READ) ? -1 : real(descriptor, data, size);
}

#define PREAD(name, offset) \
    ssize_t name(int descriptor, void *data, size_t size, offset place) { \
        REAL(ssize_t, #name, int, void *, size_t, offset); \
        return refuses_file(descriptor, READ) ? -1 : real(descriptor, data, size, place); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define SYNCING(name) \
    int name(int descriptor) { \
        REAL(int, #name, int); \
        return refuses_file(descriptor, SYNC) ? -1 : real(descriptor); \
    }
SYNCING(fsync)
SYNCING(fdatasync)

#define TRUNCATING(name, offset) \
    int name(int descriptor, offset size) { \
        REAL(int, #name, int, offset); \
        return refuses_file(descriptor, TRUNCATE) ? -1 : real(descriptor, size); \
    }
TRUNCATING(ftruncate, off_t)
TRUNCATING(ftruncate64, off64_t)

#define ALLOCATING(name, offset) \
    int name(int descriptor, offset start, offset size) { \
        REAL(int, #name, int, offset, offset); \
        return refuses_file(descriptor, TRUNCATE) ? errno : real(descriptor, start, size); \
    }
ALLOCATING(posix_fallocate, off_t)
ALLOCATING(posix_fallocate64, off64_t)

static mode_t mode_of(int flags, va_list more) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = mode_of(flags, more); \
        va_end(more); \
        if (refuses_path(AT_FDCWD, path, flags & O_CREAT ? CREATE : OPEN)) return -1; \
        return real(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(int, #name, int, const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = mode_of(flags, more); \
        va_end(more); \
        if (refuses_path(at, path, flags & O_CREAT ? CREATE : OPEN)) return -1; \
        return real(at, path, flags, mode); \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

DIR *opendir(const char *path) {
    REAL(DIR *, "opendir", const char *);
    return refuses_path(AT_FDCWD, path, OPEN) ? NULL : real(path);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return refuses_path(AT_FDCWD, path, REMOVE) ? -1 : real(path);
}

int unlinkat(int at, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return refuses_path(at, path, REMOVE) ? -1 : real(at, path, flags);
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return refuses_path(AT_FDCWD, path, REMOVE) ? -1 : real(path);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    return refuses_path(AT_FDCWD, to, CREATE) ? -1 : real(from, to);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    return refuses_path(to_at, to, CREATE) ? -1 : real(from_at, from, to_at, to, flags);
}

int symlink(const char *text, const char *to) {
    REAL(int, "symlink", const char *, const char *);
    return refuses_path(AT_FDCWD, to, CREATE) ? -1 : real(text, to);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return refuses_path(AT_FDCWD, to, RENAME) ? -1 : real(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return refuses_path(to_at, to, RENAME) ? -1 : real(from_at, from, to_at, to);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    return refuses_path(to_at, to, RENAME) ? -1 : real(from_at, from, to_at, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return refuses_path(AT_FDCWD, path, MKDIR) ? -1 : real(path, mode);
}

int mkdirat(int at, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    return refuses_path(at, path, MKDIR) ? -1 : real(at, path, mode);
}

int flock(int descriptor, int operation) {
    REAL(int, "flock", int, int);
    int takes = !(operation & LOCK_UN);
    return takes && refuses_file(descriptor, LOCK) ? -1 : real(descriptor, operation);
}

#define CONTROLLING(name) \
    int name(int descriptor, int command, ...) { \
        REAL(int, #name, int, int, ...); \
        va_list more; \
        va_start(more, command); \
        void *argument = va_arg(more, void *); \
        va_end(more); \
        int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
        if (locks && ((struct flock *)argument)->l_type != F_UNLCK && refuses_file(descriptor, LOCK)) return -1; \
        return real(descriptor, command, argument); \
    }
CONTROLLING(fcntl)
CONTROLLING(fcntl64)

int usleep(useconds_t microseconds) {
    REAL(int, "usleep", useconds_t);
    return real(microseconds / hurry);
}
