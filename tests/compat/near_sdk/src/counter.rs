//! A counter: state that is one struct, a map beside it, logs, money that is asked for, and panics.
use near_sdk::store::IterableMap;
use near_sdk::{env, log, near, require, AccountId, NearToken, PanicOnDefault, Promise};

#[near(contract_state)]
#[derive(PanicOnDefault)]
pub struct Counter {
    value: i64,
    by_account: IterableMap<AccountId, u32>,
}

#[near]
impl Counter {
    #[init]
    pub fn new(start: i64) -> Self {
        Self {
            value: start,
            by_account: IterableMap::new(b"a"),
        }
    }

    pub fn add(&mut self, by: i64) -> i64 {
        let Some(value) = self.value.checked_add(by) else {
            env::panic_str("the counter is full")
        };
        self.value = value;
        *self
            .by_account
            .entry(env::predecessor_account_id())
            .or_insert(0) += 1;
        log!("counted to {}", value);
        value
    }

    /// Costs a millinear; what is above it goes back, as another receipt.
    #[payable]
    pub fn add_paid(&mut self, by: i64) -> i64 {
        let price = NearToken::from_millinear(1);
        let paid = env::attached_deposit();
        require!(paid >= price, "a paid count costs a millinear");
        if paid > price {
            Promise::new(env::predecessor_account_id())
                .transfer(paid.saturating_sub(price))
                .detach();
        }
        self.add(by)
    }

    pub fn forget(&mut self) -> u32 {
        let known = self.by_account.len();
        self.by_account.clear();
        known
    }

    pub fn get(&self) -> i64 {
        self.value
    }

    pub fn counts(&self) -> Vec<(&AccountId, &u32)> {
        self.by_account.iter().collect()
    }
}
