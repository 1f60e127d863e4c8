"""The M-Sec SDK for Python: the buyer's path.

`Market` does everything by itself. Below it are its parts: the commitments, which need no network,
the client of a store, and accounts.
"""

from .account import Account
from .amount import format_amount, parse_amount
from .commitments import ChunkCommitment, ChunkError, ChunkFault, ChunkKey, KeyCover, KeyTree
from .envelope import EnvelopeError, EnvelopeFault, encryption_key, generate_secret
from .market import (
    Batch,
    ChainError,
    Listing,
    Market,
    Order,
    OrderError,
    Purchase,
    TablePart,
    WrongChunkError,
)
from .store import Problem, StoreClient, StoreError

__all__ = [
    "Account",
    "Batch",
    "ChainError",
    "ChunkCommitment",
    "ChunkError",
    "ChunkFault",
    "ChunkKey",
    "EnvelopeError",
    "EnvelopeFault",
    "KeyCover",
    "KeyTree",
    "Listing",
    "Market",
    "Order",
    "OrderError",
    "Problem",
    "Purchase",
    "StoreClient",
    "StoreError",
    "TablePart",
    "WrongChunkError",
    "encryption_key",
    "format_amount",
    "generate_secret",
    "parse_amount",
]
