/* TCB info and QE identity with drawn content: levels around what the simulated platform has, in
 * any order of members and levels, and now and then in a form that not everybody reads. */
#include "signed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define TEXT_MAX 65536u
#define BAG_MAX 100u
#define LEVELS_MAX 80u

/* ---- drawing ---- */

static bool one_in(struct text_gen *g, uint64_t n)
{
    return below(g->k, n) == 0;
}

/* hit says that this is the place for a form, once. */
static bool hit(struct text_gen *g, enum form form)
{
    if (g->form != form) return false;
    g->form = FORMS;
    kase_form(g->k, form);
    kase_say(g->k, "form %d", (int)form);
    return true;
}

/* ---- objects and arrays, whose parts are collected before they are put in order ---- */

struct bag {
    struct alc_buf part[BAG_MAX];
    size_t n;
};

static struct bag *bag_open(void)
{
    struct bag *b = calloc(1, sizeof *b);

    assert_non_null(b);
    return b;
}

static struct alc_buf *bag_part(struct bag *b)
{
    assert_true(b->n < BAG_MAX);
    b->part[b->n] = ALC_BUF(TEXT_MAX);
    return &b->part[b->n++];
}

static struct alc_buf *bag_member(struct bag *b, const char *name)
{
    struct alc_buf *part = bag_part(b);

    alc_buf_printf(part, "\"%s\":", name);
    return part;
}

static void bag_shuffle(struct text_gen *g, struct bag *b)
{
    for (size_t i = b->n; i > 1; i--) {
        const size_t j = below(g->k, i);
        const struct alc_buf swap = b->part[i - 1];
        b->part[i - 1] = b->part[j];
        b->part[j] = swap;
    }
}

static void bag_close(struct text_gen *g, struct bag *b, struct alc_buf *out, const char *brackets)
{
    const char *space = one_in(g, 20) ? "\n " : "";

    alc_buf_put(out, brackets, 1);
    for (size_t i = 0; i < b->n; i++) {
        alc_buf_printf(out, "%s%s", i > 0 ? "," : "", space);
        alc_buf_put_bytes(out, alc_buf_bytes(&b->part[i]));
        alc_buf_fini(&b->part[i]);
    }
    alc_buf_put(out, brackets + 1, 1);
    free(b);
}

/* Members that nobody asked for, and what breaks an object for both. */
static void object_close(struct text_gen *g, struct bag *b, struct alc_buf *out)
{
    if (hit(g, FORM_NUMBER)) alc_buf_put_text(bag_member(b, "x"), one_in(g, 2) ? "1.5" : "2e1");
    if (hit(g, FORM_DEPTH)) alc_buf_put_text(bag_member(b, "x"), "[[[[[[[[[[[]]]]]]]]]]]");
    if (one_in(g, 40)) alc_buf_put_text(bag_member(b, "note"), "\"\\u00e9\\n\"");
    if (one_in(g, 40)) alc_buf_put_text(bag_member(b, "more"), "{\"a\":[null,true,-1]}");
    if (one_in(g, 4000) && b->n > 0) {
        const size_t i = below(g->k, b->n);
        kase_say(g->k, "a member twice");
        alc_buf_put_bytes(bag_part(b), alc_buf_bytes(&b->part[i]));
    }
    if (one_in(g, 4000) && b->n > 0) {
        b->n--;
        kase_say(g->k, "a member less: %.20s", alc_buf_text(&b->part[b->n]));
        if (strncmp(alc_buf_text(&b->part[b->n]), "\"tdxtcb", 7) == 0)
            kase_form(g->k, FORM_COMPONENTS);
        alc_buf_fini(&b->part[b->n]);
    }
    if (one_in(g, 3)) bag_shuffle(g, b);
    bag_close(g, b, out, "{}");
}

/* ---- values ---- */

static void put_text(struct text_gen *g, struct alc_buf *out, const char *text)
{
    if (text[0] != 0 && hit(g, FORM_ESCAPE))
        alc_buf_printf(out, "\"\\u%04x%s\"", (unsigned)text[0], text + 1);
    else
        alc_buf_printf(out, "\"%s\"", text);
}

static void put_hex(struct text_gen *g, struct alc_buf *out, const uint8_t *p, size_t n)
{
    char text[129];
    const bool upper = one_in(g, 2);

    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, upper ? "%02X" : "%02x", p[i]);
    put_text(g, out, text);
}

static void put_time(struct text_gen *g, struct alc_buf *out, uint64_t unix_s, bool level)
{
    static const char *const forms[][2] = {{"T", "Z"}, {"T", "+00:00"}, {"T", ".250Z"},
                                           {"t", "z"}, {" ", "Z"},      {"T", "-00:00"}};
    const size_t form = hit(g, FORM_TIME) ? 1 + below(g->k, 5) : 0;
    const time_t t = (time_t)unix_s;
    struct tm tm;
    char date[16], clock[16], text[64];

    assert_non_null(gmtime_r(&t, &tm));
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    if (level && hit(g, FORM_LEVEL_TIME))
        snprintf(text, sizeof text, "%s", one_in(g, 2) ? "yesterday" : "2025-02-30T00:00:00Z");
    else
        snprintf(text, sizeof text, "%s%s%s%s", date, forms[form][0], clock, forms[form][1]);
    put_text(g, out, text);
}

/* A number, rarely (then false) one that is out of range or none. */
static bool put_number(struct text_gen *g, struct alc_buf *out, uint64_t v)
{
    static const char *const bad[] = {"256",   "65536", "4294967296", "-1", "1.0",
                                      "\"1\"", "null",  "1e0",        "01", "99999999999999999999"};

    if (!one_in(g, 15000)) {
        alc_buf_printf(out, "%llu", (unsigned long long)v);
        return true;
    }
    const char *text = bad[below(g->k, sizeof bad / sizeof *bad)];
    kase_say(g->k, "a number is %s", text);
    alc_buf_put_text(out, text);
    return false;
}

/* ---- levels ---- */

static const char *a_status(struct text_gen *g, bool part)
{
    static const char *const names[] = {"UpToDate",
                                        "UpToDate",
                                        "UpToDate",
                                        "OutOfDate",
                                        "OutOfDate",
                                        "SWHardeningNeeded",
                                        "ConfigurationNeeded",
                                        "ConfigurationNeeded",
                                        "ConfigurationAndSWHardeningNeeded",
                                        "OutOfDateConfigurationNeeded"};

    if (hit(g, FORM_STATUS))
        return one_in(g, 2) ? "TDRelaunchAdvised" : "TDRelaunchAdvisedConfigurationNeeded";
    if (one_in(g, 1500)) {
        kase_say(g->k, "an unknown status");
        return one_in(g, 2) ? "Uptodate" : "";
    }
    if (one_in(g, 25)) return "Revoked";
    /* Modules and QEs have mostly the statuses that Intel gives them. */
    if (part && !one_in(g, 6)) return one_in(g, 2) ? "UpToDate" : "OutOfDate";
    return names[below(g->k, sizeof names / sizeof *names)];
}

static void put_advisories(struct text_gen *g, struct alc_buf *out)
{
    static const char *const names[] = {"INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003",
                                        "INTEL-DOC-00004", "SIMULATED-SA-00005"};
    struct bag *b = bag_open();
    const size_t n = below(g->k, 4);

    for (size_t i = 0; i < n; i++)
        put_text(g, bag_part(b), names[below(g->k, 5)]);
    if (hit(g, FORM_ADVISORY)) {
        static const char *const odd[] = {"", "two words",
                                          "a name that is far longer than any name", "\xc3\xa9"};
        alc_buf_printf(bag_part(b), "\"%s\"", odd[below(g->k, 4)]);
    }
    bag_close(g, b, out, "[]");
}

static void level_end(struct text_gen *g, struct bag *b, bool part)
{
    put_time(g, bag_member(b, "tcbDate"), g->issued_s - 86400 * (1 + below(g->k, 900)), true);
    put_text(g, bag_member(b, "tcbStatus"), a_status(g, part));
    if (!one_in(g, 3)) put_advisories(g, bag_member(b, "advisoryIDs"));
}

struct demand {
    uint8_t sgx[16], tdx[16];
    uint16_t pcesvn;
};

/* What a level demands: what the platform has, but for a few places. */
static void a_demand(struct text_gen *g, struct demand *d, bool lowest)
{
    memset(d, 0, sizeof *d);
    if (lowest) return;
    memcpy(d->sgx, g->pki->components, 16);
    memcpy(d->tdx, g->tee_tcb_svn, 16);
    d->pcesvn = g->pki->pcesvn;
    for (size_t i = below(g->k, 4); i > 0; i--) {
        uint8_t *at = one_in(g, 3) && g->tee == ALC_TEE_TDX
                          ? &d->tdx[below(g->k, below(g->k, 2) ? 3 : 16)]
                          : &d->sgx[below(g->k, 16)];
        const int v = *at + (int)below(g->k, 4) - 2;
        *at = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    if (one_in(g, 4)) d->pcesvn = (uint16_t)(d->pcesvn + below(g->k, 4) - 2);
    /* The module's own bytes: they count only when its version is 0. */
    if (one_in(g, 2)) d->tdx[0] = d->tdx[1] = 0;
}

static void put_components(struct text_gen *g, struct alc_buf *out, const uint8_t svn[16],
                           bool lowest)
{
    struct bag *b = bag_open();
    size_t n = 16;

    if (lowest && hit(g, FORM_COMPONENTS)) n = one_in(g, 2) ? 15 : 17;
    for (size_t i = 0; i < n; i++) {
        struct bag *one = bag_open();
        put_number(g, bag_member(one, "svn"), svn[i % 16]);
        if (one_in(g, 4)) alc_buf_put_text(bag_member(one, "category"), "\"BIOS\"");
        bag_close(g, one, bag_part(b), "{}");
    }
    bag_close(g, b, out, "[]");
}

static void put_level(struct text_gen *g, struct alc_buf *out, const struct demand *d, bool lowest)
{
    struct bag *tcb = bag_open(), *level = bag_open();

    put_components(g, bag_member(tcb, "sgxtcbcomponents"), d->sgx, lowest);
    put_number(g, bag_member(tcb, "pcesvn"), d->pcesvn);
    if (g->tee == ALC_TEE_TDX)
        put_components(g, bag_member(tcb, "tdxtcbcomponents"), d->tdx, lowest);
    else if (hit(g, FORM_NULL))
        alc_buf_put_text(bag_member(tcb, "tdxtcbcomponents"), "null");
    else if (hit(g, FORM_KIND))
        put_components(g, bag_member(tcb, "tdxtcbcomponents"), d->tdx, false);
    object_close(g, tcb, bag_member(level, "tcb"));
    level_end(g, level, false);
    object_close(g, level, out);
}

static bool same_demand(const struct text_gen *g, const struct demand *a, const struct demand *b)
{
    return memcmp(a->sgx, b->sgx, 16) == 0 && a->pcesvn == b->pcesvn &&
           (g->tee == ALC_TEE_SGX || memcmp(a->tdx, b->tdx, 16) == 0);
}

static void put_levels(struct text_gen *g, struct alc_buf *out)
{
    static struct demand demands[LEVELS_MAX];
    struct bag *b = bag_open();
    size_t n = 1 + below(g->k, 5);

    if (one_in(g, 80)) n = 0;
    for (size_t i = 0; i < n; i++) {
        a_demand(g, &demands[i], i + 1 == n && !one_in(g, 3));
        /* Equal ones are refused by ours, so there are few of them. */
        for (size_t j = 0; j < i && !one_in(g, 50); j++)
            if (same_demand(g, &demands[i], &demands[j])) demands[i].sgx[15 - i] |= 1;
    }
    if (n > 0 && hit(g, FORM_EQUAL_LEVELS)) demands[n++] = demands[0];
    if (hit(g, FORM_MANY))
        for (; n < 70; n++) {
            demands[n] = demands[0];
            demands[n].pcesvn = (uint16_t)(1000 + n);
        }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            if (same_demand(g, &demands[i], &demands[j])) kase_form(g->k, FORM_EQUAL_LEVELS);
        put_level(g, bag_part(b), &demands[i], i + 1 == n);
    }
    if (one_in(g, 2)) bag_shuffle(g, b);
    bag_close(g, b, out, "[]");
}

/* Levels by isvsvn, mostly falling. */
static void put_svn_levels(struct text_gen *g, struct alc_buf *out, uint64_t most, bool module)
{
    struct bag *b = bag_open();
    uint64_t svn[6];
    size_t n = 1 + below(g->k, 4);

    if (one_in(g, 60)) n = 0;
    for (size_t i = 0; i < n; i++) {
        svn[i] = 1 + below(g->k, most + 1);
        for (size_t j = 0; j < i && !one_in(g, 50); j++)
            if (svn[j] == svn[i]) svn[i] = most + 2 + i;
    }
    if (n > 0 && !one_in(g, 3)) svn[n - 1] = 0;
    for (size_t i = 1; i < n && !one_in(g, 12); i++) /* insertion, falling */
        for (size_t j = i; j > 0 && svn[j] > svn[j - 1]; j--) {
            const uint64_t swap = svn[j];
            svn[j] = svn[j - 1];
            svn[j - 1] = swap;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (svn[i] == svn[j]) kase_form(g->k, FORM_EQUAL_LEVELS);
            if (svn[i] > svn[j]) kase_form(g->k, FORM_LEVELS_ORDER);
        }
    if (module && hit(g, FORM_MODULE_SVN) && n < 6) {
        memmove(svn + 1, svn, n * sizeof *svn);
        svn[0] = 300;
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        struct bag *tcb = bag_open(), *level = bag_open();
        if (!put_number(g, bag_member(tcb, "isvsvn"), svn[i]) && module)
            kase_form(g->k, FORM_MODULE_SVN);
        object_close(g, tcb, bag_member(level, "tcb"));
        level_end(g, level, true);
        object_close(g, level, bag_part(b));
    }
    bag_close(g, b, out, "[]");
}

/* ---- modules ---- */

static void module_members(struct text_gen *g, struct bag *b, bool other)
{
    uint8_t signer[48] = {0}, attributes[8] = {0}, mask[8];

    memset(mask, 0xff, sizeof mask);
    if (one_in(g, 40)) signer[below(g->k, 48)] = 1;
    if (one_in(g, 40)) attributes[below(g->k, 8)] = 1;
    if (one_in(g, 40)) mask[below(g->k, 8)] = 0;
    put_hex(g, bag_member(b, "mrsigner"), signer, other && hit(g, FORM_MODULE_HEX) ? 2 : 48);
    put_hex(g, bag_member(b, "attributes"), attributes, 8);
    put_hex(g, bag_member(b, "attributesMask"), mask, 8);
}

static void put_module(struct text_gen *g, struct bag *list, const char *id, bool other)
{
    struct bag *b = bag_open();

    put_text(g, bag_member(b, "id"), id);
    module_members(g, b, other);
    put_svn_levels(g, bag_member(b, "tcbLevels"), 8, true);
    object_close(g, b, bag_part(list));
}

static void put_modules(struct text_gen *g, struct bag *info)
{
    struct bag *list = bag_open(), *module = bag_open();

    module_members(g, module, false);
    object_close(g, module, bag_member(info, "tdxModule"));
    if (!one_in(g, 30)) {
        const bool odd = one_in(g, 3) && hit(g, FORM_MODULE_ID);
        put_module(g, list, odd ? "tdx_01" : "TDX_01", false);
    }
    if (one_in(g, 2)) put_module(g, list, "TDX_03", false);
    if (one_in(g, 8)) put_module(g, list, one_in(g, 2) ? "TDX_0A" : "TDX_0a", false);
    if (one_in(g, 8) || g->form == FORM_MODULE_HEX) put_module(g, list, "TDX_7E", true);
    if (hit(g, FORM_MODULE_ID))
        put_module(g, list, (const char *[]){"TDX_00", "TDX_1", "FOO", "TDX_01"}[below(g->k, 4)],
                   false);
    if (one_in(g, 2)) bag_shuffle(g, list);
    bag_close(g, list, bag_member(info, "tdxModuleIdentities"), "[]");
}

/* ---- the texts ---- */

static void head(struct text_gen *g, struct bag *b, const char *id, uint64_t version)
{
    put_text(g, bag_member(b, "id"), id);
    put_number(g, bag_member(b, "version"), version);
    put_time(g, bag_member(b, "issueDate"), g->issued_s, false);
    put_time(g, bag_member(b, "nextUpdate"), g->next_s, false);
    put_number(g, bag_member(b, "tcbEvaluationDataNumber"), 1 + below(g->k, 30));
}

void text_tcb_info(struct text_gen *g, struct alc_buf *out)
{
    const bool tdx = g->tee == ALC_TEE_TDX;
    struct bag *b = bag_open();
    const char *id = tdx ? "TDX" : "SGX";
    uint8_t fmspc[6], pceid[2];
    uint64_t version = 3, type = 0;

    memcpy(fmspc, g->pki->fmspc, 6);
    memcpy(pceid, g->pki->pceid, 2);
    if (one_in(g, 100)) fmspc[below(g->k, 6)] ^= 1;
    if (one_in(g, 60)) pceid[below(g->k, 2)] ^= 1;
    if (one_in(g, 100)) id = (const char *[]){"SGX", "TDX", "sgx", ""}[below(g->k, 4)];
    if (hit(g, FORM_VERSION)) version = one_in(g, 2) ? 4 : tdx ? 5 : 2;
    if (hit(g, FORM_TCB_TYPE)) type = 1;
    head(g, b, id, version);
    put_hex(g, bag_member(b, "fmspc"), fmspc, one_in(g, 300) ? 5 : 6);
    if (hit(g, FORM_PCEID))
        put_text(g, bag_member(b, "pceId"), (const char *[]){"0", "zz", "000000"}[below(g->k, 3)]);
    else
        put_hex(g, bag_member(b, "pceId"), pceid, 2);
    put_number(g, bag_member(b, "tcbType"), type);
    if (tdx) {
        put_modules(g, b);
    } else if (hit(g, FORM_NULL)) {
        alc_buf_put_text(bag_member(b, "tdxModuleIdentities"), "null");
    } else if (hit(g, FORM_KIND)) {
        put_modules(g, b);
    } else if (one_in(g, 30)) {
        alc_buf_put_text(bag_member(b, "tdxModule"), "null");
    }
    put_levels(g, bag_member(b, "tcbLevels"));
    object_close(g, b, out);
}

void text_qe_identity(struct text_gen *g, struct alc_buf *out)
{
    const bool tdx = g->tee == ALC_TEE_TDX;
    struct bag *b = bag_open();
    struct alc_sim_quote usual;
    uint8_t misc[4] = {0}, misc_mask[4], attributes[16] = {0x11}, mask[16] = {0};
    const char *id = tdx ? "TD_QE" : "QE";

    alc_sim_quote_usual(&usual, g->tee);
    memset(misc_mask, 0xff, sizeof misc_mask);
    memset(mask, 0xff, 8);
    mask[0] = 0xfb;
    if (one_in(g, 50)) misc_mask[below(g->k, 4)] = (uint8_t)draw(g->k);
    if (one_in(g, 50)) misc[below(g->k, 4)] = (uint8_t)(1u << below(g->k, 8));
    if (one_in(g, 50)) mask[below(g->k, 16)] = (uint8_t)draw(g->k);
    if (one_in(g, 50)) attributes[below(g->k, 16)] ^= (uint8_t)(1u << below(g->k, 8));
    if (one_in(g, 100)) usual.qe.mrsigner[below(g->k, 32)] ^= 1;
    if (one_in(g, 100)) usual.qe.isvprodid ^= (uint16_t)(1u << below(g->k, 16));
    if (one_in(g, 100)) id = (const char *[]){"QE", "TD_QE", "QVE", ""}[below(g->k, 4)];
    head(g, b, id, hit(g, FORM_VERSION) ? 3 : 2);
    put_hex(g, bag_member(b, "miscselect"), misc, 4);
    put_hex(g, bag_member(b, "miscselectMask"), misc_mask, 4);
    put_hex(g, bag_member(b, "attributes"), attributes, 16);
    put_hex(g, bag_member(b, "attributesMask"), mask, 16);
    put_hex(g, bag_member(b, "mrsigner"), usual.qe.mrsigner, one_in(g, 300) ? 31 : 32);
    put_number(g, bag_member(b, "isvprodid"), usual.qe.isvprodid);
    put_svn_levels(g, bag_member(b, "tcbLevels"), usual.qe.isvsvn, false);
    object_close(g, b, out);
}
