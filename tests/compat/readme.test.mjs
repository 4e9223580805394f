// tests/compat/readme.test.mjs — contracts/README.md, followed from its empty file to its last call:
// the pieces of C and JavaScript and the commands are taken from the page, and what it shows must be
// printed.  Blocks are told apart by their language: "sh" is run, "text" is what the one before it
// prints, "js" says in its first line which file it is.  <!-- fails --> stands before commands whose
// last one ends with something but 0.
//
//   LOCALNET_PROGRAM=...  NEAR_CLI=path of its script   node --test <this>
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endAll, start } from './localnet.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const page = readFileSync(join(root, 'contracts', 'README.md'), 'utf8');
const blocks = [...page.matchAll(/(?:^<!-- (.*) -->\n)?^```(\w*)\n([^]*?)^```$/gm)].map(
    ([, mark, language, text]) => ({ mark, language, text }),
);
const source = blocks
    .filter(({ mark }) => mark === 'from tests/contract/guestbook.c')
    .map(({ text }) => text)
    .join('\n');
const home = realpathSync(mkdtempSync(join(tmpdir(), 'alcove-readme-')));
const environment = join(home, 'environment');
let address = 'http://127.0.0.1:3030'; // the page's, until the chain says where it is

// A folder that looks like the root of the repository after `make`, with `near` and `node` installed.
before(() => {
    for (const folder of ['contracts/guestbook', 'build', 'programs'])
        mkdirSync(join(home, folder), { recursive: true });
    for (const folder of ['src', 'sdk', 'contracts/token']) symlinkSync(join(root, folder), join(home, folder));
    symlinkSync(join(here, 'node_modules'), join(home, 'node_modules'));
    symlinkSync(process.execPath, join(home, 'programs', 'node'));
    writeFileSync(join(home, 'programs', 'near'), `#!/bin/sh\nexec node '${process.env.NEAR_CLI}' "$@"\n`);
    chmodSync(join(home, 'programs', 'near'), 0o755);
    writeFileSync(environment, '');
    writeFileSync(join(home, 'contracts', 'guestbook', 'guestbook.c'), source);
    process.chdir(home);
});
after(() => {
    endAll();
    rmSync(home, { recursive: true });
});

const placed = (text) => text.replaceAll('http://127.0.0.1:3030', address);

// One shell for each block, which finds the variables that those before it exported.
function shell(text) {
    const done = spawnSync('sh', ['-e', '-c', `exec 2>&1\n. '${environment}'\n${placed(text)}export -p > '${environment}'\n`], {
        env: { PATH: `${join(home, 'programs')}:${process.env.PATH}`, HOME: home },
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
    });
    return { code: done.status, out: done.stdout };
}

// The chain of the page, on a port that is free.
async function startChain(line) {
    const [program, ...flags] = line.trim().split(' ');
    assert.equal(program, 'build/release/bin/alcove-localnet');
    address = (await start(process.env.LOCALNET_PROGRAM, ...flags)).rpc;
}

let commands = 0;
blocks.forEach(({ mark, language, text }, i) => {
    if (language === 'js')
        test(`a file: ${text.split('\n')[0]}`, () => {
            const [, name] = text.match(/^\/\/ (\w+\.mjs)\n/);
            writeFileSync(join(home, name), placed(text));
        });
    if (language !== 'sh') return;
    commands++;
    test(text.split('\n').findLast((line) => line !== ''), async () => {
        if (text.includes('alcove-localnet')) return startChain(text);
        const { code, out } = shell(text);
        if (mark === 'fails') assert.notEqual(code, 0, out);
        else assert.equal(code, 0, out);
        const shown = blocks[i + 1]?.language === 'text' ? blocks[i + 1].text.trimEnd().split('\n') : [];
        let from = 0;
        for (const line of shown) {
            const at = out.indexOf(line, from);
            assert.notEqual(at, -1, `the page shows ${line}\nprinted is\n${out}`);
            from = at + line.length;
        }
    });
});

test('the page has commands, and the book is what they built', () => {
    assert.ok(commands > 5);
    assert.ok(existsSync(join(home, 'build', 'guestbook.wasm')));
    assert.equal(source, readFileSync(join(root, 'tests', 'contract', 'guestbook.c'), 'utf8'));
});
