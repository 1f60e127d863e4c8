"""Clips: speed end to end, processor time, memory, and what is hidden in each frame."""

import tools
from hidden import BLACK, hidden
from measure import alternate, median
from scenes import FRAMES_PER_SCENE, SCENES
from stills import add_costs

SPEED_TARGET = 5
FRAMES = SCENES * FRAMES_PER_SCENE
REAL_TIME = 25


def measure(rows, comparison, clip, name, repeats):
    """One clip beside deface, with the settings that match it on stills of the same size."""
    our_output, their_output = (comparison.stage / f"{tool}.mp4" for tool in ("ours", "deface"))
    our_costs, their_costs = alternate(
        repeats,
        lambda: per_frame(comparison.ours.video(clip, our_output, *BLACK)),
        lambda: per_frame(tools.Deface().video(clip, their_output)),
    )
    add_costs(rows, name, our_costs, their_costs, SPEED_TARGET)
    boxes = clip.with_suffix(".csv")
    add_hidden(rows, name, hidden(clip, our_output, boxes), hidden(clip, their_output, boxes))


def measure_defaults(rows, clip, name, repeats):
    """Everything that is hidden by default, in real time."""
    output = clip.with_stem("defaults")
    costs = [per_frame(tools.Ours().video(clip, output)) for _ in range(repeats)]
    rows.at_least(
        f"{name}, default settings: speed", 1 / median(costs, "wall"), "frames/s", REAL_TIME
    )


def per_frame(cost):
    """The start of the program included: who anonymizes a clip waits for it."""
    cost.wall /= FRAMES
    cost.processor /= FRAMES
    return cost


def add_hidden(rows, name, ours, theirs):
    """Rows for what is hidden in the frames."""
    rows.not_below_baseline(f"{name}: face recall", ours.recall, "part of 1", theirs.recall)
    rows.not_below_baseline(f"{name}: face coverage", ours.coverage, "part of 1", theirs.coverage)
    rows.add(f"{name}: hidden outside of faces", ours.outside, "part of 1", theirs.outside)
