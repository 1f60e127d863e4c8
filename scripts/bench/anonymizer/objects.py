"""Plates and persons with the default settings, and faces with the settings for most recall."""

import tools
from settings import FACES_WITH_MORE_RECALL
from comparison import face, their_report
from deface_boxes import pictures_of, write_detections
from measure import alternate, median, ratio
from scenes import read_boxes

PLATE_COVERAGE = 0.95
PERSON_COVERAGE = 0.97
PERSON_HEIGHT = 64
RECALL_GAIN = 0.05


def measure_coverage(rows, data):
    """Coverage and re-detection of what is labelled in `data`, which is folder and boxes by class."""
    for label, limit, options in (
        ("licence-plate", PLATE_COVERAGE, ()),
        ("person", PERSON_COVERAGE, ("--min-height", PERSON_HEIGHT)),
    ):
        if label not in data:
            rows.add(
                f"{label}s: coverage",
                None,
                "part of 1",
                target=f">= {limit}",
                note="no labelled images",
            )
            continue
        report = tools.Ours().evaluate(*data[label], *options)["classes"][label]
        coverage, found = report["all"]["coverage"], report["all"]["redetection"][0]
        rows.at_least(f"{label}s: coverage", coverage["share"], f"of {coverage['of']}", limit)
        rows.add(f"{label}s: false alarms", report["false-alarms-per-image"], "per image")
        rows.add(
            f"{label}s: detected again",
            found["count"],
            f"of {found['of']} hidden",
            target="0",
            holds=found["count"] == 0,
        )


def measure_recall(rows, folder, boxes, stage, repeats):
    """On the labelled pictures as they are: more faces than deface finds, in no more time."""
    pictures = pictures_of(folder, read_boxes(boxes))
    detections = write_detections(stage / "deface-pictures.csv", pictures)
    settings = tools.settings_file(stage / "more-recall.toml", FACES_WITH_MORE_RECALL)
    ours, deface = tools.Ours(settings), tools.Deface()
    our_costs, their_costs = alternate(
        repeats,
        lambda: ours.pictures(folder, stage / "ours"),
        lambda: deface.pictures(folder, stage / "deface"),
    )
    report = face(ours.evaluate(folder, boxes))
    theirs = their_report(stage, folder, boxes, detections)
    recall, their_recall = (each["all"]["recall"]["share"] for each in (report, theirs))
    rows.add(
        "other setting: face recall",
        recall,
        "part of 1",
        their_recall,
        target=f">= baseline + {RECALL_GAIN}",
        holds=recall >= their_recall + RECALL_GAIN,
        note="faces scaled to 640 pixels, hidden from a score of 0.12",
    )
    rows.add(
        "other setting: false alarms",
        report["false-alarms-per-image"],
        "per image",
        theirs["false-alarms-per-image"],
    )
    speed_ratio = ratio(our_costs, their_costs, "wall")
    rows.add(
        "other setting: time",
        median(our_costs, "wall"),
        "s for all pictures",
        median(their_costs, "wall"),
        speed_ratio,
        "<= baseline",
        speed_ratio >= 1,
    )
