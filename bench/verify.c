/* bench/verify.c — what judging a quote costs, beside dcap-qvl with ring in the same run.
 *
 * Prints `name n median p99 unit`.  Blocks of both verifiers take turns, and a ratio is one of
 * neighbouring blocks.
 *   known  the set was verified before and is read from its digest: three signatures
 *   json   the set is verified too: nine signatures
 * The peer gets its set already parsed as JSON, ours does not.  Over a limit the program fails. */
#include "verify/verify.h"
#include "attest/attest.h"
#include "crypto/crypto.h"
#include "series.h"

#include <stdio.h>

#define ROUNDS 15u
#define RUNS 200u /* of each kind in a round */
#define WARM_UP 20u
#define NOW_S 1751000000u /* in the middle of the sample's month */
#define KNOWN_MOST 0.55
#define JSON_MOST 1.25

#define QUOTE ALC_VECTORS "/tdx_quote"
#define COLLATERAL ALC_VECTORS "/tdx_quote_collateral.json"

static uint8_t memory[2 * ALC_COLLATERAL_MAX_BYTES];
static struct alc_collateral set;

static void judge(struct alc_bytes quote)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    const struct alc_quote_ask ask = {.quote = quote, .collateral = &set, .now_s = NOW_S};
    struct alc_quote_verdict v;

    alc_quote_verify(&v, &ask, &work, &alc_verify_native);
    need(v.accepted, alc_refusal_text(v.refusal));
}

static void verify_set(struct alc_bytes json)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    const enum alc_refusal r = alc_collateral_verify(&set, json, NULL, &work, &alc_verify_native);

    need(r == ALC_REFUSAL_NONE, alc_refusal_text(r));
}

static void read_set(struct alc_bytes digest)
{
    need(alc_collateral_read(&set, digest), "the digest cannot be read");
}

static void measure(struct series *s, void (*prepare)(struct alc_bytes), struct alc_bytes with,
                    struct alc_bytes quote)
{
    for (size_t i = 0; i < WARM_UP + RUNS; i++) {
        const double began = now_us();
        prepare(with);
        judge(quote);
        if (i >= WARM_UP) series_add(s, now_us() - began);
    }
}

static void measure_peer(struct series *s)
{
    char command[2048];

    snprintf(command, sizeof command, "'%s' bench '%s' '%s' %u %u %u", ALC_QVL_PEER, QUOTE,
             COLLATERAL, NOW_S, RUNS, WARM_UP);
    series_run(s, command);
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
    need(kept.n > 0, "the digest does not fit");
    for (size_t i = 0; i < ROUNDS; i++) {
        measure(&known, read_set, kept, alc_buf_bytes(&quote));
        measure_peer(&peer);
        measure(&json, verify_set, alc_buf_bytes(&text), alc_buf_bytes(&quote));
        need(peer.n == (i + 1) * RUNS, "the peer did not run as often as it was asked to");
        series_add(&known_over, series_ratio(&known, &peer, RUNS));
        series_add(&json_over, series_ratio(&json, &peer, RUNS));
    }
    series_print(&known, "verify.known", "us");
    series_print(&json, "verify.json", "us");
    series_print(&peer, "verify.dcap_qvl", "us");
    known_ratio = series_print(&known_over, "verify.known_over_dcap_qvl", "ratio");
    json_ratio = series_print(&json_over, "verify.json_over_dcap_qvl", "ratio");
    alc_buf_fini(&quote);
    alc_buf_fini(&text);
    need(known_ratio <= KNOWN_MOST, "a known set is over its limit");
    need(json_ratio <= JSON_MOST, "a set as JSON is over its limit");
    return 0;
}
