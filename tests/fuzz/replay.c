/* tests/fuzz/replay.c — runs a fuzz target over its corpus, with any compiler: each file named on
 * the command line, or each file in a folder named there, once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static unsigned ran;

static int one_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = NULL;
    long n;
    int bad = 1;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0) goto out;
    rewind(f);
    p = malloc((size_t)n + 1); /* exactly sized reads are what ASan can watch */
    if (p == NULL || fread(p, 1, (size_t)n, f) != (size_t)n) goto out;
    p = realloc(p, n > 0 ? (size_t)n : 1);
    LLVMFuzzerTestOneInput(p, (size_t)n);
    ran++;
    bad = 0;
out:
    if (bad) fprintf(stderr, "replay: cannot read %s\n", path);
    free(p);
    if (f != NULL) fclose(f);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        struct dirent *e;
        if (d == NULL) {
            bad |= one_file(argv[i]);
            continue;
        }
        while ((e = readdir(d)) != NULL) {
            char path[4096];
            if (e->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            bad |= one_file(path);
        }
        closedir(d);
    }
    printf("%u inputs replayed\n", ran);
    return bad || ran == 0; /* an empty corpus is a mistake, not a pass */
}
