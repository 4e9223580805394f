//! Questions that wait for an answer: promises that are yielded and resumed, by the runtime's id or by
//! one that the contract chose, and those that nobody answers.
use near_sdk::store::LookupMap;
use near_sdk::{
    env, near, Gas, GasWeight, PanicOnDefault, Promise, PromiseError, UserYieldId, YieldId,
};

#[near(event_json(standard = "compat_oracle"))]
pub enum OracleEvent {
    #[event_version("1.0.0")]
    Asked { id: u64, question: String },
    #[event_version("1.0.0")]
    Answered {
        question: String,
        answer: Option<String>,
    },
}

const ANSWER_GAS: Gas = Gas::from_tgas(6);

#[near(contract_state)]
#[derive(PanicOnDefault)]
pub struct Oracle {
    asked: u64,
    waiting: LookupMap<u64, YieldId>,
}

fn args(question: &str) -> Vec<u8> {
    near_sdk::serde_json::to_vec(&near_sdk::serde_json::json!({ "question": question })).unwrap()
}

fn id_of(name: &str) -> UserYieldId {
    UserYieldId::new(env::sha256_array(name.as_bytes()))
}

#[near]
impl Oracle {
    #[init]
    pub fn new() -> Self {
        Self {
            asked: 0,
            waiting: LookupMap::new(b"w"),
        }
    }

    pub fn ask(&mut self, question: String) -> Promise {
        let (promise, yield_id) =
            Promise::new_yield("on_answer", args(&question), ANSWER_GAS, GasWeight(0));
        let id = self.asked;
        self.asked += 1;
        self.waiting.insert(id, yield_id);
        OracleEvent::Asked { id, question }.emit();
        promise
    }

    pub fn answer(&mut self, id: u64, answer: String) -> bool {
        let Some(yield_id) = self.waiting.remove(&id) else {
            env::panic_str("no such question")
        };
        yield_id
            .resume(near_sdk::serde_json::to_vec(&answer).unwrap())
            .is_ok()
    }

    /// Under an id that both sides derive from the question's name.
    #[payable]
    pub fn ask_named(&mut self, name: String, question: String) -> Option<Promise> {
        Promise::new_yield_with_id(
            "on_answer",
            args(&question),
            env::attached_deposit(),
            ANSWER_GAS,
            GasWeight(0),
            id_of(&name),
        )
    }

    pub fn answer_named(&self, name: String, answer: String) -> bool {
        id_of(&name)
            .resume(near_sdk::serde_json::to_vec(&answer).unwrap())
            .is_ok()
    }

    #[private]
    #[payable]
    pub fn on_answer(
        &mut self,
        question: String,
        #[callback_result] answer: Result<String, PromiseError>,
    ) -> String {
        let answer = answer.ok();
        let said = answer.clone().unwrap_or_else(|| "nobody knows".to_string());
        OracleEvent::Answered { question, answer }.emit();
        said
    }

    pub fn asked(&self) -> u64 {
        self.asked
    }
}
