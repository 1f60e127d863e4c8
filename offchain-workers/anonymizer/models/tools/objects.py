"""Persons and road vehicles: NanoDet as ONNX.

For each grid of cells there are two outputs: the scores of a person and of a vehicle
(1 × 2 × rows × columns), and the distances in pixels of the input from the middle of the cell to the
left, upper, right and lower edge of the box (1 × 4 × rows × columns).
"""

import numpy as np
from onnx import TensorProto, helper

import tfjs

# Positions in the 80 classes of COCO.
PERSON = [0]
ROAD_VEHICLES = [1, 2, 3, 5, 7]  # bicycle, car, motorcycle, bus, truck

OPSET = 17
IR_VERSION = 8


def nanodet(description):
    """Three grids. Edges are distributions over 11 distances in cells (generalised focal loss)."""
    converter = tfjs.Converter(description, "input_1", tfjs.CHANNELS_FIRST, 416)
    graph, outputs = converter.graph, []
    for node, stride in (("transpose_99", 8), ("transpose_105", 16), ("transpose_111", 32)):
        cells = converter.convert(f"PartitionedCall/{node}")
        scores, edges = split(graph, cells, f"stride_{stride}", [80, 44])
        outputs.append(best_scores(graph, scores, f"scores_{stride}"))
        outputs.append(mean_distances(graph, edges, f"distances_{stride}", stride))
    return model("nanodet", graph, outputs)


def split(graph, source, name, lengths):
    parts = [f"{name}_{position}" for position in range(len(lengths))]
    sizes = graph.constant(f"{name}_lengths", np.array(lengths, np.int64))
    graph.nodes.append(helper.make_node("Split", [source, sizes], parts, axis=1))
    return parts


def best_scores(graph, scores, name):
    """The best score of all classes that are a person, and of all that are a vehicle."""
    best = []
    for group, classes in (("person", PERSON), ("vehicle", ROAD_VEHICLES)):
        positions = graph.constant(f"{name}_{group}_classes", np.array(classes, np.int64))
        chosen = graph.node("Gather", [scores, positions], f"{name}_{group}_all", axis=1)
        best.append(graph.node("ReduceMax", [chosen], f"{name}_{group}", axes=[1], keepdims=1))
    joined = graph.node("Concat", best, f"{name}_logits", axis=1)
    return graph.node("Sigmoid", [joined], name)


def mean_distances(graph, edges, name, stride):
    """The expected distance of each edge, in pixels."""
    def constant(part, values):
        return graph.constant(f"{name}_{part}", values)

    bins = graph.node("Shape", [edges], f"{name}_shape")
    grid = graph.node("Slice", [bins, constant("from", np.array([2])), constant("to", np.array([4]))],
                      f"{name}_grid")
    by_edge = graph.node(
        "Reshape", [edges, constant("edges_and_bins", np.array([4, 11, -1]))], f"{name}_by_edge")
    probabilities = graph.node("Softmax", [by_edge], f"{name}_probabilities", axis=1)
    distances = (np.arange(11) * stride).astype(np.float32).reshape(1, 1, 11)
    mean = graph.node("MatMul", [constant("bins", distances), probabilities], f"{name}_mean")
    shape = graph.node("Concat", [constant("one_image", np.array([1, 4])), grid], f"{name}_form", axis=0)
    return graph.node("Reshape", [mean, shape], name)


def model(name, graph, outputs):
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    infos = [
        helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 4 if "dist" in output else 2, None, None])
        for output in outputs
    ]
    onnx_graph = helper.make_graph(graph.nodes, name, [image], infos, graph.constants)
    return helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
        producer_name="msec")
