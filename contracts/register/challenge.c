/* contracts/register/challenge.c — what a fresh quote answers to.
 *
 * The newest challenge and the one before are kept.  A challenge younger than
 * CHALLENGE_KEPT_BLOCKS is given to everybody who asks, so that a stranger who asks without end
 * cannot push out the one that a worker is answering. */
#include "register.h"

struct challenge {
    uint64_t height;
    struct alc_hash seed;
};

/* The newest first; returns how many there are. */
static size_t load(struct challenge c[2])
{
    uint8_t buf[80];
    struct alc_cur in;
    size_t n, count = 0;

    if (!near_get(ALC_LIT("h"), buf, sizeof buf, &n)) return 0;
    in = alc_cur((struct alc_bytes){buf, n});
    while (count < 2 && alc_cur_u64le(&in, &c[count].height) && alc_cur_hash(&in, &c[count].seed))
        count++;
    return count;
}

/* young: at most `blocks` old. */
static bool young(const struct challenge *c, uint64_t blocks)
{
    return near_host_block_index() - c->height <= blocks;
}

static void give(const struct challenge *c)
{
    uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "{\"challenge\":");
    near_out_hex(&o, alc_hash_bytes(&c->seed));
    near_out_lit(&o, ",\"height\":");
    near_out_u64(&o, c->height);
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "result too long"));
}

void method_new_challenge(void)
{
    struct challenge c[2], made;
    uint8_t buf[80];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);
    struct state s;
    size_t count;

    state_load(&s);
    count = load(c);
    if (count > 0 && young(&c[0], CHALLENGE_KEPT_BLOCKS)) {
        give(&c[0]);
        return;
    }
    made.height = near_host_block_index();
    near_random(&made.seed);
    alc_borsh_put_u64(&w, made.height);
    alc_borsh_put_hash(&w, &made.seed);
    if (count > 0) {
        alc_borsh_put_u64(&w, c[0].height);
        alc_borsh_put_hash(&w, &c[0].seed);
    }
    near_put(ALC_LIT("h"), (struct alc_bytes){buf, w.n});
    give(&made);
}

void method_get_challenge(void)
{
    struct challenge c[2];
    struct state s;

    state_load(&s);
    if (load(c) > 0 && young(&c[0], CHALLENGE_BLOCKS))
        give(&c[0]);
    else
        near_return(ALC_LIT("null"));
}

bool challenge_answered(const uint8_t half[32], const struct state *s,
                        const struct alc_hash *policy_hash)
{
    struct challenge c[2];
    struct near_account self;
    size_t count = load(c);

    if (s->chain_id.n == 0) return false;
    near_current(&self);
    for (size_t i = 0; i < count; i++) {
        struct alc_hash wanted;
        if (!young(&c[i], CHALLENGE_BLOCKS)) continue;
        alc_registration_half(&wanted, s->chain_id, s->outlayer, near_account_bytes(&self),
                              &c[i].seed, policy_hash, &verify_ops);
        if (__builtin_memcmp(wanted.b, half, sizeof wanted.b) == 0) return true;
    }
    return false;
}
