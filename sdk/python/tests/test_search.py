import unittest
from pathlib import Path

from msec_sdk import Account, ChainError, Market
from msec_sdk.encoding import blake2b_256, from_hex, to_hex
from msec_sdk.market import _IS_AVAILABLE

ACCOUNT = Account.from_uri("//Bob")
METADATA = Path(__file__).parents[3] / "offchain-workers/common/metadata/msec.scale"
HEAD = "0x" + "0b" * 32
ENCODED_TERMS = b"terms"
YES, NO = "0x000401", "0x000400"


class FakeSubstrate:
    """A node with one listing for each price, of which the chain says what `answers` has."""

    def __init__(self, answers, attested=True):
        self.answers = answers
        self.attested = attested
        self.asked = []

    async def get_chain_finalised_head(self):
        return HEAD

    async def get_block_number(self, _):
        return 7

    async def query_map(self, _pallet, _item, _key, block_hash, page_size):
        async def entries():
            for price in self.answers:
                yield id_of(price), None

        return entries()

    async def query(self, _pallet, _item, key, block_hash):
        return {
            "owner": ACCOUNT.address,
            "status": "Active",
            "terms": {
                "dataset": "0x" + "07" * 32,
                "right": "Read",
                "kind": "air-temperature",
                "unit": "Cel",
                "interval_seconds": 60,
                "place": "ezjm",
                "licence": "CC-BY-4.0",
                "sample": "",
                "pricing": {"OneTime": {"price": price_of(key[0])}},
                "maximum_verdict_age": 100 if self.attested else None,
            },
            "terms_hash": to_hex(blake2b_256(ENCODED_TERMS)),
            "sales": 0,
        }

    async def encode_scale(self, _path, _value, block_hash):
        return ENCODED_TERMS

    async def rpc_request(self, method, params):
        name, question, block_hash = params
        assert (method, block_hash) == ("state_call", HEAD)
        assert name == "RuntimeViewFunction_execute_view_function"
        question = from_hex(question)
        assert question[:33] == _IS_AVAILABLE + b"\x80"
        id = to_hex(question[33:])
        self.asked.append(price_of(id))
        return {"result": self.answers[price_of(id)]}


def id_of(price):
    return to_hex(price.to_bytes(32, "big"))


def price_of(id):
    return int.from_bytes(from_hex(id, 32), "big")


class SearchTest(unittest.IsolatedAsyncioTestCase):
    async def prices(self, substrate, **query):
        market = Market("ws://127.0.0.1:1", ACCOUNT)
        market._substrate = substrate
        return [listing.price for listing in await market.search(**query)]

    async def test_attested_data_is_found_while_its_device_is_trusted(self):
        substrate = FakeSubstrate({3: YES, 1: NO, 2: YES})
        self.assertEqual(await self.prices(substrate), [2, 3])

    async def test_the_chain_is_asked_about_attested_data_that_matches(self):
        substrate = FakeSubstrate({1: YES, 2: NO, 3: YES})
        self.assertEqual(await self.prices(substrate, max_price=2), [1])
        self.assertEqual(substrate.asked, [1, 2])
        plain = FakeSubstrate({1: NO}, attested=False)
        self.assertEqual(await self.prices(plain), [1])
        self.assertEqual(plain.asked, [])

    async def test_what_the_chain_does_not_say_is_not_guessed(self):
        for answer in ["0x0100", "0x000402", "0x0008010", "0x00", "0x"]:
            with self.assertRaises((ChainError, ValueError)):
                await self.prices(FakeSubstrate({1: answer}))

    def test_the_chain_knows_the_view_function(self):
        self.assertIn(_IS_AVAILABLE, METADATA.read_bytes())


if __name__ == "__main__":
    unittest.main()
