/* tests/compat/differ/edit.h — what the files with edits share. */
#ifndef DIFFER_EDIT_H
#define DIFFER_EDIT_H

#include "case.h"

/* edit_pem changes a PEM chain: its blocks, their order, or the text around them. */
void edit_pem(struct kase *c, struct alc_buf *text, const struct sample *all);
/* edit_signature changes r or s; mostly to n - s, which is as valid. */
void edit_signature(struct kase *c, uint8_t sig[64], const char *whose);

#endif
