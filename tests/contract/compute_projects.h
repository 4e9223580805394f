/* tests/contract/compute_projects.h — projects, stablecoin and requests for projects: what the
 * tests of them share. */
#ifndef COMPUTE_PROJECTS_H
#define COMPUTE_PROJECTS_H

#include "tests/contract/compute_proofs.h"

#include "purse.h"

#define BYTE ((near_u128)10000000000u * 1000000000u) /* yoctoNEAR for a byte of storage */
#define URL "https://example.org/g.wasm"
#define WASM(hash) "{\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" hash "\"}}"
#define HASH2 "00000000000000000000000000000000000000000000000000000000000000ff"
#define GIT "{\"GitHub\":{\"repo\":\"github.com/a/b\",\"commit\":\"1\"}}"
#define GIT_KEY "github.com/a/b@1"
#define VERSION_BYTES 328u /* of WASM */
#define GIT_BYTES 253u
#define PROJECT_BYTES(id) (241u + sizeof(id) - 1)

/* paying calls a method with a deposit, which is gone after it. */
void paying(near_u128 deposit, const char *method, const char *args);
void paying_panics(near_u128 deposit, const char *phrase, const char *method, const char *args);

/* publish creates a project of `owner` whose first version is WASM(CODE_HASH), or `source`. */
void publish(const char *owner, const char *name);
void publish_source(const char *owner, const char *name, const char *source);

void accept(const char *new_owner, const char *from, const char *name);

/* What an account holds of stablecoin, and putting it there. */
uint64_t usd(enum purse which, const char *account);
near_u128 usd_whole(enum purse which, const char *account);
void set_usd(enum purse which, const char *account, near_u128 amount);

/* set_price prices a project as the owner: {"operation","price_usd","developer_share_bp"} rows. */
void set_price(const char *project_id, const char *author, const char *operations);
#define OPERATION(name, price, share)                                                              \
    "{\"operation\":\"" name "\",\"price_usd\":\"" price "\",\"developer_share_bp\":" share "}"

/* ask_project sends a request of alice.test for alice's project `app`, with `attached` and `more`
 * behind it; the input names the operation `op`. */
#define APP "alice.test/app"
#define APP_SOURCE "\"source\":{\"Project\":{\"project_id\":\"" APP "\"}}"
#define OP_INPUT ",\"input_data\":\"{\\\"operation\\\":\\\"op\\\"}\""
#define PROJECT "{\"project_id\":\"" APP "\"}"
#define INPUT(json) ",\"input_data\":\"" json "\""
#define DONE "{\"success\":true,\"output\":{\"Text\":\"ok\"}," USED "}"
const char *project_args(uint64_t attached, const char *more);
void ask_project(uint64_t attached, const char *more);

/* body_of is the argument input_data of `n` bytes that name `op`. */
const char *body_of(size_t n);

/* published is `fresh` with that project, and 1000000 of alice's stablecoin. */
int published(void **state);

/* timeout runs the callback of the last request as after 200 blocks. */
void timeout(void);

#endif
