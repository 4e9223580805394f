/* localnet/stream.c — the block stream, in the form of NEAR's public block servers, so that a
 * follower of localnet, testnet and mainnet is one piece of code.
 *
 * The newest block is final, so the optimistic stream is the final one under another name. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "localnet/rpc_call.h"

#define HEIGHT_MAX UINT64_C(1000000000000000)

static void answer_error(struct alc_httpd_answer *a, int status, const char *type,
                         const char *sentence)
{
    struct alc_jw w = {.out = &a->body};

    a->status = status;
    alc_jw_obj(&w);
    alc_jw_key(&w, "error");
    alc_jw_text(&w, sentence);
    alc_jw_key(&w, "type");
    alc_jw_text(&w, type);
    alc_jw_end(&w);
}

static void answer_location(struct alc_httpd_answer *a, const char *path, uint64_t height)
{
    a->status = 302;
    (void)snprintf(a->location, sizeof a->location, "%s%" PRIu64, path, height);
}

/* One digit or more; what is over any height is UINT64_MAX. */
static bool read_height(const char *text, uint64_t *out)
{
    size_t n = strspn(text, "0123456789");
    uint64_t v = 0;

    if (n == 0 || text[n] != 0) return false;
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v)) {
            v = UINT64_MAX;
            break;
        }
    *out = v;
    return true;
}

static void answer_block(const struct lnet_rpc_conf *conf, const char *text,
                         struct alc_httpd_answer *a)
{
    struct alc_err err = {0};
    struct lnet_info info;
    uint64_t height;
    enum alc_rc rc;

    if (!read_height(text, &height)) {
        answer_error(a, 400, "INVALID_BLOCK_HEIGHT", "the block height is not a number");
        return;
    }
    lnet_chain_info(conf->chain, &info);
    if (height > HEIGHT_MAX) {
        answer_error(a, 404, "BLOCK_HEIGHT_TOO_HIGH", "no chain is that long");
        return;
    }
    if (height < info.genesis.height) {
        answer_error(a, 404, "BLOCK_HEIGHT_TOO_LOW", "the height is below the genesis");
        return;
    }
    if (height > info.head.height + LNET_RPC_STREAM_AHEAD ||
        lnet_chain_wait_height(conf->chain, height, conf->stream_wait_ms) != ALC_OK) {
        answer_error(a, 404, "BLOCK_DOES_NOT_EXIST", "the block does not exist yet");
        return;
    }
    rc = lnet_read_stream(conf->chain, height, &a->body, &err);
    if (rc == ALC_OK) return;
    alc_buf_reset(&a->body);
    if (rc == ALC_NOT_FOUND) /* a height that was jumped over */
        alc_buf_put_text(&a->body, "null");
    else
        answer_error(a, 500, "INTERNAL_ERROR", alc_err_text(&err, rc));
}

/* The rest of `path` behind `prefix`, or NULL. */
static const char *behind(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

void lnet_stream_answer(const struct lnet_rpc_conf *conf, const char *path,
                        struct alc_httpd_answer *answer)
{
    const char *height;
    struct lnet_info info;

    lnet_chain_info(conf->chain, &info);
    if (strcmp(path, "/v0/last_block/final") == 0)
        answer_location(answer, "/v0/block/", info.head.height);
    else if (strcmp(path, "/v0/last_block/optimistic") == 0)
        answer_location(answer, "/v0/block_opt/", info.head.height);
    else if (strcmp(path, "/v0/first_block") == 0)
        answer_location(answer, "/v0/block/", info.genesis.height);
    else if ((height = behind(path, "/v0/block/")) != NULL ||
             (height = behind(path, "/v0/block_opt/")) != NULL)
        answer_block(conf, height, answer);
    else
        answer_error(answer, 404, "NOT_FOUND", "no such page");
}
