"""8-bit models: weights as signed bytes with a scale for each channel, activations as unsigned bytes.

ONNX Runtime computes with bytes wherever an operator stands between DequantizeLinear and
QuantizeLinear. The ranges of the activations are measured once by calibrate.py and kept in the tree,
so that the same files come out on every machine.
"""

import numpy as np
from onnx import helper, numpy_helper

# Where a convolution of each kind keeps its output channels.
CONVOLUTIONS = {"Conv": 0, "ConvTranspose": 1}
# These only move or choose numbers, so their output has the scale of their input.
SAME_SCALE = {"MaxPool", "Resize"}
# What may stand between convolutions without leaving the bytes.
BETWEEN = {*SAME_SCALE, "Add", "Concat", "LeakyRelu"}


def activations(model):
    """All tensors whose range must be known."""
    nodes = without_relu(model.graph.node, kept=())
    chosen = with_bytes(nodes)
    constants = {constant.name for constant in model.graph.initializer}
    names = {}
    for node in nodes:
        if node.output[0] in chosen:
            names.update(dict.fromkeys([*node.input, *node.output]))
    return [name for name in names if name and name not in constants]


def with_bytes(nodes):
    """Outputs of the convolutions and of what lies between them; results are put together exactly."""
    chosen, needed = set(), set()
    for node in reversed(nodes):
        between = node.op_type in BETWEEN and node.output[0] in needed
        if between or node.op_type in CONVOLUTIONS:
            chosen.add(node.output[0])
            needed.update(node.input)
    return chosen


def quantise(model, ranges, unchanged=0, used_range=1.0):
    """The model with bytes, but for its first `unchanged` convolutions. Activations between its inputs
    and outputs keep this part of their range: the extremes are rare, and steps for the rest get finer."""
    return Quantiser(model, ranges, unchanged, used_range).model()


def without_relu(nodes, kept):
    """Drops each Relu: its output begins at 0, and a byte cannot hold less. Not after nodes whose output
    is `kept`."""
    remaining = {}
    for node in nodes:
        producer = type(node)()
        if node.op_type == "Relu" and node.input[0] not in kept:
            producer = remaining.pop(node.input[0])
            producer.output[0] = node.output[0]
        else:
            producer.CopyFrom(node)
        remaining[producer.output[0]] = producer
    return list(remaining.values())


class Quantiser:
    def __init__(self, model, ranges, unchanged, used_range):
        self.source, self.ranges, self.used_range = model, ranges, used_range
        graph = model.graph
        self.ends = {end.name for end in [*graph.input, *graph.output]}
        convolutions = [node.output[0] for node in graph.node if node.op_type in CONVOLUTIONS]
        self.unchanged = convolutions[:unchanged]
        self.constants = {
            constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer
        }
        self.nodes, self.initializers = [], {}
        self.scales = {}
        self.bytes = set()

    def model(self):
        nodes = without_relu(self.source.graph.node, self.unchanged)
        chosen = with_bytes(nodes).difference(self.unchanged)
        for node in nodes:
            if node.output[0] in chosen:
                self.quantise(node)
            else:
                self.keep(node)
        graph = self.source.graph
        quantised = helper.make_graph(
            self.nodes, graph.name, graph.input, graph.output, list(self.initializers.values())
        )
        return helper.make_model(
            quantised,
            opset_imports=self.source.opset_import,
            ir_version=self.source.ir_version,
            producer_name=self.source.producer_name,
        )

    def keep(self, node):
        for name in node.input:
            if name in self.constants:
                self.constant(name, self.constants[name])
        self.nodes.append(node)

    def quantise(self, node):
        if node.op_type in CONVOLUTIONS:
            inputs = self.convolution_inputs(node)
        else:
            inputs = [self.operand(name) for name in node.input]
        if node.op_type in SAME_SCALE:
            self.scales[node.output[0]] = self.scale(node.input[0])
        output = node.output[0]
        node.name = raw = f"{output}/raw"
        del node.input[:], node.output[:]
        node.input.extend(inputs)
        node.output.append(raw)
        self.nodes.append(node)
        self.through_bytes(raw, output, output)

    def operand(self, name):
        """What an operator reads: a constant as it is, an activation through bytes."""
        if not name:
            return name
        if name in self.constants:
            return self.constant(name, self.constants[name])
        if name in self.bytes:
            return name
        through = f"{name}/through_bytes"
        if through not in self.bytes:
            self.through_bytes(name, through, name)
        return through

    def through_bytes(self, source, output, name):
        scale, zero = self.scale(name)
        parameters = [
            self.constant(f"{name}/scale", np.float32(scale)),
            self.constant(f"{name}/zero", np.uint8(zero)),
        ]
        quantised = f"{name}/bytes"
        self.node("QuantizeLinear", [source, *parameters], quantised)
        self.node("DequantizeLinear", [quantised, *parameters], output)
        self.bytes.add(output)

    def convolution_inputs(self, node):
        axis = CONVOLUTIONS[node.op_type]
        name = node.input[1]
        weights = self.constants[name]
        others = tuple(i for i in range(weights.ndim) if i != axis)
        scales = (np.maximum(np.abs(weights).max(axis=others), 1e-6) / 127).astype(np.float32)
        by_channel = scales.reshape([-1 if i == axis else 1 for i in range(weights.ndim)])
        signed = np.clip(np.rint(weights / by_channel), -127, 127).astype(np.int8)
        inputs = [self.operand(node.input[0]), self.dequantised(name, signed, scales, axis)]
        if len(node.input) > 2:
            bias = self.constants[node.input[2]]
            bias_scales = (np.float32(self.scale(node.input[0])[0]) * scales).astype(np.float32)
            whole = np.rint(bias / bias_scales).astype(np.int32)
            inputs.append(self.dequantised(node.input[2], whole, bias_scales, 0))
        return inputs

    def dequantised(self, name, values, scales, axis):
        operands = [
            self.constant(f"{name}/bytes", values),
            self.constant(f"{name}/scale", scales),
            self.constant(f"{name}/zero", np.zeros(len(scales), values.dtype)),
        ]
        return self.node("DequantizeLinear", operands, f"{name}/dequantised", axis=axis)

    def scale(self, name):
        """Scale and zero of an activation; 0 is always one of the values."""
        if name not in self.scales:
            part = 1.0 if name in self.ends else self.used_range
            low, high = (part * edge for edge in self.ranges[name])
            low, high = min(low, 0.0), max(high, 0.0)
            step = max((high - low) / 255, 1e-6)
            self.scales[name] = (step, round(-low / step))
        return self.scales[name]

    def constant(self, name, values):
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.asarray(values), name)
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output
