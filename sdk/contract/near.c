#include "contract/near.h"

#include "contract/json.h"

/* Registers are scratch: one for what is read at once, one for evicted values nobody wants. */
enum { REG = 0, REG_EVICTED = 1 };

#define NO_REGISTER UINT64_MAX

/* The VM's addresses are u64; natively a pointer is one. */
static uint64_t at(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

void near_panic_bytes(struct alc_bytes text)
{
    near_host_panic_utf8(text.n, at(text.p));
}

void near_panic(const char *text)
{
    near_panic_bytes(alc_cstr(text));
}

NEAR_APART void near_refuse(bool bad, const char *text)
{
    if (bad) near_panic(text);
}

NEAR_APART void near_refuse_with(bool bad, const char *text, const struct alc_bytes *detail)
{
    if (bad) near_panic_with(text, *detail);
}

void near_panic_parts(const char *before, struct alc_bytes detail, const char *after)
{
    uint8_t buf[256];
    struct near_out o = NEAR_OUT(buf);

    near_out_text(&o, before);
    near_out_raw(&o, detail); /* left out whole if it does not fit: cut, it might end inside a */
    near_out_text(&o, after); /* character; and so is what follows */
    near_host_panic_utf8(o.n, at(buf));
}

void near_panic_with(const char *text, struct alc_bytes detail)
{
    near_panic_parts(text, detail, "");
}

/* read_register copies what the last host call left behind. */
static size_t read_register(uint8_t *buf, size_t cap)
{
    uint64_t n = near_host_register_len(REG);
    if (n == NO_REGISTER) return 0;
    near_refuse(n > cap, "a value is longer than this contract has room for");
    if (n > 0) near_host_read_register(REG, at(buf)); /* 5 Ggas */
    return (size_t)n;
}

void near_enter(const char *method, enum near_kind kind)
{
    struct near_account self, caller;
    const char *why = NULL;

    if (kind == NEAR_PRIVATE) {
        near_current(&self);
        near_predecessor(&caller);
        if (!alc_bytes_eq(near_account_bytes(&self), near_account_bytes(&caller)))
            why = " is private";
    }
    if (why == NULL && kind != NEAR_VIEW && kind != NEAR_PAYABLE && near_deposit() != 0)
        why = " doesn't accept deposit";
    if (why != NULL) near_panic_parts("Method ", alc_cstr(method), why);
}

NEAR_APART void near_enter_call(const char *method)
{
    near_enter(method, NEAR_CALL);
}

NEAR_APART void near_enter_private(const char *method)
{
    near_enter(method, NEAR_PRIVATE);
}

void near_current(struct near_account *out)
{
    near_host_current_account_id(REG);
    out->n = read_register(out->b, sizeof out->b);
}

void near_predecessor(struct near_account *out)
{
    near_host_predecessor_account_id(REG);
    out->n = read_register(out->b, sizeof out->b);
}

void near_signer(struct near_account *out)
{
    near_host_signer_account_id(REG);
    out->n = read_register(out->b, sizeof out->b);
}

bool near_signer_key(struct alc_hash *out)
{
    static uint8_t key[2048]; /* the longest kind has 1,952 bytes and its tag */

    near_host_signer_account_pk(REG);
    if (read_register(key, sizeof key) != 1 + sizeof out->b || key[0] != 0) return false;
    __builtin_memcpy(out->b, key + 1, sizeof out->b);
    return true;
}

near_u128 near_deposit(void)
{
    uint64_t v[2] = {0, 0};
    near_host_attached_deposit(at(v));
    return (near_u128)v[1] << 64 | v[0];
}

void near_sha256(struct alc_hash *out, struct alc_bytes in)
{
    near_host_sha256(in.n, at(in.p), REG);
    near_host_read_register(REG, at(out->b));
}

bool near_ed25519(const uint8_t sig[64], const struct alc_hash *key, struct alc_bytes message)
{
    return near_host_ed25519_verify(64, at(sig), message.n, at(message.p), sizeof key->b,
                                    at(key->b)) == 1;
}

void near_random(struct alc_hash *out)
{
    near_host_random_seed(REG);
    near_host_read_register(REG, at(out->b));
}

struct alc_bytes near_input(uint8_t *buf, size_t cap)
{
    near_host_input(REG);
    return (struct alc_bytes){buf, read_register(buf, cap)};
}

void near_return(struct alc_bytes value)
{
    near_host_value_return(value.n, at(value.p));
}

void near_log(struct alc_bytes line)
{
    near_host_log_utf8(line.n, at(line.p));
}

void near_put(struct alc_bytes key, struct alc_bytes value)
{
    near_host_storage_write(key.n, at(key.p), value.n, at(value.p), REG_EVICTED);
}

bool near_get(struct alc_bytes key, uint8_t *buf, size_t cap, size_t *n)
{
    if (near_host_storage_read(key.n, at(key.p), REG) == 0) return false;
    *n = read_register(buf, cap);
    return true;
}

bool near_take(struct alc_bytes key, uint8_t *buf, size_t cap, size_t *n)
{
    if (near_host_storage_remove(key.n, at(key.p), REG) == 0) return false;
    *n = read_register(buf, cap);
    return true;
}

bool near_has(struct alc_bytes key)
{
    return near_host_storage_has_key(key.n, at(key.p)) != 0;
}

bool near_remove(struct alc_bytes key)
{
    return near_host_storage_remove(key.n, at(key.p), REG_EVICTED) != 0;
}

/* An amount as the host reads it: 16 bytes, little endian. */
struct amount {
    uint64_t v[2];
};

static struct amount amount(near_u128 yocto)
{
    return (struct amount){{(uint64_t)yocto, (uint64_t)(yocto >> 64)}};
}

void near_transfer(struct alc_bytes account, near_u128 yocto)
{
    struct amount a = amount(yocto);
    uint64_t promise = near_host_promise_batch_create(account.n, at(account.p));
    near_host_promise_batch_action_transfer(promise, at(a.v));
}

void near_batch_call(uint64_t promise, const struct near_call *call)
{
    struct amount a = amount(call->deposit);
    struct alc_bytes method = alc_cstr(call->method);

    near_host_promise_batch_action_function_call_weight(promise, method.n, at(method.p),
                                                        call->args.n, at(call->args.p), at(a.v),
                                                        call->gas, call->weight);
}

uint64_t near_call(uint64_t after, const struct near_call *call)
{
    struct alc_bytes to = call->account;
    uint64_t promise = after == NEAR_NOW ? near_host_promise_batch_create(to.n, at(to.p))
                                         : near_host_promise_batch_then(after, to.n, at(to.p));

    near_batch_call(promise, call);
    return promise;
}

uint64_t near_batch(struct alc_bytes account)
{
    return near_host_promise_batch_create(account.n, at(account.p));
}

void near_batch_add_key(uint64_t promise, struct alc_bytes key, near_u128 allowance,
                        struct alc_bytes receiver, struct alc_bytes methods)
{
    struct amount a = amount(allowance);
    near_host_promise_batch_action_add_key_with_function_call(promise, key.n, at(key.p), 0, at(a.v),
                                                              receiver.n, at(receiver.p), methods.n,
                                                              at(methods.p));
}

void near_batch_delete_key(uint64_t promise, struct alc_bytes key)
{
    near_host_promise_batch_action_delete_key(promise, key.n, at(key.p));
}

void near_return_promise(uint64_t promise)
{
    near_host_promise_return(promise);
}

bool near_result(uint8_t *buf, size_t cap, size_t *n)
{
    near_refuse(near_host_promise_results_count() != 1, "expected one promise result");
    if (near_host_promise_result(0, REG) != 1) return false;
    *n = read_register(buf, cap);
    return true;
}

uint64_t near_yield(const char *method, struct alc_bytes args, uint64_t gas, uint64_t weight,
                    struct alc_hash *data_id)
{
    struct alc_bytes m = alc_cstr(method);
    uint64_t promise =
        near_host_promise_yield_create(m.n, at(m.p), args.n, at(args.p), gas, weight, REG);
    near_host_read_register(REG, at(data_id->b));
    return promise;
}

bool near_yield_resume(const struct alc_hash *data_id, struct alc_bytes payload)
{
    return near_host_promise_yield_resume(sizeof data_id->b, at(data_id->b), payload.n,
                                          at(payload.p)) != 0;
}

near_u128 near_add(near_u128 a, near_u128 b)
{
    near_u128 sum = a + b;
    near_refuse(sum < a, "amount overflow");
    return sum;
}

near_u128 near_mul(near_u128 a, uint64_t b)
{
    near_u128 low = (near_u128)(uint64_t)a * b;
    near_u128 high = (near_u128)(uint64_t)(a >> 64) * b;
    near_refuse(high >> 64 != 0, "amount overflow");
    return near_add(low, high << 64);
}

/* For contracts without values of their own; apart from json*.c, which must not see its size. */
__attribute__((weak)) const struct near_value near_own_values[1] = {{NULL, NULL}};
