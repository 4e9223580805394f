#!/usr/bin/env python3
"""Writes the vectors of this folder and the example of docs/statement.md:

  make.py            rewrites *.json and env/*.json beside it
  make.py example    prints the statement file of docs/statement.md
"""
import base64
import hashlib
import json
import pathlib
import sys

import encode

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
HERE = pathlib.Path(__file__).parent
U64, U32 = 2**64 - 1, 2**32 - 1


def sha(data):
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


def fields(**given):
    """All fields empty or zero but the key, then what is given."""
    out = {}
    for name, kind in encode.FIELDS:
        zero = {"hash": "00" * 32, "u64": "0", "u32": 0, "u8": 0}
        out[name] = "" if isinstance(kind, int) else zero[kind]
    out["worker_key"] = encode.public_key(SEED).hex()
    for name, value in given.items():
        if name not in out:
            raise ValueError(name)
        out[name] = value
    return out


def distinct():
    """Every field its own value, so that no two can change places unseen."""
    given = {}
    for i, (name, kind) in enumerate(encode.FIELDS):
        if isinstance(kind, int):
            given[name] = f"{name}-{i}"
        elif kind == "hash":
            given[name] = bytes((i * 32 + j) % 251 for j in range(32)).hex()
        elif kind == "u64":
            given[name] = str((i + 1) * 0x0102030405060708 % 2**64)
        elif kind == "u32":
            given[name] = (i + 1) * 0x01020304 % 2**32
    given.pop("worker_key")
    return fields(**given, outcome=1, output_kind=2, simulated=1)


ENVIRONMENTS = {
    "none": [],
    "plain-values": [{"name": "NEAR_NETWORK_ID", "kind": 0, "value": "testnet"},
                     {"name": "NEAR_BLOCK_HEIGHT", "kind": 0, "value": "1042"},
                     {"name": "NEAR_RELAYER_ID", "kind": 0, "value": ""}],
    "with-a-secret": [{"name": "NEAR_NETWORK_ID", "kind": 0, "value": "mainnet"},
                      {"name": "API_KEY", "kind": 1, "value": sha("ciphertext")},
                      {"name": "NEAR", "kind": 0, "value": "a prefix sorts first"},
                      {"name": "ÄPFEL", "kind": 0, "value": "bytes decide, not letters"}],
}

REQUEST = (
    '{"request_id":7,"sender_id":"alice.test.near","predecessor_id":"farm.test.near",'
    '"code_source":{"WasmUrl":{"url":"https://modules.example/rain.wasm","hash":"'
    + sha("the bytes of rain.wasm") + '","build_target":"wasm32-wasip1"}},'
    '"resource_limits":{"max_instructions":1000000000,"max_memory_mb":64,"max_execution_seconds":30},'
    '"input_data":"{\\"place\\":\\"Seattle\\"}","input_data_in_state":false,'
    '"response_format":"Json","payment":"100000000000000000000000","attached_usd":"0",'
    '"proof":"key"}')
INPUT = '{"place":"Seattle"}'
OUTPUT = '{"payout":250,"rain_days":21}'


def example():
    """The run of docs/statement.md: rain insurance, asked by a contract on a development chain."""
    return fields(
        chain_id="localnet", contract_id="compute.test.near", deployment_id=sha("deployment"),
        request_id="7", data_id=sha("yield"), request_hash=sha(REQUEST),
        anchor_height="1042", anchor_hash=sha("block 1042"), attempt=1, sequence="3",
        previous=sha("the statement before"), signer_id="alice.test.near",
        predecessor_id="farm.test.near", code_hash=sha("the bytes of rain.wasm"),
        input_hash=sha(INPUT), env_hash=encode.env_hash(ENVIRONMENTS["plain-values"]).hex(),
        policy_hash=sha("ALCOVE/POLICY/1 output=262144 stderr=1048576 memory_mb=512"),
        max_instructions="1000000000", max_memory_mb=64, max_seconds=30, engine_id=sha("engine"),
        instructions="4815162", time_ms="3", compile_ms="41", output_kind=2,
        output_hash=sha(OUTPUT), stdout_hash=sha(OUTPUT + "\n"), started_ms="1785000000000",
        finished_ms="1785000000045", simulated=1)


def longest():
    out = fields()
    for name, kind in encode.FIELDS:
        if isinstance(kind, int):
            out[name] = (name + "-") * (kind // (len(name) + 1)) + "x" * (kind % (len(name) + 1))
        elif name != "worker_key":
            out[name] = {"hash": "ff" * 32, "u64": str(U64), "u32": U32}.get(kind, encode.MOST.get(name))
    return out


def ended(outcome, **given):
    return {**example(), "outcome": outcome, "output_kind": 0, "output_hash": "00" * 32, **given}


# name → fields and what the vector is for
STATEMENTS = {
    "smallest": (fields(), "every string empty, every number and hash zero, but the key"),
    "longest": (longest(), "every string, number and enumeration at its most: 1287 bytes"),
    "distinct": (distinct(), "no two fields alike: an exchange of any two shows"),
    "rain": (example(), "a run that a contract asked for; outcome 0, output Json"),
    "https": (fields(request_id=str(U64), call_id="2f1c1e4a-6f0e-4f5e-9a57-0f3a1f0d8c11",
                     caller_nonce=sha("nonce"), request_hash=sha("record"), attempt=1,
                     signer_id="bob.near", project_id="bob.near/oracle", code_hash=sha("module"),
                     input_hash=sha(""), env_hash=encode.env_hash([]).hex(), output_kind=1,
                     output_hash=sha("hello"), stdout_hash=sha("hello"), simulated=1),
              "asked over HTTPS: no contract, no yield, request_id 2^64-1; output Text"),
    "unicode": (fields(chain_id="réseau", contract_id="契約.near", call_id="звонок-№1",
                       signer_id="😀.near", predecessor_id="ﬀ\u0301", project_id="x" * 124 + "😀",
                       output_kind=3, output_hash=sha(bytes(range(256))),
                       stdout_hash=sha(bytes(range(256))), simulated=1),
                "lengths count bytes of UTF-8, not characters; output Bytes"),
    "hardware": ({**example(), "measurement": sha("registers"), "simulated": 0},
                 "the form of a statement from hardware: a measurement, simulated 0"),
    "outcome-1-exit": (ended(1, exit_code=3), "exit status 3"),
    "outcome-2-trap": (ended(2), "a trap: no output"),
    "outcome-3-instructions": (ended(3, instructions="1000000000"), "all instructions used"),
    "outcome-4-time": (ended(4, instructions="1000000000", time_ms="30000"), "out of time"),
    "outcome-5-memory": (ended(5), "out of memory"),
    "outcome-6-output": (ended(6), "output over the cap"),
    "outcome-7-module": (ended(7, instructions="0", time_ms="0", stdout_hash="00" * 32),
                         "module refused: nothing ran, so stdout_hash is zero"),
    "outcome-8-host": (ended(8), "the host could not"),
    "outcome-9-cancelled": (ended(9), "cancelled"),
}

def bundle():
    encoding = encode.encode(example())
    signature = encode.sign(SEED, hashlib.sha256(encoding).digest())
    return json.dumps({"format": "alcove-statement/1",
                       "statement": base64.b64encode(encoding).decode(),
                       "signature": "ed25519:" + base58(signature), "request": REQUEST,
                       "input": base64.b64encode(INPUT.encode()).decode(),
                       "output": base64.b64encode(OUTPUT.encode()).decode()},
                      indent=1, ensure_ascii=False)


def base58(raw):
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, out = int.from_bytes(raw, "big"), ""
    while number > 0:
        number, digit = divmod(number, 58)
        out = letters[digit] + out
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + out


def write(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main():
    for name, (given, about) in STATEMENTS.items():
        encoding = encode.encode(given)
        digest = hashlib.sha256(encoding).digest()
        write(HERE / f"{name}.json",
              {"about": about, "fields": given, "encoding": encoding.hex(), "hash": digest.hex(),
               "seed": SEED.hex(), "signature": encode.sign(SEED, digest).hex()})
    for name, facts in ENVIRONMENTS.items():
        write(HERE / "env" / f"{name}.json",
              {"facts": facts, "hash": encode.env_hash(facts).hex()})


if __name__ == "__main__":
    if sys.argv[1:] == ["example"]:
        print(bundle())
    elif len(sys.argv) == 1:
        main()
    else:
        sys.exit(__doc__)
