#include "cli/settings.h"

#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>

#define KEPT_MAX_BYTES 4096u

void cli_policy(struct alc_hash *out, const struct cli_settings *s)
{
    struct cli_settings set = *s;
    char url[64];
    const char *const urls[] = {url, NULL};
    struct alc_worker_conf worker;

    if (s->rpc == NULL || s->rpc[0] == NULL) { /* as cli_devnet_settings */
        snprintf(url, sizeof url, "http://127.0.0.1:%u", s->localnet_port);
        set.rpc = urls;
        set.plain_http = true;
    }
    worker = cli_node_worker(&set);
    alc_worker_policy(out, &worker);
}

static void kept_path(char out[4096], const char *state)
{
    snprintf(out, 4096, "%s/simulated/worker.json", state);
}

enum alc_rc cli_policy_keep(const char *state, const struct cli_settings *s, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(KEPT_MAX_BYTES);
    struct alc_jw w = {.out = &text};
    struct alc_hash policy;
    char path[4096];
    enum alc_rc rc;

    cli_policy(&policy, s);
    alc_jw_obj(&w);
    alc_jw_key(&w, "policy");
    alc_jw_hex(&w, alc_hash_bytes(&policy));
    alc_jw_end(&w);
    alc_buf_put_text(&text, "\n");
    kept_path(path, state);
    rc = text.failed ? alc_fail(err, ALC_NOMEM, "no memory for %s", path)
                     : cli_write_file(path, alc_buf_bytes(&text), err);
    alc_buf_fini(&text);
    return rc;
}

enum alc_rc cli_policy_kept(struct alc_hash *out, const char *state, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(2u * KEPT_MAX_BYTES);
    struct alc_json *doc = NULL;
    struct alc_bytes text, hex;
    struct alc_hash policy;
    char path[4096];
    size_t n;
    enum alc_rc rc;

    kept_path(path, state);
    rc = cli_read_file(&text, path, KEPT_MAX_BYTES, &arena, err);
    if (rc == ALC_OK) rc = alc_json_open(&doc, text, KEPT_MAX_BYTES, err);
    if (rc == ALC_OK &&
        (!alc_json_str(alc_json_get(doc, "policy"), &hex) ||
         !alc_hex_decode(policy.b, sizeof policy.b, &n, hex) || n != sizeof policy.b))
        rc = alc_fail(err, ALC_CORRUPT,
                      "%s names no policy; the next start of `alcove up` writes it", path);
    if (rc == ALC_OK) *out = policy;
    alc_json_close(doc);
    alc_arena_fini(&arena);
    return rc;
}
