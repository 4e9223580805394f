/* tests/unit/localnet_rpc/fixture.h — a server over the fake chain, and requests to it. */
#ifndef RPC_FIXTURE_H
#define RPC_FIXTURE_H

#include "base/httpd.h"
#include "fake_chain.h"
#include "localnet/rpc.h"

struct fixture {
    struct lnet_chain chain;
    struct lnet_rpc *rpc;
    struct alc_httpd_answer answer; /* of the last request */
    struct alc_arena arena;
};

/* Of each test: *state is a struct fixture. */
int set_up(void **state);
int tear_down(void **state);

/* The body of the answer, until the next request. */
const char *request(struct fixture *f, const char *method, const char *path, const char *body);

#endif
