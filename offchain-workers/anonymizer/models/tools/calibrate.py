"""Measures the ranges of activations that quantise.py needs, on photographs of scikit-image.

Only needed when a model or quantise.py changes: the result is part of the tree.

usage: calibrate.py CENTER_FACE NANODET SCIKIT_IMAGE_DATA_FOLDER > ranges.json
needs: requirements.txt, and onnxruntime and pillow
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import helper
from PIL import Image, ImageEnhance, ImageOps

from center_face import center_face
from objects import nanodet
from quantise import activations

PHOTOGRAPHS = ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"]
# Where the face is on the first one: left, upper, right, lower.
FACE = (96, 0, 352, 256)

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


def main(face_model, nanodet_description, folder):
    pictures = [pixels for picture in views(Path(folder)) for pixels in [as_input(picture)]]
    measured = {
        "center_face": measure(center_face(face_model), pictures),
        "nanodet": measure(nanodet(Path(nanodet_description)), [normalised(p) for p in pictures]),
    }
    print(json.dumps(measured, indent="\t"))


def views(folder):
    """Each photograph in several sizes, and crowds of small faces."""
    photographs = [Image.open(folder / name).convert("RGB") for name in PHOTOGRAPHS]
    for photograph in photographs:
        for long_side in (256, 384, 512, 768):
            yield scaled(photograph, long_side)
        yield scaled(ImageOps.mirror(photograph), 384)
    for brightness in (0.4, 1.6):
        yield ImageEnhance.Brightness(photographs[0]).enhance(brightness)
    face = photographs[0].crop(FACE)
    for side in (32, 64, 128):
        small = np.asarray(face.resize((side, side)))
        yield Image.fromarray(np.tile(small, (512 // side, 512 // side, 1)))


def scaled(picture, long_side):
    factor = long_side / max(picture.size)
    return picture.resize([round(side * factor) for side in picture.size], Image.Resampling.BILINEAR)


def as_input(picture):
    """1 × 3 × height × width in red, green and blue, black where multiples of 32 are not filled."""
    width, height = picture.size
    pixels = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
    pixels[0, :, :height, :width] = np.asarray(picture, np.float32).transpose(2, 0, 1)
    return pixels


def normalised(pixels):
    """In blue, green and red by ImageNet's mean and deviation."""
    by_channel = (1, 3, 1, 1)
    return ((pixels - MEAN.reshape(by_channel)) / DEVIATION.reshape(by_channel))[:, ::-1].copy()


def measure(model, pictures):
    names = activations(model)
    del model.graph.output[:]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names if name != "image")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    ranges = {}
    for picture in pictures:
        values = dict(zip(outputs, session.run(outputs, {"image": picture})), image=picture)
        for name, value in values.items():
            low, high = ranges.get(name, (0.0, 0.0))
            ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return {name: [float(f"{edge:.6g}") for edge in ranges[name]] for name in names}


if __name__ == "__main__":
    main(*sys.argv[1:])
