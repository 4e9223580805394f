#include "tests/contract/conservation.h"

#include "purse.h"

#define WASM_BYTES 328u
#define GIT_BYTES 253u

const char *const people[PEOPLE] = {"alice.near", "bob.near", "carol.near"};
const char *const names[NAMES] = {"app", "lib", "payment-keys-with-intents"};

/* ---- Chance: xorshift64* ---- */

static uint64_t chance;

void chance_from(uint64_t seed)
{
    chance = seed;
}

unsigned pick(unsigned n)
{
    chance ^= chance >> 12;
    chance ^= chance << 25;
    chance ^= chance >> 27;
    return (unsigned)((chance * UINT64_C(2685821657736338717)) >> 33) % n;
}

const char *anyone(void)
{
    return people[pick(PEOPLE)];
}

const char *any(const char *const *of, unsigned n)
{
    return of[pick(n)];
}

/* ---- What is known besides the views ---- */

struct book b;

near_u128 number(const char *p)
{
    near_u128 v = 0;

    for (p += *p == '"'; *p >= '0' && *p <= '9'; p++)
        v = v * 10 + (unsigned)(*p - '0');
    return v;
}

const char *find(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    assert_non_null(at);
    return at + strlen(key);
}

const char *seen(const char *method, const char *args)
{
    ok(method, args);
    return (const char *)fake_returned().p;
}

static near_u128 fees(void)
{
    return number(strchr(seen("get_stats", ""), ',') + 1);
}

static struct way *way(const char *callback, struct alc_bytes args)
{
    struct way *w = &b.ways[b.n++];

    assert_in_range(b.n, 1, UNDER_WAY_MAX);
    *w = (struct way){.callback = callback, .args = strndup((const char *)args.p, args.n)};
    assert_non_null(w->args);
    return w;
}

/* What the last call sent, and what it now waits for. */
static void follow(void)
{
    struct alc_hash id;
    struct alc_bytes args;
    near_u128 left = 0, usd = 0;
    struct way *w;

    for (size_t i = 0; i < fake_receipts(); i++) {
        const struct fake_receipt *r = fake_receipt(i);
        if (strcmp(r->receiver, SELF) != 0) {
            b.out += r->amount;
            left += r->amount;
            if (strcmp(r->method, "ft_transfer") == 0 && strcmp(r->receiver, TOKEN) == 0)
                usd = number(find((const char *)r->args.p, "\"amount\":"));
        } else if (strcmp(r->method, "request_execution") == 0) {
            w = way(NULL, r->args);
            w->near = r->amount;
        } else if (r->method[0] != 0) {
            w = way(strcmp(r->method, "on_near_wrapped") == 0 ? "on_near_wrapped"
                                                              : "on_withdraw_developer_earnings",
                    r->args);
            w->near = left;
            w->usd = usd;
        } else {
            b.kept += r->amount; /* back to itself */
        }
    }
    if (!fake_yielded(&id, &args)) return;
    w = way(strstr((const char *)args.p, "\"request_id\"") != NULL ? "on_execution_response"
            : strstr((const char *)args.p, "\"amount\"") != NULL   ? "on_top_up_response"
                                                                 : "on_delete_payment_key_response",
            args);
    w->yield = true;
    w->data_id = id;
    if (strcmp(w->callback, "on_top_up_response") == 0)
        w->usd = number(find(w->args, "\"amount\":"));
}

unsigned passes[METHODS_MAX];

bool attempt(const char *who, near_u128 deposit, const char *method, const char *args)
{
    bool passed;

    as(who);
    fake_env.deposit = deposit;
    passed = call(method, alc_cstr(args));
    fake_env.deposit = 0;
    b.calls++;
    if (!passed) return false;
    b.passed++;
    passes[method_of(method) - methods]++;
    b.in += deposit;
    follow();
    return true;
}

/* ---- What the views say ---- */

static near_u128 deposit_of(const char *method, const char *args)
{
    const char *json = seen(method, args);
    return strcmp(json, "null") == 0 ? 0 : number(find(json, "\"storage_deposit\":"));
}

static near_u128 listed(const char *method, const char *args)
{
    near_u128 sum = 0;

    for (const char *p = seen(method, args); (p = strstr(p, "\"storage_deposit\":")) != NULL;)
        sum += number(p += strlen("\"storage_deposit\":"));
    return sum;
}

static near_u128 of_projects(const char *who)
{
    near_u128 sum = 0;

    for (size_t i = 0; i < NAMES; i++) {
        const char *id = fmt("{\"project_id\":\"%s/%s\",\"limit\":100}", who, names[i]), *p;
        sum += deposit_of("get_project", id);
        for (p = seen("list_versions", id); (p = strstr(p, "\"WasmUrl\"")) != NULL; p++)
            sum += storage_price(WASM_BYTES);
        for (p = seen("list_versions", id); (p = strstr(p, "\"GitHub\"")) != NULL; p++)
            sum += storage_price(GIT_BYTES);
        for (size_t j = 0; j < PEOPLE; j++) {
            p = seen("get_project_transfer_acceptance",
                     fmt("{\"new_owner\":\"%s\",\"from\":\"%s\",\"name\":\"%s\"}", people[j], who,
                         names[i]));
            if (strcmp(p, "null") != 0) sum += number(p);
        }
    }
    return sum;
}

static near_u128 of_wallets(void)
{
    static char wallets[4][128];
    near_u128 sum = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (wallets[i][0] == 0)
            snprintf(wallets[i], sizeof wallets[i], "{\"wallet_pubkey\":\"%s\"}",
                     wallet_text(i % 2 == 0 ? ED25519 : SECP256K1, (uint8_t)(1 + i / 2)));
        sum += deposit_of("get_wallet_policy", wallets[i]);
    }
    return sum;
}

/* Every sum of what is the others', and no purse with more than ever came. */
void holds(void)
{
    near_u128 near = b.out + b.kept + b.aside + fees() - b.uncollected + of_wallets();
    near_u128 usd = b.usd_out + b.usd_kept, v;
    uint64_t ids[64];
    size_t n = 0;

    for (size_t i = 0; i < PEOPLE; i++) {
        char account[96];
        snprintf(account, sizeof account, "{\"account_id\":\"%s\",\"limit\":500}", people[i]);
        near += of_projects(people[i]) + listed("list_user_secrets", account);
        if (number(seen("get_payment_key_nonce_floor", account)) > 0)
            near += storage_price(49 + strlen(people[i]));
        v = number(seen("get_user_stablecoin_balance", account));
        assert_true(v <= b.usd_in);
        usd += v;
        v = number(seen("get_developer_earnings", account));
        assert_true(v <= b.usd_in);
        usd += v;
    }
    for (const char *p = seen("get_pending_request_ids", "{}"); *p != 0; p += strcspn(p, ",]")) {
        p++;
        if (*p >= '0' && *p <= '9') ids[n++] = (uint64_t)number(p);
        assert_in_range(n, 0, 63);
    }
    for (size_t i = 0; i < n; i++) {
        const char *r = seen("get_request", fmt("{\"request_id\":%" PRIu64 "}", ids[i]));
        near += number(find(r, "\"payment\":"));
        usd += number(find(r, "\"attached_usd\":"));
    }
    for (size_t i = 0; i < b.n; i++) {
        if (b.ways[i].callback == NULL) near += b.ways[i].near;
        usd += b.ways[i].usd;
    }
    assert_true(near == b.in);
    assert_true(usd == b.usd_in);
}

/* ---- Callbacks ---- */

static void forget(size_t i)
{
    free(b.ways[i].args);
    b.ways[i] = b.ways[--b.n];
}

/* What a request paid that waits; 0 when it has ended. */
static near_u128 payment_of(const char *args)
{
    const char *r = seen("get_request", fmt("{\"request_id\":%" PRIu64 "}",
                                            (uint64_t)number(find(args, "\"request_id\":"))));
    return strcmp(r, "null") == 0 ? 0 : number(find(r, "\"payment\":"));
}

static void self_call(size_t i)
{
    struct way w = b.ways[i];

    b.ways[i] = b.ways[--b.n];
    as(SELF);
    fake_env.signer = anyone();
    fake_env.deposit = w.near;
    if (call("request_execution", alc_cstr(w.args)))
        follow();
    else
        b.kept += w.near;
    fake_env.deposit = 0;
    free(w.args);
}

void wake_any(void)
{
    struct alc_bytes result = {NULL, 0};
    size_t i;
    struct way w;
    near_u128 paid = 0, before;

    if (b.n == 0) return;
    i = pick((unsigned)b.n);
    b.callbacks++;
    if (b.ways[i].callback == NULL) {
        self_call(i);
        return;
    }
    w = b.ways[i];
    if (w.yield ? w.resumed : pick(2) == 0) result = (struct alc_bytes){w.payload, w.payload_n};
    if (strcmp(w.callback, "on_execution_response") == 0) paid = payment_of(w.args);
    before = fees();
    fake_env.deposit = 0;
    if (!fake_callback(method_of(w.callback)->entry, alc_cstr(w.args), result)) {
        /* a deletion whose secret went meanwhile; nothing has moved */
        assert_string_equal(w.callback, "on_delete_payment_key_response");
        forget(i);
        return;
    }
    passes[method_of(w.callback) - methods]++;
    b.ways[i] = b.ways[--b.n];
    follow();
    if (strcmp(w.callback, "on_top_up_response") == 0) {
        const near_u128 back = number((const char *)fake_returned().p);
        assert_true(back == 0 || back == w.usd);
        b.usd_in -= back;
        b.usd_kept += w.usd - back;
    } else if (strcmp(w.callback, "on_withdraw_developer_earnings") == 0) {
        if (result.p != NULL) {
            b.usd_out += w.usd;
        } else { /* what came with the failed transfer is back */
            b.out -= w.near;
            b.kept += w.near;
        }
    } else if (strcmp(w.callback, "on_near_wrapped") == 0) {
        b.aside -= 15 * MILLI;
        if (result.p == NULL) b.out -= w.near;
    } else {
        const near_u128 charged = fees() - before;
        if (charged > paid) b.uncollected += charged - paid;
    }
    free(w.args);
}
