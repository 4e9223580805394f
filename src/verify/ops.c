#include "verify/ops.h"

const char *alc_refusal_text(enum alc_refusal refusal)
{
    static const char *const text[ALC_REFUSAL_COUNT] = {
#define TEXT(name, text) [ALC_REFUSAL_##name] = text,
        ALC_REFUSAL_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)refusal < ALC_REFUSAL_COUNT ? text[refusal] : "an unknown refusal";
}

const char *alc_refusal_word(enum alc_refusal refusal)
{
    static const char *const word[ALC_REFUSAL_COUNT] = {
#define WORD(name, text) [ALC_REFUSAL_##name] = #name,
        ALC_REFUSAL_MAP(WORD)
#undef WORD
    };
    return (unsigned)refusal < ALC_REFUSAL_COUNT ? word[refusal] : "UNKNOWN";
}
