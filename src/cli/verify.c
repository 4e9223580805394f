#include "cli/cli.h"
#include "cli/node.h"

#include "attest/attest.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (64u << 20)
#define EXIT_REJECTED 1
#define EXIT_UNREADABLE 2 /* whatever kept us from a verdict: scripts tell three cases apart */

struct settings {
    const char *input, *output, *code, *worker_key, *contract, *chain;
    bool json, hardware;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"input", ALC_CONF_STR, FIELD(input), "", 0, 0, "file with what the module got on stdin"},
    {"output", ALC_CONF_STR, FIELD(output), "", 0, 0,
     "file with the bytes that the caller received"},
    {"code", ALC_CONF_STR, FIELD(code), "", 0, 0, "file of the module"},
    {"worker-key", ALC_CONF_STR, FIELD(worker_key), "", 0, 0, "ed25519:... that must have signed"},
    {"contract", ALC_CONF_STR, FIELD(contract), "", 0, 64, "contract that must have asked"},
    {"chain", ALC_CONF_STR, FIELD(chain), "", 0, 64, "chain that must have asked"},
    {"hardware", ALC_CONF_BOOL, FIELD(hardware), "false", 0, 0,
     "reject unless hardware vouches for the key"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "print the verdict as JSON"},
};
static const struct alc_conf_table table = {
    items, sizeof items / sizeof *items,
    (const char *const[]){"near.", "watcher.", "worker.", "dev.", "store.", "localnet.", NULL}};

static const char help[] =
    "alcove verify FILE: checks a statement file and says what is proven and what is not\n\n"
    "exit: 0 accepted, 1 rejected, 2 the file or a flag cannot be read\n\n";

/* One claim of the statement, and whether its evidence was there to be compared. */
struct claim {
    const char *name;
    const struct alc_hash *hash;
    bool compared;
};

static void print_key(char out[ALC_NEAR_KEY_TEXT_MAX], const struct alc_hash *key)
{
    struct alc_near_key k = {.curve = ALC_NEAR_ED25519};
    memcpy(k.b, key->b, sizeof key->b);
    alc_near_key_text(out, &k);
}

static void say_people(const struct alc_verdict *v, const struct alc_expect *e, const char *why)
{
    const struct alc_statement *s = &v->statement;
    const struct claim claims[] = {{"request", &s->request_hash, e->request != NULL},
                                   {"module ", &s->code_hash, e->code != NULL},
                                   {"input  ", &s->input_hash, e->input != NULL},
                                   {"output ", &s->output_hash, e->output != NULL}};
    char key[ALC_NEAR_KEY_TEXT_MAX], hex[65];
    char a[ALC_STATEMENT_PROJECT_MAX_BYTES * 4 + 1], b[sizeof a];

    if (!v->accepted) printf("REJECTED: %s\n", why);
    if (v->refusal == ALC_REFUSAL_FORMAT) return;
    print_key(key, &s->worker_key);
    printf("%s statement %s\n", v->accepted ? "ACCEPTED" : "  the", cli_hex(hex, &v->hash));
    printf("  signed by   %s\n", key);
    if (s->request_id == ALC_STATEMENT_HTTPS_REQUEST)
        printf("  asked over  HTTPS, call %s\n", cli_plain(a, sizeof a, s->call_id));
    else
        printf("  asked on    %s by contract %s, request %" PRIu64 "\n",
               cli_plain(a, sizeof a, s->chain_id), cli_plain(b, sizeof b, s->contract_id),
               s->request_id);
    printf("  asked by    %s, through %s\n", cli_plain(a, sizeof a, s->signer_id),
           cli_plain(b, sizeof b, s->predecessor_id));
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        printf("  %s     %s  %s\n", claims[i].name, cli_hex(hex, claims[i].hash),
               claims[i].compared ? "compared" : "not shown, so not compared");
    printf("  outcome     %s: %" PRIu64 " instructions, %" PRIu64 " ms, attempt %u\n",
           alc_outcome_text(s->outcome), s->instructions, s->time_ms, s->attempt);
    printf("  not before  block %" PRIu64 "\n\n", s->anchor_height);
    if (!v->accepted) return;
    printf("Proven: whoever holds that key says that this module, on this input, came to this\n"
           "outcome and output, for this request and no other.\n");
    printf("NOT proven: %sthat hardware holds the key: the statement comes with no quote, and\n"
           "this version reads none.  Trust it as far as you trust the key's owner, or run the\n"
           "module again.\n",
           v->simulated ? "SIMULATED: " : "");
}

static void say_machines(const struct alc_verdict *v, const char *why)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &out};
    const struct alc_statement *s = &v->statement;
    char key[ALC_NEAR_KEY_TEXT_MAX];

    alc_jw_obj(&w);
    alc_jw_key(&w, "accepted");
    alc_jw_bool(&w, v->accepted);
    alc_jw_key(&w, "refusal");
    if (v->accepted)
        alc_jw_null(&w);
    else
        alc_jw_text(&w, why);
    alc_jw_key(&w, "hardware");
    alc_jw_bool(&w, false);
    alc_jw_key(&w, "attestation");
    alc_jw_text(&w, v->simulated ? "SIMULATED" : "none");
    if (v->refusal != ALC_REFUSAL_FORMAT) {
        print_key(key, &s->worker_key);
        alc_jw_key(&w, "statement_hash");
        alc_jw_hex(&w, alc_hash_bytes(&v->hash));
        alc_jw_key(&w, "worker_key");
        alc_jw_text(&w, key);
        alc_jw_key(&w, "chain_id");
        alc_jw_str(&w, s->chain_id);
        alc_jw_key(&w, "contract_id");
        alc_jw_str(&w, s->contract_id);
        alc_jw_key(&w, "request_id");
        alc_jw_textf(&w, "%" PRIu64, s->request_id);
        alc_jw_key(&w, "signer_id");
        alc_jw_str(&w, s->signer_id);
        alc_jw_key(&w, "predecessor_id");
        alc_jw_str(&w, s->predecessor_id);
        alc_jw_key(&w, "code_hash");
        alc_jw_hex(&w, alc_hash_bytes(&s->code_hash));
        alc_jw_key(&w, "input_hash");
        alc_jw_hex(&w, alc_hash_bytes(&s->input_hash));
        alc_jw_key(&w, "output_hash");
        alc_jw_hex(&w, alc_hash_bytes(&s->output_hash));
        alc_jw_key(&w, "outcome");
        alc_jw_text(&w, alc_outcome_name(s->outcome));
        alc_jw_key(&w, "instructions");
        alc_jw_u64(&w, s->instructions);
    }
    alc_jw_end(&w);
    printf("%s\n", alc_buf_text(&out));
    alc_buf_fini(&out);
}

static enum alc_rc verify(const struct settings *set, const char *file, bool *accepted,
                          struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes text, code, chain = alc_cstr(set->chain), contract = alc_cstr(set->contract);
    struct alc_expect expect = {0};
    struct alc_near_key key;
    struct alc_hash worker_key;
    struct alc_verdict v;
    struct alc_bundle b;
    const char *why;
    enum alc_rc rc = cli_read_file(&text, file, ALC_BUNDLE_MAX_BYTES, arena, err);

    if (rc == ALC_OK) {
        rc = alc_bundle_read(&b, text, arena, err);
        if (rc != ALC_OK) alc_fail_in(err, "%s is no statement file", file);
    }
    if (rc == ALC_OK && set->input[0] != 0) {
        rc = cli_read_file(&b.input, set->input, ARENA_BYTES, arena, err);
        b.has_input = true;
    }
    if (rc == ALC_OK && set->output[0] != 0) {
        rc = cli_read_file(&b.output, set->output, ARENA_BYTES, arena, err);
        b.has_output = true;
    }
    if (rc == ALC_OK && set->code[0] != 0) {
        rc = cli_read_file(&code, set->code, ARENA_BYTES, arena, err);
        expect.code = &code;
    }
    if (rc == ALC_OK && set->worker_key[0] != 0) {
        if (!alc_near_key_read(&key, alc_cstr(set->worker_key)) || key.curve != ALC_NEAR_ED25519)
            return alc_fail(err, ALC_BAD_INPUT, "worker-key: `%.80s` is no ed25519:... key",
                            set->worker_key);
        memcpy(worker_key.b, key.b, sizeof worker_key.b);
        expect.worker_key = &worker_key;
    }
    if (rc != ALC_OK) return rc;
    if (b.has_request) expect.request = &b.request;
    if (b.has_input) expect.input = &b.input;
    if (b.has_output) expect.output = &b.output;
    if (set->chain[0] != 0) expect.chain_id = &chain;
    if (set->contract[0] != 0) expect.contract_id = &contract;

    alc_verify_signed(&v, b.signed_statement, &expect, &alc_verify_native);
    why = alc_refusal_text(v.refusal);
    if (v.accepted && set->hardware) {
        v.accepted = false;
        why = "no hardware vouches for the key, and --hardware asks for that";
    }
    if (set->json)
        say_machines(&v, why);
    else
        say_people(&v, &expect, why);
    *accepted = v.accepted;
    return ALC_OK;
}

int alc_cli_verify(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(4u * ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct settings set;
    struct alc_err err = {0};
    bool accepted = false;
    enum alc_rc rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);

    if (rc == ALC_OK && rest.help) {
        fputs(help, stdout);
        alc_conf_help(&table);
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK && rest.count != 1)
        rc = alc_fail(&err, ALC_BAD_INPUT, "name one statement file; see --help");
    if (rc == ALC_OK) rc = verify(&set, rest.words[0], &accepted, &arena, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove verify: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    if (rc != ALC_OK) return EXIT_UNREADABLE;
    return accepted ? 0 : EXIT_REJECTED;
}
