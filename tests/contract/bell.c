/* bell.c — a call that waits for an answer from outside: the yield of contracts/README.md.
 *
 * "w": the 32 bytes by which the caller who waits is woken.  One at a time. */
#include "contract/json.h"

#define METHODS(X)                                                                                 \
    X(ring, CALL)                                                                                  \
    X(answer, CALL)                                                                                \
    X(on_answer, PRIVATE)

#define DECLARED(name, kind) static void method_##name(void);
METHODS(DECLARED)
METHODS(NEAR_METHOD)

static void method_ring(void)
{
    struct alc_hash id;
    uint64_t promise;

    if (near_has(ALC_LIT("w"))) near_panic("Somebody is waiting");
    promise = near_yield("on_answer", ALC_LIT("{}"), 5 * (uint64_t)NEAR_TGAS, 0, &id);
    near_put(ALC_LIT("w"), alc_hash_bytes(&id));
    near_return_promise(promise);
}

struct answer {
    struct alc_bytes text;
};

static const struct near_field answer_fields[] = {
    NEAR_FIELD("text", struct answer, text, near_read_string, NEAR_MUST),
};

static void method_answer(void)
{
    struct alc_hash id;
    struct answer a;
    size_t n;

    NEAR_ARGS(&a, answer_fields);
    if (a.text.n > NEAR_RESUME_MAX_BYTES) near_panic("An answer has at most 1024 bytes");
    if (!near_get(ALC_LIT("w"), id.b, sizeof id.b, &n) || !near_yield_resume(&id, a.text))
        near_panic("Nobody is waiting");
}

/* Runs once: with the answer, or without one 200 blocks later. */
static void method_on_answer(void)
{
    static uint8_t buf[NEAR_RESUME_MAX_BYTES], text[6 * NEAR_RESUME_MAX_BYTES + 2];
    struct near_out o = NEAR_OUT(text);
    struct alc_bytes answer = {buf, 0};

    (void)near_remove(ALC_LIT("w"));
    if (!near_result(buf, sizeof buf, &answer.n)) answer.p = NULL;
    near_out_opt_str(&o, answer);
    near_return(near_out_bytes(&o, "The answer is too long"));
}
