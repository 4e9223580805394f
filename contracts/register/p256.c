/* contracts/register/p256.c — numbers modulo p (the field) and n (the group's order) in
 * Montgomery's form x·2^256, then points, then signatures. */
#include "p256.h"

#define WORDS 8

struct num {
    uint32_t v[WORDS]; /* least significant first */
};

struct modulus {
    struct num m;
    struct num rr;  /* 2^512 mod m: multiplying by it enters Montgomery's form */
    uint32_t minus; /* -1/m mod 2^32 */
};

static const struct modulus P = {{{0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000,
                                   0x00000000, 0x00000001, 0xffffffff}},
                                 {{0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe,
                                   0xffffffff, 0xfffffffd, 0x00000004}},
                                 1};

/* The curve's b, in Montgomery's form. */
static const struct num curve_b = {{0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6,
                                    0xe5a220ab, 0x04874834, 0xdc30061d}};

/* ---- numbers ---- */

static struct num from_bytes(const uint8_t b[32])
{
    struct num x;
    for (int i = 0; i < WORDS; i++) {
        const uint8_t *w = b + 28 - 4 * i;
        x.v[i] = (uint32_t)w[0] << 24 | (uint32_t)w[1] << 16 | (uint32_t)w[2] << 8 | w[3];
    }
    return x;
}

static bool same(const struct num *a, const struct num *b)
{
    return __builtin_memcmp(a, b, sizeof *a) == 0;
}

static bool below(const struct num *a, const struct num *b)
{
    for (int i = WORDS; i-- > 0;)
        if (a->v[i] != b->v[i]) return a->v[i] < b->v[i];
    return false;
}

/* plain_sub sets x = a - b and returns the borrow, 0 or 1. */
static uint32_t plain_sub(struct num *x, const struct num *a, const struct num *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint64_t d = (uint64_t)a->v[i] - b->v[i] - borrow;
        x->v[i] = (uint32_t)d;
        borrow = d >> 63;
    }
    return (uint32_t)borrow;
}

static uint32_t plain_add(struct num *x, const struct num *a, const struct num *b)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)a->v[i] + b->v[i];
        x->v[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

static void sub(struct num *x, const struct num *a, const struct num *b, const struct modulus *m)
{
    if (plain_sub(x, a, b) != 0) (void)plain_add(x, x, &m->m);
}

/* mul sets x = a·b / 2^256 mod m: each word of b adds a multiple of a, then a multiple of m that
 * makes the lowest word zero, and drops that word. */
static void mul(struct num *x, const struct num *a, const struct num *b, const struct modulus *m)
{
    struct num t = {{0}};
    uint32_t top = 0;

    for (int i = 0; i < WORDS; i++) {
        uint64_t w = b->v[i];
        uint64_t s = a->v[0] * w + t.v[0];
        uint64_t q = (uint32_t)s * m->minus;
        uint64_t u = q * m->m.v[0] + (uint32_t)s;

#if defined(__clang__) && defined(REGISTER_SOFTWARE_P256)
#pragma clang loop unroll(full)
#endif
        for (int j = 1; j < WORDS; j++) {
            s = a->v[j] * w + t.v[j] + (s >> 32);
            u = q * m->m.v[j] + (uint32_t)s + (u >> 32);
            t.v[j - 1] = (uint32_t)u;
        }
        u = (u >> 32) + (s >> 32) + top;
        t.v[WORDS - 1] = (uint32_t)u;
        top = (uint32_t)(u >> 32);
    }
    if (top != 0 || !below(&t, &m->m)) (void)plain_sub(&t, &t, &m->m);
    *x = t;
}

/* ---- the curve: y^2 = x^3 - 3x + b ---- */

/* read_point enters Montgomery's form; false: not a point. */
static bool read_point(struct num *x, struct num *y, const uint8_t key[64])
{
    struct num left, right, t;

    *x = from_bytes(key);
    *y = from_bytes(key + 32);
    if (!below(x, &P.m) || !below(y, &P.m)) return false;
    mul(x, x, &P.rr, &P);
    mul(y, y, &P.rr, &P);
    mul(&left, y, y, &P);
    mul(&right, x, x, &P);
    mul(&right, &right, x, &P);
    sub(&t, &curve_b, x, &P);
    sub(&t, &t, x, &P);
    sub(&t, &t, x, &P);
    sub(&left, &left, &t, &P); /* y^2 - (b - 3x) = x^3 */
    return same(&left, &right);
}

bool p256_on_curve(const uint8_t key[64])
{
    struct num x, y;
    return read_point(&x, &y, key);
}

#ifdef REGISTER_SOFTWARE_P256

static const struct num field_one = {{0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff,
                                      0xffffffff, 0xfffffffe, 0x00000000}};

static const struct modulus N = {{{0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff,
                                   0xffffffff, 0x00000000, 0xffffffff}},
                                 {{0xbe79eea2, 0x83244c95, 0x49bd6fa6, 0x4699799c, 0x2b6bec59,
                                   0x2845b239, 0xf3d95620, 0x66e12d94}},
                                 0xee00bc4f};

static const struct num zero;

static void add(struct num *x, const struct num *a, const struct num *b, const struct modulus *m)
{
    if (plain_add(x, a, b) != 0 || !below(x, &m->m)) (void)plain_sub(x, x, &m->m);
}

/* ---- points ---- */

/* (x/z^2, y/z^3) in Montgomery's form; z = 0 is the point at infinity. */
struct point {
    struct num x, y, z;
};

static const struct point generator = {{{0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510,
                                         0x79fb732b, 0xa53755c6, 0x18905f76}},
                                       {{0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325,
                                         0xd2e88688, 0x25885d85, 0x8571ff18}},
                                       {{0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff,
                                         0xffffffff, 0xfffffffe, 0x00000000}}};

static bool infinite(const struct point *a)
{
    return same(&a->z, &zero);
}

/* Formulas of the curve's textbooks for a = -3; infinity stays what it is. */
static void point_double(struct point *r, const struct point *a)
{
    struct num zz, yy, xyy, slope, t, u;

    mul(&zz, &a->z, &a->z, &P);
    mul(&yy, &a->y, &a->y, &P);
    mul(&xyy, &a->x, &yy, &P);
    sub(&t, &a->x, &zz, &P);
    add(&u, &a->x, &zz, &P);
    mul(&t, &t, &u, &P);
    add(&slope, &t, &t, &P);
    add(&slope, &slope, &t, &P); /* 3(x - z^2)(x + z^2) */
    mul(&t, &a->y, &a->z, &P);
    add(&r->z, &t, &t, &P);
    add(&xyy, &xyy, &xyy, &P);
    add(&xyy, &xyy, &xyy, &P); /* 4xy^2 */
    mul(&t, &slope, &slope, &P);
    sub(&t, &t, &xyy, &P);
    sub(&r->x, &t, &xyy, &P);
    add(&yy, &yy, &yy, &P);
    mul(&yy, &yy, &yy, &P);
    add(&yy, &yy, &yy, &P); /* 8y^4 */
    sub(&t, &xyy, &r->x, &P);
    mul(&t, &t, &slope, &P);
    sub(&r->y, &t, &yy, &P);
}

static void point_add(struct point *r, const struct point *a, const struct point *b)
{
    struct num aa, bb, ax, bx, ay, by, h, hh, s, t;

    if (infinite(a) || infinite(b)) {
        *r = infinite(a) ? *b : *a;
        return;
    }
    mul(&aa, &a->z, &a->z, &P);
    mul(&bb, &b->z, &b->z, &P);
    mul(&ax, &a->x, &bb, &P);
    mul(&bx, &b->x, &aa, &P);
    mul(&t, &bb, &b->z, &P);
    mul(&ay, &a->y, &t, &P);
    mul(&t, &aa, &a->z, &P);
    mul(&by, &b->y, &t, &P);
    sub(&h, &bx, &ax, &P);
    sub(&s, &by, &ay, &P);
    if (same(&h, &zero) && same(&s, &zero)) {
        point_double(r, a);
        return;
    }
    mul(&t, &a->z, &b->z, &P);
    mul(&r->z, &t, &h, &P); /* zero, infinity, when b = -a */
    mul(&hh, &h, &h, &P);
    mul(&ax, &ax, &hh, &P);
    mul(&hh, &hh, &h, &P);
    mul(&ay, &ay, &hh, &P);
    mul(&t, &s, &s, &P);
    sub(&t, &t, &hh, &P);
    sub(&t, &t, &ax, &P);
    sub(&r->x, &t, &ax, &P);
    sub(&t, &ax, &r->x, &P);
    mul(&t, &t, &s, &P);
    sub(&r->y, &t, &ay, &P);
}

static unsigned two_bits(const struct num *k, int at)
{
    return k->v[at / 16] >> 2 * (at % 16) & 3;
}

/* u·G + v·Q, two bits of both a step, from a table of all iG + jQ with i, j below 4. */
static void point_combine(struct point *r, const struct num *u, const struct num *v,
                          const struct point *q)
{
    struct point table[16];

    table[0] = *r = (struct point){.z = {{0}}};
    table[1] = generator;
    table[4] = *q;
    point_double(&table[2], &table[1]);
    point_double(&table[8], &table[4]);
    point_add(&table[3], &table[2], &table[1]);
    point_add(&table[12], &table[8], &table[4]);
    for (int j = 4; j < 16; j += 4)
        for (int i = 1; i < 4; i++)
            point_add(&table[j + i], &table[j], &table[i]);
    for (int at = 128; at-- > 0;) {
        unsigned step = two_bits(u, at) | two_bits(v, at) << 2;
        point_double(r, r);
        point_double(r, r);
        if (step != 0) point_add(r, r, &table[step]);
    }
}

/* ---- signatures ---- */

/* x = 1/a modulo n by Fermat: a^(n-2).  a and x are in Montgomery's form. */
static void invert(struct num *x, const struct num *a)
{
    struct num e, base = *a, r = *a;
    static const struct num two = {{2}};

    (void)plain_sub(&e, &N.m, &two);
    for (int i = 255; i-- > 0;) { /* the top bit is set: r began with it */
        mul(&r, &r, &r, &N);
        if ((e.v[i / 32] >> (i % 32) & 1) != 0) mul(&r, &r, &base, &N);
    }
    *x = r;
}

bool p256_check(const uint8_t sig[64], const uint8_t key[64], const struct alc_hash *digest)
{
    struct num r = from_bytes(sig), s = from_bytes(sig + 32), e = from_bytes(digest->b);
    struct num w, u, v, zz, t;
    struct point q, sum;

    if (same(&r, &zero) || same(&s, &zero) || !below(&r, &N.m) || !below(&s, &N.m)) return false;
    q.z = field_one;
    if (!read_point(&q.x, &q.y, key)) return false;
    if (!below(&e, &N.m)) (void)plain_sub(&e, &e, &N.m);
    mul(&w, &s, &N.rr, &N);
    invert(&w, &w);
    mul(&u, &e, &w, &N); /* w is in Montgomery's form, so these leave it */
    mul(&v, &r, &w, &N);
    point_combine(&sum, &u, &v, &q);
    if (infinite(&sum)) return false;

    /* x mod n = r: x = r, or x = r + n when that is a field element; without dividing by z^2. */
    mul(&zz, &sum.z, &sum.z, &P);
    mul(&t, &r, &P.rr, &P);
    mul(&t, &t, &zz, &P);
    if (same(&t, &sum.x)) return true;
    if (plain_add(&r, &r, &N.m) != 0 || !below(&r, &P.m)) return false;
    mul(&t, &r, &P.rr, &P);
    mul(&t, &t, &zz, &P);
    return same(&t, &sum.x);
}

#endif
