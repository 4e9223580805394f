/* src/base/arena.h — memory that lives as long as one request and is freed at once.
 *
 * An arena is born with a byte limit, so that one request cannot eat the machine.  Not for threads
 * to share.  `struct alc_arena a = ALC_ARENA(max)`; alc_arena_fini frees all and leaves it usable.
 */
#ifndef ALC_ARENA_H
#define ALC_ARENA_H

#include "base/bytes.h"

struct alc_arena_block;

struct alc_arena {
    struct alc_arena_block *head;
    size_t used_bytes; /* handed out since the last fini */
    size_t max_bytes;
};

#define ALC_ARENA(max) ((struct alc_arena){NULL, 0, (max)})

/* alc_arena_alloc returns n bytes of zeroes aligned for anything; NULL: over the limit, or no
 * memory.  n = 0 gives a pointer that may not be read. */
void *alc_arena_alloc(struct alc_arena *a, size_t n);

/* alc_arena_array is alc_arena_alloc(count * size), NULL on overflow too. */
void *alc_arena_array(struct alc_arena *a, size_t count, size_t size);

/* alc_arena_copy sets *out to a copy of b, which is followed by a NUL that does not count. */
ALC_MUST bool alc_arena_copy(struct alc_arena *a, struct alc_bytes b, struct alc_bytes *out);

/* alc_arena_text formats into the arena; NULL as above. */
char *alc_arena_text(struct alc_arena *a, const char *fmt, ...) ALC_PRINTF(2, 3);

void alc_arena_fini(struct alc_arena *a);

#endif
