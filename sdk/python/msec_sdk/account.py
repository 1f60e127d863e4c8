"""Accounts: sr25519 keys that sign transactions and requests."""

import re

import bip39
import sr25519
from scalecodec.utils.ss58 import ss58_decode, ss58_encode

from .encoding import blake2b_256, exactly, from_hex

_DEVELOPMENT_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk"
_PREFIX = 42
_SR25519 = 1


class Account:
    """Somebody who signs with an sr25519 key, in the context `substrate`."""

    crypto_type = _SR25519
    ss58_format = _PREFIX

    def __init__(self, public_key: bytes, secret: bytes):
        self.public_key = exactly(public_key, 32)
        self.address = address_of(public_key)
        self._secret = exactly(secret, 64)

    @classmethod
    def from_uri(cls, uri: str) -> "Account":
        """The account of a secret URI.

        That is a phrase of English words or a seed of 32 bytes in hexadecimal digits after 0x, then
        derivation junctions (`//hard/soft`) and `///password`.
        """
        form = r"(0x[0-9a-fA-F]{64}|[a-z ]*)((?://?[^/]+)*)(?:///(.*))?"
        match = re.fullmatch(form, uri.strip(), re.DOTALL)
        if match is None:
            raise ValueError("not a phrase, a seed or a derivation path")
        root, path, password = match[1], match[2], match[3] or ""
        public_key, secret = sr25519.pair_from_seed(_seed(root, password))
        for junction in re.findall(r"//?[^/]+", path):
            public_key, secret = _derive(public_key, secret, junction)
        return cls(public_key, secret)

    @property
    def ss58_address(self) -> str:
        """The account in SS58, as the connection to the chain calls it."""
        return self.address

    def sign(self, message: bytes | str) -> bytes:
        """Signs a message exactly as it is; a text is hexadecimal digits after 0x."""
        value = from_hex(message) if isinstance(message, str) else bytes(message)
        return sr25519.sign((self.public_key, self._secret), value)


def address_of(public_key: bytes) -> str:
    """An account in SS58."""
    return ss58_encode(exactly(public_key, 32).hex(), _PREFIX)


def public_key_of(address: str) -> bytes:
    """The public key in an address (SS58)."""
    return exactly(bytes.fromhex(ss58_decode(address)), 32)


def _seed(root: str, password: str) -> bytes:
    if root.startswith("0x"):
        return from_hex(root, 32)
    phrase = root or _DEVELOPMENT_PHRASE
    if not bip39.bip39_validate(phrase, "en"):
        raise ValueError("this is not a phrase")
    return bytes(bip39.bip39_to_mini_secret(phrase, password, "en"))


def _derive(public_key: bytes, secret: bytes, junction: str) -> tuple[bytes, bytes]:
    is_hard = junction.startswith("//")
    code = _chain_code(junction.lstrip("/"))
    derive = sr25519.hard_derive_keypair if is_hard else sr25519.derive_keypair
    _, public_key, secret = derive((code, public_key, secret), b"")
    return public_key, secret


def _chain_code(junction: str) -> bytes:
    """A junction in SCALE, padded or hashed to 32 bytes."""
    if re.fullmatch(r"[0-9]+", junction):
        return int(junction).to_bytes(8, "little").ljust(32, b"\0")
    text = junction.encode()
    if len(text) >= 2**14:
        raise ValueError("a junction is too long")
    length = len(text) * 4
    prefix = bytes([length]) if len(text) < 64 else (length + 1).to_bytes(2, "little")
    encoded = prefix + text
    return encoded.ljust(32, b"\0") if len(encoded) <= 32 else blake2b_256(encoded)
