// tests/compat/localnet.mjs — starts alcove-localnet on a free port for a test and ends it by pid.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const running = new Set();

// endAll is for after(): a failed test may have left a program behind.
export const endAll = () => running.forEach((child) => child.kill('SIGKILL'));

const secretOf = (account) => JSON.parse(readFileSync(account.key_file, 'utf8')).private_key;

// start(program, ...flags) resolves to what the ready line says, the secrets of the accounts, and
// stop([signal]), which resolves to the exit code (null after SIGKILL).
export async function start(program, ...flags) {
    const child = spawn(program, ['--port', '0', '--json', '--exit-with-parent', ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
    running.add(child);
    ended.then(() => running.delete(child));
    const lines = createInterface({ input: child.stdout });
    const ready = await Promise.race([
        new Promise((resolve) => lines.once('line', (line) => resolve(JSON.parse(line)))),
        ended.then((code) => Promise.reject(new Error(`alcove-localnet ended with ${code}`))),
        new Promise((_, reject) => child.once('error', reject)),
    ]);
    return {
        ...ready,
        rootSecret: secretOf(ready.root),
        sandboxSecret: secretOf(ready.sandbox),
        stop: (signal = 'SIGTERM') => {
            child.kill(signal);
            return ended;
        },
    };
}

// run(program, ...flags) resolves to {code, out, err} of a program that ends by itself.
export async function run(program, ...flags) {
    const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { out: '', err: '' };
    child.stdout.on('data', (piece) => (result.out += piece));
    child.stderr.on('data', (piece) => (result.err += piece));
    result.code = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
    return result;
}

// One JSON-RPC request without a client library: {status, body}.
export async function ask(url, method, params) {
    const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return { status: response.status, body: await response.json() };
}
