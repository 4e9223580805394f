/* contracts/compute/call.h — one call: its state, its caller, its arguments, and what it says.
 *
 * An instance of the contract lives for one call, and what that is about lies here: functions
 * without locals to pass around are a third smaller. */
#ifndef COMPUTE_CALL_H
#define COMPUTE_CALL_H

#include "compute.h"

extern struct context {
    struct state state;
    struct alc_bytes by; /* who calls */
    struct near_account by_account;
    struct near_out out; /* what a view returns, or an event */
} here;

/* Arguments that are read by what begin names; absent ones are zero. */
extern struct arg {
    struct alc_bytes account; /* account_id and its like */
    struct alc_bytes name, project_id, new_owner, from, version;
    struct source source;
    struct limits limits;
    struct near_opt_u64 skip, limit;
    uint64_t id;
    bool flag;
} arg;

/* The names of arguments, in the order of the table in call.c; and what else begin does. */
enum {
    BY = 1 << 0,            /* who calls; without it, no view */
    IF_UNPAUSED = 1 << 1,   /* panics while paused */
    BY_OWNER = BY | 1 << 2, /* panics when it is another */
    BY_OPERATOR = BY | 1 << 3,
    /* bits 4 and 5 are project.h's */
    FIRST_ARG = 6,

    ARG_PROJECT_NAME = 1 << 6, /* into `name` */
    ARG_PROJECT_ID = 1 << 7,
    ARG_ACCOUNT_ID = 1 << 8,
    ARG_REQUEST_ID = 1 << 9,
    ARG_NEW_OWNER = 1 << 10,
    ARG_FROM = 1 << 11,
    ARG_NAME = 1 << 12,
    ARG_VERSION_KEY = 1 << 13,
    ARG_FROM_INDEX = 1 << 14,
    ARG_LIMIT = 1 << 15,
    ARG_PAGE = ARG_FROM_INDEX | ARG_LIMIT,
    ARG_SOURCE = 1 << 16,
    ARG_SET_ACTIVE = 1 << 17,
    ARG_PROJECT_UUID = 1 << 18, /* into `name` */
    ARG_NEW_OWNER_ID = 1 << 19, /* this and the next ones into `account` */
    ARG_NEW_OPERATOR_ID = 1 << 20,
    ARG_REGISTER_ID = 1 << 21,
    ARG_TOKEN_CONTRACT = 1 << 22,
    ARG_PAUSED = 1 << 23,
    ARG_MAX_BYTES = 1 << 24, /* into `id` */
    ARG_RESOURCE_LIMITS = 1 << 25,
    ARGS = 20,
};

#define ARG_ROW_NEW_OWNER 4
extern const struct near_field arg_fields[ARGS];

/* begin reads the arguments that the mask names, loads the state, and checks what it says, in this
 * order; a view may write at once. */
void begin(uint32_t mask);
void read_args(uint32_t mask); /* the first part of it alone */
/* begin_list begins a view that ends with say_list, which looks for the state if it finds nothing:
 * where something is, the contract is set up. */
void begin_list(uint32_t mask);

/* is_caller: whether `account` calls. */
bool is_caller(struct alc_bytes account);

/* What a view returns is written to here.out, a room of the protocol's limit, which say_anew
 * empties.  To a method that changes state it is free for other uses. */
void say_anew(void);

/* Writing to it: a literal, and a value behind one. */
void say(const char *text);
void say_str(const char *before, const struct alc_bytes *value);
void say_u64(const char *before, uint64_t value);
void say_amount(const char *before, near_u128 amount); /* in quotes */
void say_price(const char *before, uint64_t bytes);    /* of so many bytes of storage */
/* An object of a table's members. */
void say_object(const void *in, const struct near_field *fields, size_t n);
#define SAY_OBJECT(in, fields) say_object(in, fields, sizeof(fields) / sizeof((fields)[0]))
/* What here.out holds: for another use; or as the result, whole, or "null", or a bool. */
struct alc_bytes said(void);
void give(void);
void give_null(void);
void give_bool(bool v);

#endif
