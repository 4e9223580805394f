/* tests/guests/probe.c — does what the first word of its input says; tests/unit/engine knows the
 * words.  OutLayer gives a guest no arguments, so the input has to. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int do_exit(const char *rest)
{
    exit(atoi(rest));
}

static int do_complain(const char *rest) /* stderr, then status 1 */
{
    fputs(rest, stderr);
    return 1;
}

static int do_trap(const char *rest)
{
    fputs(rest, stderr);
    __builtin_trap();
}

static int do_spin(const char *rest)
{
    (void)rest;
    for (volatile unsigned i = 0;; i++)
        ;
}

static int do_sleep(const char *rest)
{
    (void)rest;
    puts("asleep");
    fflush(stdout);
    sleep(100);
    return 0;
}

static int do_clock_spin(const char *rest)
{
    (void)time(NULL);
    return do_spin(rest);
}

static int do_clock_sleep(const char *rest)
{
    (void)time(NULL);
    return do_sleep(rest);
}

static int do_flood(const char *rest) /* so many bytes on stdout */
{
    static char block[65536];
    size_t left = strtoull(rest, NULL, 10);

    memset(block, 'x', sizeof block);
    while (left > 0) {
        size_t n = left < sizeof block ? left : sizeof block;
        if (fwrite(block, 1, n, stdout) != n) return 9;
        left -= n;
    }
    return fflush(stdout) == 0 ? 0 : 9;
}

static int do_grumble(const char *rest) /* so many bytes on stderr or a few more, then success */
{
    static char block[4096];

    memset(block, 'e', sizeof block);
    for (long left = atol(rest); left > 0; left -= (long)sizeof block)
        if (fwrite(block, 1, sizeof block, stderr) != sizeof block) return 9;
    puts("done");
    return 0;
}

static int do_eat(const char *rest) /* memory, until there is none: status 7 */
{
    (void)rest;
    for (;;) {
        char *p = malloc(1 << 20);
        if (p == NULL) return 7;
        memset(p, 1, 1 << 20);
        __asm__ volatile("" : : "r"(p) : "memory");
    }
}

static int do_cope(const char *rest) /* with a refusal of memory */
{
    void *p = malloc((size_t)atoi(rest) << 20);
    __asm__ volatile("" : "+r"(p)); /* or the compiler would leave both calls out */
    puts(p == NULL ? "refused" : "given");
    free(p);
    return 0;
}

static int do_env(const char *rest)
{
    (void)rest;
    for (char **e = environ; e != NULL && *e != NULL; e++)
        puts(*e);
    return 0;
}

static int do_times(const char *rest)
{
    struct timespec wall, mono;

    (void)rest;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    printf("%lld.%09ld %lld.%09ld\n", wall.tv_sec, wall.tv_nsec, mono.tv_sec, mono.tv_nsec);
    return 0;
}

static int do_random(const char *rest)
{
    uint8_t b[8];

    (void)rest;
    if (getentropy(b, sizeof b) != 0) return 1;
    for (size_t i = 0; i < sizeof b; i++)
        printf("%02x", b[i]);
    return 0;
}

static int do_files(const char *rest) /* what can be opened: nothing */
{
    puts(fopen(rest, "r") != NULL ? "open" : "closed");
    return 0;
}

static int do_nan(const char *rest) /* the bits of NaNs born in several ways */
{
    volatile double zero = 0, minus = -1, inf = __builtin_inf();
    volatile float fzero = 0;
    const double made[] = {zero / zero, __builtin_sqrt(minus), inf - inf, -(zero / zero) * inf};
    const float fmade = fzero / fzero * -1;
    uint64_t bits;
    uint32_t fbits;

    (void)rest;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        memcpy(&bits, &made[i], sizeof bits);
        printf("%016llx ", (unsigned long long)bits);
    }
    memcpy(&fbits, &fmade, sizeof fbits);
    printf("%08x\n", fbits);
    return 0;
}

static int do_work(const char *rest) /* so many rounds, all of them counted */
{
    volatile uint32_t x = 1;

    for (long i = atol(rest); i > 0; i--)
        x = x * 1664525u + 1013904223u;
    printf("%u\n", (unsigned)x);
    return 0;
}

static const struct {
    const char *word;
    int (*run)(const char *rest);
} verbs[] = {
    {"exit", do_exit},
    {"complain", do_complain},
    {"trap", do_trap},
    {"spin", do_spin},
    {"sleep", do_sleep},
    {"flood", do_flood},
    {"eat", do_eat},
    {"cope", do_cope},
    {"env", do_env},
    {"times", do_times},
    {"random", do_random},
    {"files", do_files},
    {"nan", do_nan},
    {"work", do_work},
    {"grumble", do_grumble},
    {"clock-spin", do_clock_spin},
    {"clock-sleep", do_clock_sleep},
};

int main(int argc, char **argv)
{
    static char line[8192];
    char *rest;

    if (argc > 0) {
        for (int i = 0; i < argc; i++)
            puts(argv[i]);
        return 0;
    }
    line[fread(line, 1, sizeof line - 1, stdin)] = 0;
    rest = strchr(line, ' ');
    if (rest == NULL)
        rest = line + strlen(line);
    else
        *rest++ = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(line, verbs[i].word) == 0) return verbs[i].run(rest);
    fprintf(stderr, "no such word: %s", line);
    return 99;
}
