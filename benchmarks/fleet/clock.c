/* The wall clock of a process, moved by the seconds that the file named by CHAOS_CLOCK holds, as "+3600". Preloaded.
   The monotonic clock stays. libfaketime does more, but its version 0.9.10 breaks Python's time.sleep. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long moved_s(void)
{
    static long moved, asked_ms = -1000;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (now_ms - asked_ms < 100)
        return moved;
    asked_ms = now_ms;
    char text[32] = "";
    const char *name = getenv("CHAOS_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(file);
    }
    return moved = atol(text);
}

int clock_gettime(clockid_t which, struct timespec *at)
{
    int status = syscall(SYS_clock_gettime, which, at);
    if (status == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        at->tv_sec += moved_s();
    return status;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    int status = syscall(SYS_gettimeofday, at, zone);
    if (status == 0)
        at->tv_sec += moved_s();
    return status;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
