// tests/compat/replay.mjs — what a chain did, done again in NEAR's VM alone: every call of a
// transaction must have burnt the same gas, said the same and logged the same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

// The program of near_sdk/vm_alone.c: a line in, a line out.
export class VmAlone {
    constructor(program) {
        if (!existsSync(program)) throw new Error(`there is no ${program}: build the target vm_alone`);
        this.child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
        this.ended = new Promise((resolve) => this.child.on('close', resolve));
    }

    async ask(request) {
        this.child.stdin.write(`${JSON.stringify(request)}\n`);
        const { value, done } = await this.lines.next();
        if (done) throw new Error(`vm_alone ended with ${await this.ended}`);
        return JSON.parse(value);
    }

    async stop() {
        this.child.stdin.end();
        return this.ended;
    }
}

export class Replay {
    constructor(provider, program, contracts) {
        this.provider = provider;
        this.vm = new VmAlone(program);
        this.contracts = contracts; // account → file
        this.heights = new Map();
        this.calls = 0; // how many were compared
    }

    async open() {
        for (const [account, wasm] of Object.entries(this.contracts)) await this.vm.ask({ open: account, wasm });
    }

    async height(blockHash) {
        if (!this.heights.has(blockHash)) {
            const { header } = await this.provider.viewBlock({ blockId: blockHash });
            this.heights.set(blockHash, header.height);
        }
        return this.heights.get(blockHash);
    }

    // again(result, wanted) replays the function calls of a finished transaction, in the order of
    // their blocks, those for which wanted(receipt); resolves to [contract.method, gas in the VM].
    async again(result, wanted = () => true) {
        const full = await this.provider.viewTransactionStatusWithReceipts({
            txHash: result.transaction.hash,
            accountId: result.transaction.signer_id,
            waitUntil: 'FINAL',
        });
        const outcomes = new Map(full.receipts_outcome.map((o) => [o.id, o]));
        const receipts = full.receipts.filter((r) => r.receipt.Action && outcomes.has(r.receipt_id));
        for (const r of receipts) r.height = await this.height(outcomes.get(r.receipt_id).block_hash);
        receipts.sort((a, b) => a.height - b.height); // stable: as listed within a block
        const lines = [];
        for (const r of receipts) {
            const call = r.receipt.Action.actions[0].FunctionCall;
            if (!call || !(r.receiver_id in this.contracts) || !wanted(r)) continue;
            assert.equal(r.receipt.Action.actions.length, 1);
            const alone = await this.run(r, call, receipts, outcomes);
            lines.push(this.compare(r, call, outcomes.get(r.receipt_id).outcome, alone));
        }
        return lines;
    }

    compare(receipt, call, outcome, alone) {
        const name = `${receipt.receiver_id.split('.')[0]}.${call.method_name}`;
        assert.equal('Failure' in outcome.status, !alone.ok, `${name}: ${alone.error}`);
        assert.equal(outcome.gas_burnt, alone.burnt + alone.exec, `${name}: gas burnt`);
        assert.deepEqual(outcome.logs, alone.logs, `${name}: logs`);
        if ('SuccessValue' in outcome.status) assert.equal(outcome.status.SuccessValue, alone.value, name);
        this.calls++;
        return [name, alone.burnt];
    }

    run(receipt, call, receipts, outcomes) {
        const { signer_id, input_data_ids, output_data_receivers, is_promise_yield } = receipt.receipt.Action;
        if (is_promise_yield) return this.vm.ask({ wake: receipt.receiver_id, method: call.method_name, args: call.args });
        return this.vm.ask({
            call: receipt.receiver_id,
            method: call.method_name,
            args: call.args,
            signer: signer_id,
            predecessor: receipt.predecessor_id,
            deposit: call.deposit,
            gas: call.gas,
            results: input_data_ids.map((id) => dataOf(id, receipts, outcomes)),
            receivers: output_data_receivers.map((d) => d.receiver_id),
        });
    }
}

// The base64 that the receipt behind `dataId` came to; null when it failed.
function dataOf(dataId, receipts, outcomes) {
    const from = receipts.find((r) => r.receipt.Action.output_data_receivers.some((d) => d.data_id === dataId));
    const { status } = outcomes.get(from.receipt_id).outcome;
    assert.ok(!('SuccessReceiptId' in status), 'a promise that returns a promise hands its receivers on');
    return 'SuccessValue' in status ? status.SuccessValue : null;
}
