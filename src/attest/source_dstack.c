/* dstack's guest agent: HTTP over a unix socket.  Whoever can open that socket can have anything
 * quoted, so it is never handed to guests. */
#include "attest/source.h"
#include "base/enc.h"
#include "base/http.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_MAX_BYTES (4u << 20)
#define ASK_TIMEOUT_MS 60000u /* the agent waits for the host's quoting service */

static const char *const usual[] = {"/var/run/dstack.sock", "/run/dstack.sock",
                                    "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock"};

struct dstack {
    char path[256];
    struct alc_http *http;
    char app[160]; /* for people */
};

/* A short piece of the agent's answer, fit for a sentence. */
static void plain(char *out, size_t cap, struct alc_bytes text)
{
    size_t n = text.n < cap - 1 ? text.n : cap - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] >= 0x20 && text.p[i] < 0x7f ? (char)text.p[i] : '?';
    out[n] = 0;
}

/* Sends `body` to a method; *doc is its answer, for the caller to close. */
static enum alc_rc ask(struct dstack *d, const char *method, struct alc_bytes body,
                       struct alc_json **doc, struct alc_err *err)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct alc_arena arena = ALC_ARENA(2 * ANSWER_MAX_BYTES);
    struct alc_http_answer answer;
    struct alc_bytes text;
    char url[64], why[200];
    struct alc_http_ask a = {.method = "POST",
                             .url = url,
                             .headers = headers,
                             .body = body,
                             .timeout_ms = ASK_TIMEOUT_MS,
                             .max_bytes = ANSWER_MAX_BYTES,
                             .plain_ok = true,
                             .unix_socket = d->path};
    enum alc_rc rc;

    snprintf(url, sizeof url, "http://dstack/%s", method);
    *doc = NULL;
    rc = alc_http_do(d->http, &answer, &a, NULL, &arena, err);
    if (rc != ALC_OK) {
        alc_fail_in(err, "the dstack guest agent at %s", d->path);
        goto out;
    }
    if (answer.status != 200) {
        text = answer.body;
        if (alc_json_open(doc, answer.body, ANSWER_MAX_BYTES, NULL) == ALC_OK)
            (void)!alc_json_str(alc_json_get(*doc, "error"), &text);
        plain(why, sizeof why, text);
        rc = alc_fail(err, ALC_IO, "the dstack guest agent at %s answers %s with %d: %s", d->path,
                      method, answer.status, why);
        goto out;
    }
    rc = alc_json_open(doc, answer.body, ANSWER_MAX_BYTES, err);
    if (rc != ALC_OK) {
        alc_fail_in(err, "the answer of the dstack guest agent to %s", method);
        if (rc == ALC_BAD_INPUT) rc = ALC_IO;
    }
out:
    if (rc != ALC_OK) {
        alc_json_close(*doc);
        *doc = NULL;
    }
    alc_arena_fini(&arena);
    return rc;
}

static enum alc_rc take_quote(const struct dstack *d, const struct alc_json *doc,
                              struct alc_buf *quote, struct alc_err *err)
{
    struct alc_bytes hex;
    uint8_t *at;
    size_t n;

    if (!alc_json_str(alc_json_get(doc, "quote"), &hex) || hex.n == 0)
        return alc_fail(err, ALC_IO, "the dstack guest agent at %s gave no quote", d->path);
    if (hex.n > ALC_HEX_CHARS(ALC_QUOTE_MAX_BYTES))
        return alc_fail(err, ALC_IO, "the dstack guest agent's quote is over %u bytes: none is",
                        ALC_QUOTE_MAX_BYTES);
    at = alc_buf_room(quote, hex.n / 2 + 1);
    if (at == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a quote");
    if (!alc_hex_decode(at, hex.n / 2 + 1, &n, hex))
        return alc_fail(err, ALC_IO, "the dstack guest agent's quote is no hex");
    alc_buf_add(quote, n);
    return ALC_OK;
}

static enum alc_rc quote(void *self, const uint8_t report_data[ATT_REPORT_DATA_BYTES],
                         struct alc_buf *quote, struct alc_buf *event_log, struct alc_err *err)
{
    struct alc_buf body = ALC_BUF(512);
    struct alc_jw w = {.out = &body};
    struct alc_json *doc = NULL;
    struct alc_bytes log;
    enum alc_rc rc;

    alc_jw_obj(&w);
    alc_jw_key(&w, "report_data");
    alc_jw_hex(&w, (struct alc_bytes){report_data, ATT_REPORT_DATA_BYTES});
    alc_jw_end(&w);
    rc = body.failed ? alc_fail(err, ALC_NOMEM, "no memory for a request")
                     : ask(self, "GetQuote", alc_buf_bytes(&body), &doc, err);
    if (rc == ALC_OK) rc = take_quote(self, doc, quote, err);
    if (rc == ALC_OK && alc_json_str(alc_json_get(doc, "event_log"), &log)) {
        alc_buf_put_bytes(event_log, log);
        if (event_log->failed)
            rc = alc_fail(err, ALC_IO, "the dstack guest agent's event log is over %zu bytes",
                          event_log->max_bytes);
    }
    alc_json_close(doc);
    alc_buf_fini(&body);
    return rc;
}

static void close_dstack(void *self)
{
    struct dstack *d = self;
    if (d == NULL) return;
    alc_http_close(d->http);
    free(d);
}

static bool is_socket(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Info answers without troubling the host, so it tells early whether the agent is alive. */
static enum alc_rc learn_app(struct dstack *d, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_bytes name = {0}, hash = {0};
    char a[64], b[72];
    enum alc_rc rc = ask(d, "Info", ALC_LIT("{}"), &doc, err);

    if (rc != ALC_OK) return rc;
    (void)!alc_json_str(alc_json_get(doc, "app_name"), &name);
    (void)!alc_json_str(alc_json_get(doc, "compose_hash"), &hash);
    plain(a, sizeof a, name);
    plain(b, sizeof b, hash);
    snprintf(d->app, sizeof d->app, "app %s, compose hash %s", a[0] == 0 ? "without a name" : a,
             b[0] == 0 ? "not told" : b);
    alc_json_close(doc);
    return ALC_OK;
}

static enum alc_rc open_dstack(void **self, const struct alc_attest_conf *conf, struct alc_err *err)
{
    struct dstack *d = NULL;
    const char *path = conf->dstack_socket;
    enum alc_rc rc;

    for (size_t i = 0; path == NULL && i < sizeof usual / sizeof usual[0]; i++)
        if (is_socket(usual[i])) path = usual[i];
    if (path == NULL)
        return alc_fail(err, ALC_NOT_FOUND,
                        "there is no socket of a dstack guest agent (%s is the first place looked)",
                        usual[0]);
    if (!is_socket(path))
        return alc_fail(err, ALC_NOT_FOUND, "there is no socket of a dstack guest agent at %s",
                        path);
    d = calloc(1, sizeof *d);
    if (d == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a source of quotes");
    if (strlen(path) >= sizeof d->path) {
        rc = alc_fail(err, ALC_NOT_FOUND, "the name of the dstack socket is too long");
        goto out;
    }
    strcpy(d->path, path);
    rc = alc_http_open(&d->http, err);
    if (rc == ALC_OK) rc = learn_app(d, err);
out:
    if (rc == ALC_OK)
        *self = d;
    else
        close_dstack(d);
    return rc;
}

static void describe(void *self, char *line, size_t cap)
{
    const struct dstack *d = self;
    snprintf(line, cap, "dstack's guest agent at %s (%s)", d->path, d->app);
}

const struct att_source att_dstack = {open_dstack, close_dstack, quote, describe};
