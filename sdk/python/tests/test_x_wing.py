import hashlib
import unittest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from vectors import HPKE

WRAPPED = {name: bytes.fromhex(value) for name, value in HPKE["wrapped"].items()}


def private_keys(seed):
    """The two keys of an X-Wing secret (draft-connolly-cfrg-xwing-kem, section 5.2)."""
    expanded = hashlib.shake_256(seed).digest(96)
    post_quantum = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    return post_quantum, X25519PrivateKey.from_private_bytes(expanded[64:])


class XWingTest(unittest.TestCase):
    """What the implementation in Rust wraps is opened here by another one."""

    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    info = b"m-sec key tree" + WRAPPED["genesis"] + WRAPPED["dataset"]

    def test_keys_are_those_of_the_draft(self):
        for vector in HPKE["x_wing"]:
            post_quantum, classic = private_keys(bytes.fromhex(vector["seed"]))
            public = [key.public_key().public_bytes_raw() for key in (post_quantum, classic)]
            self.assertEqual(b"".join(public).hex(), vector["pk"])

    def test_a_wrapped_secret_opens_for_its_data_set_only(self):
        key = MLKEM768X25519PrivateKey(*private_keys(WRAPPED["secret"]))
        wrapped = WRAPPED["wrapped"]
        self.assertEqual(wrapped[0], 2)
        opened = self.suite.decrypt(wrapped[1:], key, info=self.info)
        self.assertEqual(opened, WRAPPED["seed"])
        with self.assertRaises(InvalidTag):
            self.suite.decrypt(wrapped[1:], key, info=self.info + b"x")


if __name__ == "__main__":
    unittest.main()
