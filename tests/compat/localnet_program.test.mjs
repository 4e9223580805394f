// tests/compat/localnet_program.test.mjs — alcove-localnet as a program: its flags, its folder, and
// what is left after it was ended in every way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
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

const base58 = (bytes) => {
    let text = '';
    for (let n = BigInt(`0x${bytes.toString('hex')}`); n > 0n; n /= 58n)
        text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[Number(n % 58n)] + text;
    const zeros = bytes.findIndex((b) => b !== 0);
    return '1'.repeat(zeros) + text;
};
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
        'json', 'exit-with-parent', 'expose', 'rpc-addr', 'network-addr', 'fast', 'version'])
        assert.match(help.out, new RegExp(`--${flag}\\b`));
    for (const word of ['sandbox_patch_state', 'sandbox_fast_forward', 'sandbox_dump_state', 'sandbox_snapshot',
        'sandbox_restore', 'sandbox_drop_snapshot', '/v0/last_block/final', '/v0/block/HEIGHT', 'docs/localnet.md'])
        assert.ok(help.out.includes(word), word);
    for (const word of ['dump', 'init', 'run']) assert.match(help.out, new RegExp(`alcove-localnet.* ${word}\\b`));
});

test('--version says which', async () => {
    const said = await run(program, '--version');
    assert.equal(said.code, 0);
    assert.match(said.out, /^alcove-localnet \d+\.\d+\.\d+, NEAR protocol \d+\n$/);
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
        [['--account', 'A'], /'A' names no account: 2 to 64 of a-z and 0-9/],
        [['--account', 'a.near=many'], /whole NEAR/],
        [['--account', 'sandbox'], /there is one sandbox already/],
        [['--rpc-addr', '127.0.0.1'], /rpc-addr: '127.0.0.1' is not HOST:PORT/],
        [['--rpc-addr', '8.8.8.8:0'], /public knowledge/],
        [['--rpc-addr', '127.0.0.1:70000'], /rpc-addr: '127.0.0.1:70000': a port is a number from 0 to 65535/],
        [['--rpc-addr', '127.0.0.1:99999999999999999999'], /a port is a number from 0 to 65535/],
        [['--host', 'example.org'], /public knowledge/],
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
    const waiting = Promise.all([polled, sent]); // none is cut off
    await run(process.execPath, '-e', `fetch('${net.rpc}/status')`); // by now both are being served
    const asked = Date.now();
    assert.equal(await net.stop(), 0);
    assert.ok(Date.now() - asked < 5000); // a wait would be 10 s and 20 s
    const [block, { status, body }] = await waiting;
    assert.equal(block.status, 404);
    assert.equal((await block.json()).type, 'BLOCK_DOES_NOT_EXIST');
    assert.equal(status, 408);
    assert.equal(body.error.cause.name, 'TIMEOUT_ERROR');
});

// ---- where it listens ----

// The ready line of a start with any flags and words; the program is ended by its pid.
const ready = async (words, options = {}) => {
    const child = spawn(program, ['--json', '--exit-with-parent', ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
        ...options,
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const line = await Promise.race([
        new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
        ended.then((code) => Promise.reject(new Error(`ended with ${code}`))),
    ]);
    const stop = () => child.kill() && ended;
    return { ...JSON.parse(line), stop };
};

test('localhost is the loopback, and what listens everywhere names an address to call', async () => {
    for (const words of [['--host', 'localhost', '--port', '0'], ['--rpc-addr', 'localhost:0'],
        ['--host', '0.0.0.0', '--expose', '--port', '0']]) {
        const net = await ready(words);
        assert.match(net.rpc, /^http:\/\/127\.0\.0\.1:\d+$/);
        assert.equal((await fetch(`${net.rpc}/status`)).status, 200);
        await net.stop();
    }
});

test('key files are named by their whole path', async () => {
    const net = await ready(['--port', '0', '--home', 'relative'], { cwd: folder });
    assert.equal(net.root.key_file, join(folder, 'relative', 'test.near.json'));
    assert.ok(existsSync(net.root.key_file));
    await net.stop();
});

test('flags go before config.json', { timeout: 60000 }, async () => {
    const place = join(folder, 'flags');
    const config = join(place, 'config.json');
    assert.equal((await run(program, '--home', place, 'init')).code, 0);
    const busy = await ready(['--port', '0']);
    const text = readFileSync(config, 'utf8').replace('127.0.0.1:3030', `127.0.0.1:${new URL(busy.rpc).port}`);
    writeFileSync(config, text);
    // config.json names a port that is taken: whoever listens has taken it from the flags
    assert.match((await run(program, '--home', place, 'run')).err, /in use/);
    for (const words of [['--port', '0'], ['--port=0'], ['--rpc-addr', '127.0.0.1:0'], ['--host', '::1', '--port', '0']]) {
        const net = await ready(['--home', place, ...words, 'run']);
        assert.notEqual(net.rpc, busy.rpc);
        if (words[1] === '::1') assert.match(net.rpc, /^http:\/\/\[::1\]/);
        await net.stop();
    }
    await busy.stop();
    writeFileSync(config, text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:0'));
    const net = await ready(['--home', place, 'run']); // and without flags it says where
    await net.stop();
    for (const [bad, sentence] of [['{', /config\.json: not valid JSON/], ['', /config\.json: not valid JSON/],
        ['{"rpc":{"addr":"here"}}', /config\.json: rpc\.addr: 'here' is not HOST:PORT/]]) {
        writeFileSync(config, bad);
        const refused = await run(program, '--home', place, 'run');
        assert.equal(refused.code, 2);
        assert.match(refused.err, sentence);
    }
});

test('a whole URL is taken for its path', async () => {
    const net = await start(program);
    const { port } = new URL(net.rpc);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    socket.write(`GET http://127.0.0.1:${port}/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const pieces = await Array.fromAsync(socket);
    assert.match(Buffer.concat(pieces).toString(), /^HTTP\/1\.1 200 [^]*"chain_id"/);
    assert.equal(await net.stop(), 0);
});

// ---- homes that were made in another way ----

test('a home goes on only as it was begun', { timeout: 60000 }, async () => {
    const plain = join(folder, 'plain');
    const first = await start(program, '--home', plain);
    assert.equal(await first.stop(), 0);
    const genesis = join(folder, 'genesis.json');
    writeFileSync(genesis, (await run(program, 'dump', '--home', plain)).out);
    for (const [words, sentence] of [
        [['--deterministic'], /begun without it/],
        [['--genesis', genesis], /holds a chain already, which was not made from .*genesis\.json/],
        [['init'], /holds a chain that was begun without init/],
    ]) {
        const refused = await run(program, '--home', plain, '--port', '0', ...words);
        assert.notEqual(refused.code, 0);
        assert.match(refused.err, sentence);
    }
    assert.equal(existsSync(join(plain, 'config.json')), false);
    const again = await start(program, '--home', plain); // and none of them has done it harm
    assert.equal(await again.stop(), 0);

    const made = join(folder, 'made');
    for (let i = 0; i < 2; i++) {
        const net = await ready(['--home', made, '--port', '0', '--genesis', genesis]);
        await net.stop();
    }
});

test('a database of another program is left alone', async () => {
    const place = join(folder, 'foreign');
    mkdirSync(place);
    const file = join(place, 'chain.db');
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE diary(day TEXT)');
    db.close();
    const before = readFileSync(file);
    const refused = await run(program, '--home', place, '--port', '0');
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /chain\.db is the database of another program/);
    assert.deepEqual(readFileSync(file), before);
});

// ---- transactions over a limit ----

test('transactions over a limit are told which', async () => {
    const net = await start(program);
    const send = async (method, list) => {
        const signed = await rootOf(net).createSignedTransaction({ receiverId: 'test.near', actions: list });
        const bytes = Buffer.from(signed.encode());
        const hash = createHash('sha256').update(Buffer.from(signed.transaction.encode())).digest();
        return { hash, answer: await ask(net.rpc, method, [bytes.toString('base64')]) };
    };
    const large = [actions.deployContract(new Uint8Array(1_600_000))];
    const { hash, answer } = await send('broadcast_tx_async', large);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.result, base58(hash)); // the hash, whatever becomes of it
    const many = Array.from({ length: 101 }, () => actions.transfer(1n));
    for (const [list, reason] of [
        [large, (e) => assert.equal(e.TransactionSizeExceeded.limit, 1572864)],
        [many, (e) => assert.deepEqual(e.ActionsValidation, {
            TotalNumberOfActionsExceeded: { total_number_of_actions: 101, limit: 100 } })],
    ]) {
        const { body } = (await send('send_tx', list)).answer;
        assert.equal(body.error.cause.name, 'INVALID_TRANSACTION');
        reason(body.error.data.TxExecutionError.InvalidTxError);
    }
    for (const method of ['broadcast_tx_async', 'send_tx', 'tx']) {
        const noise = await ask(net.rpc, method, [Buffer.alloc(1_600_000, 'x').toString('base64')]);
        assert.equal(noise.status, 400);
        assert.equal(noise.body.error.cause.name, 'PARSE_ERROR');
    }
    assert.equal(await net.stop(), 0);
});

// ---- what it tells who develops a contract ----

test('--log debug has a line for each transaction', async () => {
    const child = spawn(program, ['--json', '--exit-with-parent', '--port', '0', '--log', 'debug'], {
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (piece) => (log += piece));
    const net = JSON.parse(await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)));
    const root = rootOf({ ...net, rootSecret: JSON.parse(readFileSync(net.root.key_file, 'utf8')).private_key });
    const until = { waitUntil: 'FINAL' };
    await root.signAndSendTransaction({ receiverId: 'test.near', ...until,
        actions: [actions.deployContract(readFileSync(process.env.GREETING_WASM))] });
    const called = await root.signAndSendTransaction({ receiverId: 'test.near', ...until,
        actions: [actions.functionCall('set_greeting', new Uint8Array([104, 105]), 10n ** 13n, 0n)] });
    await assert.rejects(root.signAndSendTransaction({ receiverId: 'test.near', ...until,
        actions: [actions.functionCall('no_such_method', new Uint8Array(), 10n ** 13n, 0n)] }));
    child.kill();
    await new Promise((resolve) => child.on('close', resolve));
    const lines = log.split('\n').filter((line) => line.includes(' localnet.tx '));
    assert.equal(lines.length, 3);
    assert.ok(lines[1].includes(`hash=${called.transaction_outcome.id} signer=test.near receiver=test.near`));
    const [said] = called.receipts_outcome.flatMap((r) => r.outcome.logs);
    assert.ok(lines[1].endsWith(` ok logs=[${JSON.stringify(said)}]`), lines[1]);
    assert.match(lines[2], / failed=\{.*MethodNotFound.*\} logs=\[\]$/);
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
