"""The table, one line of JSON a row."""

import json


class Rows:
    """Writes rows as they are measured."""

    def __init__(self, path, baseline):
        self.file = open(path, "w")
        self.baseline = baseline

    def add(
        self, name, value, unit, baseline_value=None, ratio=None, target=None, holds=None, note=None
    ):
        """One row. `holds` says whether the target is met; both are missing where none was set."""
        row = {
            "name": name,
            "value": value,
            "unit": unit,
            "baseline": self.baseline if baseline_value is not None else None,
            "baseline_value": baseline_value,
            "ratio": ratio,
            "target": target,
            "holds": None if holds is None else bool(holds),
            "note": note,
        }
        print(json.dumps(row), file=self.file, flush=True)

    def at_least(self, name, value, unit, limit, note=None):
        """A row that must reach a number."""
        self.add(name, value, unit, target=f">= {limit}", holds=value >= limit, note=note)

    def not_below_baseline(self, name, value, unit, baseline_value, note=None):
        """A row that must not be less than the baseline's."""
        holds = value >= baseline_value
        self.add(name, value, unit, baseline_value, target=">= baseline", holds=holds, note=note)
