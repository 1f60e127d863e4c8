"""The vectors that all SDKs are tested with."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[3]
VECTORS = json.loads((ROOT / "tests/data/client-vectors.json").read_text())
PROTOCOL = json.loads((ROOT / "tests/data/protocol-vectors.json").read_text())
HPKE = json.loads((ROOT / "tests/data/hpke-vectors.json").read_text())
