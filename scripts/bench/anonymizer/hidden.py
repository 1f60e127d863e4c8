"""How much of each labelled box a clip hides, seen from outside: both tools paint black, and what was
bright and is black has been hidden. Nothing that a tool says about itself is used."""

import dataclasses

import cv2
import numpy

from deface_boxes import frames_of
from scenes import read_boxes

# What ours needs to be told for that.
BLACK = ("--method", "solid")
# Luma. Dark pixels of the original say nothing; black ones may be a little brighter after encoding.
BRIGHT_FROM = 64
BLACK_TO = 32
# Parts of the bright pixels of a box that are hidden when it was found, and when it is covered.
FOUND_FROM = 0.5
COVERED_FROM = 0.9


@dataclasses.dataclass
class Hidden:
    """Parts of 1, over the boxes of all frames; and over the bright pixels outside of boxes."""

    recall: float
    coverage: float
    outside: float


def hidden(original, result, boxes_path, is_counted=lambda label, edges: True):
    """Compares a clip with what was made of it, over the boxes that are counted."""
    boxes = read_boxes(boxes_path)
    shares = []
    black_outside = bright_outside = 0
    pairs = zip(frames_of(original, boxes), frames_of(result, boxes))
    for (name, before), (_, after) in pairs:
        bright = cv2.cvtColor(before, cv2.COLOR_BGR2GRAY) >= BRIGHT_FROM
        # deface scales frames to sides that are multiples of 16.
        after = cv2.resize(after, before.shape[1::-1])
        black = bright & (cv2.cvtColor(after, cv2.COLOR_BGR2GRAY) <= BLACK_TO)
        outside = bright.copy()
        for label, edges in boxes[name]:
            x_min, y_min, x_max, y_max = numpy.round(edges).astype(int)
            inside = (slice(y_min, y_max), slice(x_min, x_max))
            outside[inside] = False
            if not is_counted(label, edges):
                continue
            visible = numpy.count_nonzero(bright[inside])
            if visible:
                shares.append(numpy.count_nonzero(black[inside]) / visible)
        black_outside += numpy.count_nonzero(black & outside)
        bright_outside += numpy.count_nonzero(outside)
    shares = numpy.array(shares)
    return Hidden(
        float(numpy.mean(shares >= FOUND_FROM)),
        float(numpy.mean(shares >= COVERED_FROM)),
        black_outside / bright_outside,
    )
