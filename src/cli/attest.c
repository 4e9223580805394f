#include "cli/cli.h"
#include "cli/settings.h"

#include "attest/attest.h"
#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_BYTES (1u << 20)

/* The settings of `alcove up`, since they are what a simulated enclave measures, and three more. */
struct settings {
    struct cli_settings node; /* first: its table's offsets hold */
    const char *report_data, *policy, *out;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item own[] = {
    {"report-data", ALC_CONF_STR, FIELD(report_data), "", 0, 128,
     "up to 64 bytes in hex that the quote shall hold, zeros behind"},
    {"policy", ALC_CONF_STR, FIELD(policy), "", 0, 64,
     "hash of the policy that the simulated enclave measures, instead of the worker's"},
    {"out", ALC_CONF_STR, FIELD(out), "", 0, 3800,
     "file for the quote, instead of hex on the screen"},
};
#define OWN (sizeof own / sizeof *own)

static const char help[] =
    "alcove attest: asks this enclave for a quote, and says what it measures\n\n"
    "The measurements are printed as the register contract's add_approved_measurements takes "
    "them.\n"
    "A simulated enclave measures its worker's policy.  It is taken from --policy; else, when a\n"
    "network is named, from the settings, which are those of `alcove up`; else from the worker "
    "that\n"
    "last started in the --state folder.\n\n"
    "exit: 0 there is a quote, 2 a flag or setting is wrong, 5 there is no source of quotes,\n"
    "10 the source or a file failed\n\n";

struct made {
    struct alc_attest *attest;
    struct alc_hash policy;
    char policy_is[4096]; /* whence the policy; "": it is not measured */
    uint8_t report_data[64];
    struct alc_buf quote, events;
};

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
    if (made->policy_is[0] != 0)
        alc_buf_printf(out, "policy        %s\n              %s\n", cli_hex(text, &made->policy),
                       made->policy_is);
    alc_buf_printf(out, "measurement   %s\n", cli_hex(text, &hash));
    alc_buf_put_text(out, "measurements  ");
    cli_put_measurements(&measurements, &m);
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
    alc_jw_key(&w, "policy");
    if (made->policy_is[0] != 0)
        alc_jw_hex(&w, alc_hash_bytes(&made->policy));
    else
        alc_jw_null(&w);
    alc_jw_key(&w, "policy_is");
    alc_jw_text(&w, made->policy_is);
    alc_jw_key(&w, "measurement");
    alc_jw_hex(&w, alc_hash_bytes(&hash));
    alc_jw_key(&w, "measurements");
    cli_put_measurements(&w, &m);
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
        return alc_fail(err, ALC_BAD_INPUT, "%s: `%.80s` is not hex of at most %zu bytes", name,
                        text, cap);
    return ALC_OK;
}

/* choose_policy sets made's policy and whence it is.  *worked: a worker with a simulated enclave
 * started in the state folder. */
static enum alc_rc choose_policy(struct made *made, bool *worked, const struct settings *set,
                                 struct alc_err *err)
{
    const struct cli_settings *node = &set->node;
    bool network = node->rpc != NULL && node->rpc[0] != NULL;
    struct alc_hash kept = {{0}};
    char hex[65];
    size_t n;
    enum alc_rc rc = node->state[0] == 0 ? ALC_NOT_FOUND : cli_policy_kept(&kept, node->state, err);

    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    *worked = rc == ALC_OK;
    cli_policy(&made->policy, node);
    if (set->policy[0] != 0) {
        rc = read_hex(made->policy.b, sizeof made->policy.b, &n, "policy", set->policy, err);
        if (rc == ALC_OK && n != sizeof made->policy.b)
            rc = alc_fail(err, ALC_BAD_INPUT, "policy: `%s` is %zu bytes in hex, a hash is 32",
                          set->policy, n);
        snprintf(made->policy_is, sizeof made->policy_is, "as --policy says");
        return rc;
    }
    if (!network && *worked) {
        made->policy = kept;
        snprintf(made->policy_is, sizeof made->policy_is, "of the worker that last started in %s",
                 node->state);
    } else if (network && *worked && !alc_hash_eq(&kept, &made->policy)) {
        snprintf(made->policy_is, sizeof made->policy_is,
                 "of these settings; the worker that last started in %s had another: %s",
                 node->state, cli_hex(hex, &kept));
    } else {
        snprintf(made->policy_is, sizeof made->policy_is, "of these settings%s",
                 network ? "" : ", with a development chain; no worker started here yet");
    }
    return ALC_OK;
}

/* The key that attest holds signs nothing here. */
static enum alc_rc open_source(struct made *made, const struct settings *set, struct alc_err *err)
{
    struct alc_attest_conf conf = {.configfs_dir = or_null(set->node.configfs_dir),
                                   .dstack_socket = or_null(set->node.dstack_socket)};
    struct alc_ed25519 key = {0};
    struct stat st;
    char dir[4096];
    bool worked, automatic;
    enum alc_rc rc;

    if (!alc_source_read(&conf.source, set->node.source))
        return alc_fail(err, ALC_BAD_INPUT,
                        "attest.source: `%s` is not auto, configfs, dstack or simulated",
                        set->node.source);
    if (conf.source == ALC_SOURCE_NONE)
        return alc_fail(err, ALC_NOT_FOUND,
                        "attest.source is `none`: the worker of these settings makes no quotes");
    if (set->node.state[0] != 0) {
        if (stat(set->node.state, &st) != 0 || !S_ISDIR(st.st_mode))
            return alc_fail(err, ALC_BAD_INPUT,
                            "state: there is no folder %s; `alcove up --state` makes it",
                            set->node.state);
        snprintf(dir, sizeof dir, "%s/simulated", set->node.state);
        conf.simulated_dir = dir;
    }
    rc = choose_policy(made, &worked, set, err);
    if (rc != ALC_OK) return rc;
    conf.policy_hash = made->policy;
    automatic = conf.source == ALC_SOURCE_AUTO;
    rc = alc_ed25519_make(&key);
    if (rc == ALC_OK) rc = alc_attest_open(&made->attest, &key, &conf, err);
    if (rc == ALC_NOT_FOUND && automatic && worked) { /* as the worker did */
        conf.source = ALC_SOURCE_SIMULATED;
        rc = alc_attest_open(&made->attest, &key, &conf, err);
    }
    if (rc == ALC_OK && alc_attest_source(made->attest) != ALC_SOURCE_SIMULATED)
        made->policy_is[0] = 0;
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
        if (set->node.json)
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

/* table_of joins the two lists of settings. */
static enum alc_rc table_of(struct alc_conf_table *out, struct alc_arena *arena,
                            struct alc_err *err)
{
    size_t n = cli_node_table.count;
    struct alc_conf_item *all = alc_arena_array(arena, n + OWN, sizeof *all);

    if (all == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the settings");
    memcpy(all, own, sizeof own);
    memcpy(all + OWN, cli_node_table.items, n * sizeof *all);
    *out = (struct alc_conf_table){.items = all, .count = n + OWN};
    return ALC_OK;
}

int alc_cli_attest(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct alc_conf_table table = {0};
    struct settings set = {.node.source = ""};
    struct alc_err err = {0};
    enum alc_rc rc = table_of(&table, &arena, &err);

    if (rc == ALC_OK) rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);
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
    if (rc == ALC_NOT_FOUND && strcmp(set.node.source, "auto") == 0)
        fputs("for development, `--attest-source simulated` makes quotes that say SIMULATED\n",
              stderr);
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
