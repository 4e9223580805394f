/* tests/compat/near_sdk/vm_alone.c — NEAR's VM behind a pipe, without a chain around it: a test
 * replays on it what it did on a chain, and compares the gas.
 *
 *     {"open": "counter.test.near", "wasm": "counter.wasm"}                    → {}
 *     {"call": "counter.test.near", "method": "add", "args": "<base64>", "signer": "a.near",
 *      "predecessor": "a.near", "deposit": "0", "gas": 30000000000000,
 *      "results": ["<base64>" or null], "receivers": ["b.near"]}              → outcome
 *     {"wake": "oracle.test.near", "method": "on_answer", "args": "<base64>"}     → outcome
 *
 * A line each; an outcome is {"ok", "burnt", "exec", "value", "error", "logs"}: `burnt` is what the
 * VM burnt, `exec` what a receipt with this one call costs besides.  `wake` runs the callback of
 * the yield that was made with those arguments, with the data that it was resumed with, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/json.h"
#include "vmhost.h"

#define CONTRACTS_MAX 8u
#define LINE_MAX_BYTES (8u << 20)
#define LIST_MAX 8u

static struct {
    char id[65];
    struct vmhost *host;
} contracts[CONTRACTS_MAX];

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "vm_alone: %s\n", what);
    exit(1);
}

static const char *text_of(const struct alc_json *request, const char *key)
{
    const char *s;
    if (!alc_json_text(alc_json_get(request, key), &s)) die(key);
    return s;
}

static struct alc_bytes decode(struct alc_arena *arena, const struct alc_json *v)
{
    struct alc_bytes text;
    uint8_t *p;
    size_t n;
    if (!alc_json_str(v, &text)) die("base64 is missing");
    p = alc_arena_alloc(arena, text.n + 1);
    if (p == NULL || !alc_base64_decode(p, text.n + 1, &n, text)) die("no base64");
    return (struct alc_bytes){p, n};
}

static struct vmhost *find(const char *id)
{
    for (size_t i = 0; i < CONTRACTS_MAX; i++)
        if (contracts[i].host != NULL && strcmp(contracts[i].id, id) == 0) return contracts[i].host;
    die("no such contract was opened");
}

static void open_contract(const char *id, const char *file)
{
    size_t i = 0;
    while (i < CONTRACTS_MAX && contracts[i].host != NULL)
        i++;
    if (i == CONTRACTS_MAX || strlen(id) >= sizeof contracts[i].id) die("too many contracts");
    (void)snprintf(contracts[i].id, sizeof contracts[i].id, "%s", id);
    contracts[i].host = vmhost_open(contracts[i].id, vmhost_file(file));
}

static const struct nearvm_outcome *call(const struct alc_json *r, struct alc_arena *arena)
{
    const struct alc_json *results = alc_json_get(r, "results");
    const struct alc_json *receivers = alc_json_get(r, "receivers");
    struct nearvm_result result[LIST_MAX] = {0};
    struct alc_bytes receiver[LIST_MAX], deposit;
    struct vmhost_call c = {.method = text_of(r, "method"),
                            .args = decode(arena, alc_json_get(r, "args")),
                            .signer = text_of(r, "signer"),
                            .predecessor = text_of(r, "predecessor"),
                            .results = result,
                            .results_count = alc_json_count(results),
                            .receivers = receiver,
                            .receivers_count = alc_json_count(receivers)};
    if (c.results_count > LIST_MAX || c.receivers_count > LIST_MAX) die("a list is too long");
    for (size_t i = 0; i < c.results_count; i++) {
        const struct alc_json *v = alc_json_at(results, i);
        if (alc_json_kind(v) == ALC_JSON_NULL) continue;
        result[i] = (struct nearvm_result){NEARVM_RESULT_DATA, decode(arena, v)};
    }
    for (size_t i = 0; i < c.receivers_count; i++)
        if (!alc_json_str(alc_json_at(receivers, i), &receiver[i])) die("receivers");
    if (!alc_json_str(alc_json_get(r, "deposit"), &deposit) ||
        !alc_u128_decode(&c.deposit, deposit) || !alc_json_u64(alc_json_get(r, "gas"), &c.gas))
        die("deposit or gas");
    return vmhost_call(find(text_of(r, "call")), &c);
}

static const struct nearvm_outcome *wake(struct vmhost *h, struct alc_bytes args)
{
    for (size_t i = 0; i < vmhost_yields(h); i++)
        if (alc_bytes_eq(vmhost_yield(h, i)->args, args)) return vmhost_wake(h, i);
    die("no yield waits with these arguments");
}

/* What a receipt of one call burns by itself. */
static uint64_t exec_gas(size_t method_and_args)
{
    const struct nearvm_fee *fee = vmhost_fees()->action;
    return fee[NEARVM_ACTION_RECEIPT].exec + fee[NEARVM_CALL_BASE].exec +
           fee[NEARVM_CALL_BYTE].exec * method_and_args;
}

static void put_outcome(struct alc_jw *w, const struct nearvm_outcome *o, uint64_t exec)
{
    alc_jw_key(w, "ok");
    alc_jw_bool(w, o->end == NEARVM_OK);
    alc_jw_key(w, "burnt");
    alc_jw_u64(w, o->burnt_gas);
    alc_jw_key(w, "exec");
    alc_jw_u64(w, exec);
    alc_jw_key(w, "value");
    alc_jw_base64(w, o->returned == NEARVM_RETURN_VALUE ? o->value : (struct alc_bytes){NULL, 0});
    alc_jw_key(w, "error");
    alc_jw_str(w, o->error);
    alc_jw_key(w, "logs");
    alc_jw_arr(w);
    for (size_t i = 0; i < o->logs_count; i++)
        alc_jw_str(w, o->logs[i]);
    alc_jw_end(w);
}

static void answer(const struct alc_json *r, struct alc_buf *out)
{
    struct alc_arena arena = ALC_ARENA(LINE_MAX_BYTES);
    struct alc_jw w = {.out = out};
    alc_jw_obj(&w);
    if (alc_json_get(r, "open") != NULL) {
        open_contract(text_of(r, "open"), text_of(r, "wasm"));
    } else {
        struct alc_bytes args = decode(&arena, alc_json_get(r, "args"));
        size_t named = strlen(text_of(r, "method")) + args.n;
        put_outcome(&w,
                    alc_json_get(r, "wake") != NULL ? wake(find(text_of(r, "wake")), args)
                                                    : call(r, &arena),
                    exec_gas(named));
    }
    alc_jw_end(&w);
    alc_arena_fini(&arena);
}

int main(void)
{
    struct alc_buf out = ALC_BUF(LINE_MAX_BYTES);
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    while ((n = getline(&line, &cap, stdin)) > 0) {
        struct alc_bytes text = {(const uint8_t *)line, (size_t)n};
        struct alc_err err = {0};
        struct alc_json *request;
        if (alc_json_open(&request, text, LINE_MAX_BYTES, &err) != ALC_OK)
            die(alc_err_text(&err, ALC_BAD_INPUT));
        alc_buf_reset(&out);
        answer(request, &out);
        alc_json_close(request);
        if (out.failed) die("the answer is too large");
        puts(alc_buf_text(&out));
        (void)fflush(stdout);
    }
    for (size_t i = 0; i < CONTRACTS_MAX; i++)
        vmhost_close(contracts[i].host);
    alc_buf_fini(&out);
    free(line);
    return 0;
}
