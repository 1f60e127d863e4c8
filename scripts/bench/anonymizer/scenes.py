"""Frames and clips of any size, made of labelled images, with the boxes that belong to them."""

import csv
import pathlib
import random
import subprocess

import cv2
import numpy

GREY = 114
FRAMES_PER_SECOND = 25
# A clip is cut into scenes, so that tracking meets cuts.
SCENES, FRAMES_PER_SCENE = 5, 104
# Part of an object that must be in the picture for it to be labelled.
VISIBLE_FROM = 0.6


def read_boxes(path):
    """Rows of `file,class,x_min,y_min,x_max,y_max`, by file."""
    boxes = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            labels = boxes.setdefault(row["file"], [])
            if not row["class"]:
                continue
            edges = [float(row[name]) for name in ("x_min", "y_min", "x_max", "y_max")]
            labels.append((row["class"], edges))
    return boxes


def write_boxes(path, boxes):
    """The opposite; a file without boxes gets a row without a class."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class", "x_min", "y_min", "x_max", "y_max"])
        for name, found in boxes.items():
            for label, edges in found:
                writer.writerow([name, label, *(round(edge, 2) for edge in edges)])
            if not found:
                writer.writerow([name, "", "", "", "", ""])


class Sheets:
    """Lays images out in rows, over and over, in an order that is the same in every run."""

    def __init__(self, folder, boxes):
        self.folder = pathlib.Path(folder)
        self.boxes = boxes
        self.random = random.Random(1)
        self.waiting = []

    def next_image(self, height, widest):
        """The next image, scaled to `height` or to what is not wider than `widest`, and its boxes."""
        if not self.waiting:
            self.waiting = sorted(self.boxes)
            self.random.shuffle(self.waiting)
        name = self.waiting.pop()
        image = cv2.imread(str(self.folder / name))
        if image is None:
            raise SystemExit(f"bench: cannot read {self.folder / name}")
        scale = min(height / image.shape[0], widest / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scales = (size[0] / image.shape[1], size[1] / image.shape[0]) * 2
        scaled = [
            (label, [edge * scale for edge, scale in zip(edges, scales)])
            for label, edges in self.boxes[name]
        ]
        return cv2.resize(image, size, interpolation=interpolation), scaled

    def sheet(self, width, height, row_height):
        """A picture full of images, and their boxes."""
        sheet = numpy.full((height, width, 3), GREY, numpy.uint8)
        boxes = []
        for top in range(0, height - row_height + 1, row_height):
            left = 0
            while True:
                image, labels = self.next_image(row_height, width)
                if left + image.shape[1] > width:
                    break
                sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
                boxes += [
                    (label, [x0 + left, y0 + top, x1 + left, y1 + top])
                    for label, (x0, y0, x1, y1) in labels
                ]
                left += image.shape[1]
        return sheet, boxes


def make_stills(sheets, folder, width, height, count):
    """`count` JPEG frames with images 360 pixels high, as many as fit, and `folder`.csv beside them."""
    folder.mkdir(parents=True)
    boxes = {}
    for number in range(count):
        sheet, found = sheets.sheet(width, height, 360)
        name = f"{number:04}.jpg"
        cv2.imwrite(str(folder / name), sheet, [cv2.IMWRITE_JPEG_QUALITY, 92])
        boxes[name] = found
    write_boxes(folder.with_suffix(".csv"), boxes)
    return folder


def make_clip(sheets, path, width, height):
    """A clip in which the camera pans and zooms over sheets, and a folder with the boxes of each frame.

    The motion is affine and known, so the boxes of a frame are those of the sheet, moved."""
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}"]
        + ["-r", str(FRAMES_PER_SECOND), "-i", "-", "-c:v", "libx264", "-crf", "16"]
        + ["-preset", "fast", "-pix_fmt", "yuv420p", str(path)],
        stdin=subprocess.PIPE,
    )
    boxes = {}
    for scene in range(SCENES):
        sheet, labels = sheets.sheet(
            width * 5 // 2, height * 3 // 2, height // 2 if height > 500 else 270
        )
        for step in range(FRAMES_PER_SCENE):
            motion = camera(scene, step / FRAMES_PER_SCENE, width, height)
            frame = cv2.warpAffine(
                sheet, motion, (width, height), flags=cv2.INTER_LINEAR, borderValue=(GREY,) * 3
            )
            encoder.stdin.write(frame.tobytes())
            name = f"{scene * FRAMES_PER_SCENE + step:04}.png"
            boxes[name] = moved(labels, motion, width, height)
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit("bench: ffmpeg could not make the clip")
    write_boxes(path.with_suffix(".csv"), boxes)
    return path


def camera(scene, time, width, height):
    """From the sheet to the frame: across the sheet, every other scene backwards, nearer and away."""
    across = time if scene % 2 == 0 else 1 - time
    zoom = 1 + 0.25 * numpy.sin(numpy.pi * time)
    left = across * (width * 5 / 2 - width / zoom)
    top = (0.5 + 0.4 * numpy.sin(2 * numpy.pi * time)) * (height * 3 / 2 - height / zoom)
    return numpy.array([[zoom, 0, -zoom * left], [0, zoom, -zoom * top]])


def moved(labels, motion, width, height):
    """The boxes where the frame has them, cut at its edges, without those that are mostly outside."""
    found = []
    for label, (x0, y0, x1, y1) in labels:
        (left, right), (top, bottom) = (
            motion[0, 0] * numpy.array([x0, x1]) + motion[0, 2],
            motion[1, 1] * numpy.array([y0, y1]) + motion[1, 2],
        )
        inside = [max(left, 0), max(top, 0), min(right, width), min(bottom, height)]
        visible = max(inside[2] - inside[0], 0) * max(inside[3] - inside[1], 0)
        if visible >= VISIBLE_FROM * (right - left) * (bottom - top):
            found.append((label, [float(edge) for edge in inside]))
    return found


def make_still_clip(folder, path):
    """A clip in which each picture of `folder` stands for ten frames."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-framerate", "1", "-i", str(folder / "%04d.jpg")]
        + ["-r", "10", "-c:v", "libx264", "-preset", "fast", "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return path
