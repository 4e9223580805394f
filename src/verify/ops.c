#include "verify/ops.h"

/* Word and sentence of each refusal, one behind the other: a table of pointers to them would be
 * data that a contract pays for in every call. */
#define ROW(name, text) #name "\0" text "\0"
static const char rows[] = ALC_REFUSAL_MAP(ROW);
#undef ROW

/* at finds string i; behind the last one stands an empty one. */
static const char *at(size_t i)
{
    const char *p = rows;
    for (; i > 0; i--)
        p += alc_cstr(p).n + 1;
    return p;
}

const char *alc_refusal_word(enum alc_refusal refusal)
{
    return (unsigned)refusal < ALC_REFUSAL_COUNT ? at(2 * (size_t)refusal) : "UNKNOWN";
}

const char *alc_refusal_text(enum alc_refusal refusal)
{
    return (unsigned)refusal < ALC_REFUSAL_COUNT ? at(2 * (size_t)refusal + 1)
                                                 : "an unknown refusal";
}
