// tests/compat/localnet_program.test.mjs — alcove-localnet as a program: its flags, its folder, and
// what is left after it was ended in every way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, existsSync } from 'node:fs';
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
    for (const flag of ['host', 'port', 'home', 'chain-id', 'block-time-ms', 'idle-ms', 'trie-nodes',
        'validity-blocks', 'state-view-bytes', 'log', 'json', 'exit-with-parent', 'expose'])
        assert.match(help.out, new RegExp(`--${flag}\\b`));
});

test('flags that make no sense stop the start with a sentence', async () => {
    for (const [flags, sentence] of [
        [['--nonsense'], /no flag --nonsense/],
        [['--port', '70000'], /port: '70000' .* is not a number from 0 to 65535/],
        [['--host', '0.0.0.0'], /public knowledge; say --expose/],
        [['--log', 'loud'], /log: 'loud'/],
        [['word'], /'word': only flags/],
    ]) {
        const refused = await run(program, ...flags);
        assert.equal(refused.code, 2, flags.join(' '));
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
