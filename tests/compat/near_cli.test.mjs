// tests/compat/near_cli.test.mjs — near-cli 4, as its users type it, against alcove-localnet.
//
//   LOCALNET_PROGRAM=...  GREETING_WASM=...  NEAR_CLI=path of its script   node --test <this>
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, endAll, start } from './localnet.mjs';

const home = mkdtempSync(join(tmpdir(), 'alcove-near-cli-'));
const credentials = join(home, '.near-credentials', 'custom');
let net;

before(async () => {
    net = await start(process.env.LOCALNET_PROGRAM);
    mkdirSync(credentials, { recursive: true });
    copyFileSync(net.root.key_file, join(credentials, 'test.near.json'));
});
after(() => {
    endAll();
    rmSync(home, { recursive: true });
});

// near("call", ...) resolves to all that it printed, and its exit code.
async function near(...words) {
    const child = spawn(process.execPath, [process.env.NEAR_CLI, ...words, '--networkId', 'custom'], {
        env: {
            PATH: process.env.PATH,
            HOME: home,
            NEAR_ENV: 'custom',
            NEAR_CUSTOM_RPC: net.rpc,
            NEAR_CUSTOM_WALLET: net.rpc,
            NEAR_CUSTOM_HELPER: net.rpc,
            NEAR_CUSTOM_TLA: 'near',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    child.stdout.on('data', (piece) => (out += piece));
    child.stderr.on('data', (piece) => (out += piece));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, out };
}

async function ok(...words) {
    const done = await near(...words);
    assert.equal(done.code, 0, done.out);
    return done.out;
}

const account = async (id) =>
    (await ask(net.rpc, 'query', { request_type: 'view_account', finality: 'final', account_id: id })).body;

test('an account is made under the root, with its key kept', async () => {
    await ok('create-account', 'bob.test.near', '--useAccount', 'test.near', '--initialBalance', '20');
    assert.equal(BigInt((await account('bob.test.near')).result.amount), 20n * 10n ** 24n);
    assert.ok(existsSync(join(credentials, 'bob.test.near.json')));
    const again = await near('create-account', 'bob.test.near', '--useAccount', 'test.near');
    assert.notEqual(again.code, 0);
    assert.match(again.out, /already exists/);
});

test('its state and keys are shown', async () => {
    assert.match(await ok('state', 'bob.test.near'), /formattedAmount: '20'/);
    const { public_key } = JSON.parse(readFileSync(join(credentials, 'bob.test.near.json'), 'utf8'));
    assert.ok((await ok('list-keys', 'bob.test.near')).includes(public_key));
    const missing = await near('state', 'nobody.test.near');
    assert.match(missing.out, /does not exist|doesn't exist/);
});

test('tokens are sent', async () => {
    await ok('send-near', 'test.near', 'bob.test.near', '2.5');
    assert.equal(BigInt((await account('bob.test.near')).result.amount), 225n * 10n ** 23n);
});

let hash;
test('a contract is deployed, called and viewed', async () => {
    await ok('deploy', 'bob.test.near', process.env.GREETING_WASM, '--force');
    assert.notEqual((await account('bob.test.near')).result.code_hash, '1'.repeat(32));
    const called = await ok('call', 'bob.test.near', 'set_greeting', '{"text":"moin"}', '--useAccount',
        'test.near');
    assert.match(called, /the greeting is set/);
    [, hash] = called.match(/\/([1-9A-HJ-NP-Za-km-z]{43,44})\b/) ?? called.match(/\b([1-9A-HJ-NP-Za-km-z]{43,44})\b/);
    assert.match(await ok('view', 'bob.test.near', 'get_greeting'), /text: 'moin'/);
    assert.match(await ok('storage', 'bob.test.near', '--finality', 'final', '--utf8'), /greeting/);
});

test('a panic is shown with its words', async () => {
    const failed = await near('call', 'bob.test.near', 'fail', '{}', '--useAccount', 'test.near');
    assert.notEqual(failed.code, 0);
    assert.match(failed.out, /no greeting today/);
    const missing = await near('view', 'bob.test.near', 'no_such_method');
    assert.match(missing.out, /MethodNotFound|no_such_method/);
});

test('a transaction is looked up by its hash', async () => {
    const shown = await ok('tx-status', hash, 'test.near');
    assert.match(shown, /set_greeting/);
    assert.match(shown, /SuccessValue/);
});

test('a key for one method is added, used, and deleted', async () => {
    const made = await ok('generate-key', 'spare.test.near', '--queryLedgerPK=false');
    const [key] = made.match(/ed25519:[1-9A-HJ-NP-Za-km-z]+/);
    await ok('add-key', 'bob.test.near', key, '--contract-id', 'bob.test.near', '--method-names',
        'set_greeting', '--allowance', '0.1');
    const listed = await ok('list-keys', 'bob.test.near');
    assert.ok(listed.includes(key));
    await ok('delete-key', 'bob.test.near', key, '--force');
    assert.ok(!(await ok('list-keys', 'bob.test.near')).includes(key));
});

test('validators are listed', async () => {
    assert.match(await ok('validators', 'current'), /test\.near/);
});

test('an account is deleted and what it held goes to another', async () => {
    const before = BigInt((await account('test.near')).result.amount);
    const beneficiary = await near('delete-account', 'bob.test.near', 'nobody.test.near', '--force');
    assert.notEqual((await account('bob.test.near')).result, undefined, beneficiary.out);
    await ok('delete-account', 'bob.test.near', 'test.near', '--force');
    assert.equal((await account('bob.test.near')).error.cause.name, 'UNKNOWN_ACCOUNT');
    assert.ok(BigInt((await account('test.near')).result.amount) > before);
});
