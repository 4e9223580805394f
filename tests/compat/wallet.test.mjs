// tests/compat/wallet.test.mjs — what a wallet signs for: full-access and function-call keys, their
// limits and allowances, delegate actions that another pays for, and messages (NEP-413).
//
//   LOCALNET_PROGRAM=...  GREETING_WASM=...  node --test <this>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Account, JsonRpcProvider, KeyPair, KeyPairSigner, actions } from 'near-api-js';
import { signMessage, verifyMessage } from 'near-api-js/nep413';
import * as errors from 'near-api-js/rpc-errors';
import { NEAR } from 'near-api-js/tokens';
import { ask, endAll, start } from './localnet.mjs';

const code = readFileSync(process.env.GREETING_WASM);
const tgas = 10n ** 12n;
let net, provider, root, app;

before(async () => {
    net = await start(process.env.LOCALNET_PROGRAM);
    provider = new JsonRpcProvider({ url: net.rpc });
    root = new Account('test.near', provider, net.rootSecret);
    app = await newWallet('app');
    await app.deployContract(code);
});

after(async () => {
    endAll();
});

// An account whose full-access key lies in the wallet.
async function newWallet(name, near = '10') {
    const keys = KeyPair.fromRandom('ed25519');
    await root.createAccount({
        newAccountId: `${name}.test.near`,
        publicKey: keys.getPublicKey(),
        nearToTransfer: NEAR.toUnits(near),
    });
    const account = new Account(`${name}.test.near`, provider, new KeyPairSigner(keys));
    account.keys = keys;
    return account;
}

// What an app gets when a user signs in: a key of its own, for one contract.
async function signIn(wallet, { methods = [], allowance = NEAR.toUnits('0.25'), contractId = app.accountId } = {}) {
    const keys = KeyPair.fromRandom('ed25519');
    await wallet.signAndSendTransaction({
        receiverId: wallet.accountId,
        actions: [actions.addFunctionCallAccessKey(keys.getPublicKey(), contractId, methods, allowance)],
        waitUntil: 'FINAL',
    });
    const session = new Account(wallet.accountId, provider, new KeyPairSigner(keys));
    session.keys = keys;
    return session;
}

const greet = (by, args = {}, more = {}) =>
    by.callFunctionRaw({ contractId: app.accountId, methodName: 'set_greeting', args, waitUntil: 'FINAL', ...more });
const greeting = () => provider.callFunction({ contractId: app.accountId, method: 'get_greeting', args: {} });
const allowanceOf = async (session) => {
    const { permission } = await session.getAccessKey(session.keys.getPublicKey());
    return BigInt(permission.FunctionCall.allowance);
};
const burnt = (result) =>
    [result.transaction_outcome, ...result.receipts_outcome].reduce((n, o) => n + BigInt(o.outcome.tokens_burnt), 0n);
const total = async (account) => (await account.getState()).balance.total;

test('a full-access key does all in one transaction', async () => {
    const wallet = await newWallet('full');
    const keys = KeyPair.fromRandom('ed25519');
    const sub = `sub.${wallet.accountId}`;
    await wallet.signAndSendTransaction({
        receiverId: sub,
        actions: [
            actions.createAccount(),
            actions.transfer(NEAR.toUnits('2')),
            actions.addFullAccessKey(keys.getPublicKey()),
            actions.deployContract(code),
            actions.functionCall('set_greeting', { from: 'full' }, 30n * tgas, 1n),
        ],
    });
    assert.deepEqual(await provider.callFunction({ contractId: sub, method: 'get_greeting', args: {} }), { from: 'full' });
    assert.equal((await provider.viewAccount({ accountId: sub })).amount > NEAR.toUnits('2'), true);
    assert.equal((await wallet.getAccessKey(wallet.keys.getPublicKey())).permission, 'FullAccess');
});

test('keys of the other curve sign as well', async () => {
    const wallet = await newWallet('curves');
    const keys = KeyPair.fromRandom('secp256k1');
    await wallet.addFullAccessKey(keys.getPublicKey());
    const other = new Account(wallet.accountId, provider, new KeyPairSigner(keys));
    await greet(other, { by: 'secp256k1' });
    assert.deepEqual(await greeting(), { by: 'secp256k1' });
});

test('an app key calls its methods of its contract, and nothing else', async () => {
    const wallet = await newWallet('session');
    const session = await signIn(wallet, { methods: ['set_greeting', 'fail'] });
    await greet(session, { by: 'session' });
    assert.deepEqual(await greeting(), { by: 'session' });
    await assert.rejects(
        session.callFunction({ contractId: app.accountId, methodName: 'fail' }),
        errors.ContractExecutionError, // let through; the contract itself failed
    );
    await assert.rejects(session.callFunction({ contractId: app.accountId, methodName: 'burn' }), (e) => {
        assert.ok(e instanceof errors.AccessKeyMethodNameMismatchActionError);
        assert.match(e.message, /burn/);
        return true;
    });
    await assert.rejects(
        session.callFunction({ contractId: wallet.accountId, methodName: 'set_greeting' }),
        errors.AccessKeyReceiverMismatchActionError,
    );
    for (const forbidden of [
        [actions.transfer(1n)],
        [actions.createAccount()],
        [actions.deployContract(code)],
        [actions.addFullAccessKey(session.keys.getPublicKey())],
        [actions.deleteKey(wallet.keys.getPublicKey())],
        [actions.deleteAccount('test.near')],
        [
            actions.functionCall('set_greeting', {}, tgas, 0n),
            actions.functionCall('set_greeting', {}, tgas, 0n), // one call at a time
        ],
    ])
        await assert.rejects(
            session.signAndSendTransaction({ receiverId: app.accountId, actions: forbidden }),
            errors.AccessKeyRequiresFullAccessActionError,
        );
    await assert.rejects(greet(session, {}, { deposit: 1n }), errors.AccessKeyDepositWithFunctionCallActionError);
    const every = await signIn(wallet);
    await every.callFunction({ contractId: app.accountId, methodName: 'set_greeting' });
    await assert.rejects(
        every.callFunction({ contractId: app.accountId, methodName: 'no_such_method' }),
        errors.ContractMethodNotFoundError, // no list: any method, and the contract decides
    );
});

test('an allowance shrinks by what was burnt, and then it is used up', async () => {
    const wallet = await newWallet('spender');
    const session = await signIn(wallet, { allowance: NEAR.toUnits('0.005') });
    let left = NEAR.toUnits('0.005');
    for (let i = 0; i < 3; i++) {
        const had = await total(wallet);
        const result = await greet(session, { i }, { gas: 3n * tgas });
        const now = await allowanceOf(session);
        assert.equal(left - now, burnt(result), `call ${i}`);
        assert.equal(had - (await total(wallet)), burnt(result)); // and so does the account
        left = now;
    }
    // more gas than the rest pays for is refused before it runs, and costs nothing
    const had = await total(wallet);
    await assert.rejects(greet(session, {}, { gas: 300n * tgas }), (e) => {
        assert.ok(e instanceof errors.AccessKeyNotEnoughAllowanceActionError);
        assert.equal(e.allowance, left);
        assert.ok(e.cost > left);
        return true;
    });
    assert.equal(await allowanceOf(session), left);
    assert.equal(await total(wallet), had);
    // until not even the smallest call is left
    let calls = 0;
    for (;;) {
        try {
            await greet(session, {}, { gas: 2n * tgas });
        } catch (e) {
            assert.ok(e instanceof errors.AccessKeyNotEnoughAllowanceActionError, e);
            break;
        }
        assert.ok(++calls < 50);
    }
    assert.ok(calls > 0 && (await allowanceOf(session)) < left);
    assert.equal((await wallet.getAccessKey(wallet.keys.getPublicKey())).permission, 'FullAccess');
    await greet(wallet); // the wallet itself is not bound by it
});

test('a key without an allowance is bound by the account alone', async () => {
    const wallet = await newWallet('unbound', '1');
    const keys = KeyPair.fromRandom('ed25519');
    await wallet.signAndSendTransaction({
        receiverId: wallet.accountId,
        actions: [actions.addFunctionCallAccessKey(keys.getPublicKey(), app.accountId, [])],
        waitUntil: 'FINAL',
    });
    const session = new Account(wallet.accountId, provider, new KeyPairSigner(keys));
    const before = await session.getAccessKey(keys.getPublicKey());
    assert.equal(before.permission.FunctionCall.allowance, null);
    await greet(session);
    assert.equal((await session.getAccessKey(keys.getPublicKey())).permission.FunctionCall.allowance, null);
    const poor = await newWallet('poor', '0.05');
    const broke = await signIn(poor, { allowance: NEAR.toUnits('100') });
    await assert.rejects(greet(broke, {}, { gas: 1000n * tgas }), errors.NotEnoughBalanceError);
});

test('what a key signed before it was deleted no longer counts after', async () => {
    const wallet = await newWallet('deleter');
    const session = await signIn(wallet);
    const signed = await session.createSignedTransaction({
        receiverId: app.accountId,
        actions: [actions.functionCall('set_greeting', { late: true }, 30n * tgas, 0n)],
    });
    await wallet.deleteKey(session.keys.getPublicKey());
    await assert.rejects(provider.sendTransaction(signed), errors.AccessKeyNotFoundActionError);
    await assert.rejects(session.getAccessKey(session.keys.getPublicKey()), errors.AccessKeyDoesNotExistError);
    // a transaction that deletes the key that signed it goes through, once
    const keys = KeyPair.fromRandom('ed25519');
    await wallet.addFullAccessKey(keys.getPublicKey());
    const going = new Account(wallet.accountId, provider, new KeyPairSigner(keys));
    await going.signAndSendTransaction({
        receiverId: wallet.accountId,
        actions: [actions.deleteKey(keys.getPublicKey())],
        waitUntil: 'FINAL',
    });
    await assert.rejects(greet(going), errors.AccessKeyNotFoundActionError); // it goes by the nonce it knows
    const anew = new Account(wallet.accountId, provider, new KeyPairSigner(keys));
    await assert.rejects(greet(anew), errors.AccessKeyDoesNotExistError);
    assert.equal((await wallet.getAccessKeyList()).keys.length, 1);
});

test('a call that is on its way when its key goes still runs, and its refund arrives', async () => {
    // blocks by the clock: both transactions are in before the first one's receipt is executed
    const slow = await start(process.env.LOCALNET_PROGRAM, '--block-time-ms', '400');
    const chain = new JsonRpcProvider({ url: slow.rpc });
    const wallet = new Account('test.near', chain, slow.rootSecret);
    const keys = KeyPair.fromRandom('ed25519');
    await wallet.signAndSendTransaction({
        receiverId: 'slow.test.near',
        actions: [
            actions.createAccount(),
            actions.transfer(NEAR.toUnits('5')),
            actions.addFullAccessKey(keys.getPublicKey()),
            actions.deployContract(code),
        ],
        waitUntil: 'FINAL',
    });
    await wallet.signAndSendTransaction({
        receiverId: 'test.near',
        actions: [actions.addFunctionCallAccessKey(keys.getPublicKey(), 'slow.test.near', [], NEAR.toUnits('0.25'))],
        waitUntil: 'FINAL',
    });
    const session = new Account('test.near', chain, new KeyPairSigner(keys));
    const call = await session.createSignedTransaction({
        receiverId: 'slow.test.near',
        actions: [actions.functionCall('set_greeting', { raced: true }, 30n * tgas, 0n)],
    });
    const deletion = await wallet.createSignedTransaction({
        receiverId: 'test.near',
        actions: [actions.deleteKey(keys.getPublicKey())],
    });
    const had = (await wallet.getState()).balance.total;
    for (const signed of [call, deletion]) await chain.sendTransactionUntil(signed, 'NONE');
    const [ran, deleted] = await Promise.all(
        [call, deletion].map((signed) => chain.sendTransactionUntil(signed, 'FINAL')), // the same bytes: asks for them
    );
    assert.equal(ran.status.SuccessValue, '');
    assert.equal(deleted.status.SuccessValue, '');
    const heightOf = async (outcome) => (await chain.viewBlock({ blockId: outcome.block_hash })).header.height;
    const refund = ran.receipts_outcome.at(-1);
    assert.ok((await heightOf(deleted.receipts_outcome[0])) < (await heightOf(refund)), 'the key went first');
    assert.equal(refund.outcome.executor_id, 'test.near');
    assert.equal(refund.outcome.status.SuccessValue, '');
    await assert.rejects(session.getAccessKey(keys.getPublicKey()), errors.AccessKeyDoesNotExistError);
    assert.equal(had - (await wallet.getState()).balance.total, burnt(ran) + burnt(deleted)); // all else came back
    await slow.stop();
});

test('another account pays for what the wallet signed', async () => {
    const wallet = await newWallet('meta');
    const relayer = await newWallet('relayer');
    const had = await total(wallet);
    const paid = await total(relayer);
    const signed = await wallet.createSignedMetaTransaction({
        receiverId: app.accountId,
        actions: [actions.functionCall('set_greeting', { from: 'meta' }, 30n * tgas, 0n)],
    });
    const result = await relayer.relayMetaTransaction(signed.signedDelegate);
    assert.equal(result.status.SuccessValue, '');
    assert.deepEqual(await greeting(), { from: 'meta' });
    assert.equal(result.transaction.signer_id, relayer.accountId);
    assert.equal(result.transaction.receiver_id, wallet.accountId);
    assert.equal(result.transaction.actions[0].Delegate.delegate_action.sender_id, wallet.accountId);
    assert.equal(await total(wallet), had);
    assert.ok((await total(relayer)) < paid);
    await assert.rejects(
        relayer.relayMetaTransaction(signed.signedDelegate),
        errors.DelegateActionInvalidNonceActionError,
    );
});

test('an app key delegates too, within its limits', async () => {
    const wallet = await newWallet('metakey');
    const relayer = await newWallet('metarelay');
    const session = await signIn(wallet, { methods: ['set_greeting'] });
    const sign = (by, receiverId, ...list) => by.createSignedMetaTransaction({ receiverId, actions: list });
    const left = await allowanceOf(session);
    const good = await sign(session, app.accountId, actions.functionCall('set_greeting', { m: 1 }, 30n * tgas, 0n));
    await relayer.relayMetaTransaction(good.signedDelegate);
    assert.deepEqual(await greeting(), { m: 1 });
    assert.equal(await allowanceOf(session), left); // the relayer paid
    for (const [action, error] of [
        [actions.functionCall('fail', {}, 30n * tgas, 0n), errors.AccessKeyMethodNameMismatchActionError],
        [actions.functionCall('set_greeting', {}, 30n * tgas, 1n), errors.AccessKeyDepositWithFunctionCallActionError],
        [actions.transfer(1n), errors.AccessKeyRequiresFullAccessActionError],
    ]) {
        const { signedDelegate } = await sign(session, app.accountId, action);
        await assert.rejects(relayer.relayMetaTransaction(signedDelegate), error);
    }
    const elsewhere = await sign(session, relayer.accountId, actions.functionCall('set_greeting', {}, 30n * tgas, 0n));
    await assert.rejects(
        relayer.relayMetaTransaction(elsewhere.signedDelegate),
        errors.AccessKeyReceiverMismatchActionError,
    );
});

test('a delegate action that was changed, expired or signed by a stranger is refused', async () => {
    const wallet = await newWallet('strict');
    const relayer = await newWallet('strictrelay');
    const sign = (more = {}) =>
        wallet.createSignedMetaTransaction({
            receiverId: app.accountId,
            actions: [actions.functionCall('set_greeting', {}, 30n * tgas, 0n)],
            ...more,
        });
    const changed = (await sign()).signedDelegate;
    changed.delegateAction.actions[0].functionCall.deposit = 5n;
    await assert.rejects(relayer.relayMetaTransaction(changed), errors.DelegateActionInvalidSignatureActionError);

    const expired = (await sign({ blockHeightTtl: 5 })).signedDelegate;
    await ask(net.rpc, 'sandbox_fast_forward', { delta_height: 10 });
    await assert.rejects(relayer.relayMetaTransaction(expired), errors.DelegateActionExpiredActionError);

    const stranger = KeyPair.fromRandom('ed25519');
    const key = (await sign()).signedDelegate;
    const unknown = await new Account(relayer.accountId, provider, new KeyPairSigner(relayer.keys))
        .createSignedMetaTransaction({ receiverId: app.accountId, actions: key.delegateAction.actions });
    unknown.signedDelegate.delegateAction.senderId = wallet.accountId;
    await assert.rejects(
        relayer.relayMetaTransaction(unknown.signedDelegate),
        errors.DelegateActionInvalidSignatureActionError,
    );
    // signed well, with a key that the account does not have
    await wallet.addFullAccessKey(stranger.getPublicKey());
    const later = await sign({ signer: new KeyPairSigner(stranger) });
    await wallet.deleteKey(stranger.getPublicKey());
    await assert.rejects(
        relayer.relayMetaTransaction(later.signedDelegate),
        errors.AccessKeyNotFoundActionError,
    );
});

test('a message is signed and checked against the keys of the account', async () => {
    const wallet = await newWallet('speaker');
    const payload = { message: 'I am speaker', recipient: app.accountId, nonce: new Uint8Array(randomBytes(32)) };
    const signed = await signMessage({ signerAccount: wallet, payload });
    assert.equal(signed.accountId, wallet.accountId);
    assert.equal(signed.publicKey.toString(), wallet.keys.getPublicKey().toString());
    const check = (more = {}) =>
        verifyMessage({
            signerAccountId: signed.accountId,
            signerPublicKey: signed.publicKey,
            signature: signed.signature,
            payload,
            provider,
            ...more,
        });
    await check();
    await assert.rejects(check({ payload: { ...payload, message: 'I am somebody' } }));
    await assert.rejects(check({ payload: { ...payload, recipient: 'other.near' } }));
    await assert.rejects(check({ signerAccountId: 'test.near' })); // not a key of that account
    // an app key may not speak for the account
    const session = await signIn(wallet);
    const spoken = await signMessage({ signerAccount: session, payload });
    await assert.rejects(check({ signerPublicKey: spoken.publicKey, signature: spoken.signature }));
    await wallet.addFullAccessKey(KeyPair.fromRandom('ed25519').getPublicKey());
    await wallet.deleteKey(wallet.keys.getPublicKey());
    await assert.rejects(check()); // no longer its key
});
