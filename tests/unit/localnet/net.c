/* tests/unit/localnet/net.c — see net.h: a chain's life, and what is sent to it. */
#include "net_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void net_give_up(const char *what, const struct alc_err *err)
{
    fprintf(stderr, "net: %s: %s\n", what, err != NULL ? err->text : "");
    abort();
}

void net_must(enum alc_rc rc, const char *what, const struct alc_err *err)
{
    if (rc == ALC_OK) return;
    fprintf(stderr, "net: %s: %s\n", what, alc_err_text(err, rc));
    abort();
}

static uint64_t now(void *ctx)
{
    struct net *n = ctx;
    return n->now_ns += 1000000; /* each look is a millisecond later */
}

/* ---- keys ---- */

#define KEYS_MAX 64
static struct {
    char id[65];
    struct alc_ed25519 key;
} keys[KEYS_MAX];

static void forget_keys(void)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        alc_ed25519_fini(&keys[i].key);
}

const struct alc_ed25519 *net_key(const char *id)
{
    size_t i = 0;
    struct alc_hash seed;
    while (i < KEYS_MAX && keys[i].id[0] != 0 && strcmp(keys[i].id, id) != 0)
        i++;
    if (i == KEYS_MAX) net_give_up("too many keys", NULL);
    if (keys[i].id[0] != 0) return &keys[i].key;
    if (i == 0 && atexit(forget_keys) != 0) net_give_up("atexit", NULL);
    snprintf(keys[i].id, sizeof keys[i].id, "%s", id);
    alc_sha256(&seed, alc_cstr(id));
    net_must(alc_ed25519_init(&keys[i].key, seed.b), "key", NULL);
    return &keys[i].key;
}

struct alc_near_key net_public(const char *id)
{
    return alc_near_key_of(net_key(id));
}

/* ---- life ---- */

static enum alc_rc open_chain(struct net *n, struct alc_err *err)
{
    static const char *const ids[] = {"alice.test", "bob.test", "registrar", "test"};
    struct lnet_genesis_account accounts[4] = {0};
    struct lnet_conf conf = n->wanted;
    for (size_t i = 0; i < 4; i++) {
        snprintf(accounts[i].id.s, sizeof accounts[i].id.s, "%s", ids[i]);
        accounts[i].key = net_public(ids[i]);
        accounts[i].amount = NEAR(1000000);
    }
    if (conf.clock == NULL) conf.clock = &n->clock;
    conf.accounts = accounts;
    conf.accounts_count = conf.genesis == NULL ? 4 : 0;
    conf.manual = true;
    return lnet_chain_open(&n->chain, &conf, err);
}

static struct net *make(const struct lnet_conf *wanted)
{
    struct net *n = calloc(1, sizeof *n);
    if (n == NULL) abort();
    alc_crypto_init();
    n->clock = (struct alc_clock){now, now, n};
    n->now_ns = UINT64_C(1700000000000000000);
    n->arena = ALC_ARENA((size_t)1 << 30);
    n->wanted = *wanted;
    return n;
}

struct net *net_open_as(const struct lnet_conf *wanted)
{
    struct net *n = make(wanted);
    struct alc_err err = {0};
    net_must(open_chain(n, &err), "open", &err);
    return n;
}

struct net *net_open(const char *folder)
{
    return net_open_as(&(struct lnet_conf){.folder = folder});
}

enum alc_rc net_try_open(const struct lnet_conf *wanted, struct alc_err *err)
{
    struct net *n = make(wanted);
    enum alc_rc rc = open_chain(n, err);
    net_close(n);
    return rc;
}

void net_reopen(struct net *n)
{
    struct alc_err err = {0};
    lnet_chain_close(n->chain);
    n->chain = NULL;
    net_must(open_chain(n, &err), "open", &err);
}

const char *net_folder_make(char path[64])
{
    snprintf(path, 64, "localnet.XXXXXX");
    if (mkdtemp(path) == NULL) net_give_up("no folder", NULL);
    return path;
}

void net_folder_drop(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", path);
    if (system(command) != 0) net_give_up(command, NULL);
}

void net_close(struct net *n)
{
    lnet_chain_close(n->chain);
    net_docs_forget();
    alc_arena_fini(&n->arena);
    free(n);
}

int net_setup(void **state)
{
    *state = net_open(NULL);
    return 0;
}

int net_setup_tool(void **state)
{
    net_setup(state);
    net_deploy(*state, "tool.test");
    return 0;
}

int net_teardown(void **state)
{
    net_close(*state);
    return 0;
}

void net_step(struct net *n)
{
    struct alc_err err = {0};
    net_must(lnet_chain_step(n->chain, &err), "step", &err);
}

void net_settle(struct net *n)
{
    struct alc_err err = {0};
    net_must(lnet_chain_settle(n->chain, &err), "settle", &err);
}

/* ---- sending ---- */

static struct alc_bytes sign(struct net *n, struct alc_near_tx tx, const struct alc_ed25519 *key)
{
    struct alc_buf out = ALC_BUF(2u * ALC_NEAR_TX_MAX_BYTES); /* some are too large on purpose */
    struct lnet_info info;
    struct alc_hash hash;
    struct alc_bytes own;
    lnet_chain_info(n->chain, &info);
    tx.key = alc_near_key_of(key);
    tx.block_hash = info.head.hash;
    net_must(alc_near_tx_sign(&out, &hash, &tx, key), "sign", NULL);
    if (!alc_arena_copy(&n->arena, alc_buf_bytes(&out), &own)) abort();
    alc_buf_fini(&out);
    return own;
}

struct alc_bytes net_tx_with(struct net *n, const char *signer, const struct alc_ed25519 *key,
                             uint64_t nonce, const char *receiver, struct alc_near_action *actions,
                             uint32_t count)
{
    return sign(n,
                (struct alc_near_tx){.signer_id = alc_cstr(signer),
                                     .receiver_id = alc_cstr(receiver),
                                     .nonce = nonce,
                                     .actions = actions,
                                     .actions_count = count},
                key);
}

struct alc_bytes net_tx_gas(struct net *n, const char *signer, const struct alc_ed25519 *key,
                            uint16_t index, uint64_t nonce, const char *receiver,
                            struct alc_near_action *actions, uint32_t count)
{
    return sign(n,
                (struct alc_near_tx){.version = 1,
                                     .gas_key_nonce = true,
                                     .nonce_index = index,
                                     .signer_id = alc_cstr(signer),
                                     .receiver_id = alc_cstr(receiver),
                                     .nonce = nonce,
                                     .actions = actions,
                                     .actions_count = count},
                key);
}

struct alc_bytes net_tx(struct net *n, const char *signer, const char *receiver,
                        struct alc_near_action *actions, uint32_t count)
{
    struct alc_near_key key = net_public(signer);
    return net_tx_with(n, signer, net_key(signer), net_nonce(n, signer, &key) + 1, receiver,
                       actions, count);
}

struct alc_hash net_submit(struct net *n, struct alc_bytes tx)
{
    struct alc_buf invalid = ALC_BUF(1u << 20);
    struct alc_err err = {0};
    struct alc_hash hash;
    net_must(lnet_chain_submit(n->chain, tx, &hash, &invalid, &err), "submit", &err);
    alc_buf_fini(&invalid);
    return hash;
}

const char *net_refused(struct net *n, struct alc_bytes tx)
{
    struct alc_buf invalid = ALC_BUF(1u << 20);
    struct alc_err err = {0};
    struct alc_hash hash;
    enum alc_rc rc = lnet_chain_submit(n->chain, tx, &hash, &invalid, &err);
    const char *text = rc == ALC_CONFLICT ? net_keep(n, &invalid) : alc_rc_name(rc);
    alc_buf_fini(&invalid);
    return text;
}

struct net_result net_result_of(struct net *n, const struct alc_hash *hash)
{
    struct alc_buf out = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_err err = {0};
    struct net_result r = {.hash = *hash};
    net_must(lnet_read_tx(n->chain, hash, true, &out, &err), "result", &err);
    r.text = net_keep(n, &out);
    r.json = net_json(r.text);
    alc_buf_fini(&out);
    return r;
}

struct net_result net_send(struct net *n, const char *signer, const char *receiver,
                           struct alc_near_action *actions, uint32_t count)
{
    struct alc_hash hash = net_submit(n, net_tx(n, signer, receiver, actions, count));
    net_settle(n);
    return net_result_of(n, &hash);
}

struct alc_near_action net_act_call(const char *method, const char *args, __uint128_t deposit,
                                    uint64_t gas)
{
    return (struct alc_near_action){.kind = ALC_NEAR_CALL,
                                    .method = alc_cstr(method),
                                    .data = alc_cstr(args),
                                    .gas = gas,
                                    .amount = deposit};
}

struct alc_near_action net_act_transfer(__uint128_t amount)
{
    return (struct alc_near_action){.kind = ALC_NEAR_TRANSFER, .amount = amount};
}

struct alc_near_action net_act_key(const char *whose)
{
    return (struct alc_near_action){.kind = ALC_NEAR_ADD_KEY,
                                    .key = net_public(whose),
                                    .access = {.permission = ALC_NEAR_FULL_ACCESS}};
}

struct net_result net_call(struct net *n, const char *signer, const char *receiver,
                           const char *method, const char *args, __uint128_t deposit)
{
    struct alc_near_action a = net_act_call(method, args, deposit, NET_GAS);
    return net_send(n, signer, receiver, &a, 1);
}

void net_create(struct net *n, const char *id, __uint128_t amount)
{
    struct alc_near_action a[] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT}, net_act_transfer(amount), net_act_key(id)};
    struct net_result r = net_send(n, "test", id, a, 3);
    if (!net_is(&r, "")) net_give_up("create", NULL);
}

static struct alc_bytes read_tool(struct net *n)
{
    static uint8_t wasm[1u << 20];
    FILE *f = fopen(TOOL_WASM, "rb");
    struct alc_bytes own;
    if (f == NULL) net_give_up("no contract at " TOOL_WASM, NULL);
    size_t size = fread(wasm, 1, sizeof wasm, f);
    fclose(f);
    if (!alc_arena_copy(&n->arena, (struct alc_bytes){wasm, size}, &own)) abort();
    return own;
}

void net_deploy(struct net *n, const char *id)
{
    struct alc_near_action a[] = {{.kind = ALC_NEAR_CREATE_ACCOUNT},
                                  net_act_transfer(NEAR(100)),
                                  net_act_key(id),
                                  {.kind = ALC_NEAR_DEPLOY, .data = read_tool(n)}};
    struct net_result r = net_send(n, "test", id, a, 4);
    if (!net_is(&r, "")) net_give_up("deploy", NULL);
}

/* ---- sandbox ---- */

enum alc_rc net_records(struct net *n, const char *json, struct alc_err *err)
{
    return lnet_chain_patch(n->chain, alc_cstr(json), err);
}

void net_forward(struct net *n, uint64_t delta)
{
    struct alc_err err = {0};
    net_must(lnet_chain_fast_forward(n->chain, delta, &err), "fast forward", &err);
}

/* ---- conservation ---- */

static __uint128_t sum_balances(struct lnet_chain *c)
{
    struct alc_err err = {0};
    struct alc_rows r;
    __uint128_t sum = 0, amount, locked;
    net_must(alc_rows_start(&r, c->store, "SELECT amount, locked FROM account", ALC_NO_ARGS, &err),
             "sum", &err);
    while (alc_rows_next(&r, &err) == ALC_OK) {
        net_must(lnet_u128_get(&amount, alc_rows_bytes(&r, 0), &err), "sum", &err);
        net_must(lnet_u128_get(&locked, alc_rows_bytes(&r, 1), &err), "sum", &err);
        sum += amount + locked;
    }
    alc_rows_end(&r);
    net_must(alc_rows_start(&r, c->store,
                            "SELECT gas_balance FROM access_key WHERE gas_balance IS NOT NULL",
                            ALC_NO_ARGS, &err),
             "sum", &err);
    while (alc_rows_next(&r, &err) == ALC_OK) {
        net_must(lnet_u128_get(&amount, alc_rows_bytes(&r, 0), &err), "sum", &err);
        sum += amount;
    }
    alc_rows_end(&r);
    return sum;
}

static __uint128_t sum_receipts(struct lnet_chain *c, const char *sql)
{
    struct alc_arena arena = ALC_ARENA((size_t)1 << 30);
    struct alc_err err = {0};
    struct alc_rows r;
    __uint128_t sum = 0, value;
    net_must(alc_rows_start(&r, c->store, sql, ALC_NO_ARGS, &err), "sum", &err);
    while (alc_rows_next(&r, &err) == ALC_OK) {
        struct lnet_receipt receipt;
        net_must(lnet_receipt_read(&receipt, alc_rows_bytes(&r, 0), &arena, &err), "sum", &err);
        if (!lnet_receipt_value(&c->fees, &receipt, &value)) net_give_up("receipt value", NULL);
        sum += value;
    }
    alc_rows_end(&r);
    alc_arena_fini(&arena);
    return sum;
}

__uint128_t net_total(struct net *n)
{
    struct lnet_chain *c = n->chain;
    __uint128_t sum;
    lnet_take(c);
    sum = sum_balances(c) + sum_receipts(c, "SELECT body FROM queue") +
          sum_receipts(c, "SELECT body FROM waiting");
    lnet_give(c);
    return sum;
}
