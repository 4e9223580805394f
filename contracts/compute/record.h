/* contracts/compute/record.h — records are written and read by one walk over their parts, so that a
 * layout stands in one place.  Borsh, as in base/borsh.h. */
#ifndef COMPUTE_RECORD_H
#define COMPUTE_RECORD_H

#include "contract/json.h"

NEAR_NORETURN void corrupt(void); /* panics: "a stored record contradicts itself" */

/* There is one walk at a time: a function that begins one ends it before it calls another that
 * does.  What does not fit, or is not what it should be, panics with `phrase`. */
extern struct walk {
    uint8_t *from;
    uint8_t *p;  /* the next byte */
    size_t left; /* bytes to read, or that there is room for */
    bool writing;
    const char *phrase;
} walk;

void walk_read(struct alc_bytes record); /* the phrase is that of corrupt */
void walk_write(uint8_t *buf, size_t cap, const char *phrase);
void walk_refuse(bool bad); /* panics as said above */

/* Each walks over one part: writes it from, or reads it to, what is given. */
void walk_raw(void *v, size_t n);                      /* n bytes as they lie in memory */
void walk_text(struct alc_bytes *b, size_t width);     /* after its length in so many bytes;
                                                          borrowed when read, never p NULL */
void walk_bytes(struct alc_bytes *b);                  /* width 4, as borsh has it */
void walk_opt_bytes(struct alc_bytes *b);              /* p NULL: none */
void walk_accounts(struct alc_bytes *first, size_t n); /* of at most 64 bytes */

void walk_end(void);                 /* panics unless what was read was all there was */
struct alc_bytes walk_written(void); /* from the buffer's beginning */

/* joined writes two texts with a character between them, as far as there is room. */
struct alc_bytes joined(uint8_t *buf, size_t cap, const struct alc_bytes *a, char between,
                        const struct alc_bytes *b);

#endif
