/* Counts how often a process asks for memory: preloaded before it starts (LD_PRELOAD), it keeps the
 * count in the first eight bytes of the file $COUNT_ALLOCATIONS, where the benchmark reads it.
 * Taking memory back is not counted, nor is what the kernel is asked for directly. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t *counter;

static void count(void)
{
    if (counter)
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("COUNT_ALLOCATIONS");
    int file = path ? open(path, O_RDWR) : -1;
    void *map;

    if (file < 0)
        return;
    map = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED)
        counter = map;
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    count();
    return __libc_realloc(old, size);
}

int posix_memalign(void **to, size_t align, size_t size)
{
    void *memory = __libc_memalign(align, size);

    count();
    if (!memory)
        return ENOMEM;
    *to = memory;
    return 0;
}
