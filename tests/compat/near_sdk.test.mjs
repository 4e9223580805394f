// tests/compat/near_sdk.test.mjs — contracts written with near-sdk on alcove-localnet: results,
// events, refunds, and for each call the gas that NEAR's VM burns by itself.
//
//   LOCALNET_PROGRAM=...  NEAR_SDK_CONTRACTS=folder of the modules  VM_ALONE=program   node --test <this>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Account, JsonRpcProvider, KeyPair, KeyPairSigner, actions } from 'near-api-js';
import * as errors from 'near-api-js/rpc-errors';
import { FungibleToken, NEAR } from 'near-api-js/tokens';
import { ask, endAll, start } from './localnet.mjs';
import { Replay } from './replay.mjs';

const modules = process.env.NEAR_SDK_CONTRACTS;
const names = ['counter', 'other', 'token', 'caller', 'oracle'];
const fileOf = (name) => join(modules, `${name === 'other' ? 'counter' : name}.wasm`);
const id = (name) => `${name}.test.near`;
const supply = 10n ** 12n;
let net, provider, root, replay, alice;

before(async () => {
    // a real node charges the walk through the trie as well; the VM alone has none
    net = await start(process.env.LOCALNET_PROGRAM, '--trie-nodes', '0', '--idle-ms', '1');
    provider = new JsonRpcProvider({ url: net.rpc });
    root = new Account('test.near', provider, net.rootSecret);
    alice = await newAccount('alice');
    replay = new Replay(provider, process.env.VM_ALONE, Object.fromEntries(names.map((n) => [id(n), fileOf(n)])));
    await replay.open();
    for (const name of names) {
        const account = await newAccount(name, '20');
        await account.deployContract(readFileSync(fileOf(name)));
    }
    await run(root, 'counter', 'new', { start: 0 });
    await run(root, 'other', 'new', { start: 100 });
    await run(root, 'token', 'new', { owner_id: alice.accountId, total_supply: supply.toString() });
    await run(root, 'oracle', 'new', {});
});

after(async () => {
    if (replay) assert.equal(await replay.vm.stop(), 0);
    if (net) assert.equal(await net.stop(), 0);
    endAll();
});

async function newAccount(name, near = '50') {
    const keys = KeyPair.fromRandom('ed25519');
    await root.createAccount({
        newAccountId: id(name),
        publicKey: keys.getPublicKey(),
        nearToTransfer: NEAR.toUnits(near),
    });
    return new Account(id(name), provider, new KeyPairSigner(keys));
}

// send(by, contract, method, args) waits for the end, refunds included, and throws on no failure.
const send = (by, contract, method, args, { deposit = 0n, tgas = 100n } = {}) =>
    by.signAndSendTransaction({
        receiverId: id(contract),
        actions: [actions.functionCall(method, args, tgas * 10n ** 12n, deposit)],
        waitUntil: 'FINAL',
        throwOnFailure: false,
    });

// run(...) does that, replays it in the VM alone, and resolves to the result.
async function run(...call) {
    const result = await send(...call);
    const lines = await replay.again(result);
    assert.ok(lines.length > 0);
    for (const [name, gas] of lines) console.log(`  ${name} ${(gas / 1e12).toFixed(6)} Tgas`);
    return result;
}

const value = (result) => JSON.parse(Buffer.from(result.status.SuccessValue, 'base64').toString());
const logs = (result) => result.receipts_outcome.flatMap((o) => o.outcome.logs);
const events = (result) =>
    logs(result)
        .filter((line) => line.startsWith('EVENT_JSON:'))
        .map((line) => JSON.parse(line.slice('EVENT_JSON:'.length)));
const failure = (result) => JSON.stringify(result.status.Failure);
const view = (contract, method, args = {}) => provider.callFunction({ contractId: id(contract), method, args });
const total = async (account) => (await provider.viewAccount({ accountId: account })).amount;
const burnt = (result) =>
    [result.transaction_outcome, ...result.receipts_outcome].reduce((n, o) => n + BigInt(o.outcome.tokens_burnt), 0n);

test('a counter counts, and keeps a map beside its value', async () => {
    const first = await run(alice, 'counter', 'add', { by: 5 });
    assert.equal(value(first), 5);
    assert.deepEqual(logs(first), ['counted to 5']);
    assert.equal(value(await run(root, 'counter', 'add', { by: -7 })), -2);
    assert.equal(value(await run(alice, 'counter', 'add', { by: 1 })), -1);
    assert.equal(await view('counter', 'get'), -1);
    assert.deepEqual(await view('counter', 'counts'), [[id('alice'), 2], ['test.near', 1]]);
    assert.equal(value(await run(root, 'counter', 'forget', {})), 2);
    assert.deepEqual(await view('counter', 'counts'), []);
});

test('what fails in a contract fails as it does in the VM', async () => {
    const again = await run(root, 'counter', 'new', { start: 0 });
    assert.match(failure(again), /The contract has already been initialized/);
    assert.match(failure(await run(root, 'counter', 'add', { by: 'much' })), /Failed to deserialize input from JSON/);
    const paid = await run(root, 'counter', 'add', { by: 1 }, { deposit: 1n });
    assert.match(failure(paid), /Method add doesn't accept deposit/);
    const largest = { by: '9223372036854775807' };
    assert.match(failure(await run(root, 'counter', 'add', largest)), /Failed to deserialize/);
    assert.match(failure(await run(root, 'counter', 'nothing', {})), /MethodNotFound/);
    await assert.rejects(view('caller', 'on_added'), errors.RpcError);
});

test('a price is paid and the rest goes back', async () => {
    const had = await total(alice.accountId);
    const contract = await total(id('counter'));
    const result = await run(alice, 'counter', 'add_paid', { by: 1 }, { deposit: NEAR.toUnits('2') });
    assert.equal(value(result), 0);
    const spent = had - (await total(alice.accountId));
    const price = NEAR.toUnits('0.001');
    const earned = (await total(id('counter'))) - contract - price;
    // what is neither burnt nor paid for is the contract's share of the gas that it burnt
    assert.equal(spent - price, burnt(result) + earned);
    assert.ok(earned >= 0n);
    const cheap = await run(alice, 'counter', 'add_paid', { by: 1 }, { deposit: 5n });
    assert.match(failure(cheap), /a paid count costs a millinear/);
    assert.equal(await total(id('counter')) - contract >= price, true);
});

test('a token is registered for, sent, and refuses what it must', async () => {
    const token = new FungibleToken(id('token'), { decimals: 6, name: 'Compat', symbol: 'CPT' });
    const bob = await newAccount('bob');
    assert.equal(await token.getBalance(alice), supply);
    assert.equal((await view('token', 'ft_metadata')).symbol, 'CPT');

    const unregistered = await run(alice, 'token', 'ft_transfer', { receiver_id: bob.accountId, amount: '7' }, { deposit: 1n });
    assert.match(failure(unregistered), /The account bob.test.near is not registered/);

    const { min } = await view('token', 'storage_balance_bounds');
    const had = await total(bob.accountId);
    const registered = await run(bob, 'token', 'storage_deposit', {}, { deposit: NEAR.toUnits('1') });
    assert.deepEqual(value(registered), { total: min, available: '0' });
    const kept = had - (await total(bob.accountId)) - burnt(registered);
    assert.ok(kept >= BigInt(min) && kept < BigInt(min) + NEAR.toUnits('0.001')); // the rest of the deposit came back
    assert.equal(await token.isAccountRegistered({ accountId: bob.accountId, provider }), true);

    const sent = await run(alice, 'token', 'ft_transfer', { receiver_id: bob.accountId, amount: '7', memo: 'rent' }, { deposit: 1n });
    assert.deepEqual(events(sent), [
        {
            standard: 'nep141',
            version: '1.0.0',
            event: 'ft_transfer',
            data: [{ old_owner_id: id('alice'), new_owner_id: id('bob'), amount: '7', memo: 'rent' }],
        },
    ]);
    assert.equal(await token.getBalance(bob), 7n);
    assert.equal(await token.getBalance(alice), supply - 7n);

    const free = await run(alice, 'token', 'ft_transfer', { receiver_id: bob.accountId, amount: '7' });
    assert.match(failure(free), /Requires attached deposit of exactly 1 yoctoNEAR/);
    const toomuch = await run(bob, 'token', 'ft_transfer', { receiver_id: alice.accountId, amount: '8' }, { deposit: 1n });
    assert.match(failure(toomuch), /The account doesn't have enough balance/);
    await run(bob, 'token', 'storage_unregister', { force: true }, { deposit: 1n });
    assert.equal(BigInt(await view('token', 'ft_total_supply')), supply - 7n);
});

test('tokens that another contract does not take come back', async () => {
    await run(root, 'token', 'storage_deposit', { account_id: id('caller') }, { deposit: NEAR.toUnits('0.1') });
    const balance = async (name) => BigInt(await view('token', 'ft_balance_of', { account_id: id(name) }));
    for (const [msg, taken, moves] of [
        ['0', 100n, 1],
        ['30', 70n, 2],
        ['all', 0n, 2],
        ['panic', 0n, 2],
        ['200', 0n, 2], // more than came: all of it
    ]) {
        const [a, c] = [await balance('alice'), await balance('caller')];
        const args = { receiver_id: id('caller'), amount: '100', msg };
        const result = await run(alice, 'token', 'ft_transfer_call', args, { deposit: 1n });
        assert.equal(value(result), taken.toString(), msg);
        assert.equal(a - (await balance('alice')), taken, msg);
        assert.equal((await balance('caller')) - c, taken, msg);
        assert.equal(events(result).length, moves, msg);
        if (moves === 2) assert.equal(events(result)[1].data[0].memo, 'refund');
    }
});

test('a callback hears what the call came to', async () => {
    const start = await view('other', 'get');
    const heard = await view('caller', 'heard');
    const added = await run(alice, 'caller', 'ask', { counter: id('other'), by: 11 });
    assert.equal(value(added), `it counts ${start + 11}`);
    assert.deepEqual(logs(added), [`counted to ${start + 11}`]);
    const gone = await run(alice, 'caller', 'ask', { counter: id('nobody'), by: 1 });
    assert.equal(value(gone), 'it failed');
    const both = await run(alice, 'caller', 'ask_both', { first: id('other'), second: id('counter'), by: 1 });
    assert.equal(value(both), (await view('other', 'get')) + (await view('counter', 'get')));
    const one = await run(alice, 'caller', 'ask_both', { first: id('other'), second: id('token'), by: 1 });
    assert.equal(value(one), null);
    const none = await run(alice, 'caller', 'ask_both', { first: id('token'), second: id('other'), by: 1 });
    assert.match(failure(none), /Callback computation 0 was not successful/);
    assert.equal(await view('caller', 'heard'), heard + 4);
    assert.equal(value(await run(alice, 'caller', 'pass_on', { counter: id('other'), by: 0 })), await view('other', 'get'));
});

test('a deposit that a failed call was given goes back to the contract that gave it', async () => {
    const had = await total(id('caller'));
    const low = await run(alice, 'caller', 'ask_paid', { counter: id('counter'), by: 1 }, { deposit: 1000n });
    assert.equal(value(low), 'it failed');
    assert.ok((await total(id('caller'))) >= had + 1000n);
    const again = await total(id('caller'));
    const enough = await run(alice, 'caller', 'ask_paid', { counter: id('counter'), by: 1 }, { deposit: NEAR.toUnits('0.5') });
    assert.match(value(enough), /^it counts/);
    const rest = (await total(id('caller'))) - again;
    assert.ok(rest >= NEAR.toUnits('0.499') && rest < NEAR.toUnits('0.5')); // the counter gave back what was over
});

test('a question waits until it is answered', async () => {
    const asked = await alice.signAndSendTransaction({
        receiverId: id('oracle'),
        actions: [actions.functionCall('ask', { question: 'why?' }, 50n * 10n ** 12n, 0n)],
        waitUntil: 'INCLUDED_FINAL',
    });
    const answered = await send(root, 'oracle', 'answer', { id: 0, answer: 'because' });
    assert.equal(value(answered), true);
    const end = await provider.viewTransactionStatus({
        txHash: asked.transaction.hash,
        accountId: alice.accountId,
        waitUntil: 'FINAL',
    });
    assert.equal(value(end), 'because');
    assert.deepEqual(events(end).map((e) => [e.standard, e.event, e.data]), [
        ['compat_oracle', 'asked', { id: 0, question: 'why?' }],
        ['compat_oracle', 'answered', { question: 'why?', answer: 'because' }],
    ]);
    await replayYield(asked, answered);
    assert.match(failure(await run(root, 'oracle', 'answer', { id: 0, answer: 'x' })), /no such question/);
});

// The call that yields, the call that resumes, and then the callback of the first.
async function replayYield(asked, answered) {
    const isCallback = (r) => r.receipt.Action.is_promise_yield;
    assert.equal((await replay.again(asked, (r) => !isCallback(r))).length, 1);
    if (answered) await replay.again(answered);
    assert.equal((await replay.again(asked, isCallback)).length, 1);
}

test('a question that nobody answers times out after 200 blocks', async () => {
    const asked = await alice.signAndSendTransaction({
        receiverId: id('oracle'),
        actions: [actions.functionCall('ask', { question: 'who?' }, 50n * 10n ** 12n, 0n)],
        waitUntil: 'INCLUDED_FINAL',
    });
    await ask(net.rpc, 'sandbox_fast_forward', { delta_height: 200 });
    const end = await provider.viewTransactionStatus({
        txHash: asked.transaction.hash,
        accountId: alice.accountId,
        waitUntil: 'FINAL',
    });
    assert.equal(value(end), 'nobody knows');
    assert.deepEqual(events(end)[1].data, { question: 'who?', answer: null });
    await replayYield(asked);
    // the contract still has its id: resuming it is refused, as in the VM
    assert.equal(value(await run(root, 'oracle', 'answer', { id: 1, answer: 'late' })), false);
});

test('a question with a name of its own is asked once and answered by its name', async () => {
    const askNamed = (waitUntil) =>
        alice.signAndSendTransaction({
            receiverId: id('oracle'),
            actions: [actions.functionCall('ask_named', { name: 'n', question: 'how?' }, 50n * 10n ** 12n, 0n)],
            waitUntil,
        });
    const asked = await askNamed('INCLUDED_FINAL');
    const twice = await askNamed('FINAL');
    assert.equal(value(twice), null);
    const answered = await send(root, 'oracle', 'answer_named', { name: 'n', answer: 'so' });
    assert.equal(value(answered), true);
    const end = await provider.viewTransactionStatus({
        txHash: asked.transaction.hash,
        accountId: alice.accountId,
        waitUntil: 'FINAL',
    });
    assert.equal(value(end), 'so');
    await replay.again(asked, (r) => !r.receipt.Action.is_promise_yield);
    await replay.again(twice);
    await replay.again(answered);
    await replay.again(asked, (r) => r.receipt.Action.is_promise_yield);
    assert.equal(value(await run(root, 'oracle', 'answer_named', { name: 'n', answer: 'so' })), false);
});

test('every call was compared with the VM alone', () => {
    assert.ok(replay.calls >= 60, `${replay.calls} calls`);
    console.log(`  ${replay.calls} calls burnt the same gas on the chain and in the VM alone`);
});
