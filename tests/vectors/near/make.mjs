// Writes transactions.json: transactions and delegate actions as near-api-js encodes and signs
// them.  Keys come from fixed seeds and signatures are deterministic, so a second run changes
// nothing.  Run in tests/compat after `npm ci`:
//   node_modules/node/bin/node ../vectors/near/make.mjs
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../compat/package.json', import.meta.url));
const near = await import(pathToFileURL(require.resolve('near-api-js')).href);
const { actions: make, KeyPair, KeyType, Signature, SignedTransaction } = near;
const { version } = JSON.parse(readFileSync(new URL(
    '../../compat/node_modules/near-api-js/package.json', import.meta.url)));

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));

const alice = KeyPair.fromString('ed25519:3tgdk2wPraJzT4nsTuf86UX41xgPNk3MHnq8epARMdBNs29AFEztAuaQ7iHddDfXG9F2RzV1XNQYgJyAyoW51UBB');
const bob = KeyPair.fromString('secp256k1:' + near.baseEncode(sha256('a fixed seed')));
const keys = { ed25519: alice, secp256k1: bob };
const edKey = alice.getPublicKey().toString();
const ecKey = bob.getPublicKey().toString();

function sign(pair, hash) {
    return new Signature({ keyType: pair.getPublicKey().keyType, data: pair.sign(hash).signature });
}

// One description of an action, as the vector shows it, to near-api-js's own.
function toAction(a) {
    const key = a.public_key && near.PublicKey.from(a.public_key);
    switch (a.kind) {
    case 'CreateAccount': return make.createAccount();
    case 'DeployContract': return make.deployContract(unhex(a.code));
    case 'FunctionCall':
        return make.functionCall(a.method_name, unhex(a.args), BigInt(a.gas), BigInt(a.deposit));
    case 'Transfer': return make.transfer(BigInt(a.deposit));
    case 'Stake': return make.stake(BigInt(a.stake), key);
    case 'AddKey': {
        const access = a.permission === 'FullAccess' ? make.fullAccessKey()
            : make.functionCallAccessKey(a.receiver_id, a.method_names,
                a.allowance === null ? undefined : BigInt(a.allowance));
        access.nonce = BigInt(a.nonce);
        const action = make.addFullAccessKey(key);
        action.addKey.accessKey = access;
        return action;
    }
    case 'DeleteKey': return make.deleteKey(key);
    case 'DeleteAccount': return make.deleteAccount(a.beneficiary_id);
    case 'DeployGlobalContract':
        return make.deployGlobalContract(unhex(a.code), a.by_account ? 'accountId' : 'codeHash');
    case 'UseGlobalContract':
        return make.useGlobalContract(a.account_id ? { accountId: a.account_id }
            : { codeHash: unhex(a.code_hash) });
    case 'Delegate': {
        const delegateAction = toDelegate(a);
        return make.signedDelegate({
            delegateAction,
            signature: sign(keys[a.signed_by], sha256(near.encodeDelegateAction(delegateAction))),
        });
    }
    }
    throw new Error(`no such kind: ${a.kind}`);
}

function toDelegate(d) {
    return near.buildDelegateAction({
        senderId: d.sender_id, receiverId: d.receiver_id, actions: d.actions.map(toAction),
        nonce: BigInt(d.nonce), maxBlockHeight: BigInt(d.max_block_height),
        publicKey: keys[d.signed_by].getPublicKey(),
    });
}

function transaction(name, given) {
    const pair = keys[given.signed_by];
    const tx = near.createTransaction(given.signer_id, pair.getPublicKey(), given.receiver_id,
        BigInt(given.nonce), given.actions.map(toAction), unhex(given.block_hash));
    const borsh = near.encodeTransaction(tx);
    const hash = sha256(borsh);
    const signed = near.encodeTransaction(new SignedTransaction({ transaction: tx, signature: sign(pair, hash) }));
    return {
        name, given,
        expected: {
            borsh: hex(borsh), hash: near.baseEncode(hash), signed: Buffer.from(signed).toString('base64'),
        },
    };
}

function delegate(name, given) {
    const bytes = near.encodeDelegateAction(toDelegate(given));
    return { name, given, expected: { signed_bytes: hex(bytes), hash: near.baseEncode(sha256(bytes)) } };
}

const zero = '00'.repeat(32);
const some = hex(sha256('a block'));
const u64 = String(2n ** 64n - 1n);
const u128 = String(2n ** 128n - 1n);
const by = (signed_by, actions, more = {}) => ({
    signed_by, signer_id: 'sandbox', receiver_id: 'alice.sandbox', nonce: '7', block_hash: zero,
    actions, ...more,
});
const call = {
    kind: 'FunctionCall', method_name: 'request_execution', args: hex(Buffer.from('{"a":"\u00fc"}')),
    gas: '30000000000000', deposit: '1',
};
const addCallKey = {
    kind: 'AddKey', public_key: edKey, nonce: '0', permission: 'FunctionCall', allowance: null,
    receiver_id: 'compute.sandbox', method_names: [],
};
const inner = {
    sender_id: 'sandbox', receiver_id: 'bob.sandbox', nonce: '8', max_block_height: '1000',
    signed_by: 'ed25519', actions: [{ kind: 'Transfer', deposit: '1' }],
};

const vectors = {
    source: `near-api-js ${version}, tests/vectors/near/make.mjs`,
    keys: {
        ed25519: { secret: alice.toString(), public: edKey, implicit: near.keyToImplicitAddress(edKey) },
        secp256k1: { public: ecKey },
    },
    transactions: [
        transaction('no actions', by('ed25519', [])),
        transaction('create and transfer', by('ed25519', [
            { kind: 'CreateAccount' }, { kind: 'Transfer', deposit: '1000000000000000000000000' }])),
        transaction('deploy', by('ed25519', [{ kind: 'DeployContract', code: '0061736d01000000' }])),
        transaction('deploy nothing', by('ed25519', [{ kind: 'DeployContract', code: '' }])),
        transaction('call', by('ed25519', [call], { block_hash: some })),
        transaction('call with the largest numbers', by('ed25519', [
            { ...call, args: '', gas: u64, deposit: u128 }], { nonce: u64 })),
        transaction('transfer of the most', by('ed25519', [{ kind: 'Transfer', deposit: u128 }])),
        transaction('stake', by('ed25519', [{ kind: 'Stake', stake: '12345', public_key: edKey }])),
        transaction('add a full key', by('ed25519', [
            { kind: 'AddKey', public_key: ecKey, nonce: '5', permission: 'FullAccess' }])),
        transaction('add a call key', by('ed25519', [addCallKey])),
        transaction('add a call key with allowance and names', by('ed25519', [
            { ...addCallKey, allowance: '250000000000000000000000', method_names: ['a', 'b_c', 'resolve_execution'] }])),
        transaction('add a call key with allowance 0', by('ed25519', [{ ...addCallKey, allowance: '0' }])),
        transaction('delete a key', by('ed25519', [{ kind: 'DeleteKey', public_key: ecKey }])),
        transaction('delete the account', by('ed25519', [
            { kind: 'DeleteAccount', beneficiary_id: 'bob.sandbox' }])),
        transaction('deploy global by hash', by('ed25519', [
            { kind: 'DeployGlobalContract', code: '0061736d', by_account: false }])),
        transaction('deploy global by account', by('ed25519', [
            { kind: 'DeployGlobalContract', code: '0061736d', by_account: true }])),
        transaction('use global by hash', by('ed25519', [{ kind: 'UseGlobalContract', code_hash: some }])),
        transaction('use global by account', by('ed25519', [
            { kind: 'UseGlobalContract', account_id: 'globals.sandbox' }])),
        transaction('delegate', by('ed25519', [{ kind: 'Delegate', ...inner }])),
        transaction('delegate of many, secp256k1 sender', by('ed25519', [{
            kind: 'Delegate', ...inner, signed_by: 'secp256k1', nonce: u64, max_block_height: u64,
            actions: [{ kind: 'CreateAccount' }, call, addCallKey, { kind: 'DeleteKey', public_key: ecKey }],
        }])),
        transaction('all at once', by('ed25519', [
            { kind: 'CreateAccount' }, { kind: 'DeployContract', code: '010203' }, call,
            { kind: 'Transfer', deposit: '123' }, { kind: 'Stake', stake: '1', public_key: edKey },
            addCallKey, { kind: 'DeleteKey', public_key: edKey },
            { kind: 'DeleteAccount', beneficiary_id: 'bob.sandbox' }])),
        transaction('signed with secp256k1', by('secp256k1', [call, { kind: 'Transfer', deposit: '1' }])),
        transaction('ids of 2 and 64 characters', by('ed25519', [{ kind: 'CreateAccount' }], {
            signer_id: 'aa', receiver_id: near.keyToImplicitAddress(edKey) })),
    ],
    delegates: [
        delegate('one transfer', inner),
        delegate('secp256k1 key, no actions', { ...inner, signed_by: 'secp256k1', actions: [] }),
    ],
};
writeFileSync(new URL('transactions.json', import.meta.url), JSON.stringify(vectors, null, 1) + '\n');
