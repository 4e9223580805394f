// tests/compat/near_api_js.test.mjs — near-api-js, unmodified, against alcove-localnet: what its
// users do, and the errors as they catch them.
//
//   LOCALNET_PROGRAM=path of the program  GREETING_WASM=path of greeting.wasm  node --test <this>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Account, JsonRpcProvider, KeyPair, KeyPairSigner, actions } from 'near-api-js';
import * as errors from 'near-api-js/rpc-errors';
import { NEAR } from 'near-api-js/tokens';
import { ask, start } from './localnet.mjs';

const code = readFileSync(process.env.GREETING_WASM);
const one = NEAR.toUnits('1');
let net, provider, root;

before(async () => {
    net = await start(process.env.LOCALNET_PROGRAM);
    provider = new JsonRpcProvider({ url: net.rpc });
    root = new Account('test.near', provider, net.rootSecret);
});

after(async () => {
    assert.equal(await net.stop(), 0);
});

// A new sub-account of the root with a key of its own and 10 NEAR.
async function newAccount(name, { deploy = false, near = '10' } = {}) {
    const keys = KeyPair.fromRandom('ed25519');
    await root.createAccount({
        newAccountId: `${name}.test.near`,
        publicKey: keys.getPublicKey(),
        nearToTransfer: NEAR.toUnits(near),
    });
    const account = new Account(`${name}.test.near`, provider, new KeyPairSigner(keys));
    account.keys = keys;
    if (deploy)
        await account.signAndSendTransaction({
            receiverId: account.accountId,
            actions: [actions.deployContract(code)],
            waitUntil: 'FINAL', // the refund included: tests compare balances
        });
    return account;
}

const view = (account, methodName = 'get_greeting', args = {}) =>
    provider.callFunction({ contractId: account.accountId, method: methodName, args });

test('the node names itself', async () => {
    const status = await provider.viewNodeStatus();
    assert.equal(await provider.getNetworkId(), 'localnet');
    assert.equal(status.protocol_version, 88);
    assert.equal(status.sync_info.syncing, false);
    assert.ok(Date.parse(status.sync_info.latest_block_time) > 0);
});

test('an account is created, funded and seen', async () => {
    const alice = await newAccount('alice');
    const state = await alice.getState();
    assert.equal(state.balance.total, 10n * one);
    assert.equal(state.storageUsage, 182);
    assert.equal(state.balance.usedOnStorage, 182n * 10n ** 19n);
    assert.equal(state.codeHash, '1'.repeat(32));
    assert.equal(await alice.getBalance(), state.balance.available);
});

test('a transfer arrives to the last yocto', async () => {
    const to = await newAccount('receiver');
    const before = (await to.getState()).balance.total;
    const result = await root.transfer({ receiverId: to.accountId, amount: 123456789n });
    assert.equal((await to.getState()).balance.total - before, 123456789n);
    assert.ok(['EXECUTED', 'FINAL'].includes(result.final_execution_status)); // the refund may be under way
    assert.equal(result.status.SuccessValue, '');
    assert.equal(result.transaction.signer_id, 'test.near');
    // 223182562500 gas for the action, as much again for its receipt
    assert.equal(result.transaction_outcome.outcome.gas_burnt, 223182562500);
    assert.equal(result.receipts_outcome[0].outcome.gas_burnt, 223182562500);
    assert.equal(result.transaction_outcome.outcome.tokens_burnt, '22318256250000000000');
});

test('a transfer to an implicit account creates it', async () => {
    const keys = KeyPair.fromRandom('ed25519');
    const id = Buffer.from(keys.getPublicKey().data).toString('hex');
    await root.transfer({ receiverId: id, amount: one });
    const implicit = new Account(id, provider, new KeyPairSigner(keys));
    assert.equal((await implicit.getState()).balance.total, one);
    await implicit.transfer({ receiverId: 'test.near', amount: 1n });
});

test('a contract is deployed, called and viewed', async () => {
    const contract = await newAccount('contract', { deploy: true });
    assert.deepEqual(Buffer.from((await contract.getContractCode()).code), code);
    assert.equal(await view(contract), undefined);
    const result = await root.callFunctionRaw({
        contractId: contract.accountId,
        methodName: 'set_greeting',
        args: { text: 'grüß "dich"' },
    });
    assert.deepEqual(result.receipts_outcome[0].outcome.logs, ['the greeting is set']);
    assert.equal(result.receipts_outcome[0].outcome.executor_id, contract.accountId);
    assert.deepEqual(await view(contract), { text: 'grüß "dich"' });
    assert.deepEqual(
        await root.callFunction({ contractId: contract.accountId, methodName: 'get_greeting' }),
        { text: 'grüß "dich"' },
    );
    const state = await contract.getContractState();
    assert.equal(Buffer.from(state.values[0].key, 'base64').toString(), 'greeting');
    assert.equal(Buffer.from(state.values[0].value, 'base64').toString(), '{"text":"grüß \\"dich\\""}');
    assert.deepEqual((await contract.getContractState('nothing')).values, []);
});

test('keys are added, used and deleted', async () => {
    const contract = await newAccount('keyed', { deploy: true });
    const keys = KeyPair.fromRandom('ed25519');
    await contract.addFunctionCallAccessKey({
        publicKey: keys.getPublicKey(),
        contractId: contract.accountId,
        methodNames: ['set_greeting'],
    });
    const key = await contract.getAccessKey(keys.getPublicKey());
    assert.deepEqual(key.permission, {
        FunctionCall: {
            allowance: NEAR.toUnits('0.25').toString(),
            receiver_id: contract.accountId,
            method_names: ['set_greeting'],
        },
    });
    const limited = new Account(contract.accountId, provider, new KeyPairSigner(keys));
    await limited.callFunction({
        contractId: contract.accountId,
        methodName: 'set_greeting',
        args: { n: 1 },
        waitUntil: 'FINAL', // refunds included
    });
    assert.deepEqual(await view(contract), { n: 1 });
    // what was not used of the gas came back to the allowance
    const left = BigInt((await contract.getAccessKey(keys.getPublicKey())).permission.FunctionCall.allowance);
    assert.ok(left < NEAR.toUnits('0.25') && left > NEAR.toUnits('0.249'));
    await assert.rejects(
        limited.callFunction({ contractId: contract.accountId, methodName: 'fail' }),
        errors.AccessKeyMethodNameMismatchActionError,
    );
    await assert.rejects(
        limited.transfer({ receiverId: 'test.near', amount: 1n }),
        errors.AccessKeyRequiresFullAccessActionError,
    );
    await assert.rejects(
        limited.callFunction({ contractId: 'test.near', methodName: 'set_greeting' }),
        errors.AccessKeyReceiverMismatchActionError,
    );
    await assert.rejects(
        contract.addFullAccessKey(keys.getPublicKey()),
        errors.AddKeyAlreadyExistsActionError,
    );
    assert.equal((await contract.getAccessKeyList()).keys.length, 2);
    await contract.deleteKey(keys.getPublicKey());
    assert.equal((await contract.getAccessKeyList()).keys.length, 1);
    await assert.rejects(contract.deleteKey(keys.getPublicKey()), errors.DeleteKeyDoesNotExistActionError);
    await assert.rejects(contract.getAccessKey(keys.getPublicKey()), errors.AccessKeyDoesNotExistError);
});

test('failed views are the errors that users catch', async () => {
    const empty = await newAccount('empty');
    const contract = await newAccount('views', { deploy: true });
    const missing = new Account('missing.test.near', provider);
    await assert.rejects(missing.getState(), errors.AccountDoesNotExistError);
    await assert.rejects(view(missing), errors.AccountDoesNotExistError);
    await assert.rejects(view(empty), errors.ContractCodeDoesNotExistError);
    await assert.rejects(empty.getContractCode(), errors.ContractCodeDoesNotExistError);
    await assert.rejects(view(contract, 'nothing'), errors.ContractMethodNotFoundError);
    await assert.rejects(view(contract, 'fail'), /GuestPanic \{ panic_msg: "no greeting today" \}/);
    await assert.rejects(view(contract, 'set_greeting'), /ProhibitedInView \{ method_name: "storage_write" \}/);
    await assert.rejects(view(contract, 'burn'), /HostError\(Gas(Limit)?Exceeded\)/);
    await assert.rejects(
        empty.getAccessKey(KeyPair.fromRandom('ed25519').getPublicKey()),
        errors.AccessKeyDoesNotExistError,
    );
});

test('failed transactions are the errors that users catch', async () => {
    const contract = await newAccount('fails', { deploy: true });
    const poor = await newAccount('poor', { near: '0.1' });
    const call = (methodName, more = {}) =>
        root.callFunction({ contractId: contract.accountId, methodName, ...more });
    await assert.rejects(call('fail'), (e) => {
        assert.ok(e instanceof errors.ContractExecutionError);
        assert.match(e.message, /Smart contract panicked: no greeting today/);
        return true;
    });
    await assert.rejects(call('nothing'), errors.ContractMethodNotFoundError);
    await assert.rejects(call('burn', { gas: 5n * 10n ** 12n }), /Exceeded the prepaid gas/);
    await assert.rejects(
        root.callFunction({ contractId: poor.accountId, methodName: 'm' }),
        errors.ContractCodeDoesNotExistError,
    );
    await assert.rejects(newAccount('fails'), errors.AccountAlreadyExistsActionError);
    await assert.rejects(
        poor.createSubAccount({ accountOrPrefix: 'x', publicKey: poor.keys.getPublicKey(), nearToTransfer: one }),
        errors.NotEnoughBalanceError,
    );
    await assert.rejects(
        root.transfer({ receiverId: 'missing.test.near', amount: 1n }),
        errors.AccountDoesNotExistActionError,
    );
    await assert.rejects(
        root.signAndSendTransaction({
            receiverId: 'topmost',
            actions: [actions.createAccount()],
        }),
        errors.CreateAccountOnlyByRegistrarActionError,
    );
    await assert.rejects(
        poor.signAndSendTransaction({ receiverId: 'other.test.near', actions: [actions.createAccount()] }),
        errors.CreateAccountNotAllowedActionError,
    );
    await assert.rejects(
        root.signAndSendTransaction({
            receiverId: poor.accountId,
            actions: [actions.deleteAccount('test.near')],
        }),
        errors.ActorNoPermissionActionError,
    );
    await assert.rejects(
        new Account('nobody.test.near', provider, new KeyPairSigner(poor.keys)).transfer({
            receiverId: 'test.near',
            amount: 1n,
        }),
        errors.AccessKeyDoesNotExistError,
    );
});

test('a failed deposit comes back', async () => {
    const contract = await newAccount('refunds', { deploy: true });
    const before = (await contract.getState()).balance.total;
    const payer = await newAccount('payer');
    const had = (await payer.getState()).balance.total;
    await assert.rejects(
        payer.callFunction({
            contractId: contract.accountId,
            methodName: 'fail',
            deposit: 5n * one,
            waitUntil: 'FINAL', // refunds included
        }),
    );
    assert.equal((await contract.getState()).balance.total, before);
    const paid = had - (await payer.getState()).balance.total;
    assert.ok(paid > 0n && paid < NEAR.toUnits('0.01'));
});

test('a signature that is not the key\'s is refused', async () => {
    const signed = await root.createSignedTransaction({
        receiverId: 'test.near',
        actions: [actions.transfer(1n)],
    });
    signed.signature.ed25519Signature.data[5] ^= 1;
    await assert.rejects(provider.sendTransaction(signed), errors.InvalidSignatureError);
});

test('an old nonce is refused, the same bytes again are not', async () => {
    const alice = await newAccount('nonces');
    const first = await alice.createSignedTransaction({
        receiverId: 'test.near',
        actions: [actions.transfer(1n)],
    });
    const second = await alice.createSignedTransaction({
        receiverId: 'test.near',
        actions: [actions.transfer(2n)],
    });
    const sent = await provider.sendTransaction(second);
    await assert.rejects(provider.sendTransaction(first), errors.InvalidNonceError);
    const again = await provider.sendTransaction(second);
    assert.deepEqual(again.transaction, sent.transaction);
    assert.deepEqual(again.transaction_outcome, sent.transaction_outcome);
    // a second client with nonces of its own makes the first's stale: it reads them anew
    const twin = new Account(alice.accountId, provider, new KeyPairSigner(alice.keys));
    for (let i = 0; i < 3; i++) await twin.transfer({ receiverId: 'test.near', amount: 1n });
    await alice.transfer({ receiverId: 'test.near', amount: 1n });
});

test('many transactions of one key at once all arrive', async () => {
    const to = await newAccount('many');
    const before = (await to.getState()).balance.total;
    // They overtake each other on their connections; the client signs those anew that came too late,
    // ten times at most.  One comes too late only when another got through, so six cannot run out.
    // Amounts differ, since equal transactions with one nonce would be one transaction.
    const results = await root.signAndSendTransactions({
        transactions: Array.from({ length: 6 }, (_, i) => ({
            receiverId: to.accountId,
            actions: [actions.transfer(2n ** BigInt(i))],
        })),
    });
    assert.equal(new Set(results.map((r) => r.transaction.hash)).size, 6);
    assert.equal((await to.getState()).balance.total - before, 2n ** 6n - 1n);
});

test('a transaction is sent without waiting and followed', async () => {
    const signed = await root.createSignedTransaction({
        receiverId: 'sandbox',
        actions: [actions.transfer(1n)],
    });
    const sent = await provider.sendTransactionUntil(signed, 'NONE');
    assert.deepEqual(sent, { final_execution_status: 'NONE' });
    const { body } = await ask(net.rpc, 'broadcast_tx_async', [
        Buffer.from(signed.encode()).toString('base64'),
    ]);
    const found = await provider.viewTransactionStatus({
        txHash: body.result,
        accountId: 'test.near',
        waitUntil: 'FINAL',
    });
    assert.equal(found.final_execution_status, 'FINAL');
    assert.equal(found.transaction.hash, body.result);
    const whole = await provider.viewTransactionStatusWithReceipts({
        txHash: body.result,
        accountId: 'test.near',
    });
    assert.equal(whole.receipts.length, whole.receipts_outcome.length);
    const receipt = await provider.viewTransactionReceipt(whole.receipts[0].receipt_id);
    assert.equal(receipt.receiver_id, 'sandbox');
    assert.deepEqual(receipt, whole.receipts[0]);
    await assert.rejects(
        provider.viewTransactionStatus({ txHash: '1'.repeat(32), accountId: 'test.near' }),
        errors.UnknownTransactionError,
    );
    await assert.rejects(provider.viewTransactionReceipt('1'.repeat(32)), errors.UnknownReceiptError);
});

test('a delegate action is paid by its relayer', async () => {
    const contract = await newAccount('meta', { deploy: true });
    const alice = await newAccount('signer');
    const had = (await alice.getState()).balance.total;
    const signed = await alice.createSignedMetaTransaction({
        receiverId: contract.accountId,
        actions: [actions.functionCall('set_greeting', { from: 'alice' }, 30n * 10n ** 12n, 0n)],
    });
    const result = await root.relayMetaTransaction(signed.signedDelegate);
    assert.equal(result.status.SuccessValue, '');
    assert.deepEqual(await view(contract), { from: 'alice' });
    assert.equal((await alice.getState()).balance.total, had);
    await assert.rejects(
        root.relayMetaTransaction(signed.signedDelegate),
        errors.DelegateActionInvalidNonceActionError,
    );
});

test('a global contract is used by another account', async () => {
    const owner = await newAccount('owner', { near: '50' });
    const user = await newAccount('user');
    await owner.deployGlobalContract(code, 'accountId');
    await user.useGlobalContract({ accountId: owner.accountId });
    await user.callFunction({ contractId: user.accountId, methodName: 'set_greeting', args: { g: 1 } });
    assert.deepEqual(await view(user), { g: 1 });
    const shown = await provider.viewGlobalContractCode({ identifier: { accountId: owner.accountId } });
    assert.deepEqual(Buffer.from(shown.code), code);
    await assert.rejects(
        provider.viewGlobalContractCode({ identifier: { accountId: user.accountId } }),
        errors.GlobalContractCodeDoesNotExistError,
    );
});

test('an account is deleted in favour of another', async () => {
    const gone = await newAccount('gone');
    const heir = await newAccount('heir');
    const had = (await heir.getState()).balance.total;
    const { transaction } = await gone.deleteAccount(heir.accountId);
    await provider.viewTransactionStatus({
        txHash: transaction.hash,
        accountId: heir.accountId,
        waitUntil: 'FINAL', // what is left travels as a refund does
    });
    await assert.rejects(gone.getState(), errors.AccountDoesNotExistError);
    assert.ok((await heir.getState()).balance.total - had > NEAR.toUnits('9.9'));
});

test('blocks, chunks, gas price, validators and configurations are read', async () => {
    const block = await provider.viewBlock({ finality: 'final' });
    assert.equal(block.author, 'test.near');
    assert.deepEqual(await provider.viewBlock({ blockId: block.header.hash }), block);
    assert.deepEqual(await provider.viewBlock({ blockId: block.header.height }), block);
    const chunk = await provider.viewChunk(block.chunks[0].chunk_hash);
    assert.equal(chunk.header.chunk_hash, block.chunks[0].chunk_hash);
    assert.deepEqual(await provider.viewChunk([block.header.height, 0]), chunk);
    assert.equal((await provider.viewGasPrice()).gas_price, '100000000');
    assert.equal((await provider.viewGasPrice(block.header.height)).gas_price, '100000000');
    assert.equal((await provider.viewValidators()).current_validators[0].account_id, 'test.near');
    assert.ok((await provider.getCurrentEpochSeatPrice()) > 0n);
    assert.ok((await provider.getNextEpochSeatPrice()) > 0n);
    const config = await provider.experimental_protocolConfig({ sync_checkpoint: 'genesis' });
    assert.equal(config.runtime_config.storage_amount_per_byte, '10000000000000000000');
    assert.equal(config.chain_id, 'localnet');
    await assert.rejects(provider.viewBlock({ blockId: 10 ** 9 }), errors.UnknownBlockError);
    await assert.rejects(provider.viewChunk('1'.repeat(32)), errors.UnknownChunkError);
    await assert.rejects(provider.sendJsonRpc('no_such_method', []), errors.RpcMethodNotFoundError);
    await assert.rejects(provider.sendJsonRpc('block', {}), errors.RpcRequestParseError);
});

test('changes of a block are those of its transactions', async () => {
    const contract = await newAccount('changes', { deploy: true });
    const result = await root.callFunctionRaw({
        contractId: contract.accountId,
        methodName: 'set_greeting',
        args: { n: 2 },
    });
    const blockId = result.receipts_outcome[0].block_hash;
    const { changes } = await provider.contractStateChanges([contract.accountId], { blockId });
    assert.equal(changes.length, 1);
    assert.equal(changes[0].type, 'data_update');
    assert.equal(Buffer.from(changes[0].change.key_base64, 'base64').toString(), 'greeting');
    assert.equal(Buffer.from(changes[0].change.value_base64, 'base64').toString(), '{"n":2}');
    const txBlock = result.transaction_outcome.block_hash;
    const keys = await provider.accessKeyChanges(['test.near'], { blockId: txBlock });
    assert.equal(keys.changes[0].type, 'access_key_update');
    assert.equal(keys.changes[0].cause.tx_hash, result.transaction.hash);
    const touched = await provider.blockChanges({ blockId });
    assert.ok(
        touched.changes.some((c) => c.type === 'data_touched' && c.account_id === contract.accountId),
    );
});

test('the block stream tells of the receipts and their logs', async () => {
    const contract = await newAccount('streamed', { deploy: true });
    const last = await fetch(`${net.rpc}/v0/last_block/final`, { redirect: 'manual' });
    assert.equal(last.status, 302);
    const from = Number(/^\/v0\/block\/(\d+)$/.exec(last.headers.get('location'))[1]);
    const waiting = fetch(`${net.rpc}/v0/block/${from + 1}`); // a long poll: no such block yet
    const result = await root.callFunctionRaw({ contractId: contract.accountId, methodName: 'set_greeting' });
    assert.equal((await (await waiting).json()).block.header.height, from + 1);
    const seen = [];
    const { height } = (await provider.viewBlock({ finality: 'final' })).header;
    for (let h = from + 1; h <= height; h++) {
        const block = await (await fetch(`${net.rpc}/v0/block/${h}`)).json();
        if (block === null) continue;
        for (const shard of block.shards)
            for (const done of shard.receipt_execution_outcomes)
                if (done.receipt.receiver_id === contract.accountId && done.receipt.predecessor_id !== 'system')
                    seen.push(done);
    }
    assert.equal(seen.length, 1);
    assert.deepEqual(seen[0].execution_outcome.outcome.logs, ['the greeting is set']);
    assert.equal(seen[0].tx_hash, result.transaction.hash);
    assert.deepEqual(seen[0].execution_outcome, result.receipts_outcome[0]);
    assert.equal((await fetch(`${net.rpc}/v0/block/${height + 1000}`)).status, 404);
});

test('the sandbox patches state and jumps over heights', async () => {
    const records = [
        { Account: { account_id: 'made', account: { amount: '5' + '0'.repeat(24), locked: '0', code_hash: '1'.repeat(32), storage_usage: 182 } } },
        { AccessKey: { account_id: 'made', public_key: KeyPair.fromString(net.sandboxSecret).getPublicKey().toString(), access_key: { nonce: 0, permission: 'FullAccess' } } },
        { Contract: { account_id: 'made', code: code.toString('base64') } },
        { Data: { account_id: 'made', data_key: Buffer.from('greeting').toString('base64'), value: Buffer.from('"patched"').toString('base64') } },
    ];
    for (let i = 0; i < 2; i++)
        assert.deepEqual((await ask(net.rpc, 'sandbox_patch_state', { records })).body.result, {});
    const made = new Account('made', provider, net.sandboxSecret);
    assert.equal(await view(made), 'patched');
    await made.transfer({ receiverId: 'test.near', amount: one });
    const { header } = await provider.viewBlock({ finality: 'final' });
    assert.deepEqual((await ask(net.rpc, 'sandbox_fast_forward', { delta_height: 10000 })).body.result, {});
    const after = (await provider.viewBlock({ finality: 'final' })).header;
    assert.ok(after.height >= header.height + 10000);
    assert.ok(after.timestamp > header.timestamp);
    assert.equal(await (await fetch(`${net.rpc}/v0/block/${header.height + 5000}`)).text(), 'null');
    await assert.rejects(provider.viewBlock({ blockId: header.height + 5000 }), errors.UnknownBlockError);
    await made.transfer({ receiverId: 'test.near', amount: one });
});
