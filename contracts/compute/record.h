/* contracts/compute/record.h — records are written and read by one walk over their parts, so that a
 * layout stands in one place.  Borsh, as in base/borsh.h. */
#ifndef COMPUTE_RECORD_H
#define COMPUTE_RECORD_H

#include "contract/json.h"

struct walk {
    uint8_t *p;  /* the next byte */
    size_t left; /* bytes to read, or that there is room for */
    bool writing;
    bool bad; /* what is read is not what it should be, or what is written does not fit */
};

struct walk walk_reading(struct alc_bytes record);
struct walk walk_writing(uint8_t *buf, size_t cap);

/* Each walks over one part: writes it from, or reads it to, what is given. */
void walk_raw(struct walk *w, void *v, size_t n);         /* n bytes as they lie in memory */
void walk_bytes(struct walk *w, struct alc_bytes *b);     /* borrowed when read */
void walk_opt_bytes(struct walk *w, struct alc_bytes *b); /* p NULL: none */
void walk_accounts(struct walk *w, struct alc_bytes *first, size_t n); /* of at most 64 bytes */

/* walk_done: whether what was read was all there was; the bytes that were written from buf on. */
bool walk_done(const struct walk *w);
struct alc_bytes walk_written(const struct walk *w, const uint8_t *buf);

/* joined writes two texts with a character between them, as far as there is room. */
struct alc_bytes joined(uint8_t *buf, size_t cap, struct alc_bytes a, char between,
                        struct alc_bytes b);

#endif
