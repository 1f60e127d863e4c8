#!/usr/bin/env python3
"""Writes the licences that a chain begins with to runtime/src/genesis_presets/licences.rs.

Texts come from the SPDX License List as the npm package spdx-license-list has them, and from
docs/licences. Run it to add a licence for new chains; chains that run learn of it by
`licences.publish`.
"""

import hashlib
import json
import pathlib
import subprocess
import tarfile
import tempfile

PACKAGE = "spdx-license-list@6.12.0"
LIST_VERSION = "3.28.0"
# Identifier, and whether the text allows to sell the data on.
LICENCES = [
    ("CC-BY-4.0", True),
    ("CC-BY-NC-4.0", False),
    ("CC-BY-NC-ND-4.0", False),
    ("CC-BY-ND-4.0", True),
    ("CC-BY-SA-4.0", True),
    ("CC0-1.0", True),
    ("CDLA-Permissive-2.0", True),
    ("CDLA-Sharing-1.0", True),
    ("DL-DE-BY-2.0", True),
    ("DL-DE-ZERO-2.0", True),
    ("LicenseRef-M-Sec-Own-Use-1.0", False),
    ("ODC-By-1.0", True),
    ("ODbL-1.0", True),
    ("OGL-UK-3.0", True),
    ("PDDL-1.0", True),
    ("etalab-2.0", True),
]

root = pathlib.Path(__file__).resolve().parent.parent


def text_of(identifier, package):
    if identifier.startswith("LicenseRef-"):
        return (root / "docs/licences" / f"{identifier}.txt").read_text(encoding="utf-8")
    member = package.extractfile(f"package/licenses/{identifier}.json")
    return json.load(member)["licenseText"]


def row(identifier, allows_resale, package):
    digest = hashlib.sha256(text_of(identifier, package).encode()).hexdigest()
    return f'\t("{identifier}", hex!("{digest}"), {str(allows_resale).lower()}),\n'


with tempfile.TemporaryDirectory() as folder:
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", folder, PACKAGE],
        check=True, capture_output=True, text=True,
    ).stdout.strip()
    with tarfile.open(pathlib.Path(folder, packed)) as package:
        rows = "".join(row(*licence, package) for licence in LICENCES)

target = root / "runtime/src/genesis_presets/licences.rs"
target.write_text(f"""//! The licences that a chain begins with. Written by scripts/licences.py.

use hex_literal::hex;

/// Identifier, SHA-256 of the text in UTF-8, and whether it allows to sell the data on. Texts are those
/// of the SPDX License List {LIST_VERSION} (`licenseText`), and those in docs/licences.
#[rustfmt::skip]
pub(super) const LICENCES: [(&str, [u8; 32], bool); {len(LICENCES)}] = [
{rows}];
""")
