/* tests/fuzz/fuzz_rpc.c — any bytes sent to the localnet's server are answered with JSON, and one
 * whole envelope when they came as JSON-RPC.  Input that begins with a slash is a path. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "localnet/rpc.h"
#include "unit/localnet_rpc/fake_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void expect_envelope(const struct alc_json *doc)
{
    bool result = alc_json_get(doc, "result") != NULL;
    bool error = alc_json_get(doc, "error") != NULL;

    assert(alc_json_count(doc) == 3 && result != error);
    assert(alc_json_get(doc, "id") != NULL && alc_json_get(doc, "jsonrpc") != NULL);
}

/* A server for each input, so that a finding needs nothing but its own bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct lnet_chain chain = {
        .genesis = 2, .head = 5, .jump_from = 4, .jump_to = 4, .view = "7", .level = LNET_FINAL};
    struct lnet_rpc_conf conf = {.chain = &chain, .host = "127.0.0.1"};
    struct alc_httpd_answer answer = {
        .status = 200, .type = "application/json", .body = ALC_BUF(1u << 24)};
    bool is_path = n > 0 && p[0] == '/';
    struct alc_json *doc = NULL;
    struct lnet_rpc *rpc = NULL;
    char *path = calloc(1, n + 1); /* ends where the input's first NUL does, if not before */

    alc_crypto_init();
    if (path == NULL || lnet_rpc_init(&rpc, &conf, NULL) != ALC_OK) abort();
    if (n > 0) memcpy(path, p, n);
    chain.state_rc = (enum alc_rc)(n % ALC_RC_COUNT);
    lnet_rpc_answer(rpc,
                    &(struct alc_httpd_ask){.method = is_path ? "GET" : "POST",
                                            .path = is_path ? path : "/",
                                            .body = {p, is_path ? 0 : n}},
                    &answer);
    if (answer.status != 302) {
        enum alc_rc rc = alc_json_open(&doc, alc_buf_bytes(&answer.body), 1u << 24, NULL);
        assert(rc == ALC_OK);
        if (!is_path) expect_envelope(doc);
    }
    alc_json_close(doc);
    alc_buf_fini(&answer.body);
    lnet_rpc_close(rpc);
    free(path);
    return 0;
}
