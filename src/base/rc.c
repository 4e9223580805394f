#include "base/rc.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
    int http, exit;
    bool again;
} table[ALC_RC_COUNT] = {
#define ROW(name, http, again, code, text) [ALC_##name] = {#name, text, http, code, again},
    ALC_RC_MAP(ROW)
#undef ROW
};

static size_t row(enum alc_rc rc)
{
    return (unsigned)rc < ALC_RC_COUNT ? (size_t)rc : ALC_CORRUPT;
}

const char *alc_rc_name(enum alc_rc rc)
{
    return table[row(rc)].name;
}

const char *alc_rc_text(enum alc_rc rc)
{
    return table[row(rc)].text;
}

int alc_rc_http(enum alc_rc rc)
{
    return table[row(rc)].http;
}

int alc_rc_exit(enum alc_rc rc)
{
    return table[row(rc)].exit;
}

bool alc_rc_again(enum alc_rc rc)
{
    return table[row(rc)].again;
}
