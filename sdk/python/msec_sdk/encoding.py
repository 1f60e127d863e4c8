"""Bytes, and how they are written."""

from hashlib import blake2b, sha256
from hmac import digest as hmac_digest


def to_hex(value: bytes) -> str:
    """Bytes as hexadecimal digits after 0x."""
    return f"0x{value.hex()}"


def from_hex(text: str, length: int | None = None) -> bytes:
    """Bytes from hexadecimal digits after 0x; exactly `length` of them, where that is said."""
    if not text.startswith("0x"):
        raise ValueError(f"not hexadecimal digits after 0x: {text[:80]!r}")
    value = bytes.fromhex(text[2:])
    return value if length is None else exactly(value, length)


def exactly(value: bytes, length: int) -> bytes:
    """`value`, when it has `length` bytes."""
    if len(value) != length:
        raise ValueError(f"{length} bytes are needed, not {len(value)}")
    return value


def u32(value: int) -> bytes:
    """A number below 2³² as four bytes, the lowest first."""
    return value.to_bytes(4, "little")


def hash_sha256(*parts: bytes) -> bytes:
    """SHA-256 over the concatenation of `parts`."""
    return sha256(b"".join(parts)).digest()


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 under `key` over the concatenation of `parts`."""
    return hmac_digest(key, b"".join(parts), "sha256")


def blake2b_256(*parts: bytes) -> bytes:
    """BLAKE2b with 32 bytes of output over the concatenation of `parts`."""
    return blake2b(b"".join(parts), digest_size=32).digest()
