//! `query`, each kind of it.
use near_jsonrpc_primitives::types::query::{QueryResponseKind, RpcQueryError};
use near_primitives::account::{AccessKey, AccessKeyPermission, FunctionCallPermission};
use near_primitives::action::{
    Action, AddKeyAction, DeployGlobalContractAction, GlobalContractDeployMode,
    GlobalContractIdentifier,
};
use near_primitives::hash::{hash, CryptoHash};
use near_primitives::state_record::StateRecord;
use near_primitives::types::{AccountId, StoreKey};
use near_primitives::views::{AccessKeyPermissionView, FinalExecutionStatus, QueryRequest};

use crate::net::{call, near, new_key, Net};

async fn view(net: &Net, request: QueryRequest) -> QueryResponseKind {
    let said = format!("{request:?}");
    net.query(request)
        .await
        .unwrap_or_else(|e| panic!("{said}: {e:?}"))
        .kind
}

pub async fn an_account_is_viewed(net: &Net) {
    let account_id = net.account("viewed", false).await.get_account_id();
    let QueryResponseKind::ViewAccount(account) =
        view(net, QueryRequest::ViewAccount { account_id }).await
    else {
        panic!("no account view");
    };
    assert_eq!(account.amount, near(10));
    assert_eq!(account.storage_usage, 182);
    assert_eq!(account.code_hash, CryptoHash::default());
    assert!(account.global_contract_hash.is_none());
}

pub async fn code_is_viewed(net: &Net) {
    let account_id = net.account("coded", true).await.get_account_id();
    let QueryResponseKind::ViewCode(code) = view(net, QueryRequest::ViewCode { account_id }).await
    else {
        panic!("no code view");
    };
    assert_eq!(code.code, net.code);
    assert_eq!(code.hash, hash(&net.code));
}

pub async fn state_is_viewed_whole_by_prefix_and_in_pages(net: &Net) {
    let account_id = net.account("stateful", false).await.get_account_id();
    let records = (0..7u8)
        .map(|i| StateRecord::Data {
            account_id: account_id.clone(),
            data_key: StoreKey::from(format!("{}{i}", if i < 5 { "a" } else { "b" }).into_bytes()),
            value: vec![i].into(),
        })
        .collect();
    crate::sandbox::patch(net, records).await;
    let ask = |prefix: &str, after_key: Option<StoreKey>, limit: Option<u32>| {
        let request = QueryRequest::ViewState {
            account_id: account_id.clone(),
            prefix: StoreKey::from(prefix.as_bytes().to_vec()),
            after_key,
            limit: limit.map(|n| n.try_into().unwrap()),
            include_proof: false,
        };
        async move {
            let QueryResponseKind::ViewState(state) = view(net, request).await else {
                panic!("no state view")
            };
            state
        }
    };
    let whole = ask("", None, None).await;
    assert_eq!(whole.values.len(), 7);
    assert!(whole.last_key.is_none());
    assert_eq!(
        (
            whole.values[6].key.as_slice(),
            whole.values[6].value.as_slice()
        ),
        (&b"b6"[..], &[6u8][..])
    );
    assert_eq!(ask("a", None, None).await.values, whole.values[..5]);

    let mut paged = vec![];
    let mut pages = 0;
    let mut after_key = None;
    loop {
        let page = ask("a", after_key, Some(2)).await;
        assert!(page.values.len() <= 2);
        paged.extend(page.values);
        pages += 1;
        match page.last_key {
            Some(last) => after_key = Some(last),
            None => break,
        }
    }
    assert_eq!((paged, pages), (whole.values[..5].to_vec(), 3));
}

pub async fn keys_are_viewed_alone_in_lists_and_in_pages(net: &Net) {
    let account = net.account("keyed", false).await;
    let account_id = account.get_account_id();
    let limited = new_key("limited").public_key();
    let actions = (0..4)
        .map(|i| AccessKey {
            nonce: 0,
            permission: AccessKeyPermission::FunctionCall(FunctionCallPermission {
                allowance: if i == 0 { Some(near(1)) } else { None },
                receiver_id: "test.near".to_string(),
                method_names: vec!["a".to_string(), "b".to_string()],
            }),
        })
        .enumerate()
        .map(|(i, access_key)| {
            let public_key = if i == 0 {
                limited.clone()
            } else {
                new_key(&format!("more {i}")).public_key()
            };
            Action::AddKey(Box::new(AddKeyAction {
                public_key,
                access_key,
            }))
        })
        .collect();
    let done = net.commit(&account, &account_id, actions).await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));

    let request = QueryRequest::ViewAccessKey {
        account_id: account_id.clone(),
        public_key: limited,
    };
    let QueryResponseKind::AccessKey(key) = view(net, request).await else {
        panic!("no key view")
    };
    assert_eq!(
        key.permission,
        AccessKeyPermissionView::FunctionCall {
            allowance: Some(near(1)),
            receiver_id: "test.near".to_string(),
            method_names: vec!["a".to_string(), "b".to_string()],
        }
    );

    let ask = |after_key, limit: Option<u32>| {
        let account_id = account_id.clone();
        let limit = limit.map(|n| n.try_into().unwrap());
        let request = QueryRequest::ViewAccessKeyList {
            account_id,
            after_key,
            limit,
        };
        async move {
            let QueryResponseKind::AccessKeyList(list) = view(net, request).await else {
                panic!("no key list")
            };
            list
        }
    };
    let whole = ask(None, None).await;
    assert_eq!(whole.keys.len(), 5);
    assert!(whole.last_key.is_none());
    let first = ask(None, Some(3)).await;
    assert_eq!(first.keys, whole.keys[..3]);
    assert_eq!(first.last_key.as_ref(), Some(&whole.keys[2].public_key));
    let rest = ask(first.last_key, Some(3)).await;
    assert_eq!(rest.keys, whole.keys[3..]);
    assert!(rest.last_key.is_none());
}

pub async fn a_function_is_called(net: &Net) {
    let contract = net.account("called", true).await;
    let account_id = contract.get_account_id();
    net.commit(
        &contract,
        &account_id,
        vec![call("set_greeting", r#"{"text":"hello"}"#)],
    )
    .await;
    let request = QueryRequest::CallFunction {
        account_id,
        method_name: "get_greeting".to_string(),
        args: vec![].into(),
    };
    let QueryResponseKind::CallResult(result) = view(net, request).await else {
        panic!("no call result")
    };
    assert_eq!(result.result, br#"{"text":"hello"}"#);
    assert!(result.logs.is_empty());
}

pub async fn global_code_is_viewed_by_hash_and_by_account(net: &Net) {
    let owner = net.account("global", false).await;
    let account_id = owner.get_account_id();
    for deploy_mode in [
        GlobalContractDeployMode::CodeHash,
        GlobalContractDeployMode::AccountId,
    ] {
        let deploy = DeployGlobalContractAction {
            code: net.code.clone().into(),
            deploy_mode,
        };
        let done = net
            .commit(
                &owner,
                &account_id,
                vec![Action::DeployGlobalContract(deploy)],
            )
            .await;
        assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    }
    let code_hash = hash(&net.code);
    for request in [
        QueryRequest::ViewGlobalContractCode { code_hash },
        QueryRequest::ViewGlobalContractCodeByAccountId { account_id },
    ] {
        let QueryResponseKind::ViewCode(code) = view(net, request).await else {
            panic!("no code view")
        };
        assert_eq!((code.hash, &code.code), (code_hash, &net.code));
    }
    let account_id: AccountId = "sandbox".parse().unwrap();
    let missing = net
        .query(QueryRequest::ViewGlobalContractCodeByAccountId {
            account_id: account_id.clone(),
        })
        .await;
    let Err(e) = missing else {
        panic!("no such global contract")
    };
    assert!(
        matches!(e.handler_error(), Some(RpcQueryError::NoGlobalContractCode {
        identifier: GlobalContractIdentifier::AccountId(id), ..
    }) if *id == account_id)
    );
}
