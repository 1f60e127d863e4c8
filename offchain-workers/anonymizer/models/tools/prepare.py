"""Makes the models from the unpacked packages.

usage: prepare.py CENTER_FACE LICENCE_PLATES NANODET RANGES OUTPUT_FOLDER
"""

import json
import sys
from pathlib import Path

import onnx

from center_face import center_face
from objects import nanodet
from quantise import quantise


def main(face_model, plate_model, nanodet_description, ranges_file, folder):
    ranges = json.loads(Path(ranges_file).read_text())
    faces, objects = center_face(face_model), nanodet(Path(nanodet_description))
    models = {
        "center_face": faces,
        "center_face_int8": quantise(
            faces, ranges["center_face"], unchanged=3, used_range=0.7
        ),
        "licence_plates": onnx.load(plate_model),
        "nanodet": objects,
        "nanodet_int8": quantise(objects, ranges["nanodet"]),
    }
    for name, model in models.items():
        onnx.checker.check_model(model, full_check=True)
        Path(folder, f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
