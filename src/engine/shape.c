/* What a module may look like before it is compiled.  Cranelift's time and memory grow faster than
 * a function's size: a crafted function of 1 MB takes a minute and 3.4 GB, one of 250 kB 6 s and
 * 0.9 GB; a million empty functions take minutes.  A JavaScript engine compiled to WebAssembly has
 * 12,800 functions, the largest of 107 kB.
 *
 *   module, component: header [8], then sections: id u8 | size leb | bytes
 *   code section of a module, id 10: count leb, then bodies: size leb | bytes
 *   of a component, id 1: a module, id 4: a component
 *
 * Bytes that do not parse are left to Wasmtime, which refuses them by the same rules. */
#include "engine/room.h"

#include "base/cur.h"

#include <inttypes.h>

#define NESTED_MAX 16u

struct shape {
    uint32_t functions, largest; /* over all modules in it */
    unsigned deepest;
};

/* An unsigned LEB128 of at most 32 bits in at most five bytes. */
static bool leb(struct alc_cur *c, uint32_t *v)
{
    uint8_t byte = 0x80;

    *v = 0;
    for (unsigned shift = 0; shift < 35 && (byte & 0x80) != 0; shift += 7) {
        if (!alc_cur_u8(c, &byte)) return false;
        *v |= (uint32_t)(byte & 0x7f) << shift;
    }
    return (byte & 0x80) == 0;
}

static bool sized(struct alc_cur *c, struct alc_bytes *out)
{
    uint32_t n;
    return leb(c, &n) && alc_cur_take(c, n, out);
}

static void read_code(struct shape *s, struct alc_bytes section)
{
    struct alc_cur c = alc_cur(section);
    struct alc_bytes body;
    uint32_t count;

    if (!leb(&c, &count)) return;
    while (sized(&c, &body)) {
        s->functions++;
        if (body.n > s->largest) s->largest = (uint32_t)body.n;
    }
}

static void read_shape(struct shape *s, struct alc_bytes wasm, unsigned depth)
{
    struct alc_cur c = alc_cur(wasm);
    struct alc_bytes header, section;
    bool component;
    uint8_t id;

    if (depth > s->deepest) s->deepest = depth;
    if (depth > NESTED_MAX || !alc_cur_take(&c, 8, &header)) return;
    component = header.p[4] != 1; /* the first byte of the version */
    while (alc_cur_u8(&c, &id) && sized(&c, &section)) {
        if (!component && id == 10) read_code(s, section);
        if (component && (id == 1 || id == 4)) read_shape(s, section, depth + 1);
    }
}

enum alc_rc alc_engine_check_shape(struct alc_bytes wasm, struct alc_err *err)
{
    struct shape s = {0};

    read_shape(&s, wasm, 0);
    if (s.largest > ALC_ENGINE_FUNCTION_MAX_BYTES)
        return alc_fail(err, ALC_LIMIT,
                        "a function of the module has %" PRIu32 " bytes of code, at most %u",
                        s.largest, ALC_ENGINE_FUNCTION_MAX_BYTES);
    if (s.functions > ALC_ENGINE_FUNCTIONS_MAX)
        return alc_fail(err, ALC_LIMIT, "the module has %" PRIu32 " functions, at most %u",
                        s.functions, ALC_ENGINE_FUNCTIONS_MAX);
    if (s.deepest > NESTED_MAX)
        return alc_fail(err, ALC_LIMIT, "components are nested more than %u deep", NESTED_MAX);
    return ALC_OK;
}
