"""The vectors that all SDKs are tested with."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[3]
VECTORS = json.loads((ROOT / "tests/data/client-vectors.json").read_text())
