#!/usr/bin/env python3
"""A second implementation of evidence, report data and Merkle trees (standard library only), and the
vectors of this folder:

  make.py write        rewrites *.json beside it
  make.py check        recomputes each of them and compares
"""
import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
ZERO = bytes(32)
STATEMENT, BATCH = 2, 3


def sha(data):
    return hashlib.sha256(data).digest()


def pattern(seed, n=32):
    """n bytes that look like nothing else here; a quote's stand-in and the hashes are made of them."""
    out = b""
    while len(out) < n:
        out += sha(f"{seed} {len(out)}".encode())
    return out[:n]


# ---- report data ----

def report_data(subject, kind, nonce, anchor, previous):
    return subject + sha(b"ALCOVE/RD/1" + bytes([kind]) + nonce + anchor + previous)


def text(value):
    raw = value.encode("utf-8")
    return struct.pack("<I", len(raw)) + raw


def registration_half(chain_id, contract_id, operator_id, challenge, policy):
    return sha(b"ALCOVE/REG/1" + text(chain_id) + text(contract_id) + text(operator_id) + challenge + policy)


# ---- trees: written as a definition by recursion, where the C folds level by level ----

def leaf(record):
    return sha(b"\x00" + record)


def largest_power_below(n):
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    """A promoted odd node gives the tree whose left part is the largest full one."""
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return sha(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def path(leaves, i):
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if i < k:
        return path(leaves[:k], i) + [(1, root(leaves[k:]))]
    return path(leaves[k:], i - k) + [(0, root(leaves[:k]))]


# ---- evidence ----

def encode(kind, nonce, anchor, previous, steps, quote):
    out = b"ALCEVI/1" + bytes([kind]) + nonce + anchor + previous + struct.pack("<I", len(steps))
    for side, other in steps:
        out += bytes([side]) + other
    return out + struct.pack("<I", len(quote)) + quote


def vector(about, kind, statements, index, quote, bound=True):
    name = about.split(":")[0]
    nonce, anchor, previous = [pattern(f"{name} {w}") if bound else ZERO for w in ("nonce", "anchor", "previous")]
    leaves = [leaf(s) for s in statements]
    steps = path(leaves, index) if kind == BATCH else []
    subject = root(leaves) if kind == BATCH else statements[index]
    return {
        "about": about,
        "kind": kind,
        "nonce": nonce.hex(), "anchor_hash": anchor.hex(), "previous": previous.hex(),
        "statements": [s.hex() for s in statements],
        "index": index,
        "path": [{"side": side, "hash": other.hex()} for side, other in steps],
        "quote": quote.hex(),
        "subject": subject.hex(),
        "encoding": encode(kind, nonce, anchor, previous, steps, quote).hex(),
        "report_data": report_data(subject, kind, nonce, anchor, previous).hex(),
    }


def registration(chain_id, contract_id, operator_id, challenge, policy):
    return {
        "chain_id": chain_id, "contract_id": contract_id, "operator_id": operator_id,
        "challenge": challenge.hex(), "policy_hash": policy.hex(),
        "half": registration_half(chain_id, contract_id, operator_id, challenge, policy).hex(),
    }


def many(n):
    return [pattern(f"statement {i}") for i in range(n)]


def vectors():
    made = {
        "statement": vector("statement: a quote of its own", STATEMENT, many(1), 0, pattern("quote", 700)),
        "unbound": vector("unbound: no nonce, no block, no statement before", STATEMENT, many(1), 0,
                          pattern("quote", 64), bound=False),
        "empty-quote": vector("empty-quote: the shortest encoding", STATEMENT, many(1), 0, b""),
        "batch-of-1": vector("batch-of-1: the root is the leaf", BATCH, many(1), 0, pattern("quote", 33)),
        "batch-of-2": vector("batch-of-2: the right one of a pair", BATCH, many(2), 1, pattern("quote", 34)),
        "batch-of-3-odd": vector("batch-of-3-odd: the last one moves up", BATCH, many(3), 2, pattern("quote", 35)),
        "batch-of-7": vector("batch-of-7: the middle of a ragged tree", BATCH, many(7), 4, pattern("quote", 36)),
        "batch-of-70": vector("batch-of-70: a long way", BATCH, many(70), 37, pattern("quote", 5006)),
        "batch-of-70-last": vector("batch-of-70-last: steps are skipped", BATCH, many(70), 69, pattern("quote", 37)),
    }
    made["registrations"] = {"about": "second halves of registrations", "registrations": [
        registration("localnet", "compute.test.near", "operator.test.near", pattern("challenge"), ZERO),
        registration("mainnet", "c" * 64, "o" * 64, pattern("challenge"), pattern("policy")),
        registration("", "", "", ZERO, ZERO),
        registration("ab", "c", "", ZERO, ZERO),
        registration("a", "bc", "", ZERO, ZERO),
    ]}
    made["roots"] = {"about": "roots over the first n statements", "statements": [s.hex() for s in many(70)],
                     "roots": [root([leaf(s) for s in many(n)]).hex() for n in range(1, 71)]}
    return made


def main(argv):
    made = vectors()
    if argv == ["write"]:
        for name, value in made.items():
            (HERE / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", "utf-8")
        return 0
    if argv != ["check"]:
        sys.exit(__doc__)
    found = {p.stem for p in HERE.glob("*.json")}
    wrong = sorted(found ^ made.keys())
    wrong += [n for n in made if n in found and json.loads((HERE / f"{n}.json").read_text("utf-8")) != made[n]]
    print(f"{len(made)} files compared, {len(wrong)} differ {' '.join(wrong)}")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
