"""Reads a TensorFlow.js graph model and writes the part of it that is needed as ONNX nodes."""

import base64
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnx import helper, numpy_helper

# TensorFlow convolves images × rows × columns × channels. Here channels always come second, as ONNX
# wants it; a layout says where each of TensorFlow's dimensions is found.
CHANNELS_FIRST = (0, 1, 2, 3)
CHANNELS_LAST = (0, 2, 3, 1)

DTYPES = {"float16": np.float16, "float32": np.float32, "int32": np.int32}
PADDINGS = {"VALID": "VALID", "SAME": "SAME_UPPER"}


class Tensor(NamedTuple):
    name: str
    layout: tuple
    # Rows when the input has the size that the graph was made for.
    rows: int
    # Zeros to put around it, or what never is a maximum: above, left, below, right.
    padding: list | None = None


class Graph:
    """ONNX nodes and constants as they are written."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


class Converter:
    def __init__(self, description: Path, input_name, input_layout, input_rows):
        model = json.loads(description.read_text())
        self.nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
        self.constants = read_constants(model, description.parent)
        self.graph = Graph()
        self.tensors = {input_name: Tensor("image", input_layout, input_rows)}

    def convert(self, wanted):
        """Writes all that the node depends on; the name of its output, which has channels first."""
        pending = [wanted]
        while pending:
            missing = [i for i in self.inputs(pending[-1]) if not self.is_known(i)]
            pending.extend(missing)
            if not missing:
                self.write(pending.pop())
        return self.tensors[wanted].name

    def is_known(self, name):
        return name in self.tensors or name in self.constants

    def inputs(self, name):
        return self.nodes[name].get("input", [])

    def write(self, name):
        if self.is_known(name):
            return
        node = self.nodes[name]
        self.tensors[name] = getattr(self, node["op"])(node, name, self.inputs(name))

    def Add(self, node, name, inputs):
        if inputs[1] in self.constants:
            return self.with_bias(name, *inputs)
        one, other = (self.tensors[i] for i in inputs)
        assert one.layout == other.layout, f"{name}: operands differ in layout"
        output = self.graph.node("Add", [one.name, other.name], name)
        return Tensor(output, one.layout, max(one.rows, other.rows))

    AddV2 = Add

    def with_bias(self, name, source, bias):
        """Leaves a constant for each channel to the convolution before, which nobody else reads."""
        convolution = self.graph.nodes[-1]
        without_bias = convolution.op_type == "Conv" and len(convolution.input) == 2
        assert without_bias and convolution.output[0] == source, f"{name}: not of a convolution"
        readers = [node for node in self.nodes.values() if source in node.get("input", [])]
        assert len(readers) == 1, f"{name}: others read the sum without the bias"
        assert self.tensors[source].layout == CHANNELS_LAST, f"{name}: channels are not last"
        convolution.input.append(self.graph.constant(f"{name}/bias", self.constants[bias]))
        convolution.output[0] = convolution.name = name
        return self.tensors[source]._replace(name=name)

    def LeakyRelu(self, node, name, inputs):
        source = self.tensors[inputs[0]]
        slope = node["attr"]["alpha"]["f"]
        return source._replace(name=self.graph.node("LeakyRelu", [source.name], name, alpha=slope))

    def Transpose(self, node, name, inputs):
        source = self.tensors[inputs[0]]
        order = self.constants[inputs[1]].tolist()
        return source._replace(layout=tuple(source.layout[axis] for axis in order))

    def Pad(self, node, name, inputs):
        """Leaves it to the convolution or pooling that follows."""
        source = self.tensors[inputs[0]]
        amounts = np.zeros((4, 2), np.int64)
        amounts[list(source.layout)] = self.constants[inputs[1]]
        assert source.padding is None and not amounts[:2].any(), f"{name}: pads channels"
        return source._replace(padding=amounts[2:].T.reshape(-1).tolist())

    PadV2 = Pad

    def ConcatV2(self, node, name, inputs):
        *parts, axis = inputs
        sources = [self.tensors[part] for part in parts]
        assert len({source.layout for source in sources}) == 1, f"{name}: parts differ in layout"
        axis = sources[0].layout[int(self.constants[axis])]
        assert axis == 1, f"{name}: joins something else than channels"
        return sources[0]._replace(
            name=self.graph.node("Concat", [source.name for source in sources], name, axis=axis)
        )

    def MaxPool(self, node, name, inputs):
        source = self.tensors[inputs[0]]
        kernel = sides(node, "ksize")
        output = self.graph.node(
            "MaxPool", [source.name], name, kernel_shape=kernel, **window(node, source)
        )
        return Tensor(output, source.layout, rows_after(node, source, kernel[0]))

    def ResizeBilinear(self, node, name, inputs):
        """Keeps the ratio only, so that inputs may have any size."""
        source = self.tensors[inputs[0]]
        assert source.layout == CHANNELS_LAST, f"{name}: channels are not last"
        rows = int(self.constants[inputs[1]][0])
        ratio = rows / source.rows
        scales = self.graph.constant(f"{name}/scales", np.array([1, 1, ratio, ratio], np.float32))
        half_pixel = node["attr"]["half_pixel_centers"]["b"]
        output = self.graph.node(
            "Resize",
            [source.name, "", scales],
            name,
            mode="linear",
            coordinate_transformation_mode="half_pixel" if half_pixel else "asymmetric",
        )
        return Tensor(output, source.layout, rows)

    def Conv2D(self, node, name, inputs):
        source = self.tensors[inputs[0]]
        assert source.layout == CHANNELS_LAST, f"{name}: channels are not last"
        weights = self.constants[inputs[1]].transpose(3, 2, 0, 1)
        self.graph.node(
            "Conv",
            [source.name, self.graph.constant(f"{name}/weights", weights)],
            name,
            kernel_shape=weights.shape[2:],
            dilations=sides(node, "dilations"),
            **window(node, source),
        )
        return Tensor(name, source.layout, rows_after(node, source, weights.shape[2]))


def read_constants(model, folder):
    """Constants by name; what was stored with half precision becomes single precision."""
    (manifest,) = model["weightsManifest"]
    data = b"".join((folder / path).read_bytes() for path in manifest["paths"])
    constants, position = {}, 0
    for weight in manifest["weights"]:
        stored = DTYPES[weight.get("quantization", weight)["dtype"]]
        values = np.frombuffer(data, stored, math.prod(weight["shape"]), position)
        position += values.nbytes
        constants[weight["name"]] = values.reshape(weight["shape"]).astype(DTYPES[weight["dtype"]])
    return constants


def text(encoded):
    return base64.b64decode(encoded).decode()


def sides(node, attribute):
    """Rows and columns of an attribute that also counts images and channels."""
    return [int(side) for side in node["attr"][attribute]["list"]["i"][1:3]]


def window(node, source):
    """Steps of a convolution or pooling, and what it adds around its input."""
    around = {"auto_pad": PADDINGS[text(node["attr"]["padding"]["s"])]}
    if source.padding is not None:
        assert around["auto_pad"] == "VALID", f"{node['name']}: pads twice"
        around = {"pads": source.padding}
    return {"strides": sides(node, "strides"), **around}


def rows_after(node, source, kernel):
    rows = source.rows
    if source.padding is not None:
        rows += source.padding[0] + source.padding[2]
    if text(node["attr"]["padding"]["s"]) == "VALID":
        rows -= kernel - 1
    return math.ceil(rows / sides(node, "strides")[0])
