/* tests/unit/localnet/net_parts.h — what net.c and net_read.c share. */
#ifndef NET_PARTS_H
#define NET_PARTS_H

#include "net.h"

_Noreturn void net_give_up(const char *what, const struct alc_err *err);
void net_must(enum alc_rc rc, const char *what, const struct alc_err *err);

/* net_keep copies a text to where all results live; net_docs_forget closes what net_json parsed. */
const char *net_keep(struct net *n, const struct alc_buf *b);
void net_docs_forget(void);

#endif
