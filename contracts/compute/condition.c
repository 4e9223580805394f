/* contracts/compute/condition.c — conditions, read and written at once.
 *
 * Each node is written as it is read, into one buffer.  Two things are not known in time: whether a
 * Logic is "And" or "Or" when its conditions come before its operator, and so the operator's place
 * is left wide enough for either; what stays free there is closed at the end, once for all. */
#include "condition.h"

#include "room.h"

#define PATTERNS_MAX 16u
#define PATTERN_BYTES_MAX 4096u
#define ASKS_MAX 5u
#define GAP 0 /* no JSON text holds this byte */

static struct near_out o;
static bool gaps;

/* ---- Leaves: their members are written in the order of their tables ---- */

struct leaf {
    struct alc_bytes contract; /* or the pattern, the hash */
    struct alc_bytes what;     /* token_id, role */
    struct alc_bytes op;
    near_u128 value; /* or the end of a ValidUntil */
};

/* A variant without a value, which is one of `names`. */
static void read_unit(struct near_json *j, struct alc_bytes *out, const char *const *names,
                      size_t n)
{
    const bool with_value = near_json_variant(j, out);

    near_json_variant_unit(j, with_value);
    while (n > 0)
        if (alc_bytes_is(*out, names[--n])) return;
    near_json_fail("unknown variant");
}

void read_op(struct near_json *j, void *out)
{
    static const char *const names[] = {"Gte", "Lte", "Gt", "Lt", "Eq", "Ne"};
    read_unit(j, out, names, 6);
}

#define MUST(name, member, read) NEAR_FIELD(name, struct leaf, member, read, NEAR_MUST)
static const struct near_field pattern_fields[] = {MUST("pattern", contract, near_read_string)};
static const struct near_field hash_fields[] = {MUST("hash", contract, near_read_string)};
static const struct near_field until_fields[] = {MUST("until_ns", value, near_read_u128)};
/* NearBalance begins behind the contract. */
static const struct near_field balance_fields[] = {
    MUST("contract", contract, near_read_account),
    MUST("operator", op, read_op),
    MUST("value", value, near_read_u128),
};
static const struct near_field nft_fields[] = {
    MUST("contract", contract, near_read_account),
    NEAR_FIELD("token_id", struct leaf, what, near_read_string, NEAR_MAY),
};
static const struct near_field dao_fields[] = {
    MUST("dao_contract", contract, near_read_account),
    MUST("role", what, near_read_string),
};

enum form_kind { ALLOW_ALL, UNTIL, PATTERN, HASH, ASKS, WHITELIST, INNER, LOGIC };

struct form {
    const char *name;
    const struct near_field *fields; /* of a leaf */
    uint8_t n;
    uint8_t kind;
};

static const struct form forms[] = {
    {"AllowAll", NULL, 0, ALLOW_ALL},
    {"Whitelist", NULL, 0, WHITELIST},
    {"AccountPattern", pattern_fields, 1, PATTERN},
    {"NearBalance", balance_fields + 1, 2, ASKS},
    {"FtBalance", balance_fields, 3, ASKS},
    {"NftOwned", nft_fields, 2, ASKS},
    {"DaoMember", dao_fields, 2, ASKS},
    {"Logic", NULL, 0, LOGIC},
    {"Not", NULL, 0, INNER},
    {"ValidUntil", until_fields, 1, UNTIL},
    {"WasmHash", hash_fields, 1, HASH},
    {"Predecessor", NULL, 0, INNER},
};

static void leaf(struct near_json *j, struct condition *c, const struct form *f)
{
    struct leaf l = {.what = {NULL, 0}};

    near_json_object(j, &l, f->fields, f->n);
    if (f->kind == ASKS) c->asks++;
    if (f->kind == HASH && !sha256_text(l.contract)) c->bad_hashes++;
    if (f->kind == PATTERN) {
        c->patterns++;
        c->pattern_bytes += l.contract.n;
    }
    if (f->kind == UNTIL && l.value > UINT64_MAX) near_json_fail("integer out of range");
    near_out_lit(&o, "{");
    near_out_members(&o, &l, f->fields, f->n);
    near_out_lit(&o, "}");
}

/* ---- The tree ---- */

NEAR_APART static bool fresh_list(void)
{
    return o.p[o.n - 1] == '[';
}

static void account(struct near_json *j, void *to)
{
    struct alc_bytes id;

    (void)to;
    near_read_account(j, &id);
    if (!fresh_list()) near_out_lit(&o, ",");
    out_account(&o, id);
}

void read_accounts(struct near_json *j, void *to)
{
    near_json_list(j, account, to);
}

static const struct near_field whitelist_fields[] = {
    NEAR_FIELD_ALL("accounts", read_accounts, NEAR_MUST),
};

static const struct near_field inner_fields[] = {
    NEAR_FIELD_ALL("condition", read_node, NEAR_MUST),
};

struct logic {
    struct condition *c;
    struct alc_bytes op;
};

static void member(struct near_json *j, void *to)
{
    if (!fresh_list()) near_out_lit(&o, ",");
    read_node(j, to);
}

void read_members(struct near_json *j, void *out)
{
    struct logic *l = out;
    near_json_list(j, member, l->c);
}

void read_logic_op(struct near_json *j, void *out)
{
    static const char *const names[] = {"And", "Or"};
    read_unit(j, out, names, 2);
}

static const struct near_field logic_fields[] = {
    NEAR_FIELD("operator", struct logic, op, read_logic_op, NEAR_MUST),
    NEAR_FIELD_ALL("conditions", read_members, NEAR_MUST),
};

static void logic(struct near_json *j, struct condition *c)
{
    static const uint8_t or_gap[] = {'"', 'O', 'r', '"', GAP};
    struct logic l = {.c = c};
    size_t at;

    near_out_lit(&o, "{\"operator\":");
    at = o.n;
    near_out_lit(&o, "\"And\",\"conditions\":[");
    near_json_object(j, &l, logic_fields, 2);
    if (fresh_list()) c->empty++;
    if (l.op.p[0] == 'O' && !o.full) {
        __builtin_memcpy(o.p + at, or_gap, sizeof or_gap);
        gaps = true;
    }
    near_out_lit(&o, "]}");
}

void read_node(struct near_json *j, void *out)
{
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);
    const struct form *f = forms;

    while (!alc_bytes_is(name, f->name))
        if (++f == forms + sizeof forms / sizeof forms[0]) near_json_fail("unknown variant");
    if (f->kind == ALLOW_ALL) {
        near_json_variant_unit(j, with_value);
        near_out_lit(&o, "\"AllowAll\"");
        return;
    }
    if (!with_value) near_json_fail("a variant lacks its value");
    near_out_lit(&o, "{");
    near_out_str(&o, name);
    near_out_lit(&o, ":");
    switch (f->kind) {
    case WHITELIST:
        near_out_lit(&o, "{\"accounts\":[");
        near_json_object(j, out, whitelist_fields, 1);
        near_out_lit(&o, "]}");
        break;
    case INNER:
        near_out_lit(&o, "{\"condition\":");
        near_json_object(j, out, inner_fields, 1);
        near_out_lit(&o, "}");
        break;
    case LOGIC:
        logic(j, out);
        break;
    default:
        leaf(j, out, f);
    }
    near_out_lit(&o, "}");
    near_json_variant_end(j, with_value);
}

static void close_gaps(void)
{
    size_t n = 0;

    for (size_t i = 0; i < o.n; i++)
        if (o.p[i] != GAP) o.p[n++] = o.p[i];
    o.n = n;
}

void read_condition(struct near_json *j, void *out)
{
    struct condition *c = out;

    *c = (struct condition){.patterns = 0};
    o = NEAR_OUT(room_access);
    gaps = false;
    read_node(j, c);
    if (gaps) close_gaps();
    c->text = near_out_bytes(&o, "The secret is longer than 4 MiB");
}

/* ---- Bounds: those that the keystore judges by ---- */

static void at_most(uint64_t max, uint64_t n, const char *before, const char *behind)
{
    uint8_t buf[128];
    struct near_out t = NEAR_OUT(buf);

    if (n <= max) return;
    near_out_text(&t, before);
    near_out_u64(&t, n);
    near_out_text(&t, behind);
    near_out_u64(&t, max);
    near_out_text(&t, max == ASKS_MAX ? " such leaves are judged" : " are judged");
    near_panic_bytes((struct alc_bytes){buf, t.n});
}

void condition_check(const struct condition *c)
{
    at_most(PATTERNS_MAX, c->patterns, "access holds ", " AccountPattern leaves; at most ");
    at_most(PATTERN_BYTES_MAX, c->pattern_bytes, "AccountPattern text is ",
            " bytes in all; at most ");
    at_most(ASKS_MAX, c->asks, "access asks the chain ", " times; at most ");
    near_refuse(c->bad_hashes > 0,
                "a WasmHash condition must be the SHA-256 in 64 lowercase hex digits");
    near_refuse(c->empty > 0, "Logic must hold at least one condition");
}
