"""What is measured where no labelled images are given: one picture that comes with deface's own
dependencies, the portrait of Eileen Collins by NASA (public domain)."""

import pathlib
import shutil

import skimage

from scenes import write_boxes

NAME = "astronaut.png"
# Brow to chin, ear to ear.
FACE = [176, 70, 270, 190]


def make(folder):
    """Writes `faces` and `faces.csv`."""
    (folder / "faces").mkdir(parents=True)
    picture = pathlib.Path(skimage.__file__).parent / "data" / NAME
    shutil.copy(picture, folder / "faces" / NAME)
    write_boxes(folder / "faces.csv", {NAME: [("face", FACE)]})
    return folder
