"""Client of companion databases. Every request is signed; what fails for a passing reason is signed
anew and tried again."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import urllib3

from .account import Account
from .commitments import MAX_CHUNKS_PER_BATCH, BatchCommitment, RangeCommitment
from .encoding import from_hex
from .frame import MAX_FRAME_LENGTH, Frame
from .signature import RequestParts, sign_request

_ATTEMPTS = 6
_FIRST_PAUSE = 0.25
_MAX_PAUSE = 10.0
_TIMEOUT = urllib3.Timeout(connect=30.0, read=30.0)
_MAX_ANSWER_LENGTH = 1024 * 1024
_PART_LENGTH = 64 * 1024
_MAX_SHOWN = 300
_MAX_PAGE = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """An error as stores describe it (RFC 9457)."""

    status: int
    """The HTTP status."""
    title: str
    """What happened, for people."""
    detail: str = ""
    """What happened here, for people."""
    code: str = ""
    """What happened, for programs."""
    refusal: str = ""
    """The chain's reason, when access was refused."""


class StoreError(Exception):
    """A store did not do what it was asked."""

    def __init__(
        self,
        message: str,
        problem: Problem | None = None,
        *,
        is_passing: bool = False,
        retry_after: float | None = None,
    ):
        super().__init__(message)
        self.problem = problem
        self.is_passing = is_passing
        """Whether another attempt may help."""
        self.retry_after = retry_after
        """After how many seconds the store wants to be asked again."""


class StoreClient:
    """Talks to one store in the name of one account. Blocks."""

    def __init__(self, endpoint: str, operator: str, account: Account):
        """A client of the store that `operator` registered at `endpoint`."""
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise StoreError(f"{_shown(endpoint)} is not the address of a store")
        self._origin = f"{url.scheme}://{url.netloc}"
        self._path = url.path.rstrip("/")
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self.operator = operator
        self._account = account

    def batches(self, dataset: str, until: int) -> list[BatchCommitment]:
        """The commitments of the first batches, as many as there are up to `until`."""
        found: list[BatchCommitment] = []
        while len(found) < until:
            end = min(until, len(found) + _MAX_PAGE)
            answer = self._ask(f"{dataset}/batches", f"from={len(found)}&to={end}")
            page = _decoded(_parse_page, answer, len(found), end)
            if not page:
                break
            found += page
        return found

    def batch(self, dataset: str, batch: int) -> Frame:
        """One batch, checked against the commitments it carries, but not against the chain's."""
        answer = self._ask(f"{dataset}/batches/{batch}", limit=MAX_FRAME_LENGTH)
        frame = _decoded(Frame.decode, answer)
        if frame.batch != batch:
            raise StoreError(f"the store's answer is not valid: it is batch {frame.batch}")
        return frame

    def _ask(self, path: str, query: str = "", limit: int = _MAX_ANSWER_LENGTH) -> bytes:
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._attempt(path, query, limit)
            except StoreError as error:
                if not error.is_passing:
                    raise
                wanted = pause if error.retry_after is None else error.retry_after
                time.sleep(min(wanted, _MAX_PAUSE))
                pause *= 2
        return self._attempt(path, query, limit)

    def _attempt(self, path: str, query: str, limit: int) -> bytes:
        parts = RequestParts("GET", f"{self._path}/v1/datasets/{path}", query)
        url = f"{self._origin}{parts.path}{'?' if query else ''}{query}"
        headers = sign_request(self._account, self.operator, parts)
        try:
            response = self._http.request(
                "GET", url, headers=headers, redirect=False, preload_content=False
            )
            try:
                answer = _read(response, limit if response.status == 200 else _MAX_ANSWER_LENGTH)
            finally:
                response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise StoreError(f"the store cannot be reached: {error}", is_passing=True) from error
        if response.status != 200:
            raise _refusal(response.status, response.headers.get("retry-after"), answer)
        return answer


class Stores:
    """The stores of a data set, as one. Blocks."""

    def __init__(self, dataset: str, clients: Sequence[StoreClient]):
        if not clients:
            raise StoreError("no store of this data set is registered")
        self._dataset = dataset
        self._clients = clients

    def commitments(self, bought: RangeCommitment) -> list[BatchCommitment]:
        """The commitments of all batches, from the first store that lists the committed ones."""

        def ask(client: StoreClient) -> list[BatchCommitment]:
            batches = client.batches(self._dataset, bought.batches)
            if RangeCommitment.over(batches) != bought:
                raise StoreError("it lists other batches than were committed to")
            return batches

        return self._first(ask)

    def batch(self, index: int, expected: BatchCommitment) -> Frame:
        """A batch, from the first store that has it as it was committed to."""

        def ask(client: StoreClient) -> Frame:
            frame = client.batch(self._dataset, index)
            if frame.commitment != expected:
                raise StoreError(f"it has another batch {index} than was committed to")
            return frame

        return self._first(ask)

    def _first(self, ask: Callable[[StoreClient], T]) -> T:
        faults = []
        for client in self._clients:
            try:
                return ask(client)
            except StoreError as error:
                faults.append(f"{client.operator}: {error}")
        raise StoreError(f"no store of this data set helps: {'; '.join(faults)}")


def _read(response: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    answer = bytearray()
    for part in response.stream(_PART_LENGTH):
        answer += part
        if len(answer) > limit:
            response.close()
            raise StoreError(f"the store's answer is longer than {limit} bytes")
    return bytes(answer)


def _refusal(status: int, retry_after: str | None, answer: bytes) -> StoreError:
    problem = _parse_problem(status, answer)
    reason = f" ({_shown(problem.refusal)})" if problem.refusal else ""
    detail = f": {_shown(problem.detail)}" if problem.detail else ""
    return StoreError(
        f"the store answered {status} {_shown(problem.title)}{reason}{detail}",
        problem,
        is_passing=status == 503 or problem.code == "before-start",
        retry_after=float(retry_after) if (retry_after or "").isdecimal() else None,
    )


def _parse_problem(status: int, answer: bytes) -> Problem:
    try:
        document = json.loads(answer)
    except ValueError:
        document = None
    # Not every server on the way writes problem documents.
    members = document if isinstance(document, dict) else {}
    known = {"title": "unknown"}
    for name in ("title", "detail", "code", "refusal"):
        if isinstance(members.get(name), str):
            known[name] = members[name]
    return Problem(status, **known)


def _parse_page(answer: bytes, start: int, end: int) -> list[BatchCommitment]:
    """The batches of a page, which must be those from `start` on without a gap."""
    page = json.loads(answer)
    if not isinstance(page, list) or len(page) > end - start:
        raise ValueError("it is not a list of batches")
    found = []
    for index, entry in enumerate(page, start):
        if entry["batch"] != index:
            raise ValueError(f"batch {index} is missing")
        if entry["chunks"] not in range(1, MAX_CHUNKS_PER_BATCH + 1):
            raise ValueError(f"batch {index} has an impossible number of chunks")
        found.append(BatchCommitment(entry["chunks"], from_hex(entry["root"], 32)))
    return found


def _decoded(decode: Callable[..., T], *arguments: Any) -> T:
    try:
        return decode(*arguments)
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"the store's answer is not valid: {_shown(str(error))}") from error


def _shown(text: str) -> str:
    """What a stranger wrote, without control characters and no longer than anybody reads."""
    characters = [character for character in text if character.isprintable()]
    shown = "".join(characters[:_MAX_SHOWN])
    return f"{shown}…" if len(characters) > _MAX_SHOWN else shown
