"""tests/model/model.py — a second implementation of NEAR's balances, gas, keys and receipt ids, as
plainly as it can be said; protocol version 88, gas price at its least.

Of NEAR's VM it knows nothing: what a contract burnt is taken from the chain (`Outcomes`), what the
methods of the test contract do is told by METHODS.  All else is computed here and compared."""
import copy

import near

NEAR = 10**24
TGAS = 10**12
BLOCK_PRICE = 10**8
BUY_PRICE = 10**9
BYTE_PRICE = 10**19
FREE_BYTES = 770
CREATION = 7 * 10**21

# Gas: (send to oneself, send, execute).
FEES = {
    "receipt": (108059500000, 108059500000, 108059500000),
    "create": (500000000000, 500000000000, 7200000000000),
    "deploy": (184765750000, 184765750000, 184765750000),
    "deploy_byte": (6812999, 47683715, 64572944),
    "call": (200000000000, 200000000000, 780000000000),
    "call_byte": (2235934, 47683715, 2235934),
    "transfer": (115123062500, 115123062500, 115123062500),
    "full_key": (101765125000, 101765125000, 101765125000),
    "call_key": (102217625000, 102217625000, 102217625000),
    "call_key_byte": (1925331, 47683715, 1925331),
    "delete_key": (94946625000, 94946625000, 94946625000),
    "delete_account": (147489000000, 147489000000, 147489000000),
    "delegate": (200000000000, 200000000000, 200000000000),
    "gas_transfer": (115123062500, 115123062500, 235676644250),
    "gas_byte": (59357464, 59357464, 101435400),
    "gas_nonce": (0, 0, 64196736000),
}
SELF, SEND, EXEC = 0, 1, 2


class Failed(Exception):
    """An action failed, by the name of its error."""


class Invalid(Exception):
    """A transaction is refused."""


def is_implicit(name):
    return len(name) == 64 and all(c in "0123456789abcdef" for c in name)


# ---- fees ----

def fee(a, side, receiver):
    kind = a[0]
    if kind == "deploy":
        return FEES["deploy"][side] + FEES["deploy_byte"][side] * len(a[1])
    if kind == "call":
        return FEES["call"][side] + FEES["call_byte"][side] * (len(a[1]) + len(a[2]))
    if kind == "transfer" and is_implicit(receiver):
        return sum(FEES[f][side] for f in ("transfer", "create", "full_key"))
    place = 1 + len(receiver) + 1 + 33  # of an access key in the state
    if kind == "add_gas_key":
        own = fee(("add_key", a[1], a[3]), side, receiver)
        if side != EXEC:
            return own + FEES["gas_byte"][side] * 18
        return own + a[2] * (FEES["gas_nonce"][EXEC] + FEES["gas_byte"][EXEC] * (place + 2 + 8))
    if kind in ("fill", "withdraw"):
        length = place + 27 if side == EXEC else 33
        return FEES["gas_transfer"][side] + FEES["gas_byte"][side] * length
    if kind == "add_key" and a[2] is None:
        return FEES["full_key"][side]
    if kind == "add_key":
        return (FEES["call_key"][side]
                + FEES["call_key_byte"][side] * sum(len(m) + 1 for m in a[2][2]))
    return FEES[kind][side]


def inner(a):
    """(actions, receiver, to oneself) of a delegate."""
    d = a[1]
    return d["actions"], d["receiver"], d["sender"] == d["receiver"]


def send_gas(actions, to_self, receiver):
    side, gas = SELF if to_self else SEND, 0
    for a in actions:
        gas += fee(a, side, receiver)
        if a[0] == "delegate":
            gas += sum(fee(i, side, inner(a)[1]) for i in inner(a)[0])
    return gas


def exec_gas(actions, receiver):
    gas = FEES["receipt"][EXEC]
    for a in actions:
        gas += fee(a, EXEC, receiver)
        if a[0] == "delegate":
            gas += exec_gas(inner(a)[0], inner(a)[1])
    return gas


def prepaid_gas(actions):
    gas = 0
    for a in actions:
        if a[0] == "call":
            gas += a[3]
        if a[0] == "delegate":
            some, receiver, to_self = inner(a)
            gas += prepaid_gas(some) + send_gas(some, to_self, receiver)
    return gas


def deposits(actions):
    total = 0
    for a in actions:
        if a[0] == "call":
            total += a[4]
        elif a[0] == "transfer":
            total += a[1]
        elif a[0] == "fill":
            total += a[2]
        elif a[0] == "delegate":
            total += deposits(inner(a)[0])
    return total


# ---- the state ----

def key_bytes(limit, gas):
    n = 33 + 8 + 1 + 40
    if gas is not None:
        n += 16 + 2 + len(gas[1]) * (33 + 2 + 8 + 40)
    if limit is not None:
        allowance, receiver, methods = limit
        n += (17 if allowance is not None else 1) + 4 + len(receiver) + 4
        n += sum(4 + len(m) for m in methods)
    return n


class Account:
    def __init__(self, amount=0):
        self.amount, self.locked, self.usage = amount, 0, 100
        self.code = b""
        # text → [nonce, None or [allowance, receiver, methods], None or [balance, nonces]]
        self.keys = {}
        self.data = {}

    def add_key(self, text, nonce, limit, gas_nonces=None):
        gas = None if gas_nonces is None else [0, [nonce] * gas_nonces]
        self.keys[text] = [nonce if gas is None else 0, None if limit is None else list(limit), gas]
        self.usage += key_bytes(limit, gas)

    def in_gas_keys(self):
        return sum(gas[0] for _, _, gas in self.keys.values() if gas is not None)

    def lack(self):
        if self.usage <= FREE_BYTES:
            return 0
        return max(0, BYTE_PRICE * self.usage - self.amount - self.locked)

    def write(self, key, value):
        old = self.data.get(key)
        self.usage += len(value) - len(old) if old is not None else 40 + len(key) + len(value)
        self.data[key] = value


class Receipt:
    def __init__(self, predecessor, receiver, actions, signer, key, price):
        self.predecessor, self.receiver, self.actions = predecessor, receiver, actions
        self.signer, self.key, self.price = signer, key, price
        self.outputs, self.inputs = [], []  # (data id, receiver), data ids
        self.id = None


class Data:
    """What a receipt sends to the one that waits for it."""

    def __init__(self, receiver, data_id):
        self.receiver, self.data_id, self.id = receiver, data_id, None


# ---- methods of the contract: what they write, what they send, what gas they set aside ----

def _pay(call):
    call.send(call.args.decode(), [("transfer", NEAR)])


def _make(call):
    call.send(call.args.decode(), [("create",), ("transfer", 2 * NEAR)])


def _side_fails(call):
    call.send(call.me, [("call", "boom", b"", 5 * TGAS, 0)])


def _chain(method, args):
    def run(call):
        first = call.send(call.me, [("call", method, args, 5 * TGAS, 0)])
        second = call.send(call.me, [("call", "cb", b"", 5 * TGAS, 0)])
        call.depend(second, first)
    return run


def _fails(call):
    raise Failed("FunctionCallError")


METHODS = {
    "hello": lambda call: None,
    "set": lambda call: call.account.write(b"k", call.args),
    "pay": _pay,
    "make": _make,
    "side_fails": _side_fails,
    "chain": _chain("echo", b"one"),
    "chain_fails": _chain("boom", b""),
    "echo": lambda call: None,
    "cb": lambda call: None,
    "boom": _fails,
    "spin": _fails,
    "pay_and_boom": _fails,
    "missing": _fails,
}


class Call:
    def __init__(self, apply, args):
        self.apply, self.args = apply, args
        self.account, self.me = apply.account, apply.receipt.receiver
        self.aside = self.edges = 0

    def send(self, receiver, actions):
        price = deposits(actions)
        if price > self.account.amount:
            raise Failed("FunctionCallError")
        self.account.amount -= price
        self.aside += exec_gas(actions, receiver) + prepaid_gas(actions)
        return self.apply.emit(self.me, receiver, actions)

    def depend(self, later, earlier):
        """`later` waits for what `earlier` returns."""
        r, height = self.apply.receipt, self.apply.chain.height
        action = near.derived(r.id, height, -1 - (len(r.actions) - 1))
        data_id = near.derived(action, height, self.edges)
        self.edges += 1
        earlier.outputs.append((data_id, later.receiver))
        later.inputs.append(data_id)  # data is paid for at once: the VM has burnt it


# ---- one receipt ----

class Apply:
    def __init__(self, chain, receipt):
        self.chain, self.receipt = chain, receipt
        self.account = copy.deepcopy(chain.accounts.get(receipt.receiver))
        self.actor, self.created, self.made = receipt.predecessor, False, []
        self.tokens = 0  # burnt besides gas
        self.burnt = self.used = FEES["receipt"][EXEC]

    def emit(self, predecessor, receiver, actions, signer=None, key=None, price=None):
        r = self.receipt
        self.made.append(Receipt(predecessor, receiver, actions,
                                 r.signer if signer is None else signer,
                                 r.key if key is None else key,
                                 r.price if price is None else price))
        return self.made[-1]

    def need_actor(self):
        if self.actor != self.receipt.receiver:
            raise Failed("ActorNoPermission")

    def run(self, a):
        kind, me = a[0], self.receipt.receiver
        if kind != "create" and self.account is None:
            alone = len(self.receipt.actions) == 1 and self.receipt.predecessor != "system"
            if not (kind == "transfer" and is_implicit(me) and alone):
                raise Failed("AccountDoesNotExist")
        getattr(self, "do_" + kind)(a, me)

    def do_create(self, a, me):
        if self.account is not None:
            raise Failed("AccountAlreadyExists")
        if is_implicit(me):
            raise Failed("OnlyImplicitAccountCreationAllowed")
        if "." not in me:
            if self.receipt.predecessor != "registrar":
                raise Failed("CreateAccountOnlyByRegistrar")
        elif me.split(".", 1)[1] != self.receipt.predecessor:
            raise Failed("CreateAccountNotAllowed")
        self.account, self.actor, self.created = Account(), me, True

    def do_transfer(self, a, me):
        if self.account is None:
            self.account, self.created = Account(), True
            self.account.add_key("ed25519:" + near.base58(bytes.fromhex(me)),
                                 self.chain.first_nonce(), None)
        if self.receipt.predecessor == "system" and self.receipt.signer == me:
            self.gas_refund(a[1])
        else:
            self.account.amount += a[1]

    def gas_refund(self, amount):
        """Back to where the gas was paid from."""
        _, limit, gas = self.account.keys.get(self.receipt.key, (0, None, None))
        if gas is not None:
            gas[0] += amount
            return
        self.account.amount += amount
        if limit is not None and limit[0] is not None:
            limit[0] += amount

    def do_deploy(self, a, me):
        self.need_actor()
        self.account.usage += len(a[1]) - len(self.account.code)
        self.account.code = a[1]

    def do_add_key(self, a, me):
        self.need_actor()
        if a[1].text in self.account.keys:
            raise Failed("AddKeyAlreadyExists")
        self.account.add_key(a[1].text, self.chain.first_nonce(), a[2])

    def do_add_gas_key(self, a, me):
        self.need_actor()
        if a[1].text in self.account.keys:
            raise Failed("AddKeyAlreadyExists")
        self.account.add_key(a[1].text, self.chain.first_nonce(), a[3], a[2])

    def do_delete_key(self, a, me):
        self.need_actor()
        key = self.account.keys.pop(a[1].text, None)
        if key is None:
            raise Failed("DeleteKeyDoesNotExist")
        if key[2] is not None:
            if key[2][0] > NEAR:
                raise Failed("GasKeyBalanceTooHigh")
            self.tokens += key[2][0]
        self.account.usage -= key_bytes(key[1], key[2])

    def gas_key(self, text):
        _, _, gas = self.account.keys.get(text, (0, None, None))
        if gas is None:
            raise Failed("GasKeyDoesNotExist")
        return gas

    def do_fill(self, a, me):
        self.gas_key(a[1].text)[0] += a[2]

    def do_withdraw(self, a, me):
        self.need_actor()
        gas = self.gas_key(a[1].text)
        if gas[0] < a[2]:
            raise Failed("InsufficientGasKeyBalance")
        gas[0] -= a[2]
        self.account.amount += a[2]

    def do_delete_account(self, a, me):
        self.need_actor()
        if self.account.locked > 0:
            raise Failed("DeleteAccountStaking")
        if self.account.usage - len(self.account.code) > 10000:
            raise Failed("DeleteAccountWithLargeState")
        if self.account.in_gas_keys() > NEAR:
            raise Failed("GasKeyBalanceTooHigh")
        self.tokens += self.account.in_gas_keys()
        if self.account.amount > 0:
            self.emit("system", a[1], [("transfer", self.account.amount)], "system", "", 0)
        self.account = None

    def do_call(self, a, me):
        _, method, args, gas, deposit = a
        before, kept = copy.deepcopy(self.account), len(self.made)
        vm = self.chain.outcomes.vm_gas(self, method)
        self.burnt += vm
        self.account.amount += deposit
        call = Call(self, args)
        try:
            if not self.account.code or method not in METHODS:
                raise Failed("FunctionCallError")
            METHODS[method](call)
            if vm + call.aside > gas:
                raise Failed("FunctionCallError")
        except Failed:
            self.account, self.made[kept:] = before, []
            self.used += vm
            raise
        self.used += vm + call.aside

    def do_delegate(self, a, me):
        d, signature = a[1], a[2]
        if signature != near.sign_delegate(d):
            raise Failed("DelegateActionInvalidSignature")
        if self.chain.height > d["max_height"]:
            raise Failed("DelegateActionExpired")
        if d["sender"] != me:
            raise Failed("DelegateActionSenderDoesNotMatchTxReceiver")
        key = self.account.keys.get(d["key"].text)
        if key is None:
            raise Failed("DelegateActionAccessKeyError")
        if key[2] is not None:
            raise Failed("DelegateActionAccessKeyError")
        if d["nonce"] <= key[0]:
            raise Failed("DelegateActionInvalidNonce")
        if d["nonce"] >= self.chain.height * 10**6:
            raise Failed("DelegateActionNonceTooLarge")
        if key_refuses(key[1], d["receiver"], d["actions"]) is not None:
            raise Failed("DelegateActionAccessKeyError")
        key[0] = d["nonce"]
        self.emit(me, d["receiver"], d["actions"])
        some, receiver, to_self = inner(a)
        sent = send_gas(some, to_self, receiver)
        self.burnt += sent
        self.used += sent + exec_gas(some, receiver) + prepaid_gas(some)

    def all(self):
        """The name of the failure with its action's index, or None."""
        r = self.receipt
        for i, a in enumerate(r.actions):
            if a[0] == "delegate":
                own = FEES["delegate"][EXEC]
            else:
                own = fee(a, EXEC, r.receiver)
            self.burnt += own
            self.used += own
            try:
                self.run(a)
            except Failed as e:
                return (i, str(e))
        if self.account is not None and self.account.lack() > 0:
            return (None, "LackBalanceForState")
        return None

    def refunds(self, failure):
        """Tokens burnt; refund receipts are made."""
        r = self.receipt
        if r.predecessor == "system":
            if failure is not None:
                self.chain.burnt += deposits(r.actions)
            return 0
        paid = prepaid_gas(r.actions) + exec_gas(r.actions, r.receiver)
        spent = self.burnt if failure is not None else self.used
        price = min(r.price, BLOCK_PRICE)
        saved = (r.price - price) * self.burnt
        charge = 0
        if self.created:
            charge = min(max(0, CREATION - price * FEES["create"][EXEC]), saved)
        if failure is not None and deposits(r.actions) > 0:
            self.emit("system", r.predecessor, [("transfer", deposits(r.actions))], "system", "", 0)
        back = r.price * (paid - spent) + saved - charge
        if back > 0:
            self.emit("system", r.signer, [("transfer", back)], r.signer, r.key, 0)
        return price * self.burnt + charge + (self.tokens if failure is None else 0)


def key_refuses(limit, receiver, actions):
    if limit is None:
        return None
    _, allowed, methods = limit
    if len(actions) != 1 or actions[0][0] != "call":
        return "RequiresFullAccess"
    if actions[0][4] > 0:
        return "DepositWithFunctionCall"
    if allowed != receiver:
        return "ReceiverMismatch"
    if methods and actions[0][1] not in methods:
        return "MethodNameMismatch"
    return None


# ---- the chain ----

class Chain:
    def __init__(self, accounts, height, outcomes):
        self.accounts, self.height, self.outcomes = accounts, height, outcomes
        self.burnt = 0
        self.waiting, self.arrived = [], set()  # receipts without all their inputs; inputs

    def first_nonce(self):
        return (self.height - 1) * 10**6

    def total(self):
        return self.burnt + sum(a.amount + a.locked + a.in_gas_keys()
                                for a in self.accounts.values())

    def check_nonce(self, nonce, used):
        if nonce <= used:
            raise Invalid("InvalidNonce")
        if nonce >= (self.height + 1) * 10**6:
            raise Invalid("NonceTooLarge")

    def pay_by_gas_key(self, account, access, nonce, index, gas_cost, price, receiver, actions):
        """The gas is the key's to pay, the deposits the account's."""
        _, limit, gas = access
        self.check_nonce(nonce, gas[1][index])
        if gas[0] < gas_cost:
            raise Invalid("NotEnoughGasKeyBalance")
        refused = key_refuses(limit, receiver, actions)
        if refused is not None:
            raise Invalid(refused)
        if account.amount < price:
            raise Invalid("NotEnoughBalanceForDeposit")
        account.amount -= price
        if account.lack() > 0:
            raise Invalid("NotEnoughBalanceForDeposit")
        gas[0] -= gas_cost
        gas[1][index] = nonce

    def convert(self, digest, signer, key, nonce, receiver, actions, index):
        """The checks, the payment, and the receipt."""
        if any(a[0] == "delegate" and any(i[0] == "withdraw" for i in inner(a)[0])
               for a in actions):
            raise Invalid("WithdrawFromGasKeyNotAllowedInDelegate")
        account = copy.deepcopy(self.accounts.get(signer))
        if account is None:
            raise Invalid("SignerDoesNotExist")
        access = account.keys.get(key.text)
        if access is None:
            raise Invalid("AccessKeyNotFound")
        if (index is None) != (access[2] is None):
            raise Invalid("InvalidNonceIndex")
        if index is not None and index >= len(access[2][1]):
            raise Invalid("InvalidNonceIndex")
        to_self = signer == receiver
        burnt = FEES["receipt"][SELF if to_self else SEND] + send_gas(actions, to_self, receiver)
        rest = prepaid_gas(actions) + exec_gas(actions, receiver)
        gas_cost = burnt * BLOCK_PRICE + rest * BUY_PRICE
        if index is None:
            self.pay(account, access, nonce, gas_cost, deposits(actions), receiver, actions)
        else:
            self.pay_by_gas_key(account, access, nonce, index, gas_cost, deposits(actions),
                                receiver, actions)
        self.height += 1
        self.accounts[signer] = account
        self.burnt += burnt * BLOCK_PRICE
        receipt = Receipt(signer, receiver, actions, signer, key.text, BUY_PRICE)
        receipt.id = near.derived(digest, self.height, 0)
        self.outcomes.expect(digest, signer, burnt, burnt * BLOCK_PRICE, None, [receipt.id])
        return receipt

    def pay(self, account, access, nonce, gas_cost, price, receiver, actions):
        self.check_nonce(nonce, access[0])
        cost = gas_cost + price
        if account.amount < cost:
            raise Invalid("NotEnoughBalance")
        limit = access[1]
        if limit is not None and limit[0] is not None:
            if limit[0] < cost:
                raise Invalid("NotEnoughAllowance")
            limit[0] -= cost
        account.amount -= cost
        if account.lack() > 0:
            raise Invalid("LackBalanceForState")
        refused = key_refuses(limit, receiver, actions)
        if refused is not None:
            raise Invalid(refused)
        access[0] = nonce

    def play(self, digest, signer, key, nonce, receiver, actions, index=None):
        """A transaction to its end, each hop in a block of its own; raises Invalid."""
        first = self.convert(digest, signer, key, nonce, receiver, actions, index)
        waiting = [first]
        if signer == receiver:
            waiting = self.apply(first)
        while waiting:
            self.height += 1
            made = []
            for receipt in waiting:
                made += self.deliver(receipt)
            waiting = made
        assert not self.waiting and not self.arrived, "somebody waits for ever"

    def deliver(self, receipt):
        """What follows from a receipt in its slot; the last input of another makes that one run."""
        if isinstance(receipt, Data):
            self.arrived.add(receipt.data_id)
            complete = [r for r in self.waiting if self.arrived.issuperset(r.inputs)]
        else:
            self.waiting.append(receipt)
            complete = [receipt] if self.arrived.issuperset(receipt.inputs) else []
        made = []
        for r in complete:
            self.waiting.remove(r)
            self.arrived.difference_update(r.inputs)
            made += self.apply(r)
        return made

    def apply(self, receipt):
        a = Apply(self, receipt)
        failure = a.all()
        if failure is not None:
            a.account, a.made = copy.deepcopy(self.accounts.get(receipt.receiver)), []
            a.created = False  # it is not there
        burnt = a.refunds(failure)
        self.burnt += burnt
        if a.account is None:
            self.accounts.pop(receipt.receiver, None)
        else:
            self.accounts[receipt.receiver] = a.account
        a.made += [Data(receiver, data_id) for data_id, receiver in receipt.outputs]
        for j, r in enumerate(a.made):
            r.id = near.derived(receipt.id, self.height, j)
        self.outcomes.expect(receipt.id, receipt.receiver, a.burnt, burnt, failure,
                             [r.id for r in a.made if isinstance(r, Receipt)])
        return a.made
