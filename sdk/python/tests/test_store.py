import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vectors import VECTORS

from msec_sdk import Account, StoreClient, StoreError
from msec_sdk.commitments import RangeCommitment
from msec_sdk.encoding import from_hex
from msec_sdk.frame import Frame
from msec_sdk.store import Stores

DATASET = "0x" + "07" * 32
BATCHES = VECTORS["trees"]["batches"]
RANGE = VECTORS["trees"]["range"]
BOUGHT = RangeCommitment(RANGE["batches"], from_hex(RANGE["root"]))
ACCOUNT = Account.from_uri("//Bob")
LISTED = [{name: batch[name] for name in ("batch", "chunks", "root")} for batch in BATCHES]


class FakeStore:
    """A store on the loopback interface with the batches of the vectors."""

    def __init__(self, test, listed=LISTED):
        store = self
        self.listed = listed
        self.requests = []
        self.refusals = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                store.requests.append(self.headers)
                status, body = store.refusals.pop(0) if store.refusals else store.answer(self.path)
                self.send_response(status)
                self.send_header("retry-after", "0")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        endpoint = f"http://127.0.0.1:{server.server_port}/behind/"
        self.client = StoreClient(endpoint, Account.from_uri("//Dave").address, ACCOUNT)

    def answer(self, target):
        rest = target.removeprefix(f"/behind/v1/datasets/{DATASET}/batches")
        if rest == f"?from=0&to={len(BATCHES)}":
            return 200, json.dumps(self.listed).encode()
        if rest.removeprefix("/").isdecimal() and int(rest[1:]) < len(BATCHES):
            return 200, from_hex(BATCHES[int(rest[1:])]["frame"])
        return 404, b"nothing"


class StoreTest(unittest.TestCase):
    def test_what_was_committed_to_is_found(self):
        store = FakeStore(self)
        others = FakeStore(self, [*LISTED[:2], {**LISTED[2], "chunks": 7}])
        stores = Stores(DATASET, [others.client, store.client])
        commitments = stores.commitments(BOUGHT)
        self.assertEqual(RangeCommitment.over(commitments), BOUGHT)
        for index, commitment in enumerate(commitments):
            frame = stores.batch(index, commitment)
            self.assertEqual(frame, Frame.decode(from_hex(BATCHES[index]["frame"])))
        self.assertTrue(all(headers["signature"] for headers in store.requests))
        with self.assertRaisesRegex(StoreError, "another batch 0"):
            stores.batch(0, commitments[1])
        with self.assertRaisesRegex(StoreError, "no store of this data set is registered"):
            Stores(DATASET, [])

    def test_lists_that_cannot_be_are_refused(self):
        impossible = [
            {"batch": 0},
            [{}],
            [None],
            LISTED[1:],
            LISTED * 2,
            [{**LISTED[0], "chunks": 0}],
            [{**LISTED[0], "chunks": "3"}],
            [{**LISTED[0], "root": "0x12"}],
        ]
        for listed in impossible:
            stores = Stores(DATASET, [FakeStore(self, listed).client])
            with self.assertRaises(StoreError):
                stores.commitments(BOUGHT)

    def test_what_fails_for_a_passing_reason_is_tried_again(self):
        store = FakeStore(self)
        store.refusals += [(503, b'{"code": "busy"}'), (401, b'{"code": "before-start"}')]
        self.assertEqual(store.client.batch(DATASET, 0).batch, 0)
        self.assertEqual(len(store.requests), 3)
        inputs = {headers["signature-input"] for headers in store.requests}
        self.assertEqual(len(inputs), 3, "each attempt is signed anew")

    def test_everything_else_is_told(self):
        store = FakeStore(self)
        problem = {"title": "no\x1b[2J", "detail": "x" * 9999, "refusal": "Denied"}
        store.refusals.append((403, json.dumps(problem).encode()))
        with self.assertRaises(StoreError) as caught:
            store.client.batch(DATASET, 0)
        self.assertEqual(caught.exception.problem.refusal, "Denied")
        said = f"the store answered 403 no[2J (Denied): {'x' * 300}…"
        self.assertEqual(str(caught.exception), said)
        self.assertEqual(len(store.requests), 1)
        with self.assertRaisesRegex(StoreError, "404 unknown"):
            store.client.batch(DATASET, 99)

    def test_answers_that_are_too_long_are_cut_off(self):
        store = FakeStore(self)
        store.refusals.append((200, bytes(2_000_000)))
        with self.assertRaisesRegex(StoreError, "longer than"):
            store.client.batches(DATASET, 3)

    def test_addresses_are_checked(self):
        for endpoint in ("ftp://store", "store", "http://", "file:///etc/passwd"):
            with self.assertRaises(StoreError):
                StoreClient(endpoint, ACCOUNT.address, ACCOUNT)


if __name__ == "__main__":
    unittest.main()
