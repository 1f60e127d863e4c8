import unittest
from dataclasses import replace

from vectors import PROTOCOL, VECTORS

from msec_sdk.commitments import (
    BatchCommitment,
    ChunkCommitment,
    ChunkError,
    ChunkFault,
    ChunkKey,
    ChunkProof,
    KeyCover,
    KeyTree,
    RangeCommitment,
    SealedChunk,
    leaf_hash,
    tree_root,
)
from msec_sdk.encoding import from_hex, hash_sha256, u32
from msec_sdk.frame import MAX_FRAME_LENGTH, Frame, split_header

KEY_TREE, CHUNKS, TREES = VECTORS["key_tree"], VECTORS["chunks"], VECTORS["trees"]
TREE = KeyTree(from_hex(KEY_TREE["seed"]))
FRAMES = [Frame.decode(from_hex(batch["frame"])) for batch in TREES["batches"]]
BOUGHT = RangeCommitment(TREES["range"]["batches"], from_hex(TREES["range"]["root"]))


def sealed(chunk):
    commitment = {name: from_hex(value) for name, value in chunk["commitment"].items()}
    return SealedChunk(ChunkCommitment(**commitment), from_hex(chunk["ciphertext"]))


def flipped(value, position):
    return value[:position] + bytes([value[position] ^ 0x80]) + value[position + 1 :]


class KeyTreeTest(unittest.TestCase):
    def test_keys_are_derived_as_in_the_vectors(self):
        for vector in KEY_TREE["chunk_keys"]:
            key = TREE.batch_key(vector["batch"]).chunk_key(vector["chunk"])
            self.assertEqual(key.bytes, from_hex(vector["key"]))
            self.assertEqual(key.commitment(), from_hex(vector["commitment"]))

    def test_covers_are_written_and_read_as_in_the_vectors(self):
        for vector in KEY_TREE["covers"]:
            encoded = from_hex(vector["encoded"])
            self.assertEqual(TREE.cover(vector["batches"]).encode(), encoded)
            self.assertEqual(KeyCover.decode(encoded).batches, vector["batches"])

    def test_a_cover_yields_the_keys_of_its_batches_and_no_other(self):
        cover = TREE.cover(1_000_001)
        for batch in (0, 1, 524_287, 524_288, 1_000_000):
            expected = TREE.batch_key(batch).chunk_key(0).bytes
            self.assertEqual(cover.batch_key(batch).chunk_key(0).bytes, expected)
        self.assertIsNone(cover.batch_key(1_000_001))
        self.assertIsNone(cover.batch_key(2**32 - 1))

    def test_covers_of_a_renewed_secret_are_those_of_the_vectors(self):
        renewed = PROTOCOL["renewed"]
        parts = [(part["first"], bytes.fromhex(part["seed"])) for part in renewed["generations"]]
        tree = KeyTree(*parts)
        for vector in renewed["covers"]:
            encoded = bytes.fromhex(vector["encoded"])
            self.assertEqual(tree.cover(vector["batches"]).encode(), encoded)
            self.assertEqual(KeyCover.decode(encoded).batches, vector["batches"])
        cover = KeyCover.decode(bytes.fromhex(renewed["covers"][-1]["encoded"]))
        for vector in renewed["chunk_keys"]:
            for source in (tree, cover):
                key = source.batch_key(vector["batch"]).chunk_key(0).bytes
                self.assertEqual(key.hex(), vector["key"])
        self.assertIsNone(cover.batch_key(cover.batches))
        for firsts in ((1,), (0, 0), (0, 5, 3)):
            with self.assertRaises(ValueError):
                KeyTree(*((first, bytes(32)) for first in firsts))

    def test_what_is_no_cover_is_refused(self):
        encoded = TREE.cover(3).encode()
        first, second = encoded[1:38], encoded[38:]
        swapped, alone = b"\x08" + second + first, b"\x04" + second
        too_high = b"\x04" + b"\xff" + first[1:]
        for value in (swapped, alone, too_high, encoded + b"\0", encoded[:-1], b"", b"\x01"):
            with self.assertRaises(ValueError):
                KeyCover.decode(value)


class ChunkTest(unittest.TestCase):
    def test_chunks_open_as_in_the_vectors(self):
        for chunk in CHUNKS:
            key = TREE.batch_key(chunk["batch"]).chunk_key(chunk["chunk"])
            self.assertEqual(key.bytes, from_hex(chunk["key"]))
            self.assertEqual(key.open(sealed(chunk)), chunk["plaintext"].encode())
            self.assertEqual(sealed(chunk).commitment.leaf_hash(), from_hex(chunk["leaf_hash"]))

    def test_what_is_wrong_with_a_chunk_is_named(self):
        key, chunk = ChunkKey(from_hex(CHUNKS[0]["key"])), sealed(CHUNKS[0])
        altered = flipped(chunk.ciphertext, 0)
        committed = replace(chunk.commitment, ciphertext=hash_sha256(altered))
        other_plaintext = replace(chunk.commitment, plaintext=bytes(32))
        cases = [
            (ChunkFault.OTHER_KEY, ChunkKey(bytes(32)), chunk),
            (ChunkFault.OTHER_CIPHERTEXT, key, replace(chunk, ciphertext=altered)),
            (ChunkFault.UNDECRYPTABLE, key, SealedChunk(committed, altered)),
            (ChunkFault.UNDECRYPTABLE, key, self.short(chunk)),
            (ChunkFault.OTHER_PLAINTEXT, key, replace(chunk, commitment=other_plaintext)),
        ]
        for fault, opener, wrong in cases:
            with self.assertRaises(ChunkError) as caught:
                opener.open(wrong)
            self.assertEqual(caught.exception.fault, fault)

    @staticmethod
    def short(chunk):
        """Shorter than a tag."""
        commitment = replace(chunk.commitment, ciphertext=hash_sha256(b"x"))
        return SealedChunk(commitment, b"x")

    def test_a_chunk_is_header_and_rows(self):
        self.assertEqual(split_header(b"time,a\n1,2\n3,4\n"), ("time,a\n", "1,2\n3,4\n"))
        self.assertEqual(split_header(b"time,a"), ("time,a", ""))


class TreeTest(unittest.TestCase):
    def test_trees_have_the_heads_of_the_vectors(self):
        for count, head in enumerate(TREES["heads_over_numbers"]):
            leaves = [leaf_hash(u32(index)) for index in range(count)]
            self.assertEqual(tree_root(leaves), from_hex(head))

    def test_frames_are_read_as_in_the_vectors_and_give_the_range(self):
        for frame, expected in zip(FRAMES, TREES["batches"], strict=True):
            self.assertEqual(frame.batch, expected["batch"])
            commitment = BatchCommitment(expected["chunks"], from_hex(expected["root"]))
            self.assertEqual(frame.commitment, commitment)
            self.assertEqual(commitment.leaf_hash(), from_hex(expected["leaf_hash"]))
        self.assertEqual(RangeCommitment.over([frame.commitment for frame in FRAMES]), BOUGHT)

    def test_frames_that_were_altered_or_cut_are_refused(self):
        whole = from_hex(TREES["batches"][0]["frame"])
        wrong = [flipped(whole, position) for position in (0, 8, 50, 110, len(whole) - 1)]
        for value in [*wrong, whole[:-1], whole[:50], whole + b"\0", b"MSB1", b""]:
            with self.assertRaises(ValueError):
                Frame.decode(value)
        self.assertEqual(MAX_FRAME_LENGTH, 12 + 1024 * (100 + 4112))

    def test_proofs_hold_at_their_place_only(self):
        for vector in TREES["proofs"]:
            batch, chunk = vector["batch"], vector["chunk"]
            proof = ChunkProof(
                batch,
                chunk,
                vector["chunks"],
                FRAMES[batch].chunks[chunk].commitment,
                tuple(map(from_hex, vector["chunk_path"])),
                tuple(map(from_hex, vector["batch_path"])),
            )
            self.assertTrue(proof.verify(BOUGHT))
            for wrong in (
                replace(proof, batch=batch + 1),
                replace(proof, chunk=chunk + 1),
                replace(proof, chunks=proof.chunks + 1),
                replace(proof, commitment=replace(proof.commitment, key=bytes(32))),
                replace(proof, chunk_path=(*proof.chunk_path, bytes(32))),
                replace(proof, batch_path=proof.batch_path[1:]),
            ):
                self.assertFalse(wrong.verify(BOUGHT))


if __name__ == "__main__":
    unittest.main()
