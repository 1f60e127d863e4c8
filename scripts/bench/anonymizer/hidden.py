"""How much of each labelled box a clip hides, seen from outside: both tools paint black, and what was
bright and is black has been hidden. Nothing that a tool says about itself is used."""

import cv2
import numpy

from deface_boxes import frames_of
from scenes import read_boxes

# Luma. Dark pixels of the original say nothing; black ones may be a little brighter after encoding.
BRIGHT_FROM = 64
BLACK_TO = 32
HIDDEN_FROM = 0.9


def coverage(original, result, boxes_path):
    """Shares: of labelled boxes that are hidden, of bright pixels outside of boxes that are hidden."""
    boxes = read_boxes(boxes_path)
    hidden = labelled = lost = outside = 0
    pairs = zip(frames_of(original, boxes), frames_of(result, boxes))
    for (name, before), (_, after) in pairs:
        bright = cv2.cvtColor(before, cv2.COLOR_BGR2GRAY) >= BRIGHT_FROM
        black = bright & (cv2.cvtColor(after, cv2.COLOR_BGR2GRAY) <= BLACK_TO)
        elsewhere = bright.copy()
        for _, edges in boxes[name]:
            x_min, y_min, x_max, y_max = numpy.round(edges).astype(int)
            inside = (slice(y_min, y_max), slice(x_min, x_max))
            elsewhere[inside] = False
            visible = numpy.count_nonzero(bright[inside])
            if visible:
                labelled += 1
                hidden += numpy.count_nonzero(black[inside]) >= HIDDEN_FROM * visible
        lost += numpy.count_nonzero(black & elsewhere)
        outside += numpy.count_nonzero(elsewhere)
    return hidden / labelled, lost / outside
