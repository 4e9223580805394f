/* localnet/program.h — what the files of the program alcove-localnet share; nobody else includes
 * it.
 *
 *   main.c   settings, help, which subcommand      serve.c  the chain behind its server (run)
 *   home.c   the folder, its keys and accounts     init.c   init and dump: files in, files out */
#ifndef LNET_PROGRAM_H
#define LNET_PROGRAM_H

#include <signal.h>

#include "localnet/rpc.h"

#define LNET_ROOT LNET_VALIDATOR
#define LNET_ROOT_NEAR 1000000000u /* its amount; the others have LNET_OTHER_NEAR each */
#define LNET_ROOT_LOCKED_NEAR 50000000u
#define LNET_OTHER_NEAR 10000u
#define LNET_ACCOUNTS_MAX 1000u /* --account */
#define LNET_PATH_BYTES 4096u

struct settings {
    const char *host, *home, *chain_id, *log, *genesis, *import, *seed, *rpc_addr, *network_addr;
    const char *const *accounts;
    uint32_t port, block_time_ms, idle_ms, trie_nodes;
    uint64_t validity_blocks, state_view_bytes;
    bool json, exit_with_parent, expose, deterministic, fast, version;
};

/* An account that the program has the key of. */
struct owned {
    struct alc_near_id id;
    struct alc_ed25519 key;
    __uint128_t amount, locked;
    bool there; /* on the chain, with this key */
};

struct program {
    struct settings set;
    bool contract;     /* `run`: started as NEAR's sandbox is, on what `init` has left */
    char folder[4000]; /* of the keys: --home, or a temporary one */
    bool temporary;
    int lock;                  /* an open file of --home, or -1 */
    struct owned *owned;       /* root, sandbox, registrar, then those of --account; in the arena */
    size_t owned_count, given; /* given: where those of --account begin */
    struct alc_arena *arena;
    struct lnet_chain *chain;
    struct lnet_rpc *rpc;
};

/* ---- home.c ---- */

/* lnet_home_open makes the folder (a temporary one without --home) and takes its lock;
 * lnet_home_close lets go and removes what was temporary.  ALC_BUSY: another process has it. */
ALC_MUST enum alc_rc lnet_home_open(struct program *p, struct alc_err *err);
void lnet_home_close(struct program *p);
void lnet_home_path(const struct program *p, char out[LNET_PATH_BYTES], const char *name,
                    const char *end);
/* lnet_home_accounts fills p->owned: keys out of their files, else out of the seed, else new; and
 * writes the files.  ALC_BAD_INPUT: --account. */
ALC_MUST enum alc_rc lnet_home_accounts(struct program *p, struct alc_err *err);
/* lnet_home_key is the key of an account: by the seed when there is one. */
ALC_MUST enum alc_rc lnet_home_key(const struct program *p, struct alc_ed25519 *out,
                                   const char *id);
/* lnet_home_write writes a file whole or not at all, readable by its owner alone. */
ALC_MUST enum alc_rc lnet_home_write(const struct program *p, const char *name,
                                     struct alc_bytes bytes, struct alc_err *err);

/* ---- subcommands ---- */

ALC_MUST enum alc_rc lnet_serve(struct program *p, const sigset_t *signals, struct alc_err *err);
ALC_MUST enum alc_rc lnet_init(struct program *p, struct alc_err *err);
ALC_MUST enum alc_rc lnet_dump(struct program *p, struct alc_err *err);

#endif
