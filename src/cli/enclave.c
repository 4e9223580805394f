#include "cli/node.h"

#include <stdio.h>
#include <string.h>

static const char *or_null(const char *text)
{
    return text[0] == 0 ? NULL : text;
}

/* open_source is alc_attest_open, which empties the key only when it succeeds. */
static enum alc_rc open_source(struct cli_enclave *e, const struct cli_settings *s,
                               const char *state, enum alc_source source, struct alc_ed25519 *key,
                               struct alc_err *err)
{
    const struct alc_worker_conf worker = cli_node_worker(s);
    char dir[4096];
    struct alc_attest_conf conf = {.source = source,
                                   .configfs_dir = or_null(s->configfs_dir),
                                   .dstack_socket = or_null(s->dstack_socket),
                                   .simulated_dir = dir,
                                   .clock = &alc_clock_system};

    snprintf(dir, sizeof dir, "%s/simulated", state);
    alc_worker_policy(&conf.policy_hash, &worker);
    return alc_attest_open(&e->attest, key, &conf, err);
}

enum alc_rc cli_enclave_open(struct cli_enclave *e, const struct cli_settings *s, const char *state,
                             bool devnet, struct alc_ed25519 *key, struct alc_err *err)
{
    char dir[4096];
    struct alc_sets_conf conf = {.dir = dir,
                                 .url = s->collateral_url,
                                 .plain_ok = s->plain_http,
                                 .clock = &alc_clock_system};
    enum alc_source source;
    enum alc_rc rc;

    if (!alc_source_read(&source, s->source))
        return alc_fail(err, ALC_BAD_INPUT, "attest.source: `%s` is no source", s->source);
    rc = open_source(e, s, state, source, key, err);
    if (rc == ALC_NOT_FOUND && source == ALC_SOURCE_AUTO && devnet) {
        rc = open_source(e, s, state, ALC_SOURCE_SIMULATED, key, err);
    } else if (rc == ALC_NOT_FOUND && source == ALC_SOURCE_AUTO) {
        struct alc_err why = *err;
        rc =
            alc_fail(err, rc,
                     "%.300s.  On a named network that has to be meant: --attest-source simulated, "
                     "or --attest-source none",
                     alc_err_text(&why, rc));
    }
    if (rc != ALC_OK || alc_attest_source(e->attest) == ALC_SOURCE_NONE) return rc;
    snprintf(dir, sizeof dir, "%s/collateral", state);
    conf.attest = e->attest;
    rc = alc_sets_open(&e->sets, &conf, err);
    if (rc != ALC_OK) cli_enclave_close(e);
    return rc;
}

void cli_enclave_close(struct cli_enclave *e)
{
    alc_sets_close(e->sets);
    alc_attest_close(e->attest);
    *e = (struct cli_enclave){NULL, NULL};
}

void cli_put_measurements(struct alc_jw *w, const struct alc_measurement *m)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    alc_jw_obj(w);
    alc_jw_key(w, "mrtd");
    alc_jw_hex(w, (struct alc_bytes){m->mrtd, sizeof m->mrtd});
    for (size_t i = 0; i < 4; i++) {
        alc_jw_key(w, names[i]);
        alc_jw_hex(w, (struct alc_bytes){m->rtmr[i], sizeof m->rtmr[i]});
    }
    alc_jw_end(w);
}
