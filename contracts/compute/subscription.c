/* contracts/compute/subscription.c — plans that the owner offers, and their sale.  The contract
 * keeps the money and tells of the sale; what a subscription gives is off chain. */
#include "payment_key.h"

struct plan {
    uint32_t index;
    bool active;
    near_u128 price;
    struct alc_bytes name;
};

/* Plans that are offered, or will be. */
struct plans {
    struct plan v[PLANS_MAX];
    size_t n; /* may be more than there is room for, until it is checked */
};

static const struct near_field plan_fields[] = {
    NEAR_FIELD("index", struct plan, index, near_read_u8, NEAR_MUST),
    NEAR_FIELD("name", struct plan, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("price_usd", struct plan, price, near_read_u128, NEAR_MUST),
    NEAR_FIELD("active", struct plan, active, near_read_bool, NEAR_MUST),
};

/* One too many is counted and not kept: who calls is checked before how many there are. */
static void read_plan(struct near_json *j, void *to)
{
    struct plans *p = to;
    struct plan extra;

    near_json_object(j, p->n < PLANS_MAX ? &p->v[p->n] : &extra, plan_fields,
                     sizeof plan_fields / sizeof plan_fields[0]);
    p->n++;
}

void read_plans(struct near_json *j, void *out)
{
    ((struct plans *)out)->n = 0;
    near_json_list(j, read_plan, out);
}

/* Record "l" is the text that the view returns. */
static uint8_t stored[PLANS_MAX * (PLAN_NAME_MAX_BYTES * 6 + 128)];

static struct alc_bytes stored_plans(void)
{
    struct alc_bytes text = {stored, 2};

    __builtin_memcpy(stored, "[]", 2);
    (void)!near_get(ALC_LIT("l"), stored, sizeof stored, &text.n);
    return text;
}

/* plans_load's names are borrowed until the next one. */
static void plans_load(struct plans *p)
{
    struct near_json j = near_json_begin(stored, stored_plans().n);

    read_plans(&j, p);
}

static void plans_save(const struct plans *p)
{
    say("[");
    for (size_t i = 0; i < p->n; i++) {
        if (i > 0) say(",");
        SAY_OBJECT(&p->v[i], plan_fields);
    }
    say("]");
    near_put(ALC_LIT("l"), said());
}

/* NULL: none of the first n has the index. */
static const struct plan *plan_of(const struct plans *p, size_t n, uint32_t index)
{
    for (size_t i = 0; i < n; i++)
        if (p->v[i].index == index) return &p->v[i];
    return NULL;
}

/* ---- set_subscription_plans ---- */

static const struct near_field plans_fields[] = {
    NEAR_FIELD_ALL("plans", read_plans, NEAR_MUST),
};

void method_set_subscription_plans(void)
{
    static struct plans plans, before;

    NEAR_ARGS(&plans, plans_fields);
    begin(BY_OWNER);
    near_refuse(plans.n > PLANS_MAX, "At most 16 subscription plans are offered");
    plans_load(&before);
    for (size_t i = 0; i < plans.n; i++) {
        const struct plan *p = &plans.v[i], *same = plan_of(&before, before.n, p->index);

        near_refuse(plan_of(&plans, i, p->index) != NULL, "Two plans have the same index");
        near_refuse(trimmed(p->name).n == 0, "A plan's name cannot be empty");
        near_refuse(p->name.n > PLAN_NAME_MAX_BYTES, "A plan's name is at most 64 bytes");
        near_refuse(p->price == 0, "A plan's price must be greater than 0");
        if (same != NULL && !alc_bytes_eq(same->name, p->name))
            near_panic_with("A plan keeps its name: ", same->name);
    }
    plans_save(&plans);
}

void method_get_subscription_plans(void)
{
    state_load();
    near_return(stored_plans());
}

/* ---- The sale ---- */

const struct near_field purchase_fields[PURCHASE_FIELDS] = {
    NEAR_FIELD("owner", struct payment, owner, near_read_account, NEAR_MAY),
    NEAR_FIELD("nonce", struct payment, nonce, near_read_u32, NEAR_MUST),
    NEAR_FIELD("plan", struct payment, plan, near_read_u8, NEAR_MUST),
    NEAR_FIELD("paid_usd", struct payment, amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("payer", struct payment, payer, near_read_account, NEAR_MUST),
};

void subscription_buy(const struct payment *p)
{
    static struct plans plans;
    const struct plan *plan;

    plans_load(&plans);
    plan = plan_of(&plans, plans.n, p->plan);
    near_refuse(plan == NULL || !plan->active, "No such subscription plan is offered");
    near_refuse(p->amount < plan->price, "The amount is below the plan's price");
    payment_key_must(p);
    SYSTEM_EVENT("SubscriptionPurchased", p, purchase_fields);
}
