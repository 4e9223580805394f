#include "fixture.h"

#include <string.h>

#include "crypto/crypto.h"

int set_up(void **state)
{
    static struct fixture f;
    struct lnet_rpc_conf conf = {.chain = &f.chain, .host = "127.0.0.1", .port = 3030};

    memset(&f, 0, sizeof f);
    f.arena = ALC_ARENA(16u << 20);
    f.chain = (struct lnet_chain){
        .genesis = 2, .head = 5, .jump_from = 4, .jump_to = 4, .view = "", .level = LNET_FINAL};
    alc_crypto_init();
    *state = &f;
    return lnet_rpc_init(&f.rpc, &conf, NULL) == ALC_OK ? 0 : -1;
}

int tear_down(void **state)
{
    struct fixture *f = *state;

    alc_buf_fini(&f->answer.body);
    alc_arena_fini(&f->arena);
    lnet_rpc_close(f->rpc);
    return 0;
}

const char *request(struct fixture *f, const char *method, const char *path, const char *body)
{
    struct alc_httpd_ask ask = {.method = method, .path = path, .body = alc_cstr(body)};

    alc_buf_fini(&f->answer.body);
    f->answer = (struct alc_httpd_answer){
        .status = 200, .type = "application/json", .body = ALC_BUF(4u << 20)};
    lnet_rpc_answer(f->rpc, &ask, &f->answer);
    return alc_buf_text(&f->answer.body);
}
