// tests/compat/near_workspaces.test.mjs — near-workspaces 5, unmodified, with alcove-localnet in the
// place of NEAR's sandbox: `init`, `run`, and all that its users do with a worker.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, run } from './localnet.mjs';

const program = process.env.LOCALNET_PROGRAM;
const folder = mkdtempSync(join(tmpdir(), 'alcove-workspaces-'));
let worker;

before(async () => {
    // It takes the folder that holds a program of this name.
    symlinkSync(program, join(folder, 'near-sandbox'));
    process.env.NEAR_SANDBOX_BIN_PATH = folder;
    process.env.NEAR_SANDBOX_BINARY_PATH = folder;
    const require = createRequire(join(import.meta.dirname, 'near_workspaces', 'package.json'));
    const { Worker } = require('near-workspaces');
    worker = await Worker.init({ network: 'sandbox' });
});
after(async () => {
    await worker?.tearDown();
    rmSync(folder, { recursive: true });
});

const NEAR = 10n ** 24n;

test('accounts are made under the root, and pay each other', async () => {
    const alice = await worker.rootAccount.createSubAccount('alice', { initialBalance: (30n * NEAR).toString() });
    const bob = await worker.rootAccount.createSubAccount('bob', { initialBalance: (30n * NEAR).toString() });
    await alice.transfer(bob, 5n * NEAR);
    assert.equal(BigInt((await bob.balance()).total), 35n * NEAR);
    assert.ok(BigInt((await alice.balance()).total) < 25n * NEAR);
    await bob.delete(alice.accountId);
    assert.equal(await bob.exists(), false);
});

test('a contract is deployed, called and viewed', async () => {
    const contract = await worker.rootAccount.devDeploy(process.env.GREETING_WASM);
    const alice = worker.rootAccount.getSubAccount('alice');
    const result = await alice.callRaw(contract, 'set_greeting', 'good morning');
    assert.equal(result.succeeded, true);
    assert.deepEqual(result.logs, ['the greeting is set']);
    assert.equal(Buffer.from((await contract.viewRaw('get_greeting')).result).toString(), '"good morning"');
    const failed = await alice.callRaw(contract, 'no_such_method', {});
    assert.equal(failed.failed, true);
});

test('state is patched and viewed', async () => {
    const alice = worker.rootAccount.getSubAccount('alice');
    await alice.patchState('key', 'patched');
    assert.equal((await alice.viewState()).getRaw('key').toString(), 'patched');
    await alice.updateAccount({ amount: (77n * NEAR).toString(), locked: '0', storage_usage: 182 });
    assert.equal(BigInt((await alice.balance()).total), 77n * NEAR);
});

test('time is moved on', async () => {
    const height = async () => (await worker.provider.block({ finality: 'final' })).header.height;
    const before = await height();
    await worker.provider.fastForward(500);
    assert.ok((await height()) >= before + 500);
});

// ---- what drivers do between init and run ----

const freePort = () =>
    new Promise((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });

const read = (home, name) => JSON.parse(readFileSync(join(home, name), 'utf8'));

async function ready(url, child) {
    for (let ended = false; !ended; ended = child.exitCode !== null) {
        const answer = await fetch(`${url}/status`).catch(() => undefined);
        if (answer?.status === 200) return answer.json();
    }
    throw new Error('it ended');
}

test('records that a driver adds to genesis.json are there when it runs', { timeout: 60000 }, async () => {
    const home = join(folder, 'edited');
    const known = 'ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB';
    assert.equal((await run(program, '--home', home, 'init', '--fast')).code, 0);
    for (const name of ['config.json', 'genesis.json', 'node_key.json', 'validator_key.json'])
        assert.equal(statSync(join(home, name)).mode & 0o777, 0o600, name);
    const root = read(home, 'validator_key.json');
    assert.deepEqual(Object.keys(root), ['account_id', 'public_key', 'secret_key']);
    const genesis = read(home, 'genesis.json');
    genesis.total_supply = (BigInt(genesis.total_supply) + 10000n * NEAR).toString();
    genesis.records.push(
        {
            Account: {
                account_id: 'registrar',
                account: {
                    amount: (10000n * NEAR).toString(),
                    locked: '0',
                    code_hash: '11111111111111111111111111111111',
                    storage_usage: 182,
                },
            },
        },
        {
            AccessKey: {
                account_id: 'registrar',
                public_key: known,
                access_key: { nonce: 0, permission: 'FullAccess' },
            },
        },
    );
    writeFileSync(join(home, 'genesis.json'), JSON.stringify(genesis));
    const config = read(home, 'config.json');
    config.rpc.limits_config.json_payload_max_size = 1024 ** 3;
    config.store.max_open_files = 3000;
    writeFileSync(join(home, 'config.json'), JSON.stringify(config));
    // Again: what is there is kept.
    assert.equal((await run(program, '--home', home, 'init', '--fast')).code, 0);
    assert.deepEqual(read(home, 'genesis.json'), genesis);

    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const flags = ['--home', home, 'run', '--rpc-addr', `0.0.0.0:${port}`, '--network-addr', '0.0.0.0:0'];
    const child = spawn(program, [...flags, '--exit-with-parent'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    try {
        assert.equal((await ready(url, child)).chain_id, genesis.chain_id);
        const shown = (await ask(url, 'EXPERIMENTAL_genesis_config', null)).body.result;
        assert.equal(shown.total_supply, genesis.total_supply);
        assert.deepEqual(shown.validators, genesis.validators);
        const view = (id) => ask(url, 'query', { request_type: 'view_account', finality: 'final', account_id: id });
        assert.equal((await view('registrar')).body.result.amount, (10000n * NEAR).toString());
        assert.equal((await view('sandbox')).body.error.cause.name, 'UNKNOWN_ACCOUNT'); // in no record
    } finally {
        child.kill('SIGINT');
    }
    assert.equal(await ended, 0);
});

test('run says what is wrong with the genesis', async () => {
    const home = join(folder, 'broken');
    mkdirSync(home);
    const tryRun = () => run(program, '--home', home, 'run', '--rpc-addr', '127.0.0.1:0');
    assert.match((await tryRun()).err, /genesis\.json: run `alcove-localnet --home .* init` first/);
    assert.equal((await run(program, '--home', home, 'init')).code, 0);
    const good = read(home, 'genesis.json');
    const withRecord = (record) => ({ ...good, records: [...good.records, record] });
    for (const [genesis, sentence] of [
        [{ ...good, total_supply: '5' }, /total_supply is 5, but the accounts of the records hold 105/],
        [withRecord({ Account: { account_id: 'Bad', account: {} } }), /record 2: Account: account_id/],
        [withRecord({ Account: { account_id: 'ok', account: { amount: 5 } } }), /record 2: Account of ok: account.amount/],
        [withRecord(good.records[0]), /record 2: Account of test\.near: it is there already/],
        [withRecord({ Data: { account_id: 'nobody', data_key: '', value: '' } }), /record 2: Data of nobody: there is no/],
        [withRecord({ PostponedReceipt: {} }), /record 2: records of kind PostponedReceipt/],
        [{ ...good, genesis_time: 'today' }, /genesis_time: an RFC 3339/],
        [{ ...good, records: undefined }, /no `records`/],
    ]) {
        writeFileSync(join(home, 'genesis.json'), JSON.stringify(genesis));
        const refused = await tryRun();
        assert.notEqual(refused.code, 0);
        assert.match(refused.err, sentence);
    }
});
