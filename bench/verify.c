/* bench/verify.c — what judging a quote costs, beside dcap-qvl with ring in the same run.
 *
 * Prints `name n median p99 unit`.  Blocks of both verifiers take turns, and a ratio is one of
 * neighbouring blocks' medians: a machine that changes its speed in between does not count.
 *   known  the set was verified before and is read from its digest: three signatures
 *   json   the set is verified too: nine signatures
 * The peer gets its set already parsed as JSON, ours does not.  Over a limit the program fails. */
#include "verify/verify.h"
#include "attest/attest.h"
#include "base/clock.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 15u
#define RUNS 200u /* of each kind in a round */
#define WARM_UP 20u
#define NOW_S 1751000000u /* in the middle of the sample's month */
#define KNOWN_MOST 0.55
#define JSON_MOST 1.25

#define QUOTE ALC_VECTORS "/tdx_quote"
#define COLLATERAL ALC_VECTORS "/tdx_quote_collateral.json"

struct series {
    double *v;
    size_t n;
};

static void fatal(const char *what)
{
    fprintf(stderr, "bench_verify: %s\n", what);
    exit(1);
}

static void add(struct series *s, double v)
{
    double *p = realloc(s->v, (s->n + 1) * sizeof *p);

    if (p == NULL) fatal("no memory");
    s->v = p;
    s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

static double report(const char *name, struct series *s, const char *unit)
{
    const double median = median_of(s->v, s->n);

    printf("verify.%-23s %6zu %9.2f %9.2f %s\n", name, s->n, median, s->v[s->n * 99 / 100], unit);
    free(s->v);
    return median;
}

static double now_us(void)
{
    return (double)alc_clock_system.mono_ns(NULL) / 1000;
}

static struct alc_buf read_file(const char *path)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    uint8_t block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");

    if (f == NULL) fatal(path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        alc_buf_put(&b, block, n);
    fclose(f);
    return b;
}

static uint8_t memory[2 * ALC_COLLATERAL_MAX_BYTES];
static struct alc_collateral set;

static void judge(struct alc_bytes quote)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    const struct alc_quote_ask ask = {.quote = quote, .collateral = &set, .now_s = NOW_S};
    struct alc_quote_verdict v;

    alc_quote_verify(&v, &ask, &work, &alc_verify_native);
    if (!v.accepted) fatal(alc_refusal_text(v.refusal));
}

static void verify_set(struct alc_bytes json)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    const enum alc_refusal r = alc_collateral_verify(&set, json, NULL, &work, &alc_verify_native);

    if (r != ALC_REFUSAL_NONE) fatal(alc_refusal_text(r));
}

static void read_set(struct alc_bytes digest)
{
    if (!alc_collateral_read(&set, digest)) fatal("the digest cannot be read");
}

static void measure(struct series *s, void (*prepare)(struct alc_bytes), struct alc_bytes with,
                    struct alc_bytes quote)
{
    for (size_t i = 0; i < WARM_UP + RUNS; i++) {
        const double began = now_us();
        prepare(with);
        judge(quote);
        if (i >= WARM_UP) add(s, now_us() - began);
    }
}

static void measure_peer(struct series *s)
{
    char command[2048], line[64];
    FILE *f;

    snprintf(command, sizeof command, "'%s' bench '%s' '%s' %u %u %u", ALC_QVL_PEER, QUOTE,
             COLLATERAL, NOW_S, RUNS, WARM_UP);
    f = popen(command, "r");
    if (f == NULL) fatal(command);
    while (fgets(line, sizeof line, f) != NULL)
        add(s, strtod(line, NULL) / 1000);
    if (pclose(f) != 0) fatal(command);
}

int main(void)
{
    static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
    struct series known = {0}, json = {0}, peer = {0}, known_over = {0}, json_over = {0};
    struct alc_buf quote, text;
    struct alc_bytes kept;
    double known_ratio, json_ratio;

    setvbuf(stdout, NULL, _IOLBF, 0);
    alc_crypto_init();
    quote = read_file(QUOTE);
    text = read_file(COLLATERAL);
    verify_set(alc_buf_bytes(&text));
    kept = (struct alc_bytes){digest, alc_collateral_write(&set, digest, sizeof digest)};
    if (kept.n == 0) fatal("the digest does not fit");
    for (size_t i = 0; i < ROUNDS; i++) {
        double theirs;
        measure(&known, read_set, kept, alc_buf_bytes(&quote));
        measure_peer(&peer);
        measure(&json, verify_set, alc_buf_bytes(&text), alc_buf_bytes(&quote));
        if (peer.n != (i + 1) * RUNS) fatal("the peer did not run as often as it was asked to");
        theirs = median_of(peer.v + i * RUNS, RUNS);
        add(&known_over, median_of(known.v + i * RUNS, RUNS) / theirs);
        add(&json_over, median_of(json.v + i * RUNS, RUNS) / theirs);
    }
    report("known", &known, "us");
    report("json", &json, "us");
    report("dcap_qvl", &peer, "us");
    known_ratio = report("known_over_dcap_qvl", &known_over, "ratio");
    json_ratio = report("json_over_dcap_qvl", &json_over, "ratio");
    alc_buf_fini(&quote);
    alc_buf_fini(&text);
    if (known_ratio > KNOWN_MOST || json_ratio > JSON_MOST) {
        fprintf(stderr, "bench_verify: over the limits %.2f and %.2f\n", KNOWN_MOST, JSON_MOST);
        return 1;
    }
    return 0;
}
