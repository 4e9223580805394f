/* guestbook.c — a guest book for those who hold a token: the worked example of contracts/README.md.
 *
 *   sign ─► asks the token what the caller holds ─► on_balance: an entry, or the price back
 *
 * Storage.  "s": version u8 | entries u64 | token.  "e" + number u64: an entry, as the JSON that
 * the view shows. */
#include "contract/json.h"

#include "base/enc.h"

#define STATE_VERSION 1u
#define TEXT_MAX_BYTES 100u
#define ENTRY_MAX_BYTES (6 * TEXT_MAX_BYTES + 128) /* a control character is written as six */
#define PAGE_MAX 50u
#define ASK_GAS (5 * (uint64_t)NEAR_TGAS)
#define BACK_GAS (5 * (uint64_t)NEAR_TGAS)
#define BYTE_YOCTO ((near_u128)10000000000000000000u) /* locked for each byte of storage */
#define PRICE (1000 * BYTE_YOCTO)                     /* 0.01 NEAR */

_Static_assert((NEAR_STORAGE_RECORD_BYTES + 9 + ENTRY_MAX_BYTES) * BYTE_YOCTO < PRICE,
               "an entry locks more than it costs");

#define METHODS(X)                                                                                 \
    X(new, CALL)                                                                                   \
    X(sign, PAYABLE)                                                                               \
    X(on_balance, PRIVATE)                                                                         \
    X(get_entries, VIEW)

#define DECLARED(name, kind) static void method_##name(void);
METHODS(DECLARED)
METHODS(NEAR_METHOD)

/* ---- Records ---- */

struct state {
    uint64_t entries;
    struct alc_bytes token; /* an account id, borrowed until the next state_load */
};

static void state_save(const struct state *s)
{
    uint8_t buf[128];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u8(&w, STATE_VERSION);
    alc_borsh_put_u64(&w, s->entries);
    alc_borsh_put_bytes(&w, s->token);
    near_put(ALC_LIT("s"), (struct alc_bytes){buf, w.n});
}

static void state_load(struct state *s)
{
    static uint8_t buf[128];
    struct alc_cur c;
    uint8_t version;
    size_t n;

    if (!near_get(ALC_LIT("s"), buf, sizeof buf, &n)) near_panic("The book is not set up");
    c = alc_cur((struct alc_bytes){buf, n});
    if (!alc_cur_u8(&c, &version) || version != STATE_VERSION || !alc_cur_u64le(&c, &s->entries) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->token))
        near_panic("The stored state is of another version");
}

struct entry {
    struct alc_bytes guest;
    struct alc_bytes text;
};

static const struct near_field entry_fields[] = {
    NEAR_FIELD("guest", struct entry, guest, near_read_account, NEAR_MUST),
    NEAR_FIELD("text", struct entry, text, near_read_string, NEAR_MUST),
};

static struct alc_bytes entry_json(const struct entry *e)
{
    static uint8_t buf[ENTRY_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "{");
    NEAR_OUT_MEMBERS(&o, e, entry_fields);
    near_out_lit(&o, "}");
    return near_out_bytes(&o, "The entry is too long");
}

static struct alc_bytes entry_key(uint64_t number)
{
    static uint8_t key[1 + sizeof number] = {'e'};

    __builtin_memcpy(key + 1, &number, sizeof number);
    return (struct alc_bytes){key, sizeof key};
}

/* ---- new ---- */

static const struct near_field new_fields[] = {
    NEAR_FIELD("token_id", struct state, token, near_read_account, NEAR_MUST),
};

static void method_new(void)
{
    struct state s = {.entries = 0};

    NEAR_ARGS(&s, new_fields);
    if (near_has(ALC_LIT("s"))) near_panic("The book is set up already");
    state_save(&s);
}

/* ---- sign ---- */

static const struct near_field sign_fields[] = {
    NEAR_FIELD("text", struct entry, text, near_read_string, NEAR_MUST),
};

static void method_sign(void)
{
    uint8_t buf[128];
    struct near_out ask = NEAR_OUT(buf);
    struct near_account self, caller;
    struct near_call call = {.method = "ft_balance_of", .gas = ASK_GAS};
    struct near_call back = {.method = "on_balance", .gas = BACK_GAS};
    near_u128 paid = near_deposit();
    struct entry e;
    struct state s;

    NEAR_ARGS(&e, sign_fields);
    if (e.text.n > TEXT_MAX_BYTES) near_panic("A text has at most 100 bytes");
    if (paid < PRICE) near_panic("An entry costs 0.01 NEAR");
    state_load(&s);
    near_current(&self);
    near_predecessor(&caller);
    e.guest = near_account_bytes(&caller);
    if (paid > PRICE) near_transfer(e.guest, paid - PRICE);

    near_out_lit(&ask, "{\"account_id\":");
    near_out_str(&ask, e.guest);
    near_out_lit(&ask, "}");
    call.account = s.token;
    call.args = near_out_bytes(&ask, "The question is too long");
    back.account = near_account_bytes(&self);
    back.args = entry_json(&e);
    near_return_promise(near_call(near_call(NEAR_NOW, &call), &back));
}

/* ---- on_balance ---- */

/* The token's answer is a stranger's text.  Whatever it is, this must come to an end: a callback
 * that panics or runs out of gas would keep the guest's money. */
static bool holds_some(void)
{
    static uint8_t buf[NEAR_VALUE_MAX_BYTES];
    near_u128 balance;
    size_t n;

    return near_result(buf, sizeof buf, &n) && n > 2 && n <= 2 + ALC_U128_DIGITS && buf[0] == '"' &&
           buf[n - 1] == '"' && alc_u128_decode(&balance, (struct alc_bytes){buf + 1, n - 2}) &&
           balance > 0;
}

static void announce(uint64_t number, struct alc_bytes guest)
{
    uint8_t buf[256];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "EVENT_JSON:{\"standard\":\"guestbook\",\"version\":\"1.0.0\","
                     "\"event\":\"signed\",\"data\":[{\"number\":");
    near_out_u64(&o, number);
    near_out_lit(&o, ",\"guest\":");
    near_out_str(&o, guest);
    near_out_lit(&o, "}]}");
    near_log(near_out_bytes(&o, "The event is too long"));
}

/* Returns whether there is an entry now. */
static void method_on_balance(void)
{
    struct entry e;
    struct state s;

    NEAR_ARGS(&e, entry_fields);
    if (!holds_some()) {
        near_transfer(e.guest, PRICE);
        near_return(ALC_LIT("false"));
        return;
    }
    state_load(&s);
    near_put(entry_key(s.entries), entry_json(&e));
    announce(s.entries, e.guest);
    s.entries++;
    state_save(&s);
    near_return(ALC_LIT("true"));
}

/* ---- get_entries ---- */

struct page {
    uint64_t from;
    uint32_t limit;
};

static const struct near_field page_fields[] = {
    NEAR_FIELD("from", struct page, from, near_read_u64, NEAR_MAY),
    NEAR_FIELD("limit", struct page, limit, near_read_u32, NEAR_MAY),
};

static void method_get_entries(void)
{
    static uint8_t buf[PAGE_MAX * (ENTRY_MAX_BYTES + 1) + 2], one[ENTRY_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);
    struct page p = {.limit = PAGE_MAX};
    struct state s;

    NEAR_ARGS(&p, page_fields);
    if (p.limit > PAGE_MAX) near_panic("A page has at most 50 entries");
    state_load(&s);
    near_out_lit(&o, "[");
    for (uint64_t i = p.from; i < s.entries && i - p.from < p.limit; i++) {
        struct alc_bytes entry = {one, 0};

        if (!near_get(entry_key(i), one, sizeof one, &entry.n)) near_panic("An entry is missing");
        if (i > p.from) near_out_lit(&o, ",");
        near_out_raw(&o, entry);
    }
    near_out_lit(&o, "]");
    near_return(near_out_bytes(&o, "The page is too long"));
}
