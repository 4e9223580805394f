#include "cli/cli.h"
#include "cli/node.h"

#include "attest/attest.h"
#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (1u << 20)

struct settings {
    const char *state, *source, *configfs_dir, *dstack_socket, *report_data, *policy, *out;
    bool json;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"state", ALC_CONF_STR, FIELD(state), "", 0, 3800,
     "folder of the roles; the simulated PKI lies in it, and without one is made for this call"},
    {"attest.source", ALC_CONF_STR, FIELD(source), "auto", 1, 16,
     "auto, configfs, dstack or simulated"},
    {"attest.configfs-dir", ALC_CONF_STR, FIELD(configfs_dir), "", 0, 3800,
     "where the kernel's reports are asked for; none: /sys/kernel/config/tsm/report"},
    {"attest.dstack-socket", ALC_CONF_STR, FIELD(dstack_socket), "", 0, 107,
     "socket of dstack's guest agent; none: the usual places"},
    {"report-data", ALC_CONF_STR, FIELD(report_data), "", 0, 128,
     "up to 64 bytes in hex that the quote shall hold, zeros behind"},
    {"policy", ALC_CONF_STR, FIELD(policy), "", 0, 64,
     "hash of the policy that the simulated enclave measures"},
    {"out", ALC_CONF_STR, FIELD(out), "", 0, 3800,
     "file for the quote, instead of hex on the screen"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "print all of it as JSON"},
};
static const struct alc_conf_table table = {
    items, sizeof items / sizeof *items,
    (const char *const[]){"near.", "watcher.", "worker.", "dev.", "store.", "localnet.", "gateway.",
                          "attest.", "log", NULL}};

static const char help[] =
    "alcove attest: asks this enclave for a quote, and says what it measures\n\n"
    "The measurements are printed as the register contract's add_approved_measurements takes "
    "them.\n"
    "exit: 0 there is a quote, 5 there is no source of quotes, 10 the source failed\n\n";

struct made {
    struct alc_attest *attest;
    uint8_t report_data[64];
    struct alc_buf quote, events;
};

/* The contract's form: {"mrtd":"..","rtmr0":"..", ..}. */
static void put_measurements(struct alc_jw *w, const struct alc_measurement *m)
{
    char name[8];

    alc_jw_obj(w);
    alc_jw_key(w, "mrtd");
    alc_jw_hex(w, (struct alc_bytes){m->mrtd, 48});
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "rtmr%zu", i);
        alc_jw_key(w, name);
        alc_jw_hex(w, (struct alc_bytes){m->rtmr[i], 48});
    }
    alc_jw_end(w);
}

static void put_people(struct alc_buf *out, const struct settings *set, const struct made *made)
{
    struct alc_measurement m = alc_attest_measurement(made->attest);
    struct alc_jw measurements = {.out = out};
    struct alc_hash hash;
    char text[65];

    alc_attest_measurement_hash(made->attest, &hash);
    alc_buf_printf(out, "source        %s\n", alc_source_name(alc_attest_source(made->attest)));
    alc_buf_printf(out, "hardware      %s\n",
                   alc_attest_simulated(made->attest)
                       ? "none: SIMULATED quotes prove nothing about a machine"
                       : "the source says so; only verifying the quote shows it");
    alc_buf_printf(out, "measurement   %s\n", cli_hex(text, &hash));
    alc_buf_put_text(out, "measurements  ");
    put_measurements(&measurements, &m);
    alc_buf_put_text(out, "\nreport data   ");
    for (size_t i = 0; i < sizeof made->report_data; i++)
        alc_buf_printf(out, "%02x", made->report_data[i]);
    alc_buf_printf(out, "\nevent log     %zu bytes\nquote         %zu bytes", made->events.n,
                   made->quote.n);
    if (set->out[0] != 0) {
        alc_buf_printf(out, " in %s\n", set->out);
        return;
    }
    alc_buf_put_text(out, ", in hex:\n");
    for (size_t i = 0; i < made->quote.n; i++)
        alc_buf_printf(out, "%02x", made->quote.p[i]);
    alc_buf_put_text(out, "\n");
}

static void put_machines(struct alc_buf *out, const struct settings *set, const struct made *made)
{
    struct alc_measurement m = alc_attest_measurement(made->attest);
    struct alc_jw w = {.out = out};
    struct alc_hash hash;

    alc_attest_measurement_hash(made->attest, &hash);
    alc_jw_obj(&w);
    alc_jw_key(&w, "source");
    alc_jw_text(&w, alc_source_name(alc_attest_source(made->attest)));
    alc_jw_key(&w, "simulated");
    alc_jw_bool(&w, alc_attest_simulated(made->attest));
    alc_jw_key(&w, "measurement");
    alc_jw_hex(&w, alc_hash_bytes(&hash));
    alc_jw_key(&w, "measurements");
    put_measurements(&w, &m);
    alc_jw_key(&w, "report_data");
    alc_jw_hex(&w, (struct alc_bytes){made->report_data, sizeof made->report_data});
    alc_jw_key(&w, "quote");
    if (set->out[0] == 0)
        alc_jw_hex(&w, alc_buf_bytes(&made->quote));
    else
        alc_jw_null(&w);
    alc_jw_key(&w, "quote_file");
    if (set->out[0] != 0)
        alc_jw_text(&w, set->out);
    else
        alc_jw_null(&w);
    alc_jw_key(&w, "event_log"); /* as text: hashes of it, if any, are over these bytes */
    if (made->events.n > 0)
        alc_jw_str(&w, alc_buf_bytes(&made->events));
    else
        alc_jw_null(&w);
    alc_jw_end(&w);
    alc_buf_put_text(out, "\n");
}

static const char *or_null(const char *text)
{
    return text[0] == 0 ? NULL : text;
}

static enum alc_rc read_hex(uint8_t *out, size_t cap, size_t *n, const char *name, const char *text,
                            struct alc_err *err)
{
    *n = 0;
    if (text[0] != 0 && !alc_hex_decode(out, cap, n, alc_cstr(text)))
        return alc_fail(err, ALC_BAD_INPUT, "%s: at most %zu bytes in hex", name, cap);
    return ALC_OK;
}

/* The key that attest holds signs nothing here. */
static enum alc_rc open_source(struct made *made, const struct settings *set, struct alc_err *err)
{
    struct alc_attest_conf conf = {.configfs_dir = or_null(set->configfs_dir),
                                   .dstack_socket = or_null(set->dstack_socket)};
    struct alc_ed25519 key = {0};
    char dir[4096];
    size_t n;
    enum alc_rc rc;

    if (!alc_source_read(&conf.source, set->source) || conf.source == ALC_SOURCE_NONE)
        return alc_fail(err, ALC_BAD_INPUT,
                        "attest.source: `%s` is not auto, configfs, dstack or simulated",
                        set->source);
    rc = read_hex(conf.policy_hash.b, 32, &n, "policy", set->policy, err);
    if (rc != ALC_OK) return rc;
    if (set->state[0] != 0) {
        snprintf(dir, sizeof dir, "%s/simulated", set->state);
        conf.simulated_dir = dir;
    }
    rc = alc_ed25519_make(&key);
    if (rc == ALC_OK) rc = alc_attest_open(&made->attest, &key, &conf, err);
    alc_ed25519_fini(&key);
    return rc;
}

static enum alc_rc attest(const struct settings *set, struct alc_err *err)
{
    struct made made = {.quote = ALC_BUF(ALC_QUOTE_MAX_BYTES),
                        .events = ALC_BUF(ALC_EVENTS_MAX_BYTES)};
    struct alc_buf out = ALC_BUF(4u << 20);
    size_t n;
    enum alc_rc rc;

    rc = read_hex(made.report_data, 64, &n, "report-data", set->report_data, err);
    if (rc == ALC_OK) rc = open_source(&made, set, err);
    if (rc == ALC_OK)
        rc = alc_attest_quote(made.attest, made.report_data, &made.quote, &made.events, err);
    if (rc == ALC_OK && set->out[0] != 0)
        rc = cli_write_file(set->out, alc_buf_bytes(&made.quote), err);
    if (rc == ALC_OK) {
        if (set->json)
            put_machines(&out, set, &made);
        else
            put_people(&out, set, &made);
        if (out.failed)
            rc = alc_fail(err, ALC_NOMEM, "no memory for the answer");
        else
            fputs(alc_buf_text(&out), stdout);
    }
    alc_buf_fini(&out);
    alc_buf_fini(&made.events);
    alc_buf_fini(&made.quote);
    alc_attest_close(made.attest);
    return rc;
}

int alc_cli_attest(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct settings set;
    struct alc_err err = {0};
    enum alc_rc rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);

    if (rc == ALC_OK && rest.help) {
        fputs(help, stdout);
        alc_conf_help(&table);
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK && rest.count > 0)
        rc = alc_fail(&err, ALC_BAD_INPUT, "`%s`: only flags are understood here; see --help",
                      rest.words[0]);
    if (rc == ALC_OK) rc = attest(&set, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove attest: %s\n", alc_err_text(&err, rc));
    if (rc == ALC_NOT_FOUND && strcmp(set.source, "auto") == 0)
        fputs("for development, `--attest-source simulated` makes quotes that say SIMULATED\n",
              stderr);
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
