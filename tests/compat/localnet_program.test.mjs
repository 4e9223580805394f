// tests/compat/localnet_program.test.mjs — alcove-localnet as a program: its flags, its folder, and
// what is left after it was ended in every way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { Account, JsonRpcProvider, actions } from 'near-api-js';
import { ask, endAll, run, start } from './localnet.mjs';

const program = process.env.LOCALNET_PROGRAM;
const folder = mkdtempSync(join(tmpdir(), 'alcove-test-'));
const home = join(folder, 'home');

after(() => {
    endAll();
    rmSync(folder, { recursive: true });
});

const rootOf = (net) => new Account('test.near', new JsonRpcProvider({ url: net.rpc }), net.rootSecret);
const amountOf = async (net, id) => {
    const params = { request_type: 'view_account', finality: 'final', account_id: id };
    return BigInt((await ask(net.rpc, 'query', params)).body.result.amount);
};

test('--help names every flag and ends well', async () => {
    const help = await run(program, '--help');
    assert.equal(help.code, 0);
    for (const flag of ['host', 'port', 'home', 'chain-id', 'account', 'seed', 'deterministic', 'genesis',
        'import', 'block-time-ms', 'idle-ms', 'trie-nodes', 'validity-blocks', 'state-view-bytes', 'log',
        'json', 'exit-with-parent', 'expose', 'rpc-addr', 'network-addr', 'fast'])
        assert.match(help.out, new RegExp(`--${flag}\\b`));
    for (const word of ['dump', 'init', 'run']) assert.match(help.out, new RegExp(`alcove-localnet.* ${word}\\b`));
});

test('flags that make no sense stop the start with a sentence', async () => {
    for (const [flags, sentence, code = 2] of [
        [['--nonsense'], /no flag --nonsense/],
        [['--port', '70000'], /port: '70000' .* is not a number from 0 to 65535/],
        [['--host', '0.0.0.0'], /public knowledge; say --expose/],
        [['--log', 'loud'], /log: 'loud'/],
        [['word'], /'word': only flags and one of run, init, dump/],
        [['run', 'init'], /'init': only flags/],
        [['init'], /init wants a --home/],
        [['dump'], /dump wants the --home/],
        [['--account', 'A'], /'A' names no account/],
        [['--account', 'a.near=many'], /whole NEAR/],
        [['--account', 'sandbox'], /there is one sandbox already/],
        [['--rpc-addr', '127.0.0.1'], /rpc-addr: '127.0.0.1' is not HOST:PORT/],
        [['--rpc-addr', '8.8.8.8:0'], /public knowledge/],
        [['--import', 'nowhere.json', '--port', '0'], /nowhere\.json/, 5],
    ]) {
        const refused = await run(program, ...flags);
        assert.equal(refused.code, code, flags.join(' '));
        assert.match(refused.err, sentence);
        assert.equal(refused.out, '');
    }
});

test('a port that is taken is told', async () => {
    const net = await start(program);
    const second = await run(program, '--port', new URL(net.rpc).port);
    assert.notEqual(second.code, 0);
    assert.match(second.err, /address/i);
    assert.equal(await net.stop(), 0);
});

test('without a home nothing is left, not even the key', async () => {
    const net = await start(program);
    assert.equal(statSync(net.root.key_file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(net.root.key_file)).mode & 0o777, 0o700);
    assert.equal(await net.stop('SIGINT'), 0);
    assert.equal(existsSync(dirname(net.root.key_file)), false);
});

test('with a home the chain goes on after an orderly end', async () => {
    const first = await start(program, '--home', home);
    await rootOf(first).transfer({ receiverId: 'sandbox', amount: 5n });
    const had = await amountOf(first, 'sandbox');
    const { latest_block_height: height, latest_block_hash: hash } = (await ask(first.rpc, 'status', [])).body
        .result.sync_info;
    assert.equal(await first.stop(), 0);
    const second = await start(program, '--home', home);
    assert.equal(second.rootSecret, first.rootSecret);
    assert.equal(await amountOf(second, 'sandbox'), had);
    assert.equal((await ask(second.rpc, 'block', [height])).body.result.header.hash, hash);
    await rootOf(second).transfer({ receiverId: 'sandbox', amount: 5n });
    assert.equal(await amountOf(second, 'sandbox'), had + 5n);
    assert.equal(await second.stop(), 0);
});

test('what a client was told survives a kill', { timeout: 60000 }, async () => {
    const first = await start(program, '--home', home);
    const before = await amountOf(first, 'sandbox');
    const root = rootOf(first);
    let told = 0n; // a bit for each transfer whose result came back
    let killed;
    const half = new Promise((resolve) => {
        for (let i = 0n; i < 16n; i++)
            root.transfer({ receiverId: 'sandbox', amount: 1n << i }).then(
                () => {
                    told |= 1n << i;
                    if (told.toString(2).replaceAll('0', '').length === 8) resolve();
                },
                (e) => killed ?? resolve(Promise.reject(e)), // after the kill they fail, as they should
            );
    });
    await half;
    killed = first.stop('SIGKILL');
    assert.equal(await killed, null);
    const second = await start(program, '--home', home);
    const there = (await amountOf(second, 'sandbox')) - before;
    assert.equal(there & told, told);
    await rootOf(second).transfer({ receiverId: 'sandbox', amount: 1n });
    assert.equal(await second.stop(), 0);
});

test('a home has one process at a time', async () => {
    const net = await start(program, '--home', home);
    const second = await run(program, '--port', '0', '--home', home);
    assert.equal(second.code, 12); // BUSY
    assert.match(second.err, /another localnet runs in this folder/);
    assert.equal(await net.stop(), 0);
});

test('a home of another chain is refused', async () => {
    const second = await run(program, '--port', '0', '--home', home, '--chain-id', 'other');
    assert.notEqual(second.code, 0);
    assert.match(second.err, /chain/);
});

test('it ends with its parent when asked to', { timeout: 30000 }, async () => {
    // The shell starts the program, hands on its ready line, and dies when its input ends.
    const shell = spawn('/bin/sh', ['-c', '"$0" --port 0 --json --exit-with-parent & read line', program], {
        stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: shell.stdout });
    const { root } = JSON.parse(await new Promise((resolve) => lines.once('line', resolve)));
    assert.equal(existsSync(root.key_file), true);
    const closed = new Promise((resolve) => shell.on('close', resolve)); // by the last who writes there
    shell.stdin.end();
    await closed;
    assert.equal(existsSync(root.key_file), false);
});

test('requests that wait do not hold up its end', { timeout: 15000 }, async () => {
    const net = await start(program, '--block-time-ms', '60000');
    const polled = fetch(`${net.rpc}/v0/block/1`); // the next block is a minute away
    const signed = await rootOf(net).createSignedTransaction({
        receiverId: 'sandbox',
        actions: [actions.transfer(1n)],
    });
    const sent = ask(net.rpc, 'send_tx', {
        signed_tx_base64: Buffer.from(signed.encode()).toString('base64'),
        wait_until: 'FINAL',
    });
    const waiting = Promise.allSettled([polled, sent]);
    await run(process.execPath, '-e', `fetch('${net.rpc}/status')`); // by now both are being served
    const asked = Date.now();
    assert.equal(await net.stop(), 0);
    assert.ok(Date.now() - asked < 5000); // a wait would be 10 s and 20 s
    await waiting;
});

// ---- accounts, dumps, snapshots ----

const accountOf = (net, which) =>
    new Account(
        which.account_id,
        new JsonRpcProvider({ url: net.rpc }),
        JSON.parse(readFileSync(which.key_file, 'utf8')).private_key,
    );

test('accounts of --account are there with their keys, at a later start too', async () => {
    const place = join(folder, 'accounts');
    const first = await start(program, '--home', place, '--account', 'alice.test.near', '--account', 'bob=5');
    assert.deepEqual(first.accounts.map((a) => a.account_id), ['alice.test.near', 'bob']);
    assert.equal(await amountOf(first, 'alice.test.near'), 10000n * 10n ** 24n);
    assert.equal(await amountOf(first, 'bob'), 5n * 10n ** 24n);
    await accountOf(first, first.accounts[1]).transfer({ receiverId: 'sandbox', amount: 1n });
    assert.equal(await first.stop(), 0);
    const second = await start(program, '--home', place, '--account', 'bob=7', '--account', 'carol=7');
    assert.ok((await amountOf(second, 'bob')) < 5n * 10n ** 24n); // what is there stays
    assert.equal(await amountOf(second, 'carol'), 7n * 10n ** 24n);
    await accountOf(second, second.accounts[1]).transfer({ receiverId: 'bob', amount: 1n });
    assert.equal(await second.stop(), 0);
});

test('deterministic chains are the same, and a seed changes the keys', { timeout: 60000 }, async () => {
    const play = async (...flags) => {
        const net = await start(program, '--deterministic', '--account', 'alice', ...flags);
        const alice = accountOf(net, net.accounts[0]);
        await alice.transfer({ receiverId: 'sandbox', amount: 5n });
        await rootOf(net).createAccount({ newAccountId: 'x.test.near', publicKey: await alice.getSigner().getPublicKey() });
        await ask(net.rpc, 'sandbox_fast_forward', { delta_height: 500 });
        await alice.transfer({ receiverId: 'x.test.near', amount: 7n });
        const { sync_info: info } = (await ask(net.rpc, 'status', [])).body.result;
        const { records } = (await ask(net.rpc, 'sandbox_dump_state', {})).body.result;
        assert.equal(await net.stop(), 0);
        return JSON.stringify([info, records]);
    };
    const [one, two, other] = [await play(), await play(), await play('--seed', 'other')];
    assert.equal(one, two);
    assert.notEqual(one, other);
});

test('a dump carries accounts to another chain, once', async () => {
    const from = join(folder, 'from');
    const first = await start(program, '--home', from, '--account', 'alice.test.near=3');
    await rootOf(first).transfer({ receiverId: 'sandbox', amount: 12345n });
    assert.match((await run(program, 'dump', '--home', from)).err, /another localnet/);
    assert.equal(await first.stop(), 0);
    assert.match((await run(program, 'dump', '--home', folder)).err, /holds no chain/);
    assert.match((await run(program, 'dump', '--home', from, '--account', 'nobody')).err, /no account nobody/);
    const dump = await run(program, 'dump', '--home', from, '--account', 'sandbox', '--account', 'alice.test.near');
    assert.equal(dump.code, 0);
    assert.equal(JSON.parse(dump.out).records.length, 4);
    const file = join(folder, 'dump.json');
    writeFileSync(file, dump.out);

    const to = join(folder, 'to');
    const second = await start(program, '--home', to, '--import', file);
    assert.equal(await amountOf(second, 'sandbox'), 10000n * 10n ** 24n + 12345n);
    assert.equal(await amountOf(second, 'alice.test.near'), 3n * 10n ** 24n);
    await rootOf(second).transfer({ receiverId: 'sandbox', amount: 1n });
    assert.equal(await second.stop('SIGKILL'), null);
    const third = await start(program, '--home', to, '--import', file);
    assert.equal(await amountOf(third, 'sandbox'), 10000n * 10n ** 24n + 12346n);
    assert.equal(await third.stop(), 0);

    // All of it is a genesis.
    const all = join(folder, 'all.json');
    writeFileSync(all, (await run(program, 'dump', '--home', from)).out);
    const fourth = await run(program, '--genesis', all, '--chain-id', 'other');
    assert.match(fourth.err, /of the chain localnet, not other/);
    const child = spawn(program, ['--port', '0', '--json', '--exit-with-parent', '--genesis', all], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
    const net = JSON.parse(line);
    assert.equal(net.root, undefined); // the keys are those of the file
    assert.equal(await amountOf(net, 'alice.test.near'), 3n * 10n ** 24n);
    child.kill();
});

test('a snapshot brings the chain back, waits end', { timeout: 60000 }, async () => {
    const net = await start(program, '--home', join(folder, 'snapshots'));
    const status = async () => (await ask(net.rpc, 'status', [])).body.result.sync_info;
    const { id } = (await ask(net.rpc, 'sandbox_snapshot', {})).body.result;
    const before = await status();
    await rootOf(net).transfer({ receiverId: 'sandbox', amount: 5n });
    const polled = fetch(`${net.rpc}/v0/block/${(await status()).latest_block_height + 5}`);
    await run(process.execPath, '-e', `fetch('${net.rpc}/status')`); // by now it is being served
    const asked = Date.now();
    assert.deepEqual((await ask(net.rpc, 'sandbox_restore', { id })).body.result, {});
    assert.equal((await polled).status, 404);
    assert.ok(Date.now() - asked < 5000);
    assert.deepEqual(await status(), before);
    assert.equal(await amountOf(net, 'sandbox'), 10000n * 10n ** 24n);
    await rootOf(net).transfer({ receiverId: 'sandbox', amount: 5n });
    assert.equal((await ask(net.rpc, 'sandbox_drop_snapshot', { id })).body.error, undefined);
    assert.match((await ask(net.rpc, 'sandbox_restore', { id })).body.error.data, /no snapshot/);
    assert.equal(await net.stop(), 0);
});
