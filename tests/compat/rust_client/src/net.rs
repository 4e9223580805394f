//! The chain of this run, and what every check does with it.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use near_crypto::{InMemorySigner, KeyType, PublicKey, SecretKey, Signer};
use near_jsonrpc_client::methods::{broadcast_tx_commit::RpcBroadcastTxCommitRequest, query};
use near_jsonrpc_client::{JsonRpcClient, MethodCallResult};
use near_jsonrpc_primitives::types::query::{QueryResponseKind, RpcQueryError, RpcQueryResponse};
use near_primitives::account::AccessKey;
use near_primitives::action::{Action, AddKeyAction, DeployContractAction, FunctionCallAction};
use near_primitives::action::{CreateAccountAction, TransferAction};
use near_primitives::gas::Gas;
use near_primitives::hash::CryptoHash;
use near_primitives::transaction::SignedTransaction;
use near_primitives::types::{AccountId, Balance, BlockReference, Finality};
use near_primitives::views::{FinalExecutionOutcomeView, FinalExecutionStatus, QueryRequest};

pub struct Net {
    pub client: JsonRpcClient,
    pub root: Signer,
    pub sandbox: Signer,
    pub code: Vec<u8>,
    program: Child,
}

impl Drop for Net {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn signer(said: &serde_json::Value) -> Signer {
    let file = std::fs::read(said["key_file"].as_str().unwrap()).unwrap();
    let key: serde_json::Value = serde_json::from_slice(&file).unwrap();
    InMemorySigner::from_secret_key(
        key["account_id"].as_str().unwrap().parse().unwrap(),
        key["private_key"]
            .as_str()
            .unwrap()
            .parse::<SecretKey>()
            .unwrap(),
    )
}

pub fn latest() -> BlockReference {
    BlockReference::Finality(Finality::Final)
}

pub fn near(n: u128) -> Balance {
    Balance::from_near(n)
}

pub fn new_key(seed: &str) -> SecretKey {
    SecretKey::from_seed(KeyType::ED25519, seed)
}

pub fn call(method: &str, args: &str) -> Action {
    Action::FunctionCall(Box::new(FunctionCallAction {
        method_name: method.to_string(),
        args: args.as_bytes().to_vec(),
        gas: Gas::from_teragas(30),
        deposit: Balance::ZERO,
    }))
}

pub fn transfer(deposit: Balance) -> Action {
    Action::Transfer(TransferAction { deposit })
}

impl Net {
    pub async fn start() -> Net {
        let mut program = Command::new(env("LOCALNET_PROGRAM"))
            .args(["--port", "0", "--json", "--exit-with-parent"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("alcove-localnet starts");
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("a ready line");
        Net {
            client: JsonRpcClient::connect(ready["rpc"].as_str().unwrap()),
            root: signer(&ready["root"]),
            sandbox: signer(&ready["sandbox"]),
            code: std::fs::read(env("GREETING_WASM")).unwrap(),
            program,
        }
    }

    pub async fn query(
        &self,
        request: QueryRequest,
    ) -> MethodCallResult<RpcQueryResponse, RpcQueryError> {
        self.client
            .call(query::RpcQueryRequest {
                block_reference: latest(),
                request,
            })
            .await
    }

    /// The nonce of a key, and the newest block as the query names it.
    pub async fn nonce(&self, account_id: AccountId, public_key: PublicKey) -> (u64, CryptoHash) {
        let request = QueryRequest::ViewAccessKey {
            account_id,
            public_key,
        };
        let response = self.query(request).await.expect("the key is there");
        let QueryResponseKind::AccessKey(key) = response.kind else {
            panic!("no access key view")
        };
        (key.nonce, response.block_hash)
    }

    pub async fn sign(
        &self,
        by: &Signer,
        to: &AccountId,
        actions: Vec<Action>,
    ) -> SignedTransaction {
        let (nonce, block_hash) = self.nonce(by.get_account_id(), by.public_key()).await;
        SignedTransaction::from_actions(
            nonce + 1,
            by.get_account_id(),
            to.clone(),
            by,
            actions,
            block_hash,
        )
    }

    /// Signs, sends, and waits as long as `broadcast_tx_commit` does.
    pub async fn commit(
        &self,
        by: &Signer,
        to: &AccountId,
        actions: Vec<Action>,
    ) -> FinalExecutionOutcomeView {
        let signed_transaction = self.sign(by, to, actions).await;
        self.client
            .call(RpcBroadcastTxCommitRequest { signed_transaction })
            .await
            .expect("it is valid")
    }

    /// A new account under the root with 10 NEAR, with the greeting contract when `deployed`.
    pub async fn account(&self, name: &str, deployed: bool) -> Signer {
        let id: AccountId = format!("{name}.test.near").parse().unwrap();
        let key = new_key(name);
        let mut actions = vec![
            Action::CreateAccount(CreateAccountAction {}),
            transfer(near(10)),
            Action::AddKey(Box::new(AddKeyAction {
                public_key: key.public_key(),
                access_key: AccessKey::full_access(),
            })),
        ];
        if deployed {
            actions.push(Action::DeployContract(DeployContractAction {
                code: self.code.clone(),
            }));
        }
        let done = self.commit(&self.root, &id, actions).await;
        assert_eq!(
            done.status,
            FinalExecutionStatus::SuccessValue(vec![]),
            "{done:?}"
        );
        InMemorySigner::from_secret_key(id, key)
    }
}
