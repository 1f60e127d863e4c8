"""Identifiers, which clients compute before the chain does."""

from .encoding import blake2b_256, exactly, from_hex, to_hex


def dataset_id(owner: bytes, salt: bytes) -> str:
    """A data set's identifier."""
    return to_hex(blake2b_256(exactly(owner, 32), exactly(salt, 32)))


def listing_id(owner: bytes, dataset: str, salt: bytes) -> str:
    """A listing's identifier."""
    return to_hex(blake2b_256(exactly(owner, 32), from_hex(dataset, 32), exactly(salt, 32)))


def order_id(listing: str, beneficiary: bytes, buyer_key: bytes) -> str:
    """An order's identifier."""
    parts = (from_hex(listing, 32), exactly(beneficiary, 32), exactly(buyer_key, 32))
    return to_hex(blake2b_256(*parts))
