"""The market as one account sees it: searching, buying and fetching."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from async_substrate_interface import AsyncSubstrateInterface

from .account import Account, public_key_of
from .commitments import ChunkError, ChunkFault, KeyCover, RangeCommitment
from .encoding import blake2b_256, from_hex, to_hex
from .envelope import (
    EnvelopeError,
    EnvelopeFault,
    OrderContext,
    encryption_key,
    generate_secret,
    open_order,
)
from .frame import Frame, split_header
from .ids import order_id
from .store import StoreClient, Stores

_CELL_LENGTH = 4
"""Most characters of a place by which the chain finds listings."""
_PAGE = 100
_POLL = 1.0
_ANSWER_DEADLINE = 30.0
_FINALITY_DEADLINE = 300.0
_MORTALITY = 64
_TERMS = "pallet_marketplace::types::ListingTerms"
_IS_AVAILABLE = bytes.fromhex("b8f32c9f36429933d924999a1b87423f67610a1d5d50dcd5a8278902991b5dcb")
"""The view function: twox-128 of `Marketplace` and of `is_available(ListingId) -> bool`."""


class ChainError(Exception):
    """The chain refused."""


class OrderError(Exception):
    """An order does not exist, or is not in the state for this."""


class WrongChunkError(Exception):
    """A chunk is not what was committed to: a reason to dispute the order."""

    def __init__(self, batch: int, chunk: int, fault: ChunkFault):
        super().__init__(f"chunk {chunk} of batch {batch} is wrong: {fault.value}")
        self.batch = batch
        self.chunk = chunk
        self.fault = fault


@dataclass(frozen=True)
class Listing:
    """An offer."""

    id: str
    owner: str
    """Who sells (SS58)."""
    dataset: str
    right: str
    """What a buyer gets: `Read` for data, `Use` for a service, `Act` for an actuator."""
    kind: str
    """What is measured, such as `air-temperature`."""
    unit: str
    """The unit of the readings as a UCUM code."""
    interval_seconds: int
    """0 when readings come irregularly."""
    place: str
    """Geohash of 1 to 9 characters."""
    licence: str
    """Identifier of a licence on the chain's list."""
    sample: str
    """A few readings to look at."""
    price: int | None
    """What one purchase costs, in the smallest unit; `None` where it is paid for in another way."""
    terms_hash: str
    is_active: bool
    """Whether its owner sells it; attested data can be bought only while its device is trusted."""
    maximum_verdict_age: int | None
    """For attested data: the most blocks since the verdict that trusts the device."""
    sales: int
    """How many orders were opened."""


@dataclass(frozen=True)
class Order:
    """A purchase on the chain."""

    id: str
    dataset: str
    price: int
    """What is held from the payer, in the smallest unit."""
    range: RangeCommitment
    """The batches that were bought."""
    deliver_by: int
    """Last block for the delivery of the key."""
    access_until: int
    """Block until which the beneficiary may fetch the data."""
    state: str
    """`AwaitingDelivery`, `Delivered`, `Settled`, `Refunded` or what the chain has besides."""


@dataclass(frozen=True)
class Purchase:
    """A purchase that is to be made, or was.

    It holds the secret that opens what is bought: keep it before you buy, and keep it safe.
    """

    order: str
    """The order's identifier, known before it is opened."""
    listing: str
    terms_hash: str
    """Hash of the terms that are agreed to."""
    max_price: int
    """Highest price, in the smallest unit."""
    beneficiary: str
    """Who may read, confirm and dispute (SS58)."""
    buyer_key: str
    """X25519 public key to which the keys are sealed."""
    secret: str
    """Its secret."""

    def __repr__(self) -> str:
        return f"Purchase(order={self.order!r})"

    def save(self, path: Path) -> None:
        """Writes the purchase to a new file that only its owner may read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(descriptor)

    @classmethod
    def load(cls, path: Path) -> "Purchase":
        """Reads what `save` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Batch:
    """A batch that was fetched, decrypted, and found to be what was committed to."""

    index: int
    """Position in the data set."""
    chunks: tuple[bytes, ...]
    """The plaintext of its chunks."""


@dataclass(frozen=True)
class TablePart:
    """A piece of a table in CSV."""

    table: int
    """Counts from 0 and grows where the columns change."""
    text: str
    """The next lines; those of a new table begin with its header."""


class _Block:
    """The chain's state after one block."""

    def __init__(self, substrate: AsyncSubstrateInterface, hash: str, number: int):
        self._substrate = substrate
        self.hash = hash
        self.number = number

    async def get(self, pallet: str, item: str, *key: Any) -> Any:
        """A value in storage; `None` when there is none."""
        question = self._substrate.query(pallet, item, list(key), block_hash=self.hash)
        return await asyncio.wait_for(question, _ANSWER_DEADLINE)

    async def entries(self, pallet: str, item: str, *key: Any) -> list[tuple[Any, Any]]:
        """All entries of a map in storage under the first parts of their key."""
        found = await self._substrate.query_map(
            pallet, item, list(key), block_hash=self.hash, page_size=_PAGE
        )
        return [entry async for entry in found]

    async def bytes(self, pallet: str, item: str, *key: Any) -> bytes | None:
        """A list of bytes in storage, which `get` would show as a text where it looks like one."""
        place = await self._substrate.create_storage_key(pallet, item, list(key))
        answer = await self._substrate.rpc_request("state_getStorage", [place.to_hex(), self.hash])
        if answer["result"] is None:
            return None
        encoded = from_hex(answer["result"])
        # The length in SCALE's compact form: one, two or four bytes for what fits a transaction.
        prefix = 1 << (encoded[0] & 3)
        length = int.from_bytes(encoded[:prefix], "little") >> 2
        if len(encoded) != prefix + length:
            raise ChainError(f"{pallet}.{item} does not hold bytes")
        return encoded[prefix:]

    async def is_available(self, listing: str) -> bool:
        """Whether a listing can be bought now, as the chain itself says."""
        # Its arguments are bytes, so that their length comes first, in SCALE's compact form.
        question = to_hex(_IS_AVAILABLE + bytes([32 << 2]) + from_hex(listing, 32))
        asked = self._substrate.rpc_request(
            "state_call", ["RuntimeViewFunction_execute_view_function", question, self.hash]
        )
        answer = from_hex((await asyncio.wait_for(asked, _ANSWER_DEADLINE))["result"])
        # `Ok`, then a list of one byte.
        if answer[:-1] != b"\x00\x04" or answer[-1] > 1:
            raise ChainError("the chain does not say whether a listing can be bought")
        return answer[-1] == 1

    async def hash_of(self, path: str, value: Any) -> str:
        """BLAKE2b-256 of the SCALE encoding of `value`, whose type the chain knows by this path."""
        return to_hex(
            blake2b_256(await self._substrate.encode_scale(path, value, block_hash=self.hash))
        )


class Market:
    """The market as one account sees it. To be used as an asynchronous context."""

    def __init__(self, node: str, account: Account):
        """Connects to a node: `ws://…` or `wss://…`."""
        self.account = account
        self._substrate = AsyncSubstrateInterface(node, ss58_format=42)
        self._genesis = ""

    async def __aenter__(self) -> "Market":
        await asyncio.wait_for(self._substrate.initialize(), _ANSWER_DEADLINE)
        self._genesis = await self._substrate.get_block_hash(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._substrate.close()

    async def search(
        self,
        kind: str | None = None,
        place: str | None = None,
        owner: str | None = None,
        max_price: int | None = None,
    ) -> list[Listing]:
        """The offers that can be bought, the cheapest first. Nothing said means anything.

        `kind` is matched exactly, `place` is a geohash in which the place lies, `owner` an address
        (SS58), and `max_price` an amount in the smallest unit. Attested data is found only while
        its device is trusted.
        """
        block = await self._finalized()
        found = [
            listing
            async for listing in self._candidates(block, kind, place, owner)
            if listing.is_active
            and kind in (None, listing.kind)
            and listing.place.startswith(place or "")
            and owner in (None, listing.owner)
            and (max_price is None or listing.price is not None and listing.price <= max_price)
            and (listing.maximum_verdict_age is None or await block.is_available(listing.id))
        ]
        return sorted(found, key=lambda listing: (listing.price is None, listing.price or 0))

    async def listing(self, id: str) -> Listing | None:
        """An offer; `None` when there is none."""
        return await self._listing(await self._finalized(), id)

    def prepare(
        self, listing: Listing, beneficiary: str | None = None, max_price: int | None = None
    ) -> Purchase:
        """Makes the key of a purchase. Nothing is bought yet: save the result first.

        The beneficiary may read, confirm and dispute: who pays, unless said otherwise.
        """
        limit = listing.price if max_price is None else max_price
        if limit is None:
            raise OrderError("say max_price: this SDK does not know how the listing is paid for")
        secret = generate_secret()
        buyer_key = encryption_key(secret)
        reader = beneficiary or self.account.address
        return Purchase(
            order=order_id(listing.id, public_key_of(reader), buyer_key),
            listing=listing.id,
            terms_hash=listing.terms_hash,
            max_price=limit,
            beneficiary=reader,
            buyer_key=to_hex(buyer_key),
            secret=to_hex(secret),
        )

    async def buy(self, purchase: Purchase) -> Order:
        """Opens the order, and waits until that is final; does nothing when it is there already."""
        known = await self.order(purchase.order)
        if known is not None:
            return known
        is_other = purchase.beneficiary != self.account.address
        await self._submit(
            "buy",
            listing=purchase.listing,
            terms_hash=purchase.terms_hash,
            max_price=purchase.max_price,
            beneficiary=purchase.beneficiary if is_other else None,
            buyer_key=purchase.buyer_key,
        )
        return await _existing(await self._finalized(), purchase.order)

    async def order(self, id: str) -> Order | None:
        """An order; `None` when there is none."""
        return await _order(await self._finalized(), id)

    async def wait_for_key(self, purchase: Purchase) -> Order:
        """Waits until the order's key is delivered."""
        while True:
            block = await self._finalized()
            order = await _existing(block, purchase.order)
            if await block.bytes("Marketplace", "Envelopes", order.id) is not None:
                return order
            if order.state != "AwaitingDelivery" or block.number > order.deliver_by:
                raise OrderError("the key was not delivered in time; the order can be refunded")
            await asyncio.sleep(_POLL)

    async def fetch(self, purchase: Purchase, first: int = 0) -> AsyncIterator[Batch]:
        """Fetches what was bought from the batch `first` on, decrypts it, and checks every chunk.

        At most one batch is in memory.
        """
        block = await self._finalized()
        order = await _existing(block, purchase.order)
        cover = await self._open(block, purchase, order)
        stores = await self._stores(block, order.dataset)
        batches = await asyncio.to_thread(stores.commitments, order.range)
        for index in range(first, len(batches)):
            frame = await asyncio.to_thread(stores.batch, index, batches[index])
            yield Batch(index, await asyncio.to_thread(open_batch, cover, frame))

    async def fetch_tables(self, purchase: Purchase) -> AsyncIterator[TablePart]:
        """Like `fetch`, as tables in CSV whose headers are not repeated."""
        table, header = -1, None
        async for batch in self.fetch(purchase):
            for next_header, rows in map(split_header, batch.chunks):
                is_new = next_header != header
                table, header = table + is_new, next_header
                yield TablePart(table, next_header + rows if is_new else rows)

    async def confirm(self, order: str) -> None:
        """Accepts what was delivered, so that the seller is paid."""
        await self._submit("confirm", order=order)

    async def refund(self, order: str) -> None:
        """Gets the money back for a key that was not delivered in time."""
        await self._submit("refund", order=order)

    async def _finalized(self) -> _Block:
        head = self._substrate.get_chain_finalised_head()
        hash = await asyncio.wait_for(head, _ANSWER_DEADLINE)
        return _Block(self._substrate, hash, await self._substrate.get_block_number(hash))

    async def _candidates(
        self, block: _Block, kind: str | None, place: str | None, owner: str | None
    ) -> AsyncIterator[Listing]:
        if owner is not None:
            ids = await block.entries("Marketplace", "ListingsByOwner", owner)
        elif kind is not None:
            ids = await block.entries("Marketplace", "ListingsByKind", kind)
        elif place is not None and len(place) >= _CELL_LENGTH:
            ids = await block.entries("Marketplace", "ListingsByCell", place[:_CELL_LENGTH])
        else:
            ids = await block.entries("Marketplace", "Listings")
        for id, _ in ids:
            listing = await self._listing(block, id)
            if listing is not None:
                yield listing

    async def _listing(self, block: _Block, id: str) -> Listing | None:
        found = await block.get("Marketplace", "Listings", id)
        if found is None:
            return None
        terms = found["terms"]
        if await block.hash_of(_TERMS, terms) != found["terms_hash"]:
            raise ChainError(f"the node shows other terms of {id} than the chain would hold you to")
        return Listing(
            id=id,
            owner=found["owner"],
            dataset=terms["dataset"],
            right=terms["right"],
            kind=terms["kind"],
            unit=terms["unit"],
            interval_seconds=terms["interval_seconds"],
            place=terms["place"],
            licence=terms["licence"],
            sample=terms["sample"],
            price=_price(terms["pricing"]),
            terms_hash=found["terms_hash"],
            is_active=found["status"] == "Active",
            maximum_verdict_age=terms["maximum_verdict_age"],
            sales=found["sales"],
        )

    async def _open(self, block: _Block, purchase: Purchase, order: Order) -> KeyCover:
        envelope = await block.bytes("Marketplace", "Envelopes", order.id)
        if envelope is None:
            raise OrderError("the key is not delivered yet")
        context = OrderContext(self._genesis, order.id, order.dataset)
        cover = open_order(envelope, from_hex(purchase.secret, 32), context)
        if cover.batches < order.range.batches:
            raise EnvelopeError(EnvelopeFault.TOO_FEW)
        return cover

    async def _stores(self, block: _Block, dataset: str) -> Stores:
        details = await block.get("Records", "Datasets", dataset)
        clients = []
        for operator in details["stores"] if details else ():
            store = await block.get("Records", "Stores", operator)
            if store is not None:
                clients.append(StoreClient(store["endpoint"], operator, self.account))
        return Stores(dataset, clients)

    async def _submit(self, call: str, **parameters: Any) -> None:
        """Signs and sends a call of the marketplace, and waits until it is final."""
        substrate, account = self._substrate, self.account
        nonce = await substrate.get_account_next_index(account.address, use_cache=False)
        composed = await substrate.compose_call("Marketplace", call, parameters)
        extrinsic = await substrate.create_signed_extrinsic(
            composed, account, era={"period": _MORTALITY}, nonce=nonce
        )
        receipt = await asyncio.wait_for(
            substrate.submit_extrinsic(extrinsic, wait_for_finalization=True), _FINALITY_DEADLINE
        )
        if not await receipt.is_success:
            raise ChainError(f"Marketplace.{call} failed: {await receipt.error_message}")


def open_batch(cover: KeyCover, frame: Frame) -> tuple[bytes, ...]:
    """Decrypts and checks all chunks of a batch."""
    key = cover.batch_key(frame.batch)
    if key is None:
        raise WrongChunkError(frame.batch, 0, ChunkFault.OTHER_KEY)

    def plaintexts() -> Iterator[bytes]:
        for number, chunk in enumerate(frame.chunks):
            try:
                yield key.chunk_key(number).open(chunk)
            except ChunkError as error:
                raise WrongChunkError(frame.batch, number, error.fault) from None

    return tuple(plaintexts())


async def _order(block: _Block, id: str) -> Order | None:
    found = await block.get("Marketplace", "Orders", id)
    if found is None:
        return None
    bought = found["range"]
    state = found["state"]
    return Order(
        id=id,
        dataset=found["dataset"],
        price=found["price"],
        range=RangeCommitment(bought["batches"], from_hex(bought["root"], 32)),
        deliver_by=found["deliver_by"],
        access_until=found["access_until"],
        state=state if isinstance(state, str) else next(iter(state)),
    )


async def _existing(block: _Block, id: str) -> Order:
    order = await _order(block, id)
    if order is None:
        raise OrderError(f"there is no order {id}")
    return order


def _price(pricing: Any) -> int | None:
    """What one purchase costs; `None` for ways to pay that this SDK does not know."""
    if pricing == "Free" or isinstance(pricing, dict) and "FreeQuota" in pricing:
        return 0
    one_time = pricing.get("OneTime") if isinstance(pricing, dict) else None
    return one_time["price"] if one_time else None
