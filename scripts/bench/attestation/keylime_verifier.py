"""How long Keylime's verifier takes for an IMA list.

usage: keylime_verifier.py LIST POLICY >result
"""

import json
import logging
import pathlib
import sys
import time

logging.disable(logging.CRITICAL)
from keylime.agentstates import AgentAttestState
from keylime.common.algorithms import Hash
from keylime.ima import ima

lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
policy = json.loads(pathlib.Path(sys.argv[2]).read_text())
begun = time.perf_counter()
value, failure = ima.process_measurement_list(
    AgentAttestState("1"), lines, policy, hash_alg=Hash.SHA256
)
seconds = time.perf_counter() - begun
if failure:
    sys.exit("Keylime does not accept the list")
json.dump({"seconds": seconds, "value": value}, sys.stdout)
