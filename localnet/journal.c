/* localnet/journal.c — what a block changed in the state, and why, as NEAR lists it.
 *
 * Kept as JSON values with commas between while the block is made, written with it.  A receipt that
 * fails cuts the journal back to where it began. */
#include "localnet/views.h"

void lnet_journal_cause(struct lnet_chain *c, const char *type, const char *field,
                        const struct alc_hash *hash)
{
    c->journal.type = type;
    c->journal.field = field;
    if (hash != NULL) c->journal.hash = *hash;
}

/* Writes all up to the members of "change", which the caller adds; then `end`. */
static struct alc_jw begin(struct lnet_chain *c, const char *type, const char *id)
{
    struct lnet_journal *j = &c->journal;
    struct alc_jw w = {.out = &j->json, .comma = j->json.n > 0};
    alc_jw_obj(&w);
    alc_jw_key(&w, "cause");
    alc_jw_obj(&w);
    alc_jw_key(&w, "type");
    alc_jw_text(&w, j->type);
    if (j->field != NULL) {
        alc_jw_key(&w, j->field);
        alc_jw_base58(&w, alc_hash_bytes(&j->hash));
    }
    alc_jw_end(&w);
    alc_jw_key(&w, "type");
    alc_jw_text(&w, type);
    alc_jw_key(&w, "change");
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_text(&w, id);
    return w;
}

static void end(struct alc_jw *w)
{
    alc_jw_end(w);
    alc_jw_end(w);
}

static void view_handle(struct alc_jw *w, const struct alc_near_key *key)
{
    struct alc_near_key h = lnet_key_handle(key);
    lnet_view_key(w, &h);
}

void lnet_journal_account(struct lnet_chain *c, const char *id, const struct lnet_account *a)
{
    struct alc_jw w;
    if (c->journal.off) return;
    w = begin(c, a != NULL ? "account_update" : "account_deletion", id);
    if (a != NULL) lnet_view_account_fields(&w, a);
    end(&w);
}

void lnet_journal_key(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                      const struct alc_near_access *access)
{
    struct alc_jw w;
    if (c->journal.off) return;
    w = begin(c, access != NULL ? "access_key_update" : "access_key_deletion", id);
    alc_jw_key(&w, "public_key");
    view_handle(&w, key);
    if (access != NULL) {
        alc_jw_key(&w, "access_key");
        lnet_view_access(&w, access);
    }
    end(&w);
}

/* That nonces are gone is not told: they go with their key. */
void lnet_journal_gas_nonce(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                            uint16_t index, uint64_t nonce)
{
    struct alc_jw w;
    if (c->journal.off) return;
    w = begin(c, "gas_key_nonce_update", id);
    alc_jw_key(&w, "public_key");
    view_handle(&w, key);
    alc_jw_key(&w, "index");
    alc_jw_u64(&w, index);
    alc_jw_key(&w, "nonce");
    alc_jw_u64(&w, nonce);
    end(&w);
}

void lnet_journal_data(struct lnet_chain *c, const char *id, struct alc_bytes key,
                       const struct alc_bytes *value)
{
    struct alc_jw w;
    if (c->journal.off) return;
    w = begin(c, value != NULL ? "data_update" : "data_deletion", id);
    alc_jw_key(&w, "key_base64");
    alc_jw_base64(&w, key);
    if (value != NULL) {
        alc_jw_key(&w, "value_base64");
        alc_jw_base64(&w, *value);
    }
    end(&w);
}

void lnet_journal_code(struct lnet_chain *c, const char *id, const struct alc_bytes *code)
{
    struct alc_jw w;
    if (c->journal.off) return;
    w = begin(c, code != NULL ? "contract_code_update" : "contract_code_deletion", id);
    if (code != NULL) {
        alc_jw_key(&w, "code_base64");
        alc_jw_base64(&w, *code);
    }
    end(&w);
}
