#include "near/near.h"

#include <string.h>

bool alc_near_id_valid(struct alc_bytes text)
{
    bool separator = true; /* none may come first */

    if (text.n < 2 || text.n > ALC_NEAR_ID_MAX) return false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            separator = false;
        } else if ((c == '-' || c == '_' || c == '.') && !separator) {
            separator = true;
        } else {
            return false;
        }
    }
    return !separator;
}

bool alc_near_id_set(struct alc_near_id *out, struct alc_bytes text)
{
    if (!alc_near_id_valid(text)) return false;
    memset(out, 0, sizeof *out);
    memcpy(out->s, text.p, text.n);
    return true;
}
