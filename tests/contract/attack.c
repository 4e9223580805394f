#include "tests/contract/attack.h"

int attack_world(void **state)
{
    if (fresh_money(state) != 0) return -1;
    publish("alice.test", "app");
    publish("alice.test", "payment-keys-with-intents");
    set_price(APP, "author.test", OPERATION("op", "12345", "2500"));
    ok("set_near_top_up", "{\"intents_account_id\":\"alice.test\"}");
    ok("set_subscription_plans", "{\"plans\":[{\"index\":2,\"name\":\"Pro\",\"price_usd\":\"5000\","
                                 "\"active\":true}]}");
    set_usd(PURSE_USER, "alice.test", 1000000);
    set_usd(PURSE_EARNINGS, "alice.test", 1000000);
    store_key("alice.test", 1);
    paying(100 * MILLI, "store_secrets", ATTACK_SECRET("\"AllowAll\""));
    return 0;
}

near_u128 attack_sent(void)
{
    near_u128 sum = 0;

    for (size_t i = 0; i < fake_receipts(); i++)
        sum += fake_receipt(i)->amount;
    return sum;
}
