#include "answer.h"

#include "attest/attest.h"
#include "base/enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIELD_MAX_BYTES 65536u
#define WORK_BYTES (2u * ALC_COLLATERAL_MAX_BYTES + 65536u)

const char *const field_names[FIELDS] = {
    "status",        "advisories", "platform status", "platform advisories", "QE status",
    "QE advisories", "PPID",       "report"};

void answer_init(struct answer *a)
{
    memset(a, 0, sizeof *a);
    for (size_t i = 0; i < FIELDS; i++)
        a->field[i] = ALC_BUF(FIELD_MAX_BYTES);
}

void answer_fini(struct answer *a)
{
    for (size_t i = 0; i < FIELDS; i++)
        alc_buf_fini(&a->field[i]);
}

static void reset(struct answer *a)
{
    for (size_t i = 0; i < FIELDS; i++)
        alc_buf_reset(&a->field[i]);
    a->accepted = false;
    a->why[0] = 0;
    a->refusal = ALC_REFUSAL_NONE;
    memset(&a->verdict, 0, sizeof a->verdict);
}

unsigned answer_differs(const struct answer *a, const struct answer *b)
{
    unsigned bits = 0;

    for (size_t i = 0; i < FIELDS; i++)
        if (!alc_bytes_eq(alc_buf_bytes(&a->field[i]), alc_buf_bytes(&b->field[i])))
            bits |= 1u << i;
    return bits;
}

static void put_hex(struct alc_buf *out, const char *name, const uint8_t *p, size_t n)
{
    alc_buf_printf(out, "%s=", name);
    for (size_t i = 0; i < n; i++)
        alc_buf_printf(out, "%02x", p[i]);
    alc_buf_put_text(out, "\n");
}

/* ---- ours ---- */

/* Intel's rule (reference 5.5), written down a second time: what a platform's status becomes beside
 * a module's. */
static uint8_t beside(uint8_t platform, uint8_t part)
{
    if (platform == ALC_TCB_REVOKED || part == ALC_TCB_REVOKED) return ALC_TCB_REVOKED;
    if (part == ALC_TCB_UP_TO_DATE) return platform; /* anything else counts as out of date */
    switch (platform) {
    case ALC_TCB_UP_TO_DATE:
    case ALC_TCB_SW_HARDENING:
        return ALC_TCB_OUT_OF_DATE;
    case ALC_TCB_CONFIGURATION:
    case ALC_TCB_CONFIGURATION_AND_SW_HARDENING:
        return ALC_TCB_OUT_OF_DATE_CONFIGURATION;
    default:
        return platform;
    }
}

static bool has(const struct alc_advisories *a, size_t i)
{
    return (a->bits[i / 64] >> (i % 64) & 1) != 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Both sides' advisories are compared as sets: in order, each once. */
static void put_names(struct alc_buf *out, const char **names, size_t n)
{
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0) alc_buf_printf(out, "%s ", names[i]);
}

static void put_advisories(struct alc_buf *out, const struct alc_collateral *c,
                           const struct alc_advisories *a, const struct alc_advisories *more)
{
    char text[ALC_ADVISORIES_MAX][ALC_ADVISORY_MAX_BYTES + 1];
    const char *names[ALC_ADVISORIES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < c->advisories_count; i++) {
        if (!has(a, i) && (more == NULL || !has(more, i))) continue;
        memcpy(text[n], c->advisories[i].b, c->advisories[i].n);
        text[n][c->advisories[i].n] = 0;
        names[n] = text[n];
        n++;
    }
    put_names(out, names, n);
}

static void put_bits(struct alc_buf *out, const char *name, uint64_t v)
{
    uint8_t b[8];

    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    put_hex(out, name, b, sizeof b);
}

static void put_td(struct alc_buf *out, const struct alc_td_report *t)
{
    put_hex(out, "tee_tcb_svn", t->tee_tcb_svn, 16);
    put_hex(out, "mr_seam", t->mrseam, 48);
    put_hex(out, "mr_signer_seam", t->mrsignerseam, 48);
    put_hex(out, "seam_attributes", t->seamattributes, 8);
    put_bits(out, "td_attributes", t->td_attributes);
    put_bits(out, "xfam", t->xfam);
    put_hex(out, "mr_td", t->mrtd, 48);
    put_hex(out, "mr_config_id", t->mrconfigid, 48);
    put_hex(out, "mr_owner", t->mrowner, 48);
    put_hex(out, "mr_owner_config", t->mrownerconfig, 48);
    put_hex(out, "rt_mr0", t->rtmr[0], 48);
    put_hex(out, "rt_mr1", t->rtmr[1], 48);
    put_hex(out, "rt_mr2", t->rtmr[2], 48);
    put_hex(out, "rt_mr3", t->rtmr[3], 48);
    put_hex(out, "report_data", t->report_data, 64);
    if (!t->v15) return;
    put_hex(out, "tee_tcb_svn2", t->tee_tcb_svn_2, 16);
    put_hex(out, "mr_service_td", t->mrservicetd, 48);
}

static void put_sgx(struct alc_buf *out, const struct alc_sgx_report *s)
{
    put_hex(out, "cpu_svn", s->cpusvn, 16);
    alc_buf_printf(out, "misc_select=%u\n", s->miscselect);
    put_hex(out, "attributes", s->attributes, 16);
    put_hex(out, "mr_enclave", s->mrenclave, 32);
    put_hex(out, "mr_signer", s->mrsigner, 32);
    alc_buf_printf(out, "isv_prod_id=%u\nisv_svn=%u\n", s->isvprodid, s->isvsvn);
    put_hex(out, "report_data", s->report_data, 64);
}

static void put_verdict(struct answer *a)
{
    static const struct alc_advisories none;
    const struct alc_quote_verdict *v = &a->verdict;
    const struct alc_collateral *c = v->collateral;
    const uint8_t platform =
        v->has_module ? beside(v->platform_status, v->module_status) : v->platform_status;

    alc_buf_put_text(&a->field[FIELD_STATUS], alc_tcb_name(v->status));
    put_advisories(&a->field[FIELD_ADVISORIES], c, &v->advisories, NULL);
    alc_buf_put_text(&a->field[FIELD_PLATFORM], alc_tcb_name(platform));
    put_advisories(&a->field[FIELD_PLATFORM_ADVISORIES], c, &v->platform_advisories,
                   v->has_module ? &v->module_advisories : &none);
    alc_buf_put_text(&a->field[FIELD_QE], alc_tcb_name(v->qe_status));
    put_advisories(&a->field[FIELD_QE_ADVISORIES], c, &v->qe_advisories, NULL);
    put_hex(&a->field[FIELD_PPID], "ppid", v->ppid, sizeof v->ppid);
    if (v->quote.tee == ALC_TEE_TDX)
        put_td(&a->field[FIELD_REPORT], &v->quote.td);
    else
        put_sgx(&a->field[FIELD_REPORT], &v->quote.sgx);
}

/* A set is judged by its digest wherever it is kept, so the digest must lose nothing. */
static void through_digest(struct alc_collateral *c)
{
    static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES], again[sizeof digest];
    const size_t n = alc_collateral_write(c, digest, sizeof digest);

    assert_true(n > 0);
    memset(c, 0xa5, sizeof *c);
    assert_true(alc_collateral_read(c, (struct alc_bytes){digest, n}));
    assert_int_equal(alc_collateral_write(c, again, sizeof again), n);
    assert_memory_equal(digest, again, n);
}

/* What answer_ours_again judges with. */
static uint8_t memory[WORK_BYTES];
static struct alc_collateral set;

static void judge(struct answer *a, const struct kase *k, const struct alc_trust *trust)
{
    const struct alc_quote_policy policy = {.statuses = (1u << ALC_TCB_COUNT) - 1,
                                            .allow_simulated = true};
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    struct alc_quote_ask ask = {.quote = alc_buf_bytes(&k->quote),
                                .collateral = &set,
                                .now_s = k->now_s,
                                .policy = &policy,
                                .trust = trust};

    a->refusal = alc_collateral_pck_chain(&ask.pck_chain, alc_buf_bytes(&k->json), &work);
    if (a->refusal != ALC_REFUSAL_NONE) return;
    alc_quote_verify(&a->verdict, &ask, &work, &alc_verify_native);
    a->accepted = a->verdict.genuine;
    if (a->accepted)
        put_verdict(a);
    else
        a->refusal = a->verdict.refusal;
}

void answer_ours(struct answer *a, const struct kase *k, const struct alc_trust *trust)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);

    reset(a);
    a->refusal =
        alc_collateral_verify(&set, alc_buf_bytes(&k->json), trust, &work, &alc_verify_native);
    if (a->refusal == ALC_REFUSAL_NONE) {
        through_digest(&set);
        judge(a, k, trust);
    }
    snprintf(a->why, sizeof a->why, "%s", alc_refusal_word(a->refusal));
}

void answer_ours_again(struct answer *a, const struct kase *k, const struct alc_trust *trust)
{
    reset(a);
    judge(a, k, trust);
    snprintf(a->why, sizeof a->why, "%s", alc_refusal_word(a->refusal));
}

/* ---- theirs ---- */

static const char *text_of(const struct alc_json *v)
{
    const char *text = NULL;

    if (!alc_json_text(v, &text)) fail_msg("the peer's answer lacks a text");
    return text;
}

static void put_list(struct alc_buf *out, const struct alc_json *list)
{
    const char *names[1024];
    const size_t n = alc_json_count(list);

    assert_true(n <= sizeof names / sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = text_of(alc_json_at(list, i));
    put_names(out, names, n);
}

static void put_members(struct alc_buf *out, const struct alc_json *object,
                        const char *const *names)
{
    for (; *names != NULL; names++) {
        const struct alc_json *v = alc_json_get(object, *names);
        const char *text;
        uint64_t n;
        if (alc_json_u64(v, &n))
            alc_buf_printf(out, "%s=%llu\n", *names, (unsigned long long)n);
        else if (alc_json_text(v, &text))
            alc_buf_printf(out, "%s=%s\n", *names, text);
        else
            fail_msg("the peer's report lacks %s", *names);
    }
}

static void put_report(struct alc_buf *out, const struct alc_json *report)
{
    static const char *const td[] = {
        "tee_tcb_svn", "mr_seam", "mr_signer_seam", "seam_attributes", "td_attributes",
        "xfam",        "mr_td",   "mr_config_id",   "mr_owner",        "mr_owner_config",
        "rt_mr0",      "rt_mr1",  "rt_mr2",         "rt_mr3",          "report_data",
        NULL};
    static const char *const td15[] = {"tee_tcb_svn2", "mr_service_td", NULL};
    static const char *const sgx[] = {"cpu_svn",    "misc_select", "attributes",
                                      "mr_enclave", "mr_signer",   "isv_prod_id",
                                      "isv_svn",    "report_data", NULL};
    const struct alc_json *r15 = alc_json_get(report, "TD15"), *r10 = alc_json_get(report, "TD10");
    const struct alc_json *ex = alc_json_get(report, "TD15Ex");

    if (ex != NULL) r15 = alc_json_get(ex, "base");
    if (r15 != NULL) r10 = alc_json_get(r15, "base");
    if (r10 != NULL)
        put_members(out, r10, td);
    else
        put_members(out, alc_json_get(report, "SgxEnclave"), sgx);
    if (r15 != NULL) put_members(out, r15, td15);
}

void answer_theirs(struct answer *a, const struct alc_json *doc)
{
    const struct alc_json *r = alc_json_get(doc, "result");
    const struct alc_json *platform = alc_json_get(r, "platform_status");
    const struct alc_json *qe = alc_json_get(r, "qe_status");

    reset(a);
    assert_true(alc_json_bool(alc_json_get(doc, "ok"), &a->accepted));
    if (!a->accepted) {
        snprintf(a->why, sizeof a->why, "%s", text_of(alc_json_get(doc, "error")));
        return;
    }
    alc_buf_put_text(&a->field[FIELD_STATUS], text_of(alc_json_get(r, "status")));
    put_list(&a->field[FIELD_ADVISORIES], alc_json_get(r, "advisory_ids"));
    alc_buf_put_text(&a->field[FIELD_PLATFORM], text_of(alc_json_get(platform, "status")));
    put_list(&a->field[FIELD_PLATFORM_ADVISORIES], alc_json_get(platform, "advisory_ids"));
    alc_buf_put_text(&a->field[FIELD_QE], text_of(alc_json_get(qe, "status")));
    put_list(&a->field[FIELD_QE_ADVISORIES], alc_json_get(qe, "advisory_ids"));
    alc_buf_printf(&a->field[FIELD_PPID], "ppid=%s\n", text_of(alc_json_get(r, "ppid")));
    put_report(&a->field[FIELD_REPORT], alc_json_get(r, "report"));
}
