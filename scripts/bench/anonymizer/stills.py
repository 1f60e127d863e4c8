"""Images: speed, processor time, memory, recall, coverage, false alarms and re-detection."""

import tools
from comparison import face
from measure import alternate, median, ratio

SPEED_TARGET = 3


def measure(rows, comparison, name, repeats):
    """One size: at the input size of deface and with no more false alarms."""
    deface, ours, folder = tools.Deface(), comparison.ours, comparison.folder
    our_output, their_output = (comparison.stage / tool for tool in ("ours", "deface"))
    our_costs, their_costs = alternate(
        repeats,
        lambda: costs_of_frames(ours, comparison, our_output),
        lambda: costs_of_frames(deface, comparison, their_output),
    )
    add_costs(rows, name, our_costs, their_costs, SPEED_TARGET)
    our_report = face(ours.evaluate(folder, comparison.boxes))
    add_quality(rows, name, our_report, comparison.their_report("--anonymized", their_output))


def costs_of_frames(tool, comparison, output):
    """What a frame costs, without the start of the program."""
    # The single frame first, so that `output` holds all of them afterwards.
    start = tool.pictures(comparison.one, output)
    cost = tool.pictures(comparison.folder, output).less(start)
    cost.wall /= comparison.count - 1
    cost.processor /= comparison.count - 1
    return cost


def add_costs(rows, name, ours, theirs, speed_target):
    """Rows for what frames cost. `ours` and `theirs` are seconds a frame."""
    speed_ratio = ratio(ours, theirs, "wall")
    rows.add(
        f"{name}: speed",
        1 / median(ours, "wall"),
        "frames/s",
        1 / median(theirs, "wall"),
        speed_ratio,
        f">= {speed_target} x baseline",
        speed_ratio >= speed_target,
    )
    rows.add(
        f"{name}: processor time",
        median(ours, "processor"),
        "s/frame",
        median(theirs, "processor"),
        ratio(ours, theirs, "processor"),
    )
    rows.add(
        f"{name}: peak memory",
        max(cost.memory for cost in ours) / 2**20,
        "MiB",
        max(cost.memory for cost in theirs) / 2**20,
    )


def add_quality(rows, name, ours, theirs):
    """Rows for what is found and hidden in stills."""
    for measure in ("recall", "coverage"):
        rows.not_below_baseline(
            f"{name}: face {measure}",
            ours["all"][measure]["share"],
            "part of 1",
            theirs["all"][measure]["share"],
        )
    alarms, their_alarms = ours["false-alarms-per-image"], theirs["false-alarms-per-image"]
    rows.add(
        f"{name}: false alarms",
        alarms,
        "per frame",
        their_alarms,
        target="<= baseline",
        holds=alarms <= their_alarms,
    )
    found, found_in_theirs = (report["all"]["redetection"][0] for report in (ours, theirs))
    rows.add(
        f"{name}: faces detected again",
        found["count"],
        f"of {found['of']} hidden",
        found_in_theirs["count"],
        target="0",
        holds=found["count"] == 0,
        note=f"of the baseline's {found_in_theirs['of']} hidden faces",
    )
