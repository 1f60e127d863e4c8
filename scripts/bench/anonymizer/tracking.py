"""Clips: whether frames that no model sees are covered as well as when models see them all."""

import tools
from hidden import BLACK, hidden
from objects import PERSON_HEIGHT
from scenes import Sheets, make_clip, read_boxes

WIDTH, HEIGHT = 1280, 720
EVERY_FRAME = ("--detect-every", "1")
# What is hidden in the clip of each class. Plates are looked for in every frame unless vehicles are hidden.
HIDDEN = {"face": "face", "person": "person", "licence-plate": "licence-plate,vehicle"}


def measure(rows, data, stage):
    """A clip of each class that is labelled."""
    for label in HIDDEN:
        if label in data:
            folder, boxes = data[label]
            clip = stage / f"tracking-{label}.mp4"
            make_clip(Sheets(folder, read_boxes(boxes)), clip, WIDTH, HEIGHT)
            measure_clip(rows, clip, label)


def measure_clip(rows, clip, label):
    """What is hidden by default, and what is hidden when models see every frame."""
    boxes, output = clip.with_suffix(".csv"), clip.with_stem(f"{clip.stem}-hidden")
    found = []
    for options in ((), EVERY_FRAME):
        tools.Ours().video(clip, output, "--hide", HIDDEN[label], *BLACK, *options)
        found.append(hidden(clip, output, boxes, COUNTED.get(label, lambda *_: True)))
    tracked, detected = found
    for measured in ("recall", "coverage"):
        value, limit = getattr(tracked, measured), getattr(detected, measured)
        rows.at_least(f"tracking: {label} {measured}", value, "part of 1", round(limit, 4))


def is_tall_person(label, edges):
    """Whether it is a person of the height from which persons must be covered."""
    return label == "person" and edges[3] - edges[1] >= PERSON_HEIGHT


COUNTED = {"person": is_tall_person}
