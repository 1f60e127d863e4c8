"""Keys, encrypted chunks, and the trees that commit to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .encoding import exactly, hash_sha256, hmac_sha256, u32

MAX_CHUNK_PLAINTEXT = 4096
"""Most bytes of readings in a chunk."""
MAX_CHUNK_CIPHERTEXT = MAX_CHUNK_PLAINTEXT + 16
"""Most bytes of a chunk's ciphertext: the readings and the authentication tag."""
MAX_CHUNKS_PER_BATCH = 1024
"""Most chunks in a batch."""

_NONCE = bytes(12)
_HEIGHT = 32
_MAX_NODES = 32
_NODE_LENGTH = 1 + 4 + 32
_BEGINS_GENERATION = 0x80


class ChunkFault(Enum):
    """Why a chunk does not open."""

    OTHER_KEY = "the commitment was made to another key"
    OTHER_CIPHERTEXT = "the ciphertext is not the one that was committed to"
    UNDECRYPTABLE = "the committed ciphertext is not an encryption under the committed key"
    OTHER_PLAINTEXT = "it does not decrypt to the plaintext that was committed to"


class ChunkError(Exception):
    """A chunk is not what was committed to."""

    def __init__(self, fault: ChunkFault):
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class ChunkCommitment:
    """What a leaf of a batch's tree says of a chunk: three hashes of 32 bytes."""

    plaintext: bytes
    """HMAC-SHA256 of the plaintext under a salt that only holders of the chunk key can compute."""
    ciphertext: bytes
    """SHA-256 of the ciphertext."""
    key: bytes
    """HMAC-SHA256 of a fixed label under the chunk key."""

    def encode(self) -> bytes:
        """The commitment as 96 bytes."""
        return self.plaintext + self.ciphertext + self.key

    @classmethod
    def decode(cls, value: bytes) -> "ChunkCommitment":
        """A commitment from 96 bytes."""
        exactly(value, 96)
        return cls(value[:32], value[32:64], value[64:])

    def leaf_hash(self) -> bytes:
        """The chunk as a leaf of its batch's tree."""
        return leaf_hash(self.encode())


@dataclass(frozen=True)
class SealedChunk:
    """An encrypted chunk with its commitment."""

    commitment: ChunkCommitment
    ciphertext: bytes


class ChunkKey:
    """The secret of one chunk."""

    def __init__(self, value: bytes):
        self.bytes = exactly(value, 32)

    def commitment(self) -> bytes:
        """The commitment to this key."""
        return hmac_sha256(self.bytes, b"m-sec key commitment")

    def open(self, chunk: SealedChunk) -> bytes:
        """Decrypts, and checks key, ciphertext and plaintext against the commitment."""
        committed = chunk.commitment
        if not compare_digest(self.commitment(), committed.key):
            raise ChunkError(ChunkFault.OTHER_KEY)
        if not compare_digest(hash_sha256(chunk.ciphertext), committed.ciphertext):
            raise ChunkError(ChunkFault.OTHER_CIPHERTEXT)
        cipher = ChaCha20Poly1305(hmac_sha256(self.bytes, b"m-sec chunk cipher"))
        try:
            plaintext = cipher.decrypt(_NONCE, chunk.ciphertext, None)
        except InvalidTag:
            raise ChunkError(ChunkFault.UNDECRYPTABLE) from None
        salt = hmac_sha256(self.bytes, b"m-sec plaintext salt")
        if not compare_digest(hmac_sha256(salt, plaintext), committed.plaintext):
            raise ChunkError(ChunkFault.OTHER_PLAINTEXT)
        return plaintext


class BatchKey:
    """The secret of one batch."""

    def __init__(self, value: bytes):
        self._bytes = exactly(value, 32)

    def chunk_key(self, index: int) -> ChunkKey:
        """The key of the batch's chunk `index`."""
        return ChunkKey(hmac_sha256(self._bytes, b"m-sec chunk key", u32(index)))


class KeyTree:
    """The secret of a data set, which its owner has."""

    def __init__(self, *generations: tuple[int, bytes] | bytes):
        """A seed alone, or first batch and seed of each generation, the first one from batch 0."""
        pairs = [(0, part) if isinstance(part, bytes) else part for part in generations]
        self.generations = tuple((first, exactly(seed, 32)) for first, seed in pairs)
        firsts = [first for first, _ in self.generations]
        if firsts[:1] != [0] or firsts != sorted(set(firsts)):
            raise ValueError("generations begin one after the other, the first with batch 0")

    def batch_key(self, index: int) -> BatchKey:
        """The key of batch `index`."""
        first, seed = [pair for pair in self.generations if pair[0] <= index][-1]
        return BatchKey(_descend(seed, _HEIGHT, 0, index - first))

    def cover(self, batches: int) -> "KeyCover":
        """The secrets of exactly the first `batches` batches."""
        nodes: list[tuple[int, int, bytes]] = []
        for position, (first, seed) in enumerate(self.generations):
            if first >= batches:
                break
            following = self.generations[position + 1 : position + 2]
            if following and following[0][0] < batches:
                height = (following[0][0] - first - 1).bit_length()
                part = [(height, 0, _descend(seed, _HEIGHT, height, 0))]
            else:
                part = _cover(seed, batches - first)
            if first:
                part[0] = (part[0][0] | _BEGINS_GENERATION, first, part[0][2])
            nodes += part
        return KeyCover(nodes)


def _cover(seed: bytes, length: int) -> list[tuple[int, int, bytes]]:
    """The nodes below which exactly the first `length` leaves lie."""
    nodes, first = [], 0
    for height in reversed(range(_HEIGHT)):
        if length >> height & 1:
            index = first >> height
            nodes.append((height, index, _descend(seed, _HEIGHT, height, index)))
            first += 1 << height
    return nodes


class KeyCover:
    """The secrets of the first batches of a data set."""

    def __init__(self, nodes: Sequence[tuple[int, int, bytes]]):
        """Height, index and seed of nodes, which must lie side by side from batch 0 on.

        Where a generation begins, it takes over from what the one before has left.
        """
        first = batches = 0
        for marked, index, _ in nodes:
            height = marked & ~_BEGINS_GENERATION
            fits = height < _HEIGHT
            if marked & _BEGINS_GENERATION:
                fits = fits and first < index <= batches
                first = batches = index
            else:
                fits = fits and index << height == batches - first
            if not fits:
                raise ValueError("the nodes of a cover lie side by side from batch 0 on")
            batches += 1 << height
        if batches >> 32:
            raise ValueError("a cover has less than 2³² batches")
        self._nodes = tuple(nodes)
        self.batches = batches

    def batch_key(self, index: int) -> BatchKey | None:
        """The key of batch `index`; `None` when it is not covered."""
        if not 0 <= index < self.batches:
            return None
        first, key = 0, None
        for marked, position, seed in self._nodes:
            height = marked & ~_BEGINS_GENERATION
            if marked & _BEGINS_GENERATION:
                first, position = position, 0
            if index < first:
                break
            if (index - first) >> height == position:
                # What a later generation has is not that of an earlier one.
                key = BatchKey(_descend(seed, height, 0, index - first))
        return key

    def encode(self) -> bytes:
        """SCALE encoding. At most 32 nodes, so that their number is one byte."""
        nodes = (bytes([height]) + u32(index) + seed for height, index, seed in self._nodes)
        return bytes([len(self._nodes) * 4]) + b"".join(nodes)

    @classmethod
    def decode(cls, value: bytes) -> "KeyCover":
        """Reads a cover; refuses anything else, also when something follows."""
        count, remainder = divmod(value[0] if value else 1, 4)
        if remainder or count > _MAX_NODES:
            raise ValueError("this is not a cover")
        exactly(value, 1 + count * _NODE_LENGTH)
        starts = range(1, len(value), _NODE_LENGTH)
        return cls([_decode_node(value[start : start + _NODE_LENGTH]) for start in starts])


def _decode_node(value: bytes) -> tuple[int, int, bytes]:
    return value[0], int.from_bytes(value[1:5], "little"), value[5:]


def _descend(seed: bytes, above: int, below: int, index: int) -> bytes:
    """The seed of node `index` at height `below`, under the node at height `above` with `seed`."""
    for level in reversed(range(below, above)):
        seed = hmac_sha256(seed, bytes([index >> (level - below) & 1]))
    return seed


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf (RFC 9162): SHA-256(0x00 ‖ data)."""
    return hash_sha256(b"\0", data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hash_sha256(b"\1", left, right)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree head over leaf hashes; that of no leaves is SHA-256 of nothing."""
    if not leaves:
        return hash_sha256()
    if len(leaves) == 1:
        return leaves[0]
    # The largest power of two below their number.
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Tree head to which `path` leads from `leaf` at `index` in a tree of `size` leaves.

    `None` when the path's length does not fit (RFC 9162, section 2.1.3.2).
    """
    last = size - 1
    if not 0 <= index <= last:
        return None
    for sibling in path:
        if last == 0:
            return None
        # A last node without a sibling rises until it is a right child.
        while index == last and index % 2 == 0:
            index //= 2
            last //= 2
        leaf = node_hash(sibling, leaf) if index % 2 else node_hash(leaf, sibling)
        index //= 2
        last //= 2
    return leaf if last == 0 else None


@dataclass(frozen=True)
class BatchCommitment:
    """What the chain is told of a batch."""

    chunks: int
    """Number of chunks, from 1 to MAX_CHUNKS_PER_BATCH."""
    root: bytes
    """Head of the Merkle tree over the chunks' commitments."""

    def leaf_hash(self) -> bytes:
        """The batch as a leaf of the data set's tree."""
        return leaf_hash(u32(self.chunks) + self.root)


@dataclass(frozen=True)
class RangeCommitment:
    """The first batches of a data set, committed to by one hash."""

    batches: int
    """Number of batches, counted from the first."""
    root: bytes
    """Merkle tree head over the batches."""

    @classmethod
    def over(cls, batches: Sequence[BatchCommitment]) -> "RangeCommitment":
        """The commitment to these batches."""
        return cls(len(batches), tree_root([batch.leaf_hash() for batch in batches]))


@dataclass(frozen=True)
class ChunkProof:
    """A chunk's commitment with its way up to the data set's tree head."""

    batch: int
    chunk: int
    chunks: int
    """How many chunks the batch has."""
    commitment: ChunkCommitment
    chunk_path: tuple[bytes, ...]
    """From the chunk's leaf to the batch's head."""
    batch_path: tuple[bytes, ...]
    """From the batch's leaf to the data set's head."""

    def verify(self, bought: RangeCommitment) -> bool:
        """Whether the chunk belongs to what was bought."""
        leaf = self.commitment.leaf_hash()
        root = root_from_path(leaf, self.chunk, self.chunks, self.chunk_path)
        if root is None or self.chunks > MAX_CHUNKS_PER_BATCH:
            return False
        leaf = BatchCommitment(self.chunks, root).leaf_hash()
        return root_from_path(leaf, self.batch, bought.batches, self.batch_path) == bought.root
