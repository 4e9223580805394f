#!/usr/bin/env python3
"""A second encoder of statement v1, written from docs/statement.md alone (standard library only).

  encode.py check FOLDER     recomputes every vector of the folder and compares
  encode.py lines PROGRAM    runs PROGRAM, which prints vectors one a line, and compares each

A vector gives `fields`; `encoding`, `hash` and `signature` are what must come out.  The signature
is Ed25519 under the seed that the vector names, computed here by RFC 8032 section 5.1.6.
"""
import hashlib
import json
import pathlib
import struct
import subprocess
import sys

# docs/statement.md, "The fields": name and type, in the order of the encoding.
FIELDS = [
    ("chain_id", 64), ("contract_id", 64), ("deployment_id", "hash"), ("request_id", "u64"),
    ("data_id", "hash"), ("call_id", 64), ("caller_nonce", "hash"), ("request_hash", "hash"),
    ("anchor_height", "u64"), ("anchor_hash", "hash"),
    ("attempt", "u32"), ("sequence", "u64"), ("previous", "hash"),
    ("signer_id", 64), ("predecessor_id", 64), ("project_id", 128),
    ("code_hash", "hash"), ("source_hash", "hash"), ("input_hash", "hash"), ("env_hash", "hash"),
    ("secrets_hash", "hash"), ("policy_hash", "hash"), ("max_instructions", "u64"),
    ("max_memory_mb", "u32"), ("max_seconds", "u32"), ("engine_id", "hash"),
    ("outcome", "u8"), ("exit_code", "u32"), ("instructions", "u64"), ("time_ms", "u64"),
    ("compile_ms", "u64"), ("refund_usd", "u64"), ("output_kind", "u8"), ("output_hash", "hash"),
    ("stdout_hash", "hash"),
    ("egress_root", "hash"), ("egress_count", "u32"), ("storage_before", "hash"),
    ("storage_after", "hash"), ("key_log", "hash"), ("transcript_hash", "hash"),
    ("started_ms", "u64"), ("finished_ms", "u64"),
    ("worker_key", "hash"), ("measurement", "hash"), ("simulated", "u8"),
]
MOST = {"outcome": 9, "output_kind": 3, "simulated": 1}


def text(value):
    raw = value.encode("utf-8")
    return struct.pack("<I", len(raw)) + raw


def one(name, kind, value):
    if isinstance(kind, int):
        if len(value.encode("utf-8")) > kind:
            raise ValueError(f"{name} is over {kind} bytes")
        return text(value)
    if kind == "hash":
        raw = bytes.fromhex(value)
        if len(raw) != 32:
            raise ValueError(f"{name} is not 32 bytes")
        return raw
    number = int(value)  # a u64 is written as decimal text: JSON's numbers end at 2^53
    if number > MOST.get(name, number):
        raise ValueError(f"{name} is out of its range")
    return struct.pack({"u8": "<B", "u32": "<I", "u64": "<Q"}[kind], number)


def encode(fields):
    if sorted(fields) != sorted(name for name, _ in FIELDS):
        raise ValueError("not the fields of statement v1")
    return b"ALCOVE/1" + b"".join(one(name, kind, fields[name]) for name, kind in FIELDS)


def env_hash(facts):
    listed = sorted(facts, key=lambda f: f["name"].encode("utf-8"))
    out = struct.pack("<I", len(listed))
    for fact in listed:
        out += text(fact["name"]) + struct.pack("<B", fact["kind"]) + text(fact["value"])
    return hashlib.sha256(out).digest()


# ---- Ed25519, RFC 8032 section 5.1; for test keys only: nothing here is constant-time ----

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def base_point():
    xx = (BASE_Y * BASE_Y - 1) * pow(D * BASE_Y * BASE_Y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x % 2 != 0:
        x = P - x
    return (x, BASE_Y, 1, x * BASE_Y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    out = (0, 1, 1, 0)
    while n > 0:
        if n & 1:
            out = add(out, p)
        p = add(p, p)
        n >>= 1
    return out


def pack(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, digest[32:]


def public_key(seed):
    return pack(times(expand(seed)[0], base_point()))


def sign(seed, message):
    scalar, prefix = expand(seed)
    key = pack(times(scalar, base_point()))
    r = number(prefix, message) % ORDER
    point = pack(times(r, base_point()))
    s = (r + number(point, key, message) * scalar) % ORDER
    return point + s.to_bytes(32, "little")


# ---- vectors ----

def differences(vector):
    """The names of what this encoder computes otherwise than the vector says."""
    encoding = encode(vector["fields"])
    digest = hashlib.sha256(encoding).digest()
    found = []
    if encoding.hex() != vector["encoding"]:
        found.append("encoding")
    if digest.hex() != vector["hash"]:
        found.append("hash")
    if "signature" in vector:
        seed = bytes.fromhex(vector["seed"])
        if public_key(seed).hex() != vector["fields"]["worker_key"]:
            found.append("worker_key")
        if sign(seed, digest).hex() != vector["signature"]:
            found.append("signature")
    return found


def report(name, found):
    if found:
        print(f"{name}: another {' and '.join(found)}")
    return bool(found)


def check(folder):
    paths = sorted(pathlib.Path(folder).glob("*.json"))
    wrong = sum(report(p.name, differences(json.loads(p.read_text("utf-8")))) for p in paths)
    envs = sorted(pathlib.Path(folder).glob("env/*.json"))
    for path in envs:
        vector = json.loads(path.read_text("utf-8"))
        wrong += report(path.name, [] if env_hash(vector["facts"]).hex() == vector["hash"] else ["hash"])
    print(f"{len(paths)} statements and {len(envs)} environments compared, {wrong} differ")
    return 1 if wrong or not paths or not envs else 0


def lines(program):
    ran = subprocess.run([program], stdout=subprocess.PIPE, check=True)
    vectors = [json.loads(line) for line in ran.stdout.decode("utf-8").splitlines()]
    wrong = sum(report(f"line {i + 1}", differences(v)) for i, v in enumerate(vectors))
    print(f"{len(vectors)} statements compared, {wrong} differ")
    return 1 if wrong or not vectors else 0


if __name__ == "__main__":
    commands = {"check": check, "lines": lines}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]](sys.argv[2]))
