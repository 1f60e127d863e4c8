"""Sealed keys: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
ChaCha20-Poly1305."""

from dataclasses import dataclass
from enum import Enum
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from .commitments import KeyCover
from .encoding import exactly, from_hex

MAX_ENVELOPE_LENGTH = 1280
"""Most bytes in an envelope."""

_SUITE_X25519 = 1
_OVERHEAD = 1 + 32 + 16
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class EnvelopeFault(Enum):
    """Why an envelope does not open."""

    MALFORMED = "the suite is unknown or the length is impossible"
    UNDECRYPTABLE = "it was sealed for somebody or something else, or altered"
    NOT_A_COVER = "it does not hold the keys of the first batches of a data set"
    TOO_FEW = "it has the keys of fewer batches than were bought"


class EnvelopeError(Exception):
    """An envelope does not open: a reason to dispute the order."""

    def __init__(self, fault: EnvelopeFault):
        super().__init__(f"the envelope does not open: {fault.value}")
        self.fault = fault


@dataclass(frozen=True)
class OrderContext:
    """What an order's envelope is bound to, each as 32 bytes in hexadecimal digits."""

    genesis: str
    """Hash of the chain's first block."""
    order: str
    dataset: str

    def info(self) -> bytes:
        """HPKE's `info`."""
        hashes = (from_hex(value, 32) for value in (self.genesis, self.order, self.dataset))
        return b"m-sec order envelope" + b"".join(hashes)


def generate_secret() -> bytes:
    """A new X25519 secret."""
    return token_bytes(32)


def encryption_key(secret: bytes) -> bytes:
    """The X25519 public key of a secret."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def open_order(envelope: bytes, secret: bytes, context: OrderContext) -> KeyCover:
    """Opens an order's envelope with the order's secret."""
    if envelope[:1] != bytes([_SUITE_X25519]):
        raise EnvelopeError(EnvelopeFault.MALFORMED)
    if not _OVERHEAD <= len(envelope) <= MAX_ENVELOPE_LENGTH:
        raise EnvelopeError(EnvelopeFault.MALFORMED)
    key = X25519PrivateKey.from_private_bytes(exactly(secret, 32))
    try:
        plaintext = _SUITE.decrypt(envelope[1:], key, info=context.info())
    except (InvalidTag, ValueError):
        raise EnvelopeError(EnvelopeFault.UNDECRYPTABLE) from None
    try:
        return KeyCover.decode(plaintext)
    except ValueError:
        raise EnvelopeError(EnvelopeFault.NOT_A_COVER) from None
