/* tests/lib/vmhost.c — see vmhost.h. */
#include "vmhost.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS_ARENA_BYTES (64u << 20)
#define ONE_SECOND_NS 1000000000u

struct record {
    struct alc_bytes key, value; /* owned */
};

/* How a record was before the call that runs; value.p NULL: it was not there. */
struct undo {
    struct alc_bytes key, value; /* owned */
};

struct waiting {
    struct vmhost_yield y; /* bytes owned */
    char *signer;
    struct alc_near_key key;
};

struct vmhost {
    struct vmhost_env env;
    char *account_id;
    struct alc_bytes wasm; /* owned */
    struct alc_hash code_hash;
    struct record *records; /* sorted by key */
    size_t records_count;
    struct undo *undos; /* of the call that runs */
    size_t undos_count;
    struct waiting *yields;
    size_t yields_count;
    struct nearvm_outcome out; /* of the last call */
    struct alc_arena arena;    /* its decoded actions */
    uint64_t calls;
};

static struct nearvm *shared; /* compiled contracts serve all hosts */

/* A test framework takes the signals by which the VM finds traps, anew for each test: the VM has
 * them back while it runs. */
static const int trap_signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};
#define TRAP_SIGNALS (sizeof trap_signals / sizeof *trap_signals)
static struct sigaction vm_handlers[TRAP_SIGNALS];

static void die(const char *what)
{
    fprintf(stderr, "vmhost: %s\n", what);
    abort();
}

static void *grow(void *p, size_t count, size_t size)
{
    p = realloc(p, count * size);
    if (p == NULL) die("no memory");
    return p;
}

/* One NUL that does not count follows, so that an empty copy is not NULL. */
static struct alc_bytes copy(struct alc_bytes b)
{
    uint8_t *p = grow(NULL, b.n + 1, 1);
    if (b.n > 0) memcpy(p, b.p, b.n);
    p[b.n] = 0;
    return (struct alc_bytes){p, b.n};
}

static char *copy_text(const char *s)
{
    char *p = grow(NULL, strlen(s) + 1, 1);
    return strcpy(p, s);
}

static void drop(struct alc_bytes *b)
{
    free((void *)(uintptr_t)b->p);
    *b = (struct alc_bytes){NULL, 0};
}

static void close_shared(void)
{
    nearvm_close(shared);
    shared = NULL;
}

static struct nearvm *vm(void)
{
    struct alc_err err;
    if (shared != NULL) return shared;
    if (nearvm_open(&shared, NEARVM_PROTOCOL, NULL, &err) != ALC_OK) die(err.text);
    for (size_t i = 0; i < TRAP_SIGNALS; i++)
        sigaction(trap_signals[i], NULL, &vm_handlers[i]);
    atexit(close_shared);
    return shared;
}

const struct nearvm_fees *vmhost_fees(void)
{
    static struct nearvm_fees fees;
    nearvm_fees(vm(), &fees);
    return &fees;
}

struct alc_bytes vmhost_file(const char *path)
{
    static struct alc_bytes *files; /* kept reachable */
    static size_t files_count;
    struct alc_bytes out = {NULL, 0};
    FILE *f = fopen(path, "rb");
    size_t got;
    if (f == NULL) die(path);
    do {
        uint8_t *p = grow((void *)(uintptr_t)out.p, out.n + 65536, 1);
        got = fread(p + out.n, 1, 65536, f);
        out = (struct alc_bytes){p, out.n + got};
    } while (got > 0);
    if (ferror(f)) die(path);
    fclose(f);
    files = grow(files, files_count + 1, sizeof *files);
    files[files_count++] = out;
    return out;
}

/* ---- records ---- */

static int compare(struct alc_bytes a, struct alc_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    if (c != 0) return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

/* Where the key is, or would be. */
static size_t find(const struct vmhost *h, struct alc_bytes key, bool *there)
{
    size_t lo = 0, hi = h->records_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare(h->records[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *there = lo < h->records_count && compare(h->records[lo].key, key) == 0;
    return lo;
}

static void set(struct vmhost *h, struct alc_bytes key, struct alc_bytes value)
{
    bool there;
    size_t i = find(h, key, &there);
    struct alc_bytes fresh = copy(value);
    if (there) {
        drop(&h->records[i].value);
        h->records[i].value = fresh;
        return;
    }
    h->records = grow(h->records, h->records_count + 1, sizeof *h->records);
    memmove(h->records + i + 1, h->records + i, (h->records_count - i) * sizeof *h->records);
    h->records[i] = (struct record){copy(key), fresh};
    h->records_count++;
}

static void unset(struct vmhost *h, struct alc_bytes key)
{
    bool there;
    size_t i = find(h, key, &there);
    if (!there) return;
    drop(&h->records[i].key);
    drop(&h->records[i].value);
    h->records_count--;
    memmove(h->records + i, h->records + i + 1, (h->records_count - i) * sizeof *h->records);
}

bool vmhost_get(const struct vmhost *h, struct alc_bytes key, struct alc_bytes *value)
{
    bool there;
    size_t i = find(h, key, &there);
    if (there) *value = h->records[i].value;
    return there;
}

void vmhost_put(struct vmhost *h, struct alc_bytes key, struct alc_bytes value)
{
    set(h, key, value);
}

size_t vmhost_records(const struct vmhost *h)
{
    return h->records_count;
}

void vmhost_record(const struct vmhost *h, size_t i, struct alc_bytes *key, struct alc_bytes *value)
{
    if (i >= h->records_count) die("there is no such record");
    *key = h->records[i].key;
    *value = h->records[i].value;
}

/* Remembers how the record is; gives the remembered value, which lives as long as the call. */
static bool remember(struct vmhost *h, struct alc_bytes key, struct alc_bytes *old)
{
    struct undo u = {.key = copy(key)};
    struct alc_bytes value;
    bool there = vmhost_get(h, key, &value);
    if (there) *old = u.value = copy(value);
    h->undos = grow(h->undos, h->undos_count + 1, sizeof *h->undos);
    h->undos[h->undos_count++] = u;
    return there;
}

static void settle(struct vmhost *h, bool keep)
{
    while (h->undos_count > 0) {
        struct undo *u = &h->undos[--h->undos_count];
        if (!keep && u->value.p != NULL) set(h, u->key, u->value);
        if (!keep && u->value.p == NULL) unset(h, u->key);
        drop(&u->key);
        drop(&u->value);
    }
}

/* ---- what the VM asks ---- */

static int on_get(void *ctx, struct alc_bytes key, struct alc_bytes *value)
{
    return vmhost_get(ctx, key, value);
}

static int on_set(void *ctx, struct alc_bytes key, struct alc_bytes value, struct alc_bytes *old)
{
    bool there = remember(ctx, key, old);
    set(ctx, key, value);
    return there;
}

static int on_remove(void *ctx, struct alc_bytes key, struct alc_bytes *old)
{
    bool there = remember(ctx, key, old);
    unset(ctx, key);
    return there;
}

static int on_has(void *ctx, struct alc_bytes key)
{
    struct alc_bytes value;
    return vmhost_get(ctx, key, &value);
}

static void number_hash(struct alc_hash *out, const char *what, uint64_t a, uint64_t b)
{
    char text[80];
    snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64, what, a, b);
    alc_sha256(out, alc_cstr(text));
}

static void on_data_id(void *ctx, uint64_t k, struct alc_hash *out)
{
    const struct vmhost *h = ctx;
    number_hash(out, "data", h->calls, k);
}

static struct waiting *waiting_for(const struct vmhost *h, const struct alc_hash *data_id)
{
    for (size_t i = 0; i < h->yields_count; i++)
        if (alc_hash_eq(&h->yields[i].y.data_id, data_id)) return &h->yields[i];
    return NULL;
}

static int on_yield_waits(void *ctx, const struct alc_hash *data_id)
{
    return waiting_for(ctx, data_id) != NULL;
}

static int on_yield_id(void *ctx, const struct alc_hash *yield_id, struct alc_hash *data_id)
{
    const struct vmhost *h = ctx;
    for (size_t i = 0; i < h->yields_count; i++) {
        if (!alc_hash_eq(&h->yields[i].y.yield_id, yield_id)) continue;
        *data_id = h->yields[i].y.data_id;
        return 1;
    }
    return 0;
}

static int on_validator(void *ctx, struct alc_bytes id, __uint128_t *out)
{
    (void)ctx;
    *out = 0;
    return alc_bytes_is(id, "validator.test");
}

static int on_validators(void *ctx, __uint128_t *out)
{
    (void)ctx;
    *out = 50000000 * ALC_NEAR_YOCTO;
    return 1;
}

/* ---- life ---- */

struct vmhost *vmhost_open(const char *account_id, struct alc_bytes wasm)
{
    struct vmhost *h = grow(NULL, 1, sizeof *h);
    *h = (struct vmhost){
        .env = {.chain_id = "localnet",
                .height = 100,
                .time_ns = 1700000000u * (uint64_t)ONE_SECOND_NS,
                .balance = 1000 * ALC_NEAR_YOCTO,
                .usage_bytes = 182},
        .arena = ALC_ARENA(ACTIONS_ARENA_BYTES),
    };
    h->account_id = copy_text(account_id);
    vmhost_deploy(h, wasm);
    return h;
}

struct vmhost_env *vmhost_env(struct vmhost *h)
{
    return &h->env;
}

void vmhost_deploy(struct vmhost *h, struct alc_bytes wasm)
{
    struct alc_bytes fresh = copy(wasm);
    h->env.usage_bytes = h->env.usage_bytes - h->wasm.n + fresh.n;
    drop(&h->wasm);
    h->wasm = fresh;
    alc_sha256(&h->code_hash, fresh);
}

static void yield_fini(struct waiting *w)
{
    free((void *)(uintptr_t)w->y.method);
    drop(&w->y.args);
    drop(&w->y.payload);
    free(w->signer);
}

void vmhost_close(struct vmhost *h)
{
    if (h == NULL) return;
    nearvm_outcome_free(&h->out);
    alc_arena_fini(&h->arena);
    for (size_t i = 0; i < h->records_count; i++) {
        drop(&h->records[i].key);
        drop(&h->records[i].value);
    }
    for (size_t i = 0; i < h->yields_count; i++)
        yield_fini(&h->yields[i]);
    free(h->records);
    free(h->undos);
    free(h->yields);
    free(h->account_id);
    drop(&h->wasm);
    free(h);
}

/* ---- calls ---- */

static void run(struct vmhost *h, const struct nearvm_call *call, const struct nearvm_state *state)
{
    struct nearvm *v = vm();
    struct sigaction others[TRAP_SIGNALS];
    struct alc_err err;
    enum alc_rc rc;
    for (size_t i = 0; i < TRAP_SIGNALS; i++)
        sigaction(trap_signals[i], &vm_handlers[i], &others[i]);
    rc = nearvm_run(v, call, state, &h->out, &err);
    for (size_t i = 0; i < TRAP_SIGNALS; i++)
        sigaction(trap_signals[i], &others[i], NULL);
    if (rc != ALC_OK) die(err.text);
}

const struct alc_near_action *vmhost_action(struct vmhost *h, size_t receipt, size_t action)
{
    const struct nearvm_receipt *r = h->out.receipts + receipt;
    struct alc_near_action *out;
    struct alc_cur c;
    if (receipt >= h->out.receipts_count || action >= r->actions_count)
        die("there is no such action");
    out = alc_arena_alloc(&h->arena, sizeof *out);
    if (out == NULL) die("no memory");
    c = alc_cur(r->actions[action]);
    if (!alc_near_action_read(&c, out, &h->arena) || c.n != 0) die("an action does not decode");
    return out;
}

static void keep_yield(struct vmhost *h, size_t receipt, const struct nearvm_call *call,
                       const struct alc_near_key *key)
{
    const struct nearvm_receipt *r = &h->out.receipts[receipt];
    const struct alc_near_action *a = vmhost_action(h, receipt, 0);
    struct waiting w = {.y = {.data_id = r->data_id,
                              .yield_id = r->yield_id,
                              .method = (const char *)copy(a->method).p,
                              .args = copy(a->data),
                              .gas = a->gas,
                              .deposit = a->amount},
                        .signer = (char *)(uintptr_t)copy(call->signer_id).p,
                        .key = *key};
    h->yields = grow(h->yields, h->yields_count + 1, sizeof *h->yields);
    h->yields[h->yields_count++] = w;
}

static void keep(struct vmhost *h, const struct nearvm_call *call, const struct alc_near_key *key)
{
    h->env.balance = h->out.balance;
    h->env.usage_bytes = h->out.storage_usage_bytes;
    for (size_t i = 0; i < h->out.receipts_count; i++)
        if (h->out.receipts[i].kind != NEARVM_RECEIPT_ACTION) keep_yield(h, i, call, key);
    for (size_t i = 0; i < h->out.resumes_count; i++) {
        struct waiting *w = waiting_for(h, &h->out.resumes[i].data_id);
        if (w == NULL) die("a yield that does not wait was resumed");
        if (w->y.resumed) continue; /* the first one wins */
        w->y.resumed = true;
        w->y.payload = copy(h->out.resumes[i].payload);
    }
}

static void print_gas(const struct vmhost *h, const char *method)
{
    const char *end[] = {"", "  aborted", "  no code", "  unloadable"};
    printf("%-40s %9.4f Tgas burnt %9.4f used%s\n", method, (double)h->out.burnt_gas / 1e12,
           (double)h->out.used_gas / 1e12, end[h->out.end]);
}

const struct nearvm_outcome *vmhost_call(struct vmhost *h, const struct vmhost_call *c)
{
    struct nearvm_state state = {.ctx = h,
                                 .get = on_get,
                                 .set = on_set,
                                 .remove = on_remove,
                                 .has = on_has,
                                 .data_id = on_data_id,
                                 .yield_waits = on_yield_waits,
                                 .yield_id_pending = on_yield_id,
                                 .validator_stake = on_validator,
                                 .validator_total = on_validators};
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    const char *signer = c->signer != NULL ? c->signer : VMHOST_SIGNER;
    struct alc_buf borsh_key = ALC_BUF(128);
    struct alc_hash seed;
    struct nearvm_call call;

    memset(key.b, 0x11, 32);
    if (c->key != NULL) key = *c->key;
    alc_near_key_write(&borsh_key, &key);
    number_hash(&seed, "seed", h->calls, h->env.height);
    call = (struct nearvm_call){
        .account_balance = h->env.balance,
        .deposit = c->deposit,
        .code = h->wasm,
        .code_hash = h->code_hash,
        .method = alc_cstr(c->method),
        .args = c->args,
        .current_id = alc_cstr(h->account_id),
        .signer_id = alc_cstr(c->view ? h->account_id : signer),
        .signer_key = alc_buf_bytes(&borsh_key),
        .predecessor_id = alc_cstr(c->view                  ? h->account_id
                                   : c->predecessor != NULL ? c->predecessor
                                                            : signer),
        .chain_id = alc_cstr(h->env.chain_id),
        .random_seed = alc_hash_bytes(&seed),
        .results = c->results,
        .results_count = c->results_count,
        .receivers = c->receivers,
        .receivers_count = c->receivers_count,
        .prepaid_gas = c->gas != 0 ? c->gas : VMHOST_GAS,
        .block_height = h->env.height,
        .block_time_ns = h->env.time_ns,
        .epoch_height = h->env.height / 60,
        .storage_usage_bytes = h->env.usage_bytes,
        .contract = NEARVM_CONTRACT_LOCAL,
        .contract_hash = h->code_hash,
        .view = c->view,
        .trie_nodes_per_write = h->env.trie_nodes,
    };
    nearvm_outcome_free(&h->out);
    alc_arena_fini(&h->arena);
    run(h, &call, &state);
    settle(h, h->out.end == NEARVM_OK);
    if (!c->view) {
        if (h->out.end == NEARVM_OK) keep(h, &call, &key);
        h->env.height++;
        h->env.time_ns += ONE_SECOND_NS;
    }
    h->calls++;
    if (h->env.print) print_gas(h, c->method);
    alc_buf_fini(&borsh_key);
    return &h->out;
}

const struct nearvm_outcome *vmhost_do(struct vmhost *h, const char *method, const char *args)
{
    return vmhost_call(h, &(struct vmhost_call){.method = method, .args = alc_cstr(args)});
}

const struct nearvm_outcome *vmhost_view(struct vmhost *h, const char *method, const char *args)
{
    return vmhost_call(
        h, &(struct vmhost_call){.method = method, .args = alc_cstr(args), .view = true});
}

/* ---- yields ---- */

size_t vmhost_yields(const struct vmhost *h)
{
    return h->yields_count;
}

const struct vmhost_yield *vmhost_yield(const struct vmhost *h, size_t i)
{
    if (i >= h->yields_count) die("there is no such yield");
    return &h->yields[i].y;
}

const struct nearvm_outcome *vmhost_wake(struct vmhost *h, size_t i)
{
    struct nearvm_result result;
    struct waiting w;
    const struct nearvm_outcome *out;
    if (i >= h->yields_count) die("there is no such yield");
    w = h->yields[i];
    h->yields_count--;
    memmove(h->yields + i, h->yields + i + 1, (h->yields_count - i) * sizeof *h->yields);
    result = (struct nearvm_result){w.y.resumed ? NEARVM_RESULT_DATA : NEARVM_RESULT_FAILED,
                                    w.y.payload};
    out = vmhost_call(h, &(struct vmhost_call){.method = w.y.method,
                                               .args = w.y.args,
                                               .signer = w.signer,
                                               .predecessor = h->account_id,
                                               .key = &w.key,
                                               .deposit = w.y.deposit,
                                               .gas = w.y.gas,
                                               .results = &result,
                                               .results_count = 1});
    yield_fini(&w);
    return out;
}

/* ---- what came of it ---- */

static void show(const char *what, struct alc_bytes b)
{
    printf("  %s: %.*s\n", what, (int)b.n, (const char *)b.p);
}

bool vmhost_ok(const struct nearvm_outcome *o)
{
    if (o->end != NEARVM_OK) show("failed", o->error);
    return o->end == NEARVM_OK;
}

bool vmhost_panicked(const struct nearvm_outcome *o, const char *text)
{
    struct alc_bytes head = ALC_LIT("Smart contract panicked: ");
    struct alc_bytes rest = {NULL, 0};
    if (o->end == NEARVM_ABORTED && o->error.n >= head.n && memcmp(o->error.p, head.p, head.n) == 0)
        rest = (struct alc_bytes){o->error.p + head.n, o->error.n - head.n};
    if (rest.p != NULL && alc_bytes_is(rest, text)) return true;
    show(o->end == NEARVM_OK ? "did not fail, value" : "failed otherwise",
         o->end == NEARVM_OK ? o->value : o->error);
    return false;
}

bool vmhost_returned(const struct nearvm_outcome *o, const char *text)
{
    if (!vmhost_ok(o)) return false;
    if (alc_bytes_is(o->value, text)) return true;
    show("returned", o->value);
    return false;
}

bool vmhost_logged(const struct nearvm_outcome *o, const char *part)
{
    for (size_t i = 0; i < o->logs_count; i++)
        if (memmem(o->logs[i].p, o->logs[i].n, part, strlen(part)) != NULL) return true;
    for (size_t i = 0; i < o->logs_count; i++)
        show("log", o->logs[i]);
    return false;
}
