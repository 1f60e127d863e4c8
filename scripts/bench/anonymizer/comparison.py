"""Frames of one size, what deface detects in them, and settings of ours that can be compared with it."""

import tools
from deface_boxes import GROWTH, pictures_of, write_detections
from scenes import make_stills, read_boxes
from settings import FACES_LIKE_DEFACE, OUR_GROWTH

# Frames that are measured; fewer of the large ones, because they take longer.
SIZES = {(640, 360): 100, (1280, 720): 50, (1920, 1080): 24}
# Scores below are not looked at.
LOWEST_SCORE = 0.05


class Comparison:
    """Ours sees frames in their own size, as deface does, and hides from the lowest score that gives no
    more false alarms than deface. Its boxes grow as by default."""

    def __init__(self, sheets, stage, width, height):
        self.stage = stage / f"{width}x{height}"
        self.stage.mkdir()
        self.count = SIZES[width, height]
        self.folder = make_stills(sheets, self.stage / "frames", width, height, self.count)
        self.one = make_stills(sheets, self.stage / "one", width, height, 1)
        self.boxes = self.folder.with_suffix(".csv")
        self.detections = write_detections(
            self.stage / "deface.csv", pictures_of(self.folder, read_boxes(self.boxes))
        )
        self.ours = self.hiding_from(self.matched_score())

    def their_report(self, *options):
        """What `msec-anonymize eval` says about deface: its boxes, and its results if they are given."""
        return their_report(self.stage, self.folder, self.boxes, self.detections, *options)

    def hiding_from(self, score):
        """Ours with this score."""
        text = FACES_LIKE_DEFACE.format(hide_from=score, grow=OUR_GROWTH)
        return tools.Ours(tools.settings_file(self.stage / f"from-{score:.2f}.toml", text))

    def matched_score(self):
        """The lowest score with no more false alarms than deface."""
        limit = self.their_report()["false-alarms-per-image"]
        report = face(self.hiding_from(LOWEST_SCORE).evaluate(self.folder, self.boxes))
        return min(
            point["score"]
            for point in report["curve"]
            if point["score"] >= LOWEST_SCORE and point["false-alarms-per-image"] <= limit
        )


def their_report(stage, folder, boxes, detections, *options):
    """Measures the boxes of deface, with its score and growth, by the same code as ours."""
    text = FACES_LIKE_DEFACE.format(hide_from=0.2, grow=GROWTH)
    settings = tools.settings_file(stage / "like-deface.toml", text)
    return face(tools.Ours(settings).evaluate(folder, boxes, "--detections", detections, *options))


def face(report):
    """The part of a report that is about faces."""
    return report["classes"]["face"]
