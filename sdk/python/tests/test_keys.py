import unittest
from base64 import b64decode
from dataclasses import replace

import sr25519
from vectors import VECTORS

from msec_sdk import (
    Account,
    EnvelopeError,
    EnvelopeFault,
    KeyTree,
    encryption_key,
    format_amount,
    generate_secret,
    parse_amount,
)
from msec_sdk.account import public_key_of
from msec_sdk.encoding import blake2b_256, from_hex, to_hex
from msec_sdk.envelope import OrderContext, open_order
from msec_sdk.ids import dataset_id, listing_id, order_id
from msec_sdk.signature import Freshness, RequestParts, sign_request, signature_base

SEALED = VECTORS["sealed_keys"]


class AccountTest(unittest.TestCase):
    def test_accounts_are_derived_as_in_the_vectors(self):
        for vector in VECTORS["accounts"]:
            account = Account.from_uri(vector["uri"])
            self.assertEqual(account.public_key, from_hex(vector["public_key"]))
            self.assertEqual(account.address, vector["address"])
            self.assertEqual(public_key_of(vector["address"]), account.public_key)

    def test_nonsense_is_refused(self):
        for uri in ("0x12", "one two three", "0xzz", "Alice"):
            with self.assertRaises(ValueError):
                Account.from_uri(uri)

    def test_amounts_are_in_whole_msec(self):
        self.assertEqual(parse_amount("2.5"), 2_500_000_000_000)
        self.assertEqual(parse_amount("0.000000000001 MSEC"), 1)
        self.assertEqual(format_amount(2_500_000_000_000), "2.5 MSEC")
        self.assertEqual(format_amount(10**12), "1 MSEC")
        for text in ("", ".5", "-1", "1,5", "1.0000000000001", "1e3", "9" * 40):
            with self.assertRaises(ValueError):
                parse_amount(text)


class IdentifierTest(unittest.TestCase):
    def test_identifiers_are_those_of_the_vectors(self):
        vectors = VECTORS["identifiers"]
        owner = from_hex(vectors["account"])
        dataset, listing, order = vectors["dataset"], vectors["listing"], vectors["order"]
        self.assertEqual(dataset_id(owner, from_hex(dataset["salt"])), dataset["id"])
        made = listing_id(owner, listing["dataset"], from_hex(listing["salt"]))
        self.assertEqual(made, listing["id"])
        made = order_id(order["listing"], owner, from_hex(order["buyer_key"]))
        self.assertEqual(made, order["id"])

    def test_terms_have_the_hash_of_the_vectors(self):
        for terms in VECTORS["terms"]:
            self.assertEqual(to_hex(blake2b_256(from_hex(terms["encoded"]))), terms["hash"])


class EnvelopeTest(unittest.TestCase):
    context = OrderContext(SEALED["genesis"], SEALED["order"], SEALED["dataset"])
    envelope = from_hex(SEALED["envelope"])
    secret = from_hex(SEALED["secret"])

    def assert_fault(self, fault, envelope, secret, context):
        with self.assertRaises(EnvelopeError) as caught:
            open_order(envelope, secret, context)
        self.assertEqual(caught.exception.fault, fault)

    def test_the_envelope_of_the_vectors_opens(self):
        self.assertEqual(encryption_key(self.secret), from_hex(SEALED["recipient"]))
        cover = open_order(self.envelope, self.secret, self.context)
        tree = KeyTree(from_hex(VECTORS["key_tree"]["seed"]))
        self.assertEqual(cover.batches, SEALED["batches"])
        self.assertEqual(cover.encode(), tree.cover(SEALED["batches"]).encode())

    def test_it_opens_for_its_order_and_recipient_only(self):
        other = replace(self.context, order=SEALED["dataset"])
        undecryptable, malformed = EnvelopeFault.UNDECRYPTABLE, EnvelopeFault.MALFORMED
        self.assert_fault(undecryptable, self.envelope, self.secret, other)
        self.assert_fault(undecryptable, self.envelope, generate_secret(), self.context)
        altered = self.envelope[:100] + b"\0\0\0\0" + self.envelope[104:]
        self.assert_fault(undecryptable, altered, self.secret, self.context)
        low_order = self.envelope[:1] + bytes(32) + self.envelope[33:]
        self.assert_fault(undecryptable, low_order, self.secret, self.context)
        for wrong in (b"", self.envelope[:40], b"\2" + self.envelope[1:], self.envelope * 11):
            self.assert_fault(malformed, wrong, self.secret, self.context)


class SignatureTest(unittest.TestCase):
    def test_requests_are_signed_as_in_the_vectors(self):
        account = Account.from_uri("//Bob")
        for vector in VECTORS["requests"]:
            request = RequestParts(
                vector["method"], vector["path"], vector["query"] or "", vector["body"].encode()
            )
            fresh = Freshness(vector["created"], vector["nonce"])
            headers = sign_request(account, vector["audience"], request, fresh)
            self.assertEqual(headers["content-digest"], vector["content_digest"])
            self.assertEqual(headers["signature-input"], vector["signature_input"])
            parameters = headers["signature-input"].removeprefix("msec=")
            base = signature_base(request, headers["content-digest"], parameters)
            self.assertEqual(base, vector["base"])
            for signature in (headers["signature"], vector["signature"]):
                value = b64decode(signature.removeprefix("msec=:").removesuffix(":"))
                key = from_hex(vector["public_key"])
                self.assertTrue(sr25519.verify(value, base.encode(), key))
            again = sign_request(account, vector["audience"], request)
            self.assertNotEqual(again["signature-input"], headers["signature-input"])


if __name__ == "__main__":
    unittest.main()
