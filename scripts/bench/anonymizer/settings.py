"""The settings of ours that are measured."""

# That of the default settings. With less, detectors find faces again at the edges of what is hidden.
OUR_GROWTH = 0.25

# Faces only, as deface, and seen by the model in the size of the frame, as deface does it.
FACES_LIKE_DEFACE = """
second-look = false

[classes.face]
hide-from = {hide_from}
review-from = 0.05
grow = {grow}

[detection.faces]
file = "center_face_int8.onnx"
input-size = "native"

[tracking.detect-every]
faces = 2
"""

# Faces only; small pictures are enlarged, and less certain faces are hidden too.
FACES_WITH_MORE_RECALL = """
second-look = false

[classes.face]
hide-from = 0.12
review-from = 0.05
grow = 0.15

[detection.faces]
file = "center_face_int8.onnx"
input-size = { long-side = 640 }
"""
