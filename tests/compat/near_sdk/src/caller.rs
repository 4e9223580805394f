//! Calls others and hears what came of it: one call with a callback, two joined, a chain whose end is
//! the answer, and tokens that arrive by `ft_transfer_call`.
use near_contract_standards::fungible_token::receiver::FungibleTokenReceiver;
use near_sdk::json_types::U128;
use near_sdk::{
    env, ext_contract, log, near, AccountId, Gas, Promise, PromiseError, PromiseOrValue,
};

#[ext_contract(ext_counter)]
pub trait Counter {
    fn add(&mut self, by: i64) -> i64;
    fn add_paid(&mut self, by: i64) -> i64;
}

const CALLBACK_GAS: Gas = Gas::from_tgas(5);

#[near(contract_state)]
#[derive(Default)]
pub struct Caller {
    heard: u32,
}

#[near]
impl Caller {
    /// Adds to a counter; the callback says what it heard, also when the call failed.
    pub fn ask(&self, counter: AccountId, by: i64) -> Promise {
        ext_counter::ext(counter).add(by).then(
            Self::ext(env::current_account_id())
                .with_static_gas(CALLBACK_GAS)
                .on_added(),
        )
    }

    /// Hands the deposit on; whether the call fails or not, the callback knows.
    #[payable]
    pub fn ask_paid(&mut self, counter: AccountId, by: i64) -> Promise {
        ext_counter::ext(counter)
            .with_attached_deposit(env::attached_deposit())
            .add_paid(by)
            .then(
                Self::ext(env::current_account_id())
                    .with_static_gas(CALLBACK_GAS)
                    .on_added(),
            )
    }

    /// Two counters at once, one callback.
    pub fn ask_both(&self, first: AccountId, second: AccountId, by: i64) -> Promise {
        let gas = Gas::from_tgas(10);
        ext_counter::ext(first)
            .with_static_gas(gas)
            .add(by)
            .and(ext_counter::ext(second).with_static_gas(gas).add(by))
            .then(
                Self::ext(env::current_account_id())
                    .with_static_gas(CALLBACK_GAS)
                    .on_both(),
            )
    }

    /// No callback: the answer of the other is the answer.
    pub fn pass_on(&self, counter: AccountId, by: i64) -> Promise {
        ext_counter::ext(counter).add(by)
    }

    #[private]
    pub fn on_added(&mut self, #[callback_result] value: Result<i64, PromiseError>) -> String {
        self.heard += 1;
        match value {
            Ok(value) => format!("it counts {value}"),
            Err(_) => "it failed".to_string(),
        }
    }

    #[private]
    pub fn on_both(
        &mut self,
        #[callback_unwrap] first: i64,
        #[callback_result] second: Result<i64, PromiseError>,
    ) -> Option<i64> {
        self.heard += 1;
        second.ok().map(|second| first + second)
    }

    pub fn heard(&self) -> u32 {
        self.heard
    }
}

#[near]
impl FungibleTokenReceiver for Caller {
    /// `msg` says how much to give back: "all", "panic" or an amount.
    fn ft_on_transfer(
        &mut self,
        sender_id: AccountId,
        amount: U128,
        msg: String,
    ) -> PromiseOrValue<U128> {
        log!(
            "{} of {} from {}: {}",
            amount.0,
            env::predecessor_account_id(),
            sender_id,
            msg
        );
        PromiseOrValue::Value(match msg.as_str() {
            "all" => amount,
            "panic" => env::panic_str("no tokens today"),
            _ => U128(
                msg.parse()
                    .unwrap_or_else(|_| env::panic_str("msg: an amount")),
            ),
        })
    }
}
