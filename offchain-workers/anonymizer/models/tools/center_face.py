"""CenterFace for inputs of any size, without what the detector does not read."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8

# Names in the published file, and ours. Its fourth output is for landmarks.
OUTPUTS = {"537": ("heat_map", 1), "538": ("size", 2), "539": ("offset", 2)}
INPUT = {"input.1": "image"}


def center_face(path):
    source = onnx.load(path).graph
    constants = {i.name: numpy_helper.to_array(i) for i in source.initializer}
    names = INPUT | {published: ours for published, (ours, _) in OUTPUTS.items()}
    nodes = []
    for node in fold_normalisation(needed(source.node), constants):
        inputs = [names.get(name, name) for name in node.input]
        output = names.get(node.output[0], node.output[0])
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        nodes.append(helper.make_node(node.op_type, inputs, [output], name=output, **attributes))
    used = {name for node in nodes for name in node.input}
    # The published file lists its constants as inputs too, which keeps runtimes from preparing them.
    graph = helper.make_graph(
        nodes,
        "center_face",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "rows", "columns"])
            for name, channels in OUTPUTS.values()
        ],
        [numpy_helper.from_array(v, name) for name, v in constants.items() if name in used],
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="msec",
    )


def needed(nodes):
    """The nodes that the outputs depend on, in their order."""
    wanted, kept = set(OUTPUTS), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def fold_normalisation(nodes, constants):
    """Multiplies each batch normalisation into the transposed convolution before it."""
    kept = []
    for node in nodes:
        if node.op_type != "BatchNormalization":
            kept.append(node)
            continue
        convolution = kept[-1]
        assert convolution.op_type == "ConvTranspose" and len(convolution.input) == 2
        gain, bias, mean, variance = (constants[name] for name in node.input[1:])
        epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
        factor = gain / np.sqrt(variance + np.float32(epsilon))
        weights = convolution.input[1]
        constants[weights] = constants[weights] * factor.reshape(1, -1, 1, 1)
        constants[f"{weights}/bias"] = bias - mean * factor
        convolution.input.append(f"{weights}/bias")
        convolution.output[0] = node.output[0]
    return kept
