#include "tests/contract/fake_near.h"

#include "base/utf8.h"
#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTERS 4u

struct record {
    struct alc_bytes key, value; /* owned */
};

struct records {
    struct record *v;
    size_t n;
};

static struct records state, before; /* now, and at the start of the call that runs */
static struct alc_bytes registers[REGISTERS];
static bool register_set[REGISTERS];
static struct alc_bytes args, returned, result, panic_text, logs[FAKE_LOGS_MAX];
static size_t logs_n, log_bytes, receipts_n;
static struct fake_receipt receipts[FAKE_RECEIPTS_MAX];
static bool in_view, has_result, result_failed, yielded, resumed, yields_wait = true;
static struct alc_hash yield_id, resume_id;
static struct alc_bytes yield_args, resume_payload;
static char yield_method[64];
static uint64_t yield_gas, yield_weight;
static size_t promise_returned;
static uint64_t yields;
static jmp_buf out_of_call;

struct fake_env fake_env;

static void die(const char *what)
{
    fprintf(stderr, "fake_near: %s\n", what);
    abort();
}

static struct alc_bytes copy(const void *p, size_t n)
{
    uint8_t *b = malloc(n + 1);
    if (b == NULL) die("no memory");
    if (n > 0) memcpy(b, p, n);
    b[n] = 0;
    return (struct alc_bytes){b, n};
}

static void drop(struct alc_bytes *b)
{
    free((void *)(uintptr_t)b->p);
    *b = (struct alc_bytes){NULL, 0};
}

static const void *mem(uint64_t p)
{
    return (const void *)(uintptr_t)p;
}

/* ---- state ---- */

static void clear(struct records *r)
{
    for (size_t i = 0; i < r->n; i++) {
        drop(&r->v[i].key);
        drop(&r->v[i].value);
    }
    free(r->v);
    *r = (struct records){NULL, 0};
}

static struct records clone(const struct records *r)
{
    struct records c = {calloc(r->n + 1, sizeof *c.v), r->n};
    if (c.v == NULL) die("no memory");
    for (size_t i = 0; i < r->n; i++)
        c.v[i] = (struct record){copy(r->v[i].key.p, r->v[i].key.n),
                                 copy(r->v[i].value.p, r->v[i].value.n)};
    return c;
}

static struct record *find(struct alc_bytes key)
{
    for (size_t i = 0; i < state.n; i++)
        if (alc_bytes_eq(state.v[i].key, key)) return &state.v[i];
    return NULL;
}

size_t fake_records(void)
{
    return state.n;
}

void fake_record(size_t i, struct alc_bytes *key, struct alc_bytes *value)
{
    if (i >= state.n) die("no such record");
    *key = state.v[i].key;
    *value = state.v[i].value;
}

uint64_t fake_state_bytes(void)
{
    uint64_t n = 0;
    for (size_t i = 0; i < state.n; i++)
        n += state.v[i].key.n + state.v[i].value.n + NEAR_STORAGE_RECORD_BYTES;
    return n;
}

bool fake_get(struct alc_bytes key, struct alc_bytes *value)
{
    struct record *r = find(key);
    if (r != NULL) *value = r->value;
    return r != NULL;
}

void fake_put(struct alc_bytes key, struct alc_bytes value)
{
    struct record *r = find(key);
    if (r == NULL) {
        state.v = realloc(state.v, (state.n + 1) * sizeof *state.v);
        if (state.v == NULL) die("no memory");
        r = &state.v[state.n++];
        *r = (struct record){copy(key.p, key.n), {NULL, 0}};
    }
    drop(&r->value);
    r->value = copy(value.p, value.n);
}

/* ---- calls ---- */

static void drop_receipts(void)
{
    for (size_t i = 0; i < receipts_n; i++) {
        drop(&receipts[i].args);
        drop(&receipts[i].add_key);
        drop(&receipts[i].delete_key);
    }
    receipts_n = 0;
    promise_returned = FAKE_RECEIPTS_MAX;
}

static void forget_call(void)
{
    drop(&args);
    drop(&returned);
    drop(&result);
    drop(&panic_text);
    drop(&yield_args);
    drop(&resume_payload);
    for (size_t i = 0; i < logs_n; i++)
        drop(&logs[i]);
    drop_receipts();
    for (size_t i = 0; i < REGISTERS; i++) {
        drop(&registers[i]);
        register_set[i] = false;
    }
    logs_n = log_bytes = 0;
    yielded = resumed = has_result = false;
}

void fake_reset(void)
{
    forget_call();
    clear(&state);
    clear(&before);
    yields = 0;
    yields_wait = true;
    fake_env = (struct fake_env){.current = "compute.test",
                                 .predecessor = "alice.test",
                                 .signer = "alice.test",
                                 .height = 1000,
                                 .time_ns = UINT64_C(1700000000000000000)};
    memset(fake_env.signer_key + 1, 0x11, 32);
}

static bool run(void (*entry)(void), struct alc_bytes in, bool view)
{
    volatile bool ok = true; /* it lives across longjmp */

    args = copy(in.p, in.n);
    in_view = view;
    clear(&before);
    if (!view) before = clone(&state); /* a view that writes stops the program */
    if (setjmp(out_of_call) == 0) {
        entry();
    } else {
        ok = false;
        if (!view) {
            clear(&state);
            state = clone(&before);
        }
        drop_receipts();
        yielded = resumed = false;
        drop(&returned);
    }
    clear(&before);
    fake_env.height++;
    return ok;
}

bool fake_call(void (*entry)(void), struct alc_bytes in)
{
    forget_call();
    return run(entry, in, false);
}

bool fake_view(void (*entry)(void), struct alc_bytes in)
{
    forget_call();
    return run(entry, in, true);
}

bool fake_callback(void (*entry)(void), struct alc_bytes in, struct alc_bytes with)
{
    const char *predecessor = fake_env.predecessor;
    bool ok;

    forget_call();
    has_result = true;
    result_failed = with.p == NULL;
    result = copy(with.p, with.n);
    fake_env.predecessor = fake_env.current;
    ok = run(entry, in, false);
    fake_env.predecessor = predecessor;
    return ok;
}

struct alc_bytes fake_panic(void)
{
    return panic_text;
}

struct alc_bytes fake_returned(void)
{
    return returned;
}

size_t fake_logs(void)
{
    return logs_n;
}

struct alc_bytes fake_log(size_t i)
{
    if (i >= logs_n) die("no such log line");
    return logs[i];
}

size_t fake_receipts(void)
{
    return receipts_n;
}

const struct fake_receipt *fake_receipt(size_t i)
{
    if (i >= receipts_n) die("no such receipt");
    return &receipts[i];
}

size_t fake_promise_returned(void)
{
    return promise_returned;
}

bool fake_yielded(struct alc_hash *data_id, struct alc_bytes *in)
{
    *data_id = yield_id;
    *in = yield_args;
    return yielded;
}

const char *fake_yielded_to(uint64_t *gas, uint64_t *weight)
{
    *gas = yield_gas;
    *weight = yield_weight;
    return yielded ? yield_method : NULL;
}

bool fake_resumed(struct alc_hash *data_id, struct alc_bytes *payload)
{
    *data_id = resume_id;
    *payload = resume_payload;
    return resumed;
}

void fake_yields_wait(bool wait)
{
    yields_wait = wait;
}

/* ---- host functions ---- */

static void set_register(uint64_t reg, const void *p, size_t n)
{
    if (reg >= REGISTERS) die("a register that nobody reads");
    drop(&registers[reg]);
    registers[reg] = copy(p, n);
    register_set[reg] = true;
}

void fake_register(uint64_t reg, struct alc_bytes value)
{
    set_register(reg, value.p, value.n);
}

void near_host_read_register(uint64_t reg, uint64_t p)
{
    if (reg >= REGISTERS || !register_set[reg]) die("reads an empty register");
    if (registers[reg].n > 0) memcpy((void *)(uintptr_t)p, registers[reg].p, registers[reg].n);
}

uint64_t near_host_register_len(uint64_t reg)
{
    if (reg >= REGISTERS || !register_set[reg]) return UINT64_MAX;
    return registers[reg].n;
}

void near_host_current_account_id(uint64_t reg)
{
    set_register(reg, fake_env.current, strlen(fake_env.current));
}

void near_host_signer_account_id(uint64_t reg)
{
    if (in_view) die("a view asks for the signer");
    set_register(reg, fake_env.signer, strlen(fake_env.signer));
}

void near_host_signer_account_pk(uint64_t reg)
{
    if (in_view) die("a view asks for the signer's key");
    set_register(reg, fake_env.signer_key, sizeof fake_env.signer_key);
}

void near_host_predecessor_account_id(uint64_t reg)
{
    if (in_view) die("a view asks for the caller");
    set_register(reg, fake_env.predecessor, strlen(fake_env.predecessor));
}

void near_host_input(uint64_t reg)
{
    set_register(reg, args.p, args.n);
}

uint64_t near_host_block_index(void)
{
    return fake_env.height;
}

uint64_t near_host_block_timestamp(void)
{
    return fake_env.time_ns;
}

void near_host_attached_deposit(uint64_t balance)
{
    uint64_t v[2] = {(uint64_t)fake_env.deposit, (uint64_t)(fake_env.deposit >> 64)};
    memcpy((void *)(uintptr_t)balance, v, sizeof v);
}

void near_host_random_seed(uint64_t reg)
{
    uint8_t seed[32];
    memset(seed, (int)(fake_env.height & 255), sizeof seed);
    set_register(reg, seed, sizeof seed);
}

void near_host_sha256(uint64_t n, uint64_t p, uint64_t reg)
{
    struct alc_hash h;
    alc_sha256(&h, (struct alc_bytes){mem(p), (size_t)n});
    set_register(reg, h.b, sizeof h.b);
}

uint64_t near_host_ed25519_verify(uint64_t sig_n, uint64_t sig, uint64_t message_n,
                                  uint64_t message, uint64_t key_n, uint64_t key)
{
    struct alc_hash k;

    if (sig_n != 64 || key_n != sizeof k.b) die("an Ed25519 signature or key of another length");
    memcpy(k.b, mem(key), sizeof k.b);
    return alc_ed25519_verify(mem(sig), &k, (struct alc_bytes){mem(message), (size_t)message_n});
}

void near_host_value_return(uint64_t n, uint64_t p)
{
    if (n > NEAR_VALUE_MAX_BYTES) die("returns more than 4 MiB");
    drop(&returned);
    returned = copy(mem(p), (size_t)n);
}

void near_host_panic_utf8(uint64_t n, uint64_t p)
{
    drop(&panic_text);
    panic_text = copy(mem(p), (size_t)n);
    longjmp(out_of_call, 1);
}

void near_host_log_utf8(uint64_t n, uint64_t p)
{
    if (logs_n == FAKE_LOGS_MAX) die("more than 100 log lines");
    log_bytes += n;
    if (log_bytes > NEAR_LOG_MAX_BYTES) near_host_panic_utf8(13, (uintptr_t)"log too long!");
    logs[logs_n++] = copy(mem(p), (size_t)n);
    if (alc_utf8_good(logs[logs_n - 1]) != n) die("a log line is not UTF-8");
}

static void text(char *out, size_t cap, uint64_t n, uint64_t p)
{
    if (n >= cap) die("a name is too long");
    memcpy(out, mem(p), (size_t)n);
    out[n] = 0;
}

static uint64_t new_receipt(uint64_t n, uint64_t account, uint64_t after)
{
    struct fake_receipt *r = &receipts[receipts_n];

    if (in_view) die("a view makes a receipt");
    if (receipts_n == FAKE_RECEIPTS_MAX) die("too many receipts");
    *r = (struct fake_receipt){.after = after, .part_of = NEAR_NOW};
    text(r->receiver, sizeof r->receiver, n, account);
    return receipts_n++;
}

static near_u128 amount_at(uint64_t p)
{
    uint64_t v[2];
    memcpy(v, mem(p), sizeof v);
    return (near_u128)v[1] << 64 | v[0];
}

uint64_t near_host_promise_batch_create(uint64_t n, uint64_t account)
{
    return new_receipt(n, account, NEAR_NOW);
}

uint64_t near_host_promise_batch_then(uint64_t promise, uint64_t n, uint64_t account)
{
    return new_receipt(n, account, promise);
}

void near_host_promise_batch_action_transfer(uint64_t promise, uint64_t amount)
{
    receipts[promise].amount = amount_at(amount);
}

void near_host_promise_batch_action_function_call_weight(uint64_t promise, uint64_t method_n,
                                                         uint64_t method, uint64_t args_n,
                                                         uint64_t in, uint64_t amount, uint64_t gas,
                                                         uint64_t weight)
{
    struct fake_receipt *r = &receipts[promise];

    if (r->method[0] != 0) {
        const char *to = r->receiver;
        r = &receipts[new_receipt(strlen(to), (uintptr_t)to, NEAR_NOW)];
        r->part_of = promise;
    }
    text(r->method, sizeof r->method, method_n, method);
    r->args = copy(mem(in), (size_t)args_n);
    r->amount = amount_at(amount);
    r->gas = gas;
    r->weight = weight;
}

/* Borsh of an Ed25519, secp256k1 or ML-DSA-65 key. */
static struct alc_bytes key_at(uint64_t n, uint64_t key)
{
    static const size_t sizes[] = {32, 64, 1952};
    const uint8_t *p = mem(key);

    if (n == 0 || p[0] > 2 || n != 1 + sizes[p[0]]) die("not a public key");
    return copy(p, (size_t)n);
}

void near_host_promise_batch_action_add_key_with_function_call(
    uint64_t promise, uint64_t key_n, uint64_t key, uint64_t nonce, uint64_t allowance,
    uint64_t receiver_n, uint64_t receiver, uint64_t methods_n, uint64_t method_names)
{
    struct fake_receipt *r = &receipts[promise];

    if (nonce != 0) die("a nonce that the chain would replace");
    if (r->add_key.p != NULL) die("two keys in one receipt");
    r->add_key = key_at(key_n, key);
    r->allowance = amount_at(allowance);
    text(r->key_receiver, sizeof r->key_receiver, receiver_n, receiver);
    text(r->key_methods, sizeof r->key_methods, methods_n, method_names);
}

void near_host_promise_batch_action_delete_key(uint64_t promise, uint64_t key_n, uint64_t key)
{
    struct fake_receipt *r = &receipts[promise];

    if (r->delete_key.p != NULL) die("two keys in one receipt");
    r->delete_key = key_at(key_n, key);
}

uint64_t near_host_promise_yield_create(uint64_t method_n, uint64_t method, uint64_t args_n,
                                        uint64_t in, uint64_t gas, uint64_t weight, uint64_t reg)
{
    if (in_view) die("a view yields");
    text(yield_method, sizeof yield_method, method_n, method);
    yield_gas = gas;
    yield_weight = weight;
    drop(&yield_args);
    yield_args = copy(mem(in), (size_t)args_n);
    yielded = true;
    yields++;
    for (size_t i = 0; i < sizeof yield_id.b; i++)
        yield_id.b[i] = (uint8_t)(yields * 7 + i);
    set_register(reg, yield_id.b, sizeof yield_id.b);
    return FAKE_RECEIPTS_MAX;
}

uint32_t near_host_promise_yield_resume(uint64_t id_n, uint64_t id, uint64_t payload_n,
                                        uint64_t payload)
{
    if (id_n != 32) die("a data id of another length");
    if (payload_n > NEAR_RESUME_MAX_BYTES) die("a payload over 1024 bytes");
    memcpy(resume_id.b, mem(id), 32);
    drop(&resume_payload);
    resume_payload = copy(mem(payload), (size_t)payload_n);
    resumed = yields_wait;
    return yields_wait;
}

uint64_t near_host_promise_results_count(void)
{
    return has_result;
}

uint64_t near_host_promise_result(uint64_t index, uint64_t reg)
{
    if (!has_result || index != 0) die("no such promise result");
    if (result_failed) return 2;
    set_register(reg, result.p, result.n);
    return 1;
}

void near_host_promise_return(uint64_t promise)
{
    if (promise != FAKE_RECEIPTS_MAX && promise >= receipts_n) die("returns no promise");
    promise_returned = (size_t)promise;
}

uint64_t near_host_storage_write(uint64_t key_n, uint64_t key, uint64_t value_n, uint64_t value,
                                 uint64_t reg)
{
    struct alc_bytes k = {mem(key), (size_t)key_n}, v = {mem(value), (size_t)value_n};
    struct record *r = find(k);

    if (in_view) die("a view writes");
    if (value_n > NEAR_VALUE_MAX_BYTES) die("a value over 4 MiB");
    if (r != NULL) set_register(reg, r->value.p, r->value.n);
    fake_put(k, v);
    return r != NULL;
}

uint64_t near_host_storage_read(uint64_t key_n, uint64_t key, uint64_t reg)
{
    struct record *r = find((struct alc_bytes){mem(key), (size_t)key_n});
    if (r == NULL) return 0;
    set_register(reg, r->value.p, r->value.n);
    return 1;
}

uint64_t near_host_storage_remove(uint64_t key_n, uint64_t key, uint64_t reg)
{
    struct record *r = find((struct alc_bytes){mem(key), (size_t)key_n});

    if (in_view) die("a view removes");
    if (r == NULL) return 0;
    set_register(reg, r->value.p, r->value.n);
    drop(&r->key);
    drop(&r->value);
    *r = state.v[--state.n];
    return 1;
}

uint64_t near_host_storage_has_key(uint64_t key_n, uint64_t key)
{
    return find((struct alc_bytes){mem(key), (size_t)key_n}) != NULL;
}
