"""HTTP message signatures (RFC 9421) over method, path, query and body."""

import time
from base64 import b64encode
from dataclasses import dataclass, field
from secrets import token_bytes

from .account import Account
from .encoding import hash_sha256

_COMPONENTS = '("@method" "@path" "@query" "content-digest")'


@dataclass(frozen=True)
class RequestParts:
    """The parts of a request that a signature covers."""

    method: str
    """The method in capitals."""
    path: str
    """The path, as it is sent."""
    query: str = ""
    """What follows `?`, where there is one."""
    body: bytes = b""


@dataclass(frozen=True)
class Freshness:
    """When a request was signed, and what makes it unique."""

    created: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""
    nonce: str = field(default_factory=lambda: b64encode(token_bytes(24)).decode())
    """22 to 88 characters of base64 that were not used before."""


def sign_request(
    account: Account, audience: str, request: RequestParts, freshness: Freshness | None = None
) -> dict[str, str]:
    """The headers of a request to the store of `audience`, signed now unless said otherwise."""
    fresh = freshness or Freshness()
    digest = f"sha-256=:{b64encode(hash_sha256(request.body)).decode()}:"
    parameters = (
        f'{_COMPONENTS};created={fresh.created};nonce="{fresh.nonce}";'
        f'keyid="{account.address}";alg="sr25519";tag="{audience}"'
    )
    signature = account.sign(signature_base(request, digest, parameters).encode())
    return {
        "content-digest": digest,
        "signature-input": f"msec={parameters}",
        "signature": f"msec=:{b64encode(signature).decode()}:",
    }


def signature_base(request: RequestParts, content_digest: str, parameters: str) -> str:
    """What is signed (RFC 9421, section 2.5)."""
    return "\n".join(
        [
            f'"@method": {request.method}',
            f'"@path": {request.path}',
            f'"@query": ?{request.query}',
            f'"content-digest": {content_digest}',
            f'"@signature-params": {parameters}',
        ]
    )
