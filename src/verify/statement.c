#include "verify/verify.h"

/* The fields in the order of docs/statement.md: what lies in memory is what is encoded, but for the
 * strings.  A table, so that the layout is written down once for both directions. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "integers are encoded as they lie");

struct field {
    uint16_t at;
    uint8_t n;   /* bytes; 0: a string */
    uint8_t max; /* a string's length, or a single byte's value */
};

#define RAW(member)                                                                                \
    {offsetof(struct alc_statement, member), sizeof((struct alc_statement *)0)->member, 0}
#define STRING(member, max) {offsetof(struct alc_statement, member), 0, max}
#define BYTE(member, max) {offsetof(struct alc_statement, member), 1, max}

static const struct field fields[] = {
    STRING(chain_id, ALC_STATEMENT_STRING_MAX_BYTES),
    STRING(contract_id, ALC_STATEMENT_STRING_MAX_BYTES),
    RAW(deployment_id),
    RAW(request_id),
    RAW(data_id),
    STRING(call_id, ALC_STATEMENT_STRING_MAX_BYTES),
    RAW(caller_nonce),
    RAW(request_hash),
    RAW(anchor_height),
    RAW(anchor_hash),

    RAW(attempt),
    RAW(sequence),
    RAW(previous),

    STRING(signer_id, ALC_STATEMENT_STRING_MAX_BYTES),
    STRING(predecessor_id, ALC_STATEMENT_STRING_MAX_BYTES),
    STRING(project_id, ALC_STATEMENT_PROJECT_MAX_BYTES),

    RAW(code_hash),
    RAW(source_hash),
    RAW(input_hash),
    RAW(env_hash),
    RAW(secrets_hash),
    RAW(policy_hash),
    RAW(max_instructions),
    RAW(max_memory_mb),
    RAW(max_seconds),
    RAW(engine_id),

    BYTE(outcome, ALC_OUTCOME_COUNT - 1),
    RAW(exit_code),
    RAW(instructions),
    RAW(time_ms),
    RAW(compile_ms),
    RAW(refund_usd),
    BYTE(output_kind, ALC_OUTPUT_BYTES),
    RAW(output_hash),
    RAW(stdout_hash),

    RAW(egress_root),
    RAW(egress_count),
    RAW(storage_before),
    RAW(storage_after),
    RAW(key_log),
    RAW(transcript_hash),

    RAW(started_ms),
    RAW(finished_ms),

    RAW(worker_key),
    RAW(measurement),
    BYTE(simulated, 1),
};
#define FIELDS (sizeof fields / sizeof fields[0])

bool alc_statement_read(struct alc_statement *out, struct alc_bytes in)
{
    struct alc_cur c = alc_cur(in);
    struct alc_statement s;
    struct alc_bytes tag;

    if (!alc_cur_take(&c, sizeof ALC_STATEMENT_TAG - 1, &tag)) return false;
    if (!alc_bytes_eq(tag, ALC_LIT(ALC_STATEMENT_TAG))) return false;
    for (const struct field *f = fields; f < fields + FIELDS; f++) {
        uint8_t *v = (uint8_t *)&s + f->at;
        if (f->n == 0 ? !alc_borsh_bytes(&c, f->max, (struct alc_bytes *)(void *)v)
                      : !alc_cur_copy(&c, v, f->n))
            return false;
        if (f->n == 1 && *v > f->max) return false;
    }
    if (c.n != 0) return false;
    *out = s;
    return true;
}

size_t alc_statement_write(const struct alc_statement *s, uint8_t *out, size_t cap)
{
    struct alc_borsh b = alc_borsh(out, cap);

    alc_borsh_put(&b, ALC_STATEMENT_TAG, sizeof ALC_STATEMENT_TAG - 1);
    for (const struct field *f = fields; f < fields + FIELDS; f++) {
        const uint8_t *v = (const uint8_t *)s + f->at;
        const struct alc_bytes *string = (const void *)v;
        if (f->n == 0 ? string->n > f->max : f->n == 1 && *v > f->max) return 0;
        if (f->n == 0)
            alc_borsh_put_bytes(&b, *string);
        else
            alc_borsh_put(&b, v, f->n);
    }
    return b.full ? 0 : b.n;
}

const char *alc_outcome_name(uint8_t outcome)
{
    switch (outcome) {
#define NAME(name, number, text)                                                                   \
    case number:                                                                                   \
        return #name;
        ALC_OUTCOME_MAP(NAME)
#undef NAME
    }
    return "UNKNOWN";
}

const char *alc_outcome_text(uint8_t outcome)
{
    switch (outcome) {
#define TEXT(name, number, text)                                                                   \
    case number:                                                                                   \
        return text;
        ALC_OUTCOME_MAP(TEXT)
#undef TEXT
    }
    return "an unknown outcome";
}
