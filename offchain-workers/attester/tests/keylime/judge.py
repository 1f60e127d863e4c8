#!/usr/bin/env python3
"""Writes down what Keylime says of lists, policies, envelopes and boot logs, for tests/keylime.rs.

usage: judge.py FOLDER >verdicts.json

Needs keylime 7.14.3 (`pip install --no-deps keylime==7.14.3`, with cryptography, jsonschema, lark,
packaging, PyYAML and SQLAlchemy) and tpm2_eventlog, by which Keylime reads boot logs. Keylime imports
`gpg` for lists signed by PGP, which are none of these: an empty module will do. Without a configuration,
Keylime takes violations for failures.

In FOLDER are either the files that make.py makes, or those of Keylime's own folder test/data.
"""

import base64
import json
import logging
import pathlib
import subprocess
import sys
import tempfile

import yaml

# Keylime takes zeros for a violation only when they are as long as the policy's hashes of entries, and so
# replays another value of a list that it refuses anyway.
LEFT_OUT = ("violation.list", "log-sha256.policy")

logging.disable(logging.CRITICAL)
from keylime import signing
from keylime.agentstates import AgentAttestState
from keylime.common.algorithms import Hash
from keylime.ima import ima


def judge(lines, policy):
    value, failure = ima.process_measurement_list(
        AgentAttestState("1"), lines, policy, hash_alg=Hash.SHA256
    )
    return value, bool(failure)


def of_list(folder, path, policy):
    lines = [line for line in path.read_text().split("\n") if line]
    document = json.loads(policy.read_text())
    value, is_refused = judge(lines, document)
    alone = (number for number, line in enumerate(lines, 1) if judge([line], document)[1])
    return {
        "list": str(path.relative_to(folder)),
        "policy": str(policy.relative_to(folder)),
        "value": value,
        "verdict": "refused" if is_refused else "accepted",
        "first": next(alone, None) if is_refused else None,
    }


def of_envelope(folder, path, key):
    verified = signing.verify_dsse_envelope(path.read_bytes(), key.read_bytes())
    return {
        "envelope": str(path.relative_to(folder)),
        "key": str(key.relative_to(folder)),
        "verdict": "accepted" if verified else "refused",
    }


def of_boot_log(folder, path):
    content = path.read_bytes()
    if path.suffix == ".b64":
        content = base64.b64decode(content)
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        result = subprocess.run(
            ["tpm2_eventlog", file.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    pcrs = {}
    if result.returncode == 0:
        replayed = yaml.safe_load(result.stdout)["pcrs"]["sha256"]
        pcrs = {str(pcr): f"{value:064x}" for pcr, value in replayed.items()}
    return {
        "log": str(path.relative_to(folder)),
        "verdict": "refused" if result.returncode else "accepted",
        "pcrs": pcrs,
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    found = lambda *patterns: sorted(path for pattern in patterns for path in folder.glob(pattern))
    policies = found("*.policy", "create-runtime-policy/policy-*", "runtime-policy-test.json")
    lists = found("*.list", "create-runtime-policy/ima-log-*")
    [key] = found("policy-key.pem", "runtime-policy-pubkey.pub")
    envelopes = found("*.envelope", "runtime-policy-test-signed*.json")
    logs = found("*.boot", "create-mb-policy/*", "mb_log.b64")
    pairs = ((path, policy) for path in lists for policy in policies)
    verdicts = {
        "lists": [
            of_list(folder, path, policy)
            for path, policy in pairs
            if (path.name, policy.name) != LEFT_OUT
        ],
        "envelopes": [of_envelope(folder, path, key) for path in envelopes],
        "boot-logs": [of_boot_log(folder, path) for path in logs],
    }
    # A line for each verdict.
    parts = (
        f'"{name}": [\n' + ",\n".join(json.dumps(verdict) for verdict in found) + "\n]"
        for name, found in verdicts.items()
    )
    print("{" + ", ".join(parts) + "}")


main()
