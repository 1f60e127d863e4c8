"""Measures msec-anonymize beside deface, in turn, on the same frames and processors."""

import argparse
import os
import pathlib
import tempfile

import differential
import memory
import objects
import sample
import stills
import tools
import tracking
import video
from comparison import SIZES, Comparison
from rows import Rows
from scenes import Sheets, make_clip, read_boxes

DESCRIPTION = """
Both tools get the same two processors and take turns. DATA is a folder with labelled images: for each
NAME.csv (file,class,x_min,y_min,x_max,y_max in pixels) the images in the folder NAME. Faces are laid out
in frames of each size and in clips with a moving camera; plates and persons are measured as they are.
Without DATA one portrait is measured, which says something about speed, and nothing about recall.
"""
PARTS = ["stills", "video", "tracking", "objects", "differential", "memory"]
CLIP_SIZES = [(640, 360), (1280, 720)]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh anonymizer", description=DESCRIPTION)
    parser.add_argument("rows", help=argparse.SUPPRESS)
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=os.environ.get("MSEC_BENCH_DATA"),
        help="folder with labelled images [default: $MSEC_BENCH_DATA]",
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="turns that each tool gets [default: 3]"
    )
    parser.add_argument(
        "--part", choices=PARTS, action="append", help="only this; can be repeated [default: all]"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="msec-bench-") as stage:
        stage = pathlib.Path(stage)
        data = pathlib.Path(arguments.data) if arguments.data else sample.make(stage / "sample")
        rows = Rows(arguments.rows, tools.Deface.name)
        measure(rows, labelled_images(data), stage, arguments.part or PARTS, arguments.repeats)


def measure(rows, data, stage, parts, repeats):
    """All parts that were asked for."""
    faces, face_boxes = data["face"]
    sheets = Sheets(faces, read_boxes(face_boxes))
    for width, height in SIZES if "stills" in parts or "video" in parts else ():
        comparison = Comparison(sheets, stage, width, height)
        size = f"{width}x{height}"
        if "stills" in parts:
            stills.measure(rows, comparison, f"stills {size}", repeats)
        if "video" in parts and (width, height) in CLIP_SIZES:
            clip = make_clip(sheets, comparison.stage / "clip.mp4", width, height)
            video.measure(rows, comparison, clip, f"video {size}", repeats)
            video.measure_defaults(rows, clip, f"video {size}", repeats)
    if "tracking" in parts:
        tracking.measure(rows, data, stage)
    if "objects" in parts:
        objects.measure_recall(rows, faces, face_boxes, stage, repeats)
        objects.measure_coverage(rows, data)
    if "differential" in parts:
        differential.measure(rows, faces, face_boxes, stage)
    if "memory" in parts:
        memory.measure(rows, sheets, stage)


def labelled_images(data):
    """Folder and boxes for each class that is labelled in `data`."""
    found = {}
    for boxes in sorted(data.glob("*.csv")):
        labels = {label for labels in read_boxes(boxes).values() for label, _ in labels}
        for label in labels:
            found.setdefault(
                {"plate": "licence-plate"}.get(label, label), (boxes.with_suffix(""), boxes)
            )
    if "face" not in found:
        raise SystemExit(
            f"bench: no CSV in {data} labels faces; see scripts/bench.sh anonymizer --help"
        )
    return found


if __name__ == "__main__":
    main()
