#include "pcs_server.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "base/httpd.h"
#include "base/json.h"

#define SET_MAX_BYTES (64u << 10)
#define SETS_MAX 32u
#define ENDLESS_BYTES (600u << 10)

/* A set, taken apart.  Answers of other threads borrow the chains, so it stays until close. */
struct parts {
    struct alc_buf body[PCS_PARTS];
    struct alc_buf chain[PCS_PARTS]; /* URL-encoded */
};

struct pcs_server {
    struct alc_httpd *httpd;
    bool pccs, leaving;
    char url[64];
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct parts sets[SETS_MAX];
    unsigned count; /* of sets; the last is served */
    enum pcs_fault faults[PCS_PARTS];
    unsigned asks;
    char asked[PCS_PARTS][200];
};

/* ---- a set's parts ---- */

static void put_encoded(struct alc_buf *out, struct alc_bytes text)
{
    static const char plain[] = "-._~";

    for (size_t i = 0; i < text.n; i++) {
        char c = (char)text.p[i];
        bool as_is = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr(plain, c) != NULL);
        if (as_is)
            alc_buf_put(out, &c, 1);
        else
            alc_buf_printf(out, "%%%02X", (unsigned)text.p[i]);
    }
}

static struct alc_bytes member(const struct alc_json *set, const char *key)
{
    struct alc_bytes text;

    if (!alc_json_str(alc_json_get(set, key), &text)) fail_msg("the set has no %s", key);
    return text;
}

/* {"tcbInfo":<text>,"signature":"<hex>"}, the text byte for byte. */
static void put_signed(struct alc_buf *out, const char *name, const struct alc_json *set,
                       const char *text, const char *signature)
{
    struct alc_bytes hex = member(set, signature);

    alc_buf_printf(out, "{\"%s\":", name);
    alc_buf_put_bytes(out, member(set, text));
    alc_buf_printf(out, ",\"signature\":\"%.*s\"}", (int)hex.n, (const char *)hex.p);
}

static void put_list(struct alc_buf *out, struct alc_bytes hex, bool pccs)
{
    uint8_t *room;
    size_t n;

    if (pccs) {
        alc_buf_put_bytes(out, hex);
        return;
    }
    room = alc_buf_room(out, hex.n);
    assert_non_null(room);
    assert_true(alc_hex_decode(room, hex.n, &n, hex));
    alc_buf_add(out, n);
}

void pcs_server_serve(struct pcs_server *p, struct alc_bytes json)
{
    struct alc_json *set = NULL;
    struct parts *parts;

    assert_int_equal(alc_json_open(&set, json, SET_MAX_BYTES, NULL), ALC_OK);
    pthread_mutex_lock(&p->lock);
    assert_true(p->count < SETS_MAX);
    parts = &p->sets[p->count];
    for (unsigned i = 0; i < PCS_PARTS; i++)
        parts->body[i] = parts->chain[i] = ALC_BUF(4 * SET_MAX_BYTES);
    put_signed(&parts->body[PCS_TCB], "tcbInfo", set, "tcb_info", "tcb_info_signature");
    put_signed(&parts->body[PCS_QE], "enclaveIdentity", set, "qe_identity",
               "qe_identity_signature");
    put_list(&parts->body[PCS_CRL], member(set, "pck_crl"), p->pccs);
    put_list(&parts->body[PCS_ROOT], member(set, "root_ca_crl"), p->pccs);
    put_encoded(&parts->chain[PCS_TCB], member(set, "tcb_info_issuer_chain"));
    put_encoded(&parts->chain[PCS_QE], member(set, "qe_identity_issuer_chain"));
    put_encoded(&parts->chain[PCS_CRL], member(set, "pck_crl_issuer_chain"));
    p->count++;
    pthread_mutex_unlock(&p->lock);
    alc_json_close(set);
}

/* ---- answers ---- */

static bool part_of(enum pcs_part *out, const char *path)
{
    static const struct {
        const char *path;
        enum pcs_part part;
    } paths[] = {{"/tdx/certification/v4/tcb", PCS_TCB},
                 {"/sgx/certification/v4/tcb", PCS_TCB},
                 {"/tdx/certification/v4/qe/identity", PCS_QE},
                 {"/sgx/certification/v4/qe/identity", PCS_QE},
                 {"/sgx/certification/v4/pckcrl", PCS_CRL},
                 {"/sgx/certification/v4/rootcacrl", PCS_ROOT}};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(path, paths[i].path) == 0) {
            *out = paths[i].part;
            return true;
        }
    return false;
}

/* The parameters in the order of their names here, as far as they are there. */
static void note(struct pcs_server *p, enum pcs_part part, const struct alc_httpd_ask *ask)
{
    static const char *const names[] = {"fmspc", "ca", "encoding", "update"};
    char *to = p->asked[part];
    size_t n = (size_t)snprintf(to, sizeof p->asked[part], "%s", ask->path);

    for (size_t i = 0; i < 4; i++) {
        const char *value = alc_httpd_query(ask, names[i]);
        if (value != NULL && n < sizeof p->asked[part])
            n += (size_t)snprintf(to + n, sizeof p->asked[part] - n, " %s=%s", names[i], value);
    }
    p->asks++;
}

static void put_wrong(struct pcs_server *p, struct alc_httpd_answer *a, enum pcs_fault fault,
                      const struct alc_buf *body)
{
    const char *cut;
    uint8_t *room;

    switch (fault) {
    case PCS_MISSING:
        a->status = 404;
        break;
    case PCS_BROKEN:
        a->status = 500;
        break;
    case PCS_MOVED:
        a->status = 302;
        snprintf(a->location, sizeof a->location, "%s/elsewhere", p->url);
        break;
    case PCS_GARBAGE:
        alc_buf_put_text(&a->body, "<html>no such thing</html>");
        break;
    case PCS_CUT:
        alc_buf_put(&a->body, body->p, body->n / 2);
        break;
    case PCS_UNSIGNED:
        cut = strstr(alc_buf_text(body), ",\"signature\"");
        assert_non_null(cut);
        alc_buf_put(&a->body, body->p, (size_t)(cut - alc_buf_text(body)));
        alc_buf_put_text(&a->body, "}");
        break;
    case PCS_ENDLESS:
        room = alc_buf_room(&a->body, ENDLESS_BYTES);
        if (room == NULL) break;
        memset(room, '1', ENDLESS_BYTES);
        alc_buf_add(&a->body, ENDLESS_BYTES);
        break;
    case PCS_GOOD:
    case PCS_NO_CHAIN:
        alc_buf_put_bytes(&a->body, alc_buf_bytes(body));
        break;
    case PCS_SILENT:
    case PCS_EMPTY:
        break;
    }
}

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *a)
{
    static const char *const intel[PCS_PARTS] = {
        "TCB-Info-Issuer-Chain", "SGX-Enclave-Identity-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"};
    struct pcs_server *p = ctx;
    const struct parts *set;
    enum pcs_part part;
    enum pcs_fault fault;

    if (!part_of(&part, ask->path)) {
        a->status = 404;
        return;
    }
    pthread_mutex_lock(&p->lock);
    note(p, part, ask);
    while (p->faults[part] == PCS_SILENT && !p->leaving)
        pthread_cond_wait(&p->change, &p->lock);
    fault = p->faults[part];
    set = p->count == 0 ? NULL : &p->sets[p->count - 1];
    pthread_mutex_unlock(&p->lock);
    if (set == NULL) {
        a->status = 404;
        return;
    }
    put_wrong(p, a, fault, &set->body[part]);
    if (fault == PCS_NO_CHAIN || intel[part] == NULL) return;
    a->extra[0].name = p->pccs && part == PCS_TCB ? "SGX-TCB-Info-Issuer-Chain" : intel[part];
    a->extra[0].value = alc_buf_text(&set->chain[part]);
}

/* ---- life cycle ---- */

struct pcs_server *pcs_server_open(bool pccs)
{
    struct pcs_server *p = calloc(1, sizeof *p);
    const struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = handle, .ctx = p};

    assert_non_null(p);
    p->pccs = pccs;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->change, NULL);
    assert_int_equal(alc_httpd_open(&p->httpd, &conf, NULL), ALC_OK);
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", alc_httpd_port(p->httpd));
    return p;
}

void pcs_server_close(struct pcs_server *p)
{
    if (p == NULL) return;
    pthread_mutex_lock(&p->lock);
    p->leaving = true;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
    alc_httpd_close(p->httpd);
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = 0; k < PCS_PARTS; k++) {
            alc_buf_fini(&p->sets[i].body[k]);
            alc_buf_fini(&p->sets[i].chain[k]);
        }
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->change);
    free(p);
}

const char *pcs_server_url(const struct pcs_server *p)
{
    return p->url;
}

void pcs_server_fault(struct pcs_server *p, enum pcs_part part, enum pcs_fault fault)
{
    pthread_mutex_lock(&p->lock);
    p->faults[part] = fault;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
}

unsigned pcs_server_count(struct pcs_server *p)
{
    unsigned n;

    pthread_mutex_lock(&p->lock);
    n = p->asks;
    pthread_mutex_unlock(&p->lock);
    return n;
}

void pcs_server_asked(struct pcs_server *p, enum pcs_part part, char out[200])
{
    pthread_mutex_lock(&p->lock);
    memcpy(out, p->asked[part], sizeof p->asked[part]);
    pthread_mutex_unlock(&p->lock);
}
