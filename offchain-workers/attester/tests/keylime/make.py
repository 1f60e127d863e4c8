#!/usr/bin/env python3
"""Makes the lists, policies and the boot log that tests/keylime.rs judges, in the forms of Keylime's own.

usage: make.py FOLDER

Keys are made for this and thrown away, so that each run makes other signatures and certificates. Needs
openssl. Afterwards `judge.py` writes down what Keylime says of them.
"""

import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import sys

KEYRING = ".ima"
BUFFER = "kexec-cmdline"
EV_NO_ACTION, EV_SEPARATOR, EV_IPL, EV_EFI_ACTION = 0x3, 0x4, 0xD, 0x80000007
PAYLOAD_TYPE = "application/vnd.keylime+json"


def openssl(*arguments, data=None):
    return subprocess.run(
        ["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True
    ).stdout


def digest(algorithm, content):
    return hashlib.new(algorithm, content).digest()


def field(data):
    return struct.pack("<I", len(data)) + data


class Entry:
    """A line of a list, as the kernel writes it."""

    def __init__(self, template, path, content=None, algorithm="sha256", extra=b""):
        self.template, self.path, self.algorithm, self.extra = template, path, algorithm, extra
        self.digest = digest(algorithm, path.encode() if content is None else content)

    def data(self):
        if self.template == "ima":
            return self.digest + self.path.encode().ljust(256, b"\0")
        data = field(self.algorithm.encode() + b":\0" + self.digest)
        data += field(self.path.encode() + b"\0")
        return data if self.template == "ima-ng" else data + field(self.extra)

    def line(self, log_algorithm="sha1", pcr=10, template_hash=None):
        template_hash = template_hash or digest(log_algorithm, self.data()).hex()
        shown = self.digest.hex()
        if self.template != "ima":
            shown = f"{self.algorithm}:{shown}"
        words = [str(pcr), template_hash, self.template, shown, self.path]
        if self.template in ("ima-sig", "ima-buf"):
            words.append(self.extra.hex())
        return " ".join(words)


def lists(certificate):
    ng = [Entry("ima-ng", path) for path in ("boot_aggregate", "/usr/bin/a", "/usr/bin/b")]
    # A signature's header says how long it is: type, version, hash, key, length.
    signature = bytes([3, 2, 4, 0, 0, 0, 0]) + struct.pack(">H", 4) + b"sign"
    buffers = [
        ng[0],
        Entry("ima-buf", KEYRING, certificate, extra=certificate),
        Entry("ima-buf", BUFFER, b"quiet", extra=b"quiet"),
    ]
    all_lines = lambda entries, **options: [entry.line(**options) for entry in entries]
    of = {f"ng-{name}": [Entry("ima-ng", entry.path, algorithm=name).line() for entry in ng]
          for name in ("sha1", "sha256", "sha384", "sha512")}
    return of | {
        "legacy": all_lines([Entry("ima", entry.path, algorithm="sha1") for entry in ng]),
        "sig": all_lines([ng[0], Entry("ima-sig", "/usr/bin/a"),
                          Entry("ima-sig", "/usr/bin/b", extra=signature)]),
        "buf": all_lines(buffers),
        "log-sha256": all_lines(ng, log_algorithm="sha256"),
        "excluded": all_lines([*ng, Entry("ima-ng", "/tmp/x"), Entry("ima-ng", "/srv/tmp/x")]),
        "violation": [*all_lines(ng[:2]), ng[2].line(template_hash="0" * 40)],
        "changed": [*all_lines(ng[:2]), ng[2].line(template_hash="1" * 40)],
        "other-pcr": [*all_lines(ng[:2]), ng[2].line(pcr=11)],
        "other-template": [*all_lines(ng[:2]), ng[2].line().replace("ima-ng", "evm-sig")],
    }


def policy(certificate, change=None):
    files = ("boot_aggregate", "/usr/bin/a", "/usr/bin/b")
    algorithms = ("sha1", "sha256", "sha384", "sha512")
    document = {
        "meta": {"version": 1, "generator": 3, "timestamp": "2026-01-01 00:00:00.000000"},
        "release": 0,
        "digests": {path: [digest(name, path.encode()).hex() for name in algorithms] for path in files},
        "excludes": [],
        "keyrings": {KEYRING: [digest("sha256", certificate).hex()]},
        "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": None},
        "ima-buf": {BUFFER: [digest("sha256", b"quiet").hex()]},
        "verification-keys": "",
    }
    if change:
        change(document)
    return document


def policies(certificate):
    def other(document):
        document["digests"]["/usr/bin/b"] = [digest("sha256", b"other").hex()]

    def unknown(document):
        del document["digests"]["/usr/bin/a"]

    return {
        "all": policy(certificate),
        "empty": policy(certificate, lambda it: it.update({"digests": {}, "keyrings": {}, "ima-buf": {}})),
        "other": policy(certificate, other),
        "unknown": policy(certificate, unknown),
        "excludes": policy(certificate, lambda it: it.update({"excludes": ["/tmp/.*"]})),
        "no-keyrings": policy(certificate, lambda it: it.update({"keyrings": {}})),
        "ignored-keyrings": policy(certificate, lambda it: (
            it.update({"keyrings": {}}), it["ima"].update({"ignored_keyrings": ["*"]}))),
        "log-sha256": policy(certificate, lambda it: it["ima"].update({"log_hash_alg": "sha256"})),
    }


def sign(payload, key):
    """An envelope (DSSE 1.0)."""
    kind = PAYLOAD_TYPE.encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    signature = openssl("dgst", "-sha256", "-sign", key, data=signed)
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": "key", "sig": base64.b64encode(signature).decode()}],
    }


def boot_log():
    def event(pcr, kind, data, measured=None):
        measured = data if measured is None else measured
        digests = [(0x4, digest("sha1", measured)), (0xB, digest("sha256", measured))]
        head = struct.pack("<III", pcr, kind, len(digests))
        return head + b"".join(struct.pack("<H", id) + value for id, value in digests) + field(data)

    about = b"Spec ID Event03\0" + bytes([0, 0, 0, 0, 0, 2, 0, 2])
    about += struct.pack("<IHHHHB", 2, 0x4, 20, 0xB, 32, 0)
    log = struct.pack("<II", 0, EV_NO_ACTION) + bytes(20) + field(about)
    log += event(4, EV_EFI_ACTION, b"Calling EFI Application from Boot Option")
    for pcr in range(8):
        log += event(pcr, EV_SEPARATOR, bytes(4))
    return log + event(8, EV_IPL, b"grub_cmd: linux /vmlinuz\0", b"linux /vmlinuz")


def main():
    folder = pathlib.Path(sys.argv[1])
    key, certificate = folder / "key", folder / "certificate"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=key of a keyring", "-days", "36500",
            "-outform", "DER", "-out", certificate)
    in_keyring = certificate.read_bytes()
    for name, lines in lists(in_keyring).items():
        (folder / f"{name}.list").write_text("".join(line + "\n" for line in lines))
    for name, document in policies(in_keyring).items():
        (folder / f"{name}.policy").write_text(json.dumps(document) + "\n")

    envelope = sign((folder / "all.policy").read_bytes(), key)
    (folder / "signed.envelope").write_text(json.dumps(envelope) + "\n")
    cut = envelope | {"signatures": [{"keyid": "key", "sig": envelope["signatures"][0]["sig"][1:]}]}
    (folder / "cut-signature.envelope").write_text(json.dumps(cut) + "\n")
    other = base64.b64encode((folder / "empty.policy").read_bytes()).decode()
    (folder / "other-payload.envelope").write_text(json.dumps(envelope | {"payload": other}) + "\n")
    (folder / "policy-key.pem").write_bytes(openssl("ec", "-in", key, "-pubout"))
    key.unlink()
    certificate.unlink()

    log = boot_log()
    (folder / "whole.boot").write_bytes(log)
    (folder / "cut.boot").write_bytes(log[:-1])


main()
