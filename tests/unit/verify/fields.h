/* tests/unit/verify/fields.h — the fields of statement v1 as a table, so that a test can walk them.
 *
 * The order is that of docs/statement.md and nothing here encodes: the table only finds fields. */
#ifndef FIELDS_H
#define FIELDS_H

#include "verify/verify.h"

enum field_kind { FIELD_STRING, FIELD_HASH, FIELD_U8, FIELD_U32, FIELD_U64 };

struct field {
    const char *name;
    enum field_kind kind;
    size_t at;     /* offset in struct alc_statement */
    uint64_t most; /* bytes of a string, value of a number */
};

#define STRING(f, most) {#f, FIELD_STRING, offsetof(struct alc_statement, f), most}
#define HASH(f) {#f, FIELD_HASH, offsetof(struct alc_statement, f), 0}
#define U8(f, most) {#f, FIELD_U8, offsetof(struct alc_statement, f), most}
#define U32(f) {#f, FIELD_U32, offsetof(struct alc_statement, f), UINT32_MAX}
#define U64(f) {#f, FIELD_U64, offsetof(struct alc_statement, f), UINT64_MAX}

static const struct field fields[] = {
    STRING(chain_id, 64),
    STRING(contract_id, 64),
    HASH(deployment_id),
    U64(request_id),
    HASH(data_id),
    STRING(call_id, 64),
    HASH(caller_nonce),
    HASH(request_hash),
    U64(anchor_height),
    HASH(anchor_hash),
    U32(attempt),
    U64(sequence),
    HASH(previous),
    STRING(signer_id, 64),
    STRING(predecessor_id, 64),
    STRING(project_id, 128),
    HASH(code_hash),
    HASH(source_hash),
    HASH(input_hash),
    HASH(env_hash),
    HASH(secrets_hash),
    HASH(policy_hash),
    U64(max_instructions),
    U32(max_memory_mb),
    U32(max_seconds),
    HASH(engine_id),
    U8(outcome, 9),
    U32(exit_code),
    U64(instructions),
    U64(time_ms),
    U64(compile_ms),
    U64(refund_usd),
    U8(output_kind, 3),
    HASH(output_hash),
    HASH(stdout_hash),
    HASH(egress_root),
    U32(egress_count),
    HASH(storage_before),
    HASH(storage_after),
    HASH(key_log),
    HASH(transcript_hash),
    U64(started_ms),
    U64(finished_ms),
    HASH(worker_key),
    HASH(measurement),
    U8(simulated, 1),
};
#define FIELDS_COUNT (sizeof fields / sizeof fields[0])

static inline void *field_of(struct alc_statement *s, const struct field *f)
{
    return (char *)s + f->at;
}

static inline uint64_t field_number(struct alc_statement *s, const struct field *f)
{
    switch (f->kind) {
    case FIELD_U8:
        return *(uint8_t *)field_of(s, f);
    case FIELD_U32:
        return *(uint32_t *)field_of(s, f);
    case FIELD_U64:
        return *(uint64_t *)field_of(s, f);
    case FIELD_STRING:
    case FIELD_HASH:
        break;
    }
    return 0;
}

static inline void field_set_number(struct alc_statement *s, const struct field *f, uint64_t v)
{
    switch (f->kind) {
    case FIELD_U8:
        *(uint8_t *)field_of(s, f) = (uint8_t)v;
        break;
    case FIELD_U32:
        *(uint32_t *)field_of(s, f) = (uint32_t)v;
        break;
    case FIELD_U64:
        *(uint64_t *)field_of(s, f) = v;
        break;
    case FIELD_STRING:
    case FIELD_HASH:
        break;
    }
}

static inline bool field_same(struct alc_statement *a, struct alc_statement *b,
                              const struct field *f)
{
    switch (f->kind) {
    case FIELD_STRING:
        return alc_bytes_eq(*(struct alc_bytes *)field_of(a, f),
                            *(struct alc_bytes *)field_of(b, f));
    case FIELD_HASH:
        return alc_hash_eq(field_of(a, f), field_of(b, f));
    case FIELD_U8:
    case FIELD_U32:
    case FIELD_U64:
        break;
    }
    return field_number(a, f) == field_number(b, f);
}

#endif
