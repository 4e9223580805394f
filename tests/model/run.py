#!/usr/bin/env python3
"""tests/model/run.py PROGRAM TOOL.wasm [SEED...] — random transactions through alcove-localnet
over HTTP, and through model.py beside it.

After each transaction: what every receipt burnt in gas and tokens, how it ended, and the ids of the
receipts it made.  After every few: each account's balance, storage, keys with nonces and
allowances, and data, to the yocto; and the sum of all.  The seed is printed; with it a run is the
same again."""
import base64
import http.client
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model
import near
from model import NEAR, TGAS

TOOL = "tool.test.near"
COMPARE_EVERY = 10


class Node:
    """The program, asked over one connection."""

    def __init__(self, program):
        self.child = subprocess.Popen(
            [program, "--port", "0", "--json", "--exit-with-parent", "--deterministic"],
            stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.child.stdout.readline())
        host, port = self.ready["rpc"].removeprefix("http://").split(":")
        self.http = http.client.HTTPConnection(host, int(port))

    def ask(self, method, params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.http.request("POST", "/", body, {"Content-Type": "application/json"})
        return json.loads(self.http.getresponse().read())

    def get(self, method, params):
        answer = self.ask(method, params)
        if "result" not in answer:
            raise SystemExit(f"{method}: {answer}")
        return answer["result"]

    def records(self):
        return self.get("sandbox_dump_state", {})["records"]

    def end(self):
        self.child.terminate()
        return self.child.wait()


def load_key(key):
    limit, gas, permission = None, None, key["permission"]
    if permission != "FullAccess":
        (kind, v), = permission.items()
        call = v if kind == "FunctionCall" else v[1] if kind == "GasKeyFunctionCall" else None
        info = v if kind == "GasKeyFullAccess" else v[0] if kind == "GasKeyFunctionCall" else None
        if call is not None:
            allowance = call["allowance"]
            limit = [None if allowance is None else int(allowance), call["receiver_id"],
                     call["method_names"]]
        if info is not None:
            gas = [int(info["balance"]), []]  # the nonces are records behind it
    return [key["nonce"], limit, gas]


def load(records):
    """The accounts of a dump."""
    accounts = {}
    for record in records:
        (kind, v), = record.items()
        if kind == "Account":
            a = accounts[v["account_id"]] = model.Account(int(v["account"]["amount"]))
            a.locked, a.usage = int(v["account"]["locked"]), v["account"]["storage_usage"]
            continue
        a = accounts[v["account_id"]]
        if kind == "AccessKey":
            a.keys[v["public_key"]] = load_key(v["access_key"])
        elif kind == "GasKeyNonce":
            a.keys[v["public_key"]][2][1].append(v["nonce"])
        elif kind == "Contract":
            a.code = base64.b64decode(v["code"])
        elif kind == "Data":
            a.data[base64.b64decode(v["data_key"])] = base64.b64decode(v["value"])
        else:
            raise SystemExit(f"a record of kind {kind}")
    return accounts


def shown(a):
    return {"amount": a.amount, "locked": a.locked, "usage": a.usage, "code": len(a.code),
            "keys": {k: [n, None if p is None else [p[0], p[1], list(p[2])], gas]
                     for k, (n, p, gas) in sorted(a.keys.items())},
            "data": sorted(a.data.items())}


def name_of(failure):
    """(index, name) of a Failure's ActionError."""
    error = failure["ActionError"]
    kind = error["kind"]
    return (error["index"], kind if isinstance(kind, str) else next(iter(kind)))


class Outcomes:
    """What the chain says of a transaction, and what the model makes of it."""

    def __init__(self):
        self.said, self.seen, self.same_gas = {}, set(), {}

    def take(self, result):
        self.said, self.seen = {}, set()
        for o in [result["transaction_outcome"], *result["receipts_outcome"]]:
            self.said[near.from_base58(o["id"])] = o["outcome"]

    def vm_gas(self, a, method):
        """What NEAR's VM burnt in the call that is the receipt's last action."""
        outcome = self.said.get(a.receipt.id)
        assert outcome is not None, f"no receipt {near.base58(a.receipt.id)} on the chain"
        gas, attached = outcome["gas_burnt"] - a.burnt, a.receipt.actions[-1][3]
        assert 0 <= gas <= attached, f"{method} burnt {gas} of {attached}"
        if method == "spin" and a.account.code:
            assert gas == attached, "a loop without end burns all"
        if method == "hello" and a.account.code:
            assert self.same_gas.setdefault(method, gas) == gas, f"{method} has another price now"
        return gas

    def expect(self, id_, executor, gas, tokens, failure, children):
        outcome = self.said.get(id_)
        assert outcome is not None, f"no outcome {near.base58(id_)} of {executor} on the chain"
        self.seen.add(id_)
        failed = outcome["status"].get("Failure")
        said = (outcome["executor_id"], outcome["gas_burnt"], int(outcome["tokens_burnt"]),
                None if failed is None else name_of(failed), outcome["receipt_ids"])
        want = (executor, gas, tokens, failure, [near.base58(c) for c in children])
        assert said == want, f"the chain says\n  {said}\nthe model\n  {want}"


class Play:
    """Draws transactions and plays them on both sides."""

    def __init__(self, node, seed):
        self.node, self.draw = node, random.Random(seed)
        self.outcomes, self.keys, self.counts = Outcomes(), {}, {}
        status = node.get("status", [])["sync_info"]
        self.chain = model.Chain(load(node.records()), status["latest_block_height"],
                                 self.outcomes)
        self.start = self.chain.total()
        with open(node.ready["root"]["key_file"], encoding="utf-8") as f:
            secret = json.load(f)["private_key"].removeprefix("ed25519:")
        self.root = near.Key(near.from_base58(secret)[:32])
        self.names = [f"a{i}.test.near" for i in range(8)] + [f"b.a{i}.test.near" for i in range(3)]
        for name in [*self.names, TOOL]:
            self.keys[name] = near.Key(near.hashlib.sha256(name.encode()).digest())
        self.extra = [near.Key(near.hashlib.sha256(b"extra%d" % i).digest()) for i in range(6)]
        self.implicit = [near.Key(near.hashlib.sha256(b"implicit%d" % i).digest())
                         for i in range(3)]
        self.keys.update({k.public.hex(): k for k in self.implicit})
        self.keys["test.near"] = self.root

    # ---- both sides ----

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def access(self, name, key):
        account = self.chain.accounts.get(name)
        return account.keys.get(key.text) if account else None

    def nonce(self, name, key, index=None):
        access = self.access(name, key)
        if access is None:
            return 1
        if index is not None and access[2] is not None and index < len(access[2][1]):
            return access[2][1][index] + 1
        return access[0] + 1

    def index(self, name, key):
        """None, or for a gas key one of its nonces; now and then a wrong one."""
        access = self.access(name, key)
        gas = access[2] if access else None
        if self.draw.random() < 0.03:
            return self.draw.choice([None, 0, 9])
        return None if gas is None else self.draw.randrange(len(gas[1]))

    def send(self, signer, key, receiver, actions, nonce=None, index=None):
        nonce = self.nonce(signer, key) if nonce is None else nonce
        head = self.node.get("status", [])["sync_info"]
        assert head["latest_block_height"] == self.chain.height, "another height"
        digest, raw = near.sign(signer, key, nonce, receiver,
                                near.from_base58(head["latest_block_hash"]), actions, index)
        answer = self.node.ask("send_tx", {"signed_tx_base64": base64.b64encode(raw).decode(),
                                           "wait_until": "FINAL"})
        said, refused = None, None
        if "result" in answer:
            self.outcomes.take(answer["result"])
        else:
            said = answer["error"]["data"]["TxExecutionError"]["InvalidTxError"]
            while isinstance(said, dict):
                name, inside = next(iter(said.items()))
                said = inside if name in ("InvalidAccessKeyError", "ActionsValidation") else name
        try:
            self.chain.play(digest, signer, key, nonce, receiver, actions, index)
        except model.Invalid as e:
            refused = str(e)
        assert said == refused, f"the chain refuses it by {said}, the model by {refused}"
        self.count(refused or "taken")
        if refused is None:
            assert self.outcomes.seen == set(self.outcomes.said), "receipts the model has not"
            for o in self.outcomes.said.values():
                if "Failure" in o["status"]:
                    self.count(name_of(o["status"]["Failure"])[1])

    def compare(self):
        there = load(self.node.records())
        assert sorted(there) == sorted(self.chain.accounts), "other accounts"
        for name, account in there.items():
            said, want = shown(account), shown(self.chain.accounts[name])
            assert said == want, f"{name}: the chain says\n  {said}\nthe model\n  {want}"
        assert self.chain.total() == self.start, "the sum has changed"

    # ---- what is drawn ----

    def someone(self):
        there = [n for n in self.keys if n in self.chain.accounts]
        return self.draw.choice(there)

    def anyone(self):
        return self.draw.choice(list(self.keys))

    def amount(self):
        return self.draw.choice([0, 1, self.draw.randrange(10**21), self.draw.randrange(10**24),
                                 self.draw.randrange(10**27)])

    def limit(self):
        if self.draw.random() < 0.3:
            return None
        allowance = self.draw.choice([None, 10**21, 3 * 10**22, 10**23])
        return (allowance, TOOL, self.draw.choice([[], ["hello"], ["set", "boom"]]))

    def call(self):
        method = self.draw.choice(list(model.METHODS))
        args = {"pay": self.anyone(), "make": f"m{self.draw.randrange(4)}.{TOOL}",
                "set": "v" * self.draw.randrange(600)}.get(method, "")
        gas = self.draw.choice([3, 10, 30, 100]) * TGAS
        deposit = self.draw.choice([0, 0, 0, 1, NEAR])
        return ("call", method, args.encode(), gas, deposit)

    def one(self):
        return self.draw.choice([
            lambda: ("transfer", self.amount()),
            lambda: ("create",),
            lambda: ("add_key", self.draw.choice(self.extra), self.limit()),
            lambda: ("delete_key", self.draw.choice(self.extra)),
            self.gas_action,
            self.call,
        ])()

    def gas_action(self):
        key = self.draw.choice(self.extra)
        choice = self.draw.random()
        if choice < 0.3:
            limit = self.limit()
            return ("add_gas_key", key, self.draw.choice([1, 2, 5]),
                    None if limit is None else (None, *limit[1:]))
        return ("fill" if choice < 0.8 else "withdraw", key,
                self.draw.choice([0, 10**20, 10**22, 10**23, NEAR // 2, 2 * NEAR]))

    def make_gas_key(self):
        """One with enough in it to be of use."""
        key = self.draw.choice(self.extra)
        limit = self.limit()
        return [("add_gas_key", key, self.draw.choice([1, 2, 5]),
                 None if limit is None else (None, *limit[1:])),
                ("fill", key, self.draw.choice([10**23, 3 * 10**23, 2 * NEAR]))]

    def batch(self):
        actions = [self.one() for _ in range(self.draw.choice([1, 1, 1, 2, 3]))]
        calls = [a for a in actions if a[0] == "call"]
        return [a for a in actions if a[0] != "call"] + calls[:1]  # the last action alone calls

    def delegate(self, relayer):
        sender, receiver = self.someone(), self.anyone()
        actions = self.batch()
        if self.draw.random() < 0.5:
            receiver, actions = TOOL, [self.call()]
        key = self.keys[sender] if self.draw.random() < 0.8 else self.draw.choice(self.extra)
        d = {"sender": sender, "receiver": receiver, "actions": actions, "key": key,
             "nonce": self.nonce(sender, key) + self.draw.choice([0, 0, 0, 5, -1]),
             "max_height": self.chain.height + self.draw.choice([100, 100, 100, 0])}
        if self.draw.random() < 0.1:
            d["nonce"] = 10**15
        signature = near.sign_delegate(d)
        if self.draw.random() < 0.1:
            signature = self.root.sign(b"something else")
        to = sender if self.draw.random() < 0.9 else relayer
        return to, [("delegate", d, signature)]

    def make_account(self):
        name = self.draw.choice(self.names)
        parent = name.split(".", 1)[1]
        if parent not in self.chain.accounts:
            parent = self.someone()
        deposit = self.draw.choice([0, 10**22, 5 * NEAR, 100 * NEAR])
        return parent, name, [("create",), ("transfer", deposit),
                              ("add_key", self.keys[name], None)]

    def step(self):
        choice = self.draw.random()
        if choice < 0.15:
            signer, receiver, actions = self.make_account()
        elif choice < 0.3:
            signer = self.someone()
            receiver, actions = self.delegate(signer)
        elif choice < 0.36:
            signer = receiver = self.draw.choice(self.names)
            actions = [("delete_account", self.anyone())]
        elif choice < 0.42:
            signer = receiver = self.someone()
            held = [k for k in self.extra if (self.access(signer, k) or (0, 0, None))[2]]
            if held and self.draw.random() < 0.4:
                actions = [("withdraw", self.draw.choice(held), self.draw.choice([1, 10**23, NEAR]))]
            else:
                actions = self.make_gas_key()
        elif choice < 0.64:
            signer, receiver, actions = self.someone(), TOOL, [self.call()]
        else:
            signer = self.someone()
            receiver = signer if self.draw.random() < 0.4 else self.anyone()
            actions = self.batch()
        key = self.keys[signer]
        account = self.chain.accounts.get(signer)
        if account is not None and self.draw.random() < 0.4:
            held = [k for k in self.extra if k.text in account.keys]
            key = self.draw.choice(held or [key])
            if key is not self.keys[signer] and self.draw.random() < 0.8:
                receiver, actions = TOOL, [self.call()]
        index = self.index(signer, key)
        nonce = self.nonce(signer, key, index)
        if self.draw.random() < 0.05:
            nonce = self.draw.choice([nonce - 1, nonce + 7, 10**15])
        self.count(actions[0][0])
        if index is not None:
            self.count("by gas key")
        self.send(signer, key, receiver, actions, nonce, index)

    def begin(self, code):
        self.send("test.near", self.root, TOOL,
                  [("create",), ("transfer", 50 * NEAR), ("add_key", self.keys[TOOL], None),
                   ("deploy", code)])
        for name in self.names[:4]:
            self.send("test.near", self.root, name,
                      [("create",), ("transfer", 20 * NEAR), ("add_key", self.keys[name], None)])
        self.compare()


# What a run of some length has to have met.
MUST = ("call", "delegate", "transfer", "create", "delete_account", "FunctionCallError",
        "AccountDoesNotExist", "AccountAlreadyExists", "ActorNoPermission", "NotEnoughBalance",
        "NotEnoughAllowance", "InvalidNonce", "DelegateActionExpired", "MethodNameMismatch",
        "by gas key", "fill", "InvalidNonceIndex", "NotEnoughGasKeyBalance", "GasKeyDoesNotExist",
        "InsufficientGasKeyBalance", "GasKeyBalanceTooHigh",
        "WithdrawFromGasKeyNotAllowedInDelegate")


def run(program, code, seed, steps, counts):
    """False, with a sentence, where the two disagree."""
    began, done, play = time.monotonic(), 0, None
    node = Node(program)
    try:
        play = Play(node, seed)
        play.begin(code)
        for done in range(1, steps + 1):
            play.step()
            if done % COMPARE_EVERY == 0:
                play.compare()
        play.compare()
    except AssertionError as e:
        print(f"seed {seed}, step {done}: {e}")
        node.end()
        return False
    for what, n in play.counts.items():
        counts[what] = counts.get(what, 0) + n
    print(f"seed {seed}: {steps} transactions, {play.counts['taken']} taken, "
          f"{len(play.chain.accounts)} accounts, {time.monotonic() - began:.1f} s")
    return node.end() == 0


def main():
    program, tool, *seeds = sys.argv[1:]
    steps, counts = int(os.environ.get("MODEL_STEPS", "1000")), {}
    with open(tool, "rb") as f:
        code = f.read()
    for seed in seeds or os.environ.get("MODEL_SEEDS", "1 2 3").split():
        if not run(program, code, int(seed), steps, counts):
            return 1
    print(", ".join(f"{n} {w}" for w, n in sorted(counts.items())))
    missing = [w for w in MUST if w not in counts]
    if missing and steps >= 1000:
        print(f"never drawn: {missing}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
