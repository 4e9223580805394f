/* tests/compat/differ/classes.h — the differences between the two verifiers that are meant.
 *
 * Each class has a rule that looks at the case itself and at both answers; a difference that no
 * rule explains fails the test. */
#ifndef DIFFER_CLASSES_H
#define DIFFER_CLASSES_H

#include "answer.h"

struct difference {
    const struct kase *k;
    const struct answer *ours, *theirs;
    struct layout layout;
    unsigned fields; /* when both accept: those that differ */
};

struct difference_class {
    const char *name; /* one line for people */
    bool (*explains)(const struct difference *d);
};
extern const struct difference_class difference_classes[];
extern const size_t difference_classes_count;

/* difference_class_of: the first class that explains it, or -1. */
int difference_class_of(const struct difference *d);

#endif
