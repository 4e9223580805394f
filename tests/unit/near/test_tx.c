/* tests/unit/near/test_tx.c — transactions against near-api-js, nearcore and the layouts. */
#include "near_test.h"

#include <stdlib.h>

static const struct alc_json *member(const struct alc_json *v, const char *key)
{
    const struct alc_json *m = alc_json_get(v, key);
    if (m == NULL) fail_msg("the vector has no %s", key);
    return m;
}

static const char *text_of(const struct alc_json *v, const char *key)
{
    const char *s;
    assert_true(alc_json_text(member(v, key), &s));
    return s;
}

static __uint128_t number_of(const struct alc_json *v, const char *key)
{
    __uint128_t n;
    assert_true(alc_u128_decode(&n, alc_cstr(text_of(v, key))));
    return n;
}

static bool flag_of(const struct alc_json *v, const char *key)
{
    bool b;
    assert_true(alc_json_bool(member(v, key), &b));
    return b;
}

static void hash_of(struct alc_hash *out, const struct alc_json *v, const char *key)
{
    size_t n;
    assert_true(alc_hex_decode(out->b, sizeof out->b, &n, alc_cstr(text_of(v, key))));
    assert_int_equal(n, sizeof out->b);
}

/* ---- building from a vector's description ---- */

struct vectors {
    struct alc_json *doc;
    struct alc_arena arena;
    struct alc_near_key ed25519, secp256k1;
    struct alc_ed25519 secret;
};

static int open_vectors(void **state)
{
    static struct vectors v;
    const struct alc_json *keys;
    struct alc_err err;

    v = (struct vectors){.arena = ALC_ARENA(64u << 20)};
    if (alc_json_open(&v.doc, vector_file("transactions.json", &v.arena), 1u << 20, &err) != ALC_OK)
        fail_msg("%s", err.text);
    keys = member(v.doc, "keys");
    assert_true(
        alc_near_key_read(&v.ed25519, alc_cstr(text_of(member(keys, "ed25519"), "public"))));
    assert_true(
        alc_near_key_read(&v.secp256k1, alc_cstr(text_of(member(keys, "secp256k1"), "public"))));
    assert_int_equal(
        alc_near_secret_read(&v.secret, alc_cstr(text_of(member(keys, "ed25519"), "secret"))),
        ALC_OK);
    *state = &v;
    return 0;
}

static int close_vectors(void **state)
{
    struct vectors *v = *state;
    alc_ed25519_fini(&v->secret);
    alc_json_close(v->doc);
    alc_arena_fini(&v->arena);
    return 0;
}

static struct alc_near_key key_named(const struct vectors *v, const char *curve)
{
    return strcmp(curve, "ed25519") == 0 ? v->ed25519 : v->secp256k1;
}

static struct alc_near_action *build_actions(struct vectors *v, const struct alc_json *given,
                                             uint32_t *count);

static void build_access(struct vectors *v, struct alc_near_access *a, const struct alc_json *given)
{
    a->nonce = (uint64_t)number_of(given, "nonce");
    a->permission = ALC_NEAR_FULL_ACCESS;
    if (strcmp(text_of(given, "permission"), "FullAccess") == 0) return;
    a->permission = ALC_NEAR_FUNCTION_CALL_KEY;
    a->has_allowance = alc_json_kind(member(given, "allowance")) != ALC_JSON_NULL;
    if (a->has_allowance) a->allowance = number_of(given, "allowance");
    a->receiver_id = alc_cstr(text_of(given, "receiver_id"));
    a->methods_count = (uint32_t)alc_json_count(member(given, "method_names"));
    a->methods = alc_arena_array(&v->arena, a->methods_count, sizeof *a->methods);
    for (uint32_t i = 0; i < a->methods_count; i++)
        assert_true(alc_json_str(alc_json_at(member(given, "method_names"), i), &a->methods[i]));
}

/* The signature of a delegate is taken from what near-api-js wrote: it is not ours to make. */
static void build_delegate(struct vectors *v, struct alc_near_delegate *d,
                           const struct alc_json *given)
{
    d->sender_id = alc_cstr(text_of(given, "sender_id"));
    d->receiver_id = alc_cstr(text_of(given, "receiver_id"));
    d->nonce = (uint64_t)number_of(given, "nonce");
    d->max_block_height = (uint64_t)number_of(given, "max_block_height");
    d->key = key_named(v, text_of(given, "signed_by"));
    d->actions = build_actions(v, member(given, "actions"), &d->actions_count);
}

static void build_action(struct vectors *v, struct alc_near_action *a, const struct alc_json *given)
{
    const char *kind = text_of(given, "kind");

    if (alc_json_get(given, "public_key") != NULL)
        assert_true(alc_near_key_read(&a->key, alc_cstr(text_of(given, "public_key"))));
    if (alc_json_get(given, "deposit") != NULL) a->amount = number_of(given, "deposit");
    if (alc_json_get(given, "code") != NULL) a->data = unhex(text_of(given, "code"), &v->arena);
    if (strcmp(kind, "CreateAccount") == 0) {
        a->kind = ALC_NEAR_CREATE_ACCOUNT;
    } else if (strcmp(kind, "DeployContract") == 0) {
        a->kind = ALC_NEAR_DEPLOY;
    } else if (strcmp(kind, "FunctionCall") == 0) {
        a->kind = ALC_NEAR_CALL;
        a->method = alc_cstr(text_of(given, "method_name"));
        a->data = unhex(text_of(given, "args"), &v->arena);
        a->gas = (uint64_t)number_of(given, "gas");
    } else if (strcmp(kind, "Transfer") == 0) {
        a->kind = ALC_NEAR_TRANSFER;
    } else if (strcmp(kind, "Stake") == 0) {
        a->kind = ALC_NEAR_STAKE;
        a->amount = number_of(given, "stake");
    } else if (strcmp(kind, "AddKey") == 0) {
        a->kind = ALC_NEAR_ADD_KEY;
        build_access(v, &a->access, given);
    } else if (strcmp(kind, "DeleteKey") == 0) {
        a->kind = ALC_NEAR_DELETE_KEY;
    } else if (strcmp(kind, "DeleteAccount") == 0) {
        a->kind = ALC_NEAR_DELETE_ACCOUNT;
        a->account_id = alc_cstr(text_of(given, "beneficiary_id"));
    } else if (strcmp(kind, "DeployGlobalContract") == 0) {
        a->kind = ALC_NEAR_DEPLOY_GLOBAL;
        a->by_account = flag_of(given, "by_account");
    } else if (strcmp(kind, "UseGlobalContract") == 0) {
        a->kind = ALC_NEAR_USE_GLOBAL;
        a->by_account = alc_json_get(given, "account_id") != NULL;
        if (a->by_account)
            a->account_id = alc_cstr(text_of(given, "account_id"));
        else
            hash_of(&a->code_hash, given, "code_hash");
    } else if (strcmp(kind, "Delegate") == 0) {
        a->kind = ALC_NEAR_DELEGATE;
        a->delegate = alc_arena_alloc(&v->arena, sizeof *a->delegate);
        build_delegate(v, a->delegate, given);
    } else {
        fail_msg("no such kind: %s", kind);
    }
}

static struct alc_near_action *build_actions(struct vectors *v, const struct alc_json *given,
                                             uint32_t *count)
{
    struct alc_near_action *actions;

    *count = (uint32_t)alc_json_count(given);
    actions = alc_arena_array(&v->arena, *count, sizeof *actions);
    assert_non_null(actions);
    for (uint32_t i = 0; i < *count; i++)
        build_action(v, &actions[i], alc_json_at(given, i));
    return actions;
}

static void build_tx(struct vectors *v, struct alc_near_tx *tx, const struct alc_json *given)
{
    *tx = (struct alc_near_tx){.key = key_named(v, text_of(given, "signed_by"))};
    tx->signer_id = alc_cstr(text_of(given, "signer_id"));
    tx->receiver_id = alc_cstr(text_of(given, "receiver_id"));
    tx->nonce = (uint64_t)number_of(given, "nonce");
    hash_of(&tx->block_hash, given, "block_hash");
    tx->actions = build_actions(v, member(given, "actions"), &tx->actions_count);
}

static struct alc_bytes signed_of(struct vectors *v, const struct alc_json *expected)
{
    const char *text = text_of(expected, "signed");
    uint8_t *p = alc_arena_alloc(&v->arena, strlen(text));
    size_t n;

    assert_non_null(p);
    assert_true(alc_base64_decode(p, strlen(text), &n, alc_cstr(text)));
    return (struct alc_bytes){p, n};
}

static void read_ok(struct vectors *v, struct alc_near_signed *out, struct alc_bytes in)
{
    struct alc_err err;
    if (alc_near_tx_read(out, in, &v->arena, &err) != ALC_OK) fail_msg("%s", err.text);
}

static void assert_bytes(struct alc_bytes got, struct alc_bytes want)
{
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.p, want.p, want.n);
}

/* ---- near-api-js ---- */

static void descriptions_become_the_bytes_of_near_api_js(void **state)
{
    struct vectors *v = *state;
    const struct alc_json *list = member(v->doc, "transactions");
    struct alc_buf out = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);

    assert_true(alc_json_count(list) > 20);
    for (size_t i = 0; i < alc_json_count(list); i++) {
        const struct alc_json *expected = member(alc_json_at(list, i), "expected");
        struct alc_near_signed s;
        struct alc_near_tx tx;

        build_tx(v, &tx, member(alc_json_at(list, i), "given"));
        read_ok(v, &s, signed_of(v, expected));
        for (uint32_t k = 0; k < tx.actions_count; k++)
            if (tx.actions[k].kind == ALC_NEAR_DELEGATE)
                tx.actions[k].delegate->sig = s.tx.actions[k].delegate->sig;
        alc_buf_reset(&out);
        alc_near_tx_write(&out, &tx);
        assert_bytes(alc_buf_bytes(&out), unhex(text_of(expected, "borsh"), &v->arena));
    }
    alc_buf_fini(&out);
}

static void what_near_api_js_signed_is_read_checked_and_written_back(void **state)
{
    struct vectors *v = *state;
    const struct alc_json *list = member(v->doc, "transactions");
    struct alc_buf out = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);

    for (size_t i = 0; i < alc_json_count(list); i++) {
        const struct alc_json *expected = member(alc_json_at(list, i), "expected");
        struct alc_near_signed s;

        read_ok(v, &s, signed_of(v, expected));
        assert_int_equal(s.tx.version, 0);
        assert_hash_text(&s.hash, text_of(expected, "hash"));
        assert_true(alc_near_sig_ok(&s.sig, &s.tx.key, &s.hash));
        for (uint32_t k = 0; k < s.tx.actions_count; k++) {
            const struct alc_near_delegate *d = s.tx.actions[k].delegate;
            struct alc_hash hash;
            if (d == NULL) continue;
            alc_near_delegate_hash(&hash, d);
            assert_true(alc_near_sig_ok(&d->sig, &d->key, &hash));
        }
        alc_buf_reset(&out);
        alc_near_tx_write(&out, &s.tx);
        assert_bytes(alc_buf_bytes(&out), unhex(text_of(expected, "borsh"), &v->arena));
    }
    alc_buf_fini(&out);
}

static void we_sign_the_same_bytes_as_near_api_js(void **state)
{
    struct vectors *v = *state;
    const struct alc_json *list = member(v->doc, "transactions");
    struct alc_buf out = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    size_t signed_count = 0;

    for (size_t i = 0; i < alc_json_count(list); i++) {
        struct alc_bytes want = signed_of(v, member(alc_json_at(list, i), "expected"));
        struct alc_near_signed s;
        struct alc_hash hash;

        read_ok(v, &s, want);
        if (s.tx.key.curve != ALC_NEAR_ED25519) continue;
        alc_buf_reset(&out);
        assert_int_equal(alc_near_tx_sign(&out, &hash, &s.tx, &v->secret), ALC_OK);
        assert_bytes(alc_buf_bytes(&out), want);
        assert_true(alc_hash_eq(&hash, &s.hash));
        signed_count++;
    }
    assert_true(signed_count > 20);
    alc_buf_fini(&out);
}

static void delegate_hashes_are_those_of_near_api_js(void **state)
{
    struct vectors *v = *state;
    const struct alc_json *list = member(v->doc, "delegates");

    assert_true(alc_json_count(list) > 0);
    for (size_t i = 0; i < alc_json_count(list); i++) {
        struct alc_near_delegate d = {0};
        struct alc_hash hash;

        build_delegate(v, &d, member(alc_json_at(list, i), "given"));
        alc_near_delegate_hash(&hash, &d);
        assert_hash_text(&hash, text_of(member(alc_json_at(list, i), "expected"), "hash"));
    }
}

static void a_read_key_keeps_allowance_receiver_and_names(void **state)
{
    struct vectors *v = *state;
    const struct alc_json *list = member(v->doc, "transactions");
    bool seen = false;

    for (size_t i = 0; i < alc_json_count(list); i++) {
        const struct alc_json *item = alc_json_at(list, i);
        const struct alc_near_access *a;
        struct alc_near_signed s;

        if (strcmp(text_of(item, "name"), "add a call key with allowance and names") != 0) continue;
        seen = true;
        read_ok(v, &s, signed_of(v, member(item, "expected")));
        a = &s.tx.actions[0].access;
        assert_int_equal(s.tx.actions[0].kind, ALC_NEAR_ADD_KEY);
        assert_int_equal(a->permission, ALC_NEAR_FUNCTION_CALL_KEY);
        assert_true(a->has_allowance && a->allowance == ALC_NEAR_YOCTO / 4);
        assert_text(a->receiver_id, "compute.sandbox");
        assert_int_equal(a->methods_count, 3);
        assert_text(a->methods[0], "a");
        assert_text(a->methods[1], "b_c");
        assert_text(a->methods[2], "resolve_execution");
    }
    assert_true(seen);
}

/* ---- nearcore ---- */

/* nearcore's own test of its transaction hash: one action of each of the first eight kinds. */
static void the_hash_that_nearcore_expects(void **state)
{
    static const uint8_t code[] = {1, 2, 3};
    struct alc_bytes names[] = {ALC_LIT("www")};
    struct alc_near_key key;
    struct alc_buf out = ALC_BUF(4096);
    struct alc_hash hash;
    (void)state;

    assert_true(
        alc_near_key_read(&key, ALC_LIT("ed25519:22skMptHjFWNyuEWY22ftn2AbLPSYpmYwGJRGwpNHbTV")));
    struct alc_near_action actions[] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_DEPLOY, .data = {code, 3}},
        {.kind = ALC_NEAR_CALL,
         .method = ALC_LIT("qqq"),
         .data = {code, 3},
         .gas = 1000,
         .amount = 1000000},
        {.kind = ALC_NEAR_TRANSFER, .amount = 123},
        {.kind = ALC_NEAR_STAKE, .amount = 1000000, .key = key},
        {.kind = ALC_NEAR_ADD_KEY,
         .key = key,
         .access = {.permission = ALC_NEAR_FUNCTION_CALL_KEY,
                    .receiver_id = ALC_LIT("zzz"),
                    .methods = names,
                    .methods_count = 1}},
        {.kind = ALC_NEAR_DELETE_KEY, .key = key},
        {.kind = ALC_NEAR_DELETE_ACCOUNT, .account_id = ALC_LIT("123")},
    };
    struct alc_near_tx tx = {.signer_id = ALC_LIT("test.near"),
                             .receiver_id = ALC_LIT("123"),
                             .key = key,
                             .nonce = 1,
                             .actions = actions,
                             .actions_count = 8};
    alc_near_tx_write(&out, &tx);
    alc_sha256(&hash, alc_buf_bytes(&out));
    assert_hash_text(&hash, "4GXvjMFN6wSxnU9jEVT8HbXP5Yk6yELX9faRSKp6n9fX");
    alc_buf_fini(&out);
}

static void the_delegate_hash_that_nearcore_signs(void **state)
{
    struct vectors *v = *state;
    struct alc_near_action transfer = {.kind = ALC_NEAR_TRANSFER, .amount = 1};
    struct alc_near_delegate d = {.sender_id = ALC_LIT("sandbox"),
                                  .receiver_id = ALC_LIT("bob.sandbox"),
                                  .actions = &transfer,
                                  .actions_count = 1,
                                  .nonce = 8,
                                  .max_block_height = 1000,
                                  .key = v->ed25519};
    struct alc_hash hash;

    alc_near_delegate_hash(&hash, &d);
    assert_hash_text(&hash, "HecK7gNXfhM63UKxnq1j5KfCQNCYjnCctFm3inWVGpGr");
}

static const char signed_2[] =
    "BwAAAHNhbmRib3gAPhAD2VgzzYHR/n62i50KUrRinEdFISAx93BRVjAPPPoHAAAAAAAAAA0AAABhbGljZS5zYW5kYm94"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAMAAACh7czOG8LTAAAAAAAAANeJ0J7MDpFw/LnCLluy"
    "tQHVv2ShhwZWH5wLu93y+3477k2ElkgNutxLdY3ZVWHiM1n+nyzYOx3hsiZSv1Jv/gA=";

static struct alc_bytes signed_vector(struct vectors *v)
{
    uint8_t *p = alc_arena_alloc(&v->arena, sizeof signed_2);
    size_t n;

    assert_non_null(p);
    assert_true(alc_base64_decode(p, sizeof signed_2, &n, alc_cstr(signed_2)));
    assert_int_equal(n, 188);
    return (struct alc_bytes){p, n};
}

static void a_signed_transaction_of_nearcore_is_read(void **state)
{
    struct vectors *v = *state;
    struct alc_near_signed s;

    read_ok(v, &s, signed_vector(v));
    assert_hash_text(&s.hash, "FbDqaAPeNpicGdcXinpJy9YySUs8JEHkHfVXguJeudP9");
    assert_text(s.tx.signer_id, "sandbox");
    assert_text(s.tx.receiver_id, "alice.sandbox");
    assert_int_equal(s.tx.nonce, 7);
    assert_int_equal(s.tx.actions_count, 2);
    assert_int_equal(s.tx.actions[0].kind, ALC_NEAR_CREATE_ACCOUNT);
    assert_int_equal(s.tx.actions[1].kind, ALC_NEAR_TRANSFER);
    assert_true(s.tx.actions[1].amount == ALC_NEAR_YOCTO);
    assert_true(alc_near_key_eq(&s.tx.key, &v->ed25519));
    assert_true(alc_near_sig_ok(&s.sig, &s.tx.key, &s.hash));
}

/* ---- what near-api-js does not make: layouts spelled out by hand ---- */

#define ZEROES_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES_32 "1111111111111111111111111111111111111111111111111111111111111111"
#define ED_KEY "00" ONES_32
#define ED_SIG "00" ZEROES_32 ZEROES_32
#define ONE_U128 "01000000000000000000000000000000"
#define MAX_U128 "ffffffffffffffffffffffffffffffff"

static void read_action(struct vectors *v, struct alc_near_action *out, const char *text)
{
    struct alc_bytes in = unhex(text, &v->arena);
    struct alc_buf back = ALC_BUF(4096);
    struct alc_cur c = alc_cur(in);

    if (!alc_near_action_read(&c, out, &v->arena)) fail_msg("not an action: %s", text);
    assert_int_equal(c.n, 0);
    alc_near_action_write(&back, out);
    assert_bytes(alc_buf_bytes(&back), in);
    alc_buf_fini(&back);
}

static void gas_keys_are_read_and_written(void **state)
{
    struct vectors *v = *state;
    struct alc_near_action a;

    read_action(v, &a, "0c" ED_KEY ONE_U128);
    assert_int_equal(a.kind, ALC_NEAR_TRANSFER_GAS_KEY);
    assert_true(a.amount == 1 && a.key.b[31] == 0x11);
    read_action(v, &a, "0d" ED_KEY MAX_U128);
    assert_int_equal(a.kind, ALC_NEAR_WITHDRAW_GAS_KEY);
    assert_true(a.amount == ~(__uint128_t)0);
    read_action(v, &a,
                "05" ED_KEY "0700000000000000"
                "02" ONE_U128 "2000"
                "01" MAX_U128 "02000000"
                "6161"
                "02000000"
                "0100000078"
                "00000000");
    assert_int_equal(a.access.permission, ALC_NEAR_GAS_FUNCTION_CALL_KEY);
    assert_true(a.access.gas_balance == 1 && a.access.allowance == ~(__uint128_t)0);
    assert_int_equal(a.access.gas_nonces, 32);
    assert_int_equal(a.access.methods_count, 2);
    assert_text(a.access.methods[0], "x");
    assert_text(a.access.methods[1], "");
    read_action(v, &a,
                "05" ED_KEY "0000000000000000"
                "03" ONE_U128 "ffff");
    assert_int_equal(a.access.permission, ALC_NEAR_GAS_FULL_ACCESS);
    assert_int_equal(a.access.gas_nonces, 65535);
}

static void state_inits_are_read_and_written(void **state)
{
    struct vectors *v = *state;
    struct alc_near_action a;

    read_action(v, &a,
                "0b"
                "00"
                "00" ONES_32 "00000000" ONE_U128);
    assert_int_equal(a.kind, ALC_NEAR_STATE_INIT);
    assert_int_equal(a.by_account, 0);
    assert_int_equal(a.code_hash.b[0], 0x11);
    assert_int_equal(a.data.n, 4);
    read_action(v, &a,
                "0b"
                "00"
                "01"
                "02000000"
                "6161"
                "02000000"
                "01000000"
                "61"
                "00000000"
                "02000000"
                "6100"
                "01000000"
                "ff" ONE_U128);
    assert_int_equal(a.by_account, 1);
    assert_text(a.account_id, "aa");
    assert_true(a.amount == 1);
    read_action(v, &a,
                "0f"
                "03000000"
                "010203" ONE_U128);
    assert_int_equal(a.kind, ALC_NEAR_UNIVERSAL_INIT);
    assert_int_equal(a.data.n, 3);
}

static void a_state_init_without_data_may_leave_the_map_out(void **state)
{
    struct alc_near_action a = {.kind = ALC_NEAR_STATE_INIT, .amount = 1};
    struct vectors *v = *state;
    struct alc_buf out = ALC_BUF(256);

    alc_near_action_write(&out, &a);
    assert_bytes(alc_buf_bytes(&out), unhex("0b"
                                            "00"
                                            "00" ZEROES_32 "00000000" ONE_U128,
                                            &v->arena));
    alc_buf_fini(&out);
}

static void a_delegate_of_version_2_is_carried_raw(void **state)
{
    struct vectors *v = *state;
    struct alc_near_action a;

    read_action(v, &a,
                "0e"
                "00"
                "02000000"
                "6161"
                "02000000"
                "6262"
                "01000000"
                "03" ONE_U128 "00"
                "0100000000000000"
                "0200000000000000" ED_KEY ED_SIG);
    assert_int_equal(a.kind, ALC_NEAR_DELEGATE_V2);
    read_action(v, &a,
                "0e"
                "00"
                "02000000"
                "6161"
                "02000000"
                "6262"
                "00000000"
                "01"
                "0100000000000000"
                "0300"
                "0200000000000000" ED_KEY ED_SIG);
    assert_int_equal(a.data.n, 1 + 6 + 6 + 4 + 11 + 8 + 33 + 65);
}

static void transactions_of_version_1_are_told_apart(void **state)
{
    static const char *const text[] = {
        "01"
        "02000000"
        "6161" ED_KEY "00"
        "0500000000000000"
        "02000000"
        "6262" ONES_32 "01000000"
        "00"
        "00" ED_SIG,
        "01"
        "02000000"
        "6161" ED_KEY "01"
        "0500000000000000"
        "0700"
        "02000000"
        "6262" ONES_32 "01000000"
        "00"
        "01" ED_SIG,
    };
    struct vectors *v = *state;

    for (size_t i = 0; i < 2; i++) {
        struct alc_bytes in = unhex(text[i], &v->arena);
        struct alc_buf back = ALC_BUF(4096);
        struct alc_near_signed s;
        struct alc_hash hash;

        read_ok(v, &s, in);
        assert_int_equal(s.tx.version, 1);
        assert_int_equal(s.tx.nonce, 5);
        assert_int_equal(s.tx.gas_key_nonce, i);
        assert_int_equal(s.tx.nonce_index, 7 * i);
        assert_int_equal(s.tx.nonce_mode, i);
        assert_text(s.tx.signer_id, "aa");
        alc_near_tx_write(&back, &s.tx);
        assert_bytes(alc_buf_bytes(&back), (struct alc_bytes){in.p, in.n - 65});
        alc_sha256(&hash, alc_buf_bytes(&back));
        assert_true(alc_hash_eq(&hash, &s.hash));
        alc_buf_fini(&back);
    }
}

/* ---- what is refused ---- */

static enum alc_rc read_rc(struct vectors *v, struct alc_bytes in)
{
    struct alc_near_signed s;
    struct alc_err err;
    return alc_near_tx_read(&s, in, &v->arena, &err);
}

static void every_cut_and_every_byte_more_is_refused(void **state)
{
    struct vectors *v = *state;
    struct alc_bytes good = signed_vector(v);
    uint8_t longer[189];

    for (size_t n = 0; n < good.n; n++) {
        uint8_t *cut = malloc(n > 0 ? n : 1); /* exactly sized, for the sanitizer to watch */
        assert_non_null(cut);
        if (n > 0) memcpy(cut, good.p, n);
        assert_int_equal(read_rc(v, (struct alc_bytes){cut, n}), ALC_BAD_INPUT);
        free(cut);
    }
    memcpy(longer, good.p, good.n);
    longer[188] = 0;
    assert_int_equal(read_rc(v, (struct alc_bytes){longer, 189}), ALC_BAD_INPUT);
}

static void the_sentence_says_what_and_where(void **state)
{
    struct vectors *v = *state;
    struct alc_bytes good = signed_vector(v);
    struct alc_near_signed s;
    struct alc_err err;

    assert_int_equal(alc_near_tx_read(&s, (struct alc_bytes){good.p, 60}, &v->arena, &err),
                     ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "receiver_id"));
    assert_non_null(strstr(err.text, "of 60"));
}

static void malformed_actions_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "10", /* no such kind */
        "00"
        "00", /* bytes left over are seen by the caller */
        "02"
        "01000000"
        "ff"
        "00000000"
        "0000000000000000" ONE_U128, /* a name that is not UTF-8 */
        "02"
        "02000000"
        "c080"
        "00000000"
        "0000000000000000" ONE_U128, /* an overlong NUL */
        "02"
        "03000000"
        "eda080"
        "00000000"
        "0000000000000000" ONE_U128, /* a surrogate */
        "02"
        "ffffffff",                 /* a length beyond the bytes */
        "04" ONE_U128 "02" ONES_32, /* an ML-DSA key, cut */
        "04" ONE_U128 "03" ONES_32, /* the handle of one, which is for the state alone */
        "05" ED_KEY "0000000000000000"
        "04", /* no such permission */
        "05" ED_KEY "0000000000000000"
        "00"
        "02", /* neither none nor some */
        "05" ED_KEY "0000000000000000"
        "00"
        "00"
        "00000000"
        "ffffff3f", /* too many names */
        "09"
        "00000000"
        "02", /* no such mode */
        "0a"
        "02", /* no such identifier */
        "0b"
        "01"
        "00" ONES_32 "00000000" ONE_U128, /* state init of another version */
        "0b"
        "00"
        "00" ONES_32 "02000000"
        "01000000"
        "62"
        "00000000"
        "01000000"
        "61"
        "00000000" ONE_U128, /* a map out of order */
        "0b"
        "00"
        "00" ONES_32 "02000000"
        "01000000"
        "61"
        "00000000"
        "01000000"
        "61"
        "00000000" ONE_U128, /* a key twice */
        "08"
        "02000000"
        "6161"
        "02000000"
        "6262"
        "01000000"
        "08", /* a delegate in a delegate */
        "08"
        "02000000"
        "6161"
        "02000000"
        "6262"
        "01000000"
        "0e",
        "0e"
        "01", /* a delegate of version 3 */
    };
    struct vectors *v = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct alc_bytes in = unhex(bad[i], &v->arena);
        struct alc_cur c = alc_cur(in);
        struct alc_near_action a;
        bool read = alc_near_action_read(&c, &a, &v->arena);

        if (read && c.n == 0) fail_msg("should be refused: %s", bad[i]);
        if (!read) assert_int_equal(c.n, in.n); /* a failed read moves nothing */
    }
}

static void signatures_that_cannot_be_are_refused(void **state)
{
    struct vectors *v = *state;
    struct alc_bytes good = signed_vector(v);
    uint8_t bytes[188];

    memcpy(bytes, good.p, good.n);
    bytes[187] = 0x20; /* s is 2^253 or more */
    assert_int_equal(read_rc(v, (struct alc_bytes){bytes, 188}), ALC_BAD_INPUT);
    bytes[187] = 0;
    bytes[188 - 65] = 2; /* ML-DSA, by its tag, and far too short */
    assert_int_equal(read_rc(v, (struct alc_bytes){bytes, 188}), ALC_BAD_INPUT);
}

static void post_quantum_transactions_are_read_and_written(void **state)
{
    static uint8_t key[ALC_NEAR_ML_DSA_65_KEY_BYTES], sig[ALC_NEAR_ML_DSA_65_SIG_BYTES];
    struct vectors *v = *state;
    struct alc_near_key k = {.curve = ALC_NEAR_ML_DSA_65, .full = key};
    struct alc_near_action delete = {.kind = ALC_NEAR_DELETE_KEY, .key = k};
    struct alc_near_tx tx = {.signer_id = ALC_LIT("aa"),
                             .receiver_id = ALC_LIT("bb"),
                             .key = k,
                             .nonce = 7,
                             .actions = &delete,
                             .actions_count = 1};
    struct alc_buf out = ALC_BUF(1u << 14), back = ALC_BUF(1u << 14);
    struct alc_near_signed s;

    memset(key, 0xa5, sizeof key);
    memset(sig, 0xff, sizeof sig);
    alc_near_tx_write(&out, &tx);
    alc_buf_put(&out, "\x02", 1);
    alc_buf_put(&out, sig, sizeof sig);
    read_ok(v, &s, alc_buf_bytes(&out));
    assert_true(alc_near_key_eq(&s.tx.key, &k) && alc_near_key_eq(&s.tx.actions[0].key, &k));
    assert_int_equal(s.sig.curve, ALC_NEAR_ML_DSA_65);
    assert_memory_equal(s.sig.full, sig, sizeof sig);
    alc_near_tx_write(&back, &s.tx);
    assert_bytes(alc_buf_bytes(&back), (struct alc_bytes){out.p, out.n - 1 - sizeof sig});
    assert_false(alc_near_sig_ok(&s.sig, &s.tx.key, &s.hash)); /* for others to judge */
    for (size_t cut = 1; cut < out.n; cut += 211)
        assert_int_equal(read_rc(v, (struct alc_bytes){out.p, out.n - cut}), ALC_BAD_INPUT);
    alc_buf_fini(&out);
    alc_buf_fini(&back);
}

static void limits_hold_before_memory_is_taken(void **state)
{
    struct vectors *v = *state;
    struct alc_near_action actions[101] = {0}; /* all CreateAccount */
    struct alc_near_tx tx = {.signer_id = ALC_LIT("aa"),
                             .receiver_id = ALC_LIT("bb"),
                             .key = v->ed25519,
                             .actions = actions,
                             .actions_count = 100};
    struct alc_buf out = ALC_BUF(ALC_NEAR_TX_MAX_BYTES + 64);
    struct alc_arena small = ALC_ARENA(1000);
    struct alc_near_signed s;
    struct alc_hash hash;
    struct alc_err err;

    assert_int_equal(alc_near_tx_sign(&out, &hash, &tx, &v->secret), ALC_OK);
    assert_int_equal(read_rc(v, alc_buf_bytes(&out)), ALC_OK);
    assert_int_equal(alc_near_tx_read(&s, alc_buf_bytes(&out), &small, &err), ALC_NOMEM);
    tx.actions_count = 101;
    alc_buf_reset(&out);
    assert_int_equal(alc_near_tx_sign(&out, &hash, &tx, &v->secret), ALC_OK);
    assert_int_equal(read_rc(v, alc_buf_bytes(&out)), ALC_LIMIT);
    assert_int_equal(alc_near_tx_read_any(&s, alc_buf_bytes(&out), &small, &err), ALC_OK);
    assert_int_equal(s.tx.actions_count, 101); /* counted, not kept */
    assert_null(s.tx.actions);
    assert_true(alc_hash_eq(&s.hash, &hash));
    for (size_t cut = 1; cut < out.n; cut++)
        assert_int_equal(
            alc_near_tx_read_any(&s, (struct alc_bytes){out.p, out.n - cut}, &small, &err),
            ALC_BAD_INPUT);
    alc_buf_reset(&out);
    memset(alc_buf_room(&out, ALC_NEAR_TX_MAX_BYTES + 1), 0, ALC_NEAR_TX_MAX_BYTES + 1);
    alc_buf_add(&out, ALC_NEAR_TX_MAX_BYTES + 1);
    assert_int_equal(read_rc(v, alc_buf_bytes(&out)), ALC_LIMIT);
    alc_buf_fini(&out);
    alc_arena_fini(&small);
}

static void signing_into_a_full_buffer_fails(void **state)
{
    struct vectors *v = *state;
    struct alc_near_tx tx = {
        .signer_id = ALC_LIT("aa"), .receiver_id = ALC_LIT("bb"), .key = v->ed25519};
    struct alc_buf out = ALC_BUF(100);
    struct alc_hash hash;

    assert_int_equal(alc_near_tx_sign(&out, &hash, &tx, &v->secret), ALC_NOMEM);
    alc_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions_become_the_bytes_of_near_api_js),
        cmocka_unit_test(what_near_api_js_signed_is_read_checked_and_written_back),
        cmocka_unit_test(we_sign_the_same_bytes_as_near_api_js),
        cmocka_unit_test(delegate_hashes_are_those_of_near_api_js),
        cmocka_unit_test(a_read_key_keeps_allowance_receiver_and_names),
        cmocka_unit_test(the_hash_that_nearcore_expects),
        cmocka_unit_test(the_delegate_hash_that_nearcore_signs),
        cmocka_unit_test(a_signed_transaction_of_nearcore_is_read),
        cmocka_unit_test(gas_keys_are_read_and_written),
        cmocka_unit_test(post_quantum_transactions_are_read_and_written),
        cmocka_unit_test(state_inits_are_read_and_written),
        cmocka_unit_test(a_state_init_without_data_may_leave_the_map_out),
        cmocka_unit_test(a_delegate_of_version_2_is_carried_raw),
        cmocka_unit_test(transactions_of_version_1_are_told_apart),
        cmocka_unit_test(every_cut_and_every_byte_more_is_refused),
        cmocka_unit_test(the_sentence_says_what_and_where),
        cmocka_unit_test(malformed_actions_are_refused),
        cmocka_unit_test(signatures_that_cannot_be_are_refused),
        cmocka_unit_test(limits_hold_before_memory_is_taken),
        cmocka_unit_test(signing_into_a_full_buffer_fails),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
