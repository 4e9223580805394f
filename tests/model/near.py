"""tests/model/near.py — just enough of NEAR for a client: base58, Ed25519, borsh of transactions.

Written from the published formats, with nothing but Python's own library: it shares no line with
the programs it tests."""
import hashlib
import struct

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = ALPHABET[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text):
    number = 0
    for c in text:
        number = number * 58 + ALPHABET.index(c)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


# ---- Ed25519 (RFC 8032), in extended coordinates ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def _base():
    xx = (BASE_Y * BASE_Y - 1) * pow(D * BASE_Y * BASE_Y + 1, P - 2, P)
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return (x, BASE_Y, 1, x * BASE_Y % P)


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _powers():
    points, point = [], _base()
    for _ in range(256):
        points.append(point)
        point = _add(point, point)
    return points


POWERS = _powers()


def _times_base(n):
    sum_ = (0, 1, 1, 0)
    for i in range(n.bit_length()):
        if n >> i & 1:
            sum_ = _add(sum_, POWERS[i])
    return sum_


def _compress(p):
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    """A key pair out of a seed."""

    def __init__(self, seed):
        h = hashlib.sha512(seed).digest()
        self.scalar = (int.from_bytes(h[:32], "little") & (2**254 - 8)) | 2**254
        self.prefix = h[32:]
        self.public = _compress(_times_base(self.scalar))
        self.text = "ed25519:" + base58(self.public)

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        point = _compress(_times_base(r))
        h = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little")
        return point + ((r + h * self.scalar) % L).to_bytes(32, "little")


# ---- borsh ----

def u8(n):
    return bytes([n])


def u32(n):
    return struct.pack("<I", n)


def u16(n):
    return struct.pack("<H", n)


def u64(n):
    return struct.pack("<Q", n)


def u128(n):
    return n.to_bytes(16, "little")


def blob(b):
    b = b.encode() if isinstance(b, str) else b
    return u32(len(b)) + b


def listed(items):
    return u32(len(items)) + b"".join(items)


def public(key):
    return u8(0) + key.public


def action(a):
    """One action; actions are tuples, their name first."""
    kind = a[0]
    if kind == "create":
        return u8(0)
    if kind == "deploy":
        return u8(1) + blob(a[1])
    if kind == "call":
        _, method, args, gas, deposit = a
        return u8(2) + blob(method) + blob(args) + u64(gas) + u128(deposit)
    if kind == "transfer":
        return u8(3) + u128(a[1])
    if kind == "add_key":
        _, key, limit = a
        if limit is None:
            return u8(5) + public(key) + u64(0) + u8(1)
        allowance, receiver, methods = limit
        option = u8(0) if allowance is None else u8(1) + u128(allowance)
        return (u8(5) + public(key) + u64(0) + u8(0) + option + blob(receiver)
                + listed([blob(m) for m in methods]))
    if kind == "add_gas_key":
        _, key, nonces, limit = a
        info = u128(0) + u16(nonces)
        if limit is None:
            return u8(5) + public(key) + u64(0) + u8(3) + info
        _, receiver, methods = limit
        return (u8(5) + public(key) + u64(0) + u8(2) + info + u8(0) + blob(receiver)
                + listed([blob(m) for m in methods]))
    if kind == "fill":
        return u8(12) + public(a[1]) + u128(a[2])
    if kind == "withdraw":
        return u8(13) + public(a[1]) + u128(a[2])
    if kind == "delete_key":
        return u8(6) + public(a[1])
    if kind == "delete_account":
        return u8(7) + blob(a[1])
    if kind == "delegate":
        inner, signature = a[1], a[2]
        return u8(8) + delegate(inner) + u8(0) + signature
    raise ValueError(kind)


def delegate(d):
    return (blob(d["sender"]) + blob(d["receiver"]) + listed([action(a) for a in d["actions"]])
            + u64(d["nonce"]) + u64(d["max_height"]) + public(d["key"]))


def sign_delegate(d):
    return d["key"].sign(hashlib.sha256(u32(2**30 + 366) + delegate(d)).digest())


def sign(signer, key, nonce, receiver, block_hash, actions, index=None):
    """(hash, bytes of the signed transaction); with an index of the form of version 1"""
    count = u64(nonce) if index is None else u8(1) + u64(nonce) + u16(index)
    tx = (blob(signer) + public(key) + count + blob(receiver) + block_hash
          + listed([action(a) for a in actions]))
    if index is not None:
        tx = u8(1) + tx + u8(0)
    digest = hashlib.sha256(tx).digest()
    return digest, tx + u8(0) + key.sign(digest)


def derived(base, height, n):
    """NEAR's one way to make ids out of ids."""
    return hashlib.sha256(base + u64(height) + u64(n % 2**64)).digest()
