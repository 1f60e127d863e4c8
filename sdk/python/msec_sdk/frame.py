"""How batches travel and rest."""

from dataclasses import dataclass

from .commitments import (
    MAX_CHUNK_CIPHERTEXT,
    MAX_CHUNKS_PER_BATCH,
    BatchCommitment,
    ChunkCommitment,
    SealedChunk,
    tree_root,
)
from .encoding import hash_sha256

_MAGIC = b"MSB1"
_HEADER_LENGTH = 12
_COMMITMENT_LENGTH = 96
_CHUNK_HEADER_LENGTH = _COMMITMENT_LENGTH + 4
_MIN_CHUNK_CIPHERTEXT = 16
MAX_FRAME_LENGTH = _HEADER_LENGTH + MAX_CHUNKS_PER_BATCH * (
    _CHUNK_HEADER_LENGTH + MAX_CHUNK_CIPHERTEXT
)
"""Most bytes in a frame: about 4.1 MiB."""


@dataclass(frozen=True)
class Frame:
    """A batch whose ciphertexts fit their commitments."""

    batch: int
    """Position of the batch in its data set."""
    commitment: BatchCommitment
    """What the chain is told of the batch."""
    chunks: tuple[SealedChunk, ...]
    """The chunks from first to last."""

    @classmethod
    def decode(cls, value: bytes) -> "Frame":
        """Reads exactly one frame; raises `ValueError` otherwise."""
        if len(value) < _HEADER_LENGTH or value[:4] != _MAGIC:
            raise ValueError("a frame begins with MSB1")
        batch, count = _number(value, 4), _number(value, 8)
        if not 1 <= count <= MAX_CHUNKS_PER_BATCH:
            raise ValueError(f"batch {batch} has {count} chunks")
        chunks: list[SealedChunk] = []
        offset = _HEADER_LENGTH
        while len(chunks) < count:
            chunk = _decode_chunk(value, offset, f"chunk {len(chunks)} of batch {batch}")
            chunks.append(chunk)
            offset += _CHUNK_HEADER_LENGTH + len(chunk.ciphertext)
        if offset != len(value):
            raise ValueError("there is more than one frame")
        root = tree_root([chunk.commitment.leaf_hash() for chunk in chunks])
        return cls(batch, BatchCommitment(count, root), tuple(chunks))


def _number(value: bytes, offset: int) -> int:
    return int.from_bytes(value[offset : offset + 4], "little")


def _decode_chunk(value: bytes, offset: int, which: str) -> SealedChunk:
    start = offset + _CHUNK_HEADER_LENGTH
    if len(value) < start:
        raise ValueError("the last frame is cut off")
    length = _number(value, start - 4)
    if not _MIN_CHUNK_CIPHERTEXT <= length <= MAX_CHUNK_CIPHERTEXT:
        raise ValueError(f"{which} has {length} bytes")
    ciphertext = value[start : start + length]
    if len(ciphertext) < length:
        raise ValueError("the last frame is cut off")
    commitment = ChunkCommitment.decode(value[offset : offset + _COMMITMENT_LENGTH])
    if hash_sha256(ciphertext) != commitment.ciphertext:
        raise ValueError(f"{which} is not the ciphertext that its commitment names")
    return SealedChunk(commitment, ciphertext)


def split_header(chunk: bytes) -> tuple[str, str]:
    """Splits a chunk, which is a CSV document, into its header and its rows."""
    header, line_break, rows = chunk.decode().partition("\n")
    return header + line_break, rows
