#include "verify/parts.h"

bool vf_advisory_name(struct alc_bytes name)
{
    if (name.n == 0 || name.n > ALC_ADVISORY_MAX_BYTES) return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= 0x20 || name.p[i] >= 0x7f || name.p[i] == '"' || name.p[i] == '\\')
            return false;
    return true;
}

int vf_advisory_order(const struct alc_collateral *c, size_t i, struct alc_bytes name)
{
    size_t n = c->advisories[i].n;
    int d = __builtin_memcmp(c->advisories[i].b, name.p, n < name.n ? n : name.n);
    return d != 0 ? d : (int)n - (int)name.n;
}

/* gap makes room for a new advisory i: whatever stood from there on moves up by one. */
static void gap(struct alc_advisories *a, size_t i)
{
    size_t word = i / 64;
    uint64_t below = (UINT64_C(1) << (i % 64)) - 1, carry = a->bits[word] >> 63;

    a->bits[word] = (a->bits[word] & below) | (a->bits[word] & ~below) << 1;
    for (word++; word < sizeof a->bits / sizeof *a->bits; word++) {
        uint64_t next = a->bits[word] >> 63;
        a->bits[word] = a->bits[word] << 1 | carry;
        carry = next;
    }
}

/* Names stand in their order, so that a set has one digest and one verdict however its text lists
 * them: a name that is new moves the others, in every level that was read. */
static void insert(struct alc_collateral *c, struct alc_advisories *open, size_t i,
                   struct alc_bytes name)
{
    for (size_t k = c->advisories_count++; k > i; k--)
        c->advisories[k] = c->advisories[k - 1];
    __builtin_memset(&c->advisories[i], 0, sizeof c->advisories[i]);
    c->advisories[i].n = (uint8_t)name.n;
    __builtin_memcpy(c->advisories[i].b, name.p, name.n);
    for (size_t k = 0; k < c->levels_count; k++)
        gap(&c->levels[k].advisories, i);
    for (size_t k = 0; k < c->svn_levels_count; k++)
        gap(&c->svn_levels[k].advisories, i);
    gap(open, i);
}

bool vf_advisory_add(struct alc_collateral *c, struct alc_advisories *open, struct alc_bytes name)
{
    size_t i = 0, end = c->advisories_count;

    if (!vf_advisory_name(name)) return false;
    while (i < end) {
        size_t middle = (i + end) / 2;
        if (vf_advisory_order(c, middle, name) < 0)
            i = middle + 1;
        else
            end = middle;
    }
    if (i == c->advisories_count || vf_advisory_order(c, i, name) != 0) {
        if (c->advisories_count == ALC_ADVISORIES_MAX) return false;
        insert(c, open, i, name);
    }
    open->bits[i / 64] |= UINT64_C(1) << (i % 64);
    return true;
}
