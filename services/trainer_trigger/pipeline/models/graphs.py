"""ONNX graphs of our own making: a ridge, a network, and a weighted sum of graphs with one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from services.trainer_trigger.pipeline.models.ridge import Ridge

_INPUT, _OUTPUT = "features", "share"
_OPSETS = {"": 17, "ai.onnx.ml": 3}
_IR_VERSION = 8


def of_ridge(ridge: Ridge) -> bytes:
    """Return a ridge as a graph."""
    constants = {
        "left": ridge.left,
        "right": ridge.right,
        "single": ridge.single.astype(np.float32).reshape(-1, 1),
        "double": ridge.double.astype(np.float32).reshape(-1, 1),
        "intercept": np.array([ridge.intercept], dtype=np.float32),
    }
    nodes = [
        helper.make_node("Gather", [_INPUT, "left"], ["first"], axis=1),
        helper.make_node("Gather", [_INPUT, "right"], ["second"], axis=1),
        helper.make_node("Mul", ["first", "second"], ["products"]),
        helper.make_node("MatMul", ["products", "double"], ["bent"]),
        helper.make_node("MatMul", [_INPUT, "single"], ["straight"]),
        helper.make_node("Add", ["bent", "straight"], ["sum"]),
        helper.make_node("Add", ["sum", "intercept"], [_OUTPUT]),
    ]
    return _model("ridge", nodes, constants, len(ridge.single))


def of_network(
    shift: NDArray[Any], scale: NDArray[Any], layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]
) -> bytes:
    """Return a multilayer perceptron with rectifiers as a graph.

    Parameters
    ----------
    shift, scale
        Taken from each feature first, and what is left divided by. [unitless]
    layers
        Weights of shape (inputs, outputs) and shifts of shape (outputs,) of each layer.
    """
    constants: dict[str, Any] = {
        "shift": shift.astype(np.float32),
        "scale": (1.0 / scale).astype(np.float32),
    }
    nodes = [
        helper.make_node("Sub", [_INPUT, "shift"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["layer0"]),
    ]
    last = len(layers) - 1
    for depth, (weights, shifts) in enumerate(layers):
        constants[f"weights{depth}"] = weights.astype(np.float32)
        constants[f"shifts{depth}"] = shifts.astype(np.float32)
        leaving = _OUTPUT if depth == last else f"sum{depth}"
        entering = [f"layer{depth}", f"weights{depth}", f"shifts{depth}"]
        nodes.append(helper.make_node("Gemm", entering, [leaving]))
        if depth < last:
            nodes.append(helper.make_node("Relu", [leaving], [f"layer{depth + 1}"]))
    return _model("neural_network", nodes, constants, len(shift))


def weighted_sum(name: str, graphs: Sequence[tuple[bytes, float]], width: int) -> bytes:
    """Return one graph that adds others, each times its weight.

    Parameters
    ----------
    graphs
        Models with one input of shape (rows, `width`) and one output of shape (rows, 1), and their weights.
    """
    inner = _Inner([content for content, _ in graphs])
    constants: dict[str, Any] = {}
    nodes, parts = [], []
    for number, (own, leaving, (_, weight)) in enumerate(
        zip(inner.nodes, inner.leaving, graphs, strict=True)
    ):
        constants[f"part{number}_weight"] = np.array([weight], dtype=np.float32)
        parts.append(f"part{number}_weighted")
        nodes += [*own, helper.make_node("Mul", [leaving, f"part{number}_weight"], [parts[-1]])]
    nodes.append(helper.make_node("Sum", parts, [_OUTPUT]))
    return _model(name, nodes, constants, width, inner.initializers)


def side_by_side(name: str, graphs: Sequence[bytes], width: int) -> bytes:
    """Return one graph whose output has a column for each of others, in their order."""
    inner = _Inner(graphs)
    nodes = [node for own in inner.nodes for node in own]
    nodes.append(helper.make_node("Concat", inner.leaving, [_OUTPUT], axis=1))
    return _model(name, nodes, {}, width, inner.initializers, columns=len(graphs))


class _Inner:
    """Graphs made ready to stand in another one.

    Attributes
    ----------
    nodes
        Of each graph.
    leaving
        Name of each graph's output.
    """

    def __init__(self, graphs: Sequence[bytes]) -> None:
        self.nodes: list[list[Any]] = []
        self.initializers: list[Any] = []
        self.leaving: list[str] = []
        for number, content in enumerate(graphs):
            model = onnx.compose.add_prefix(onnx.load_from_string(content), f"part{number}_")
            (entry,), (leaving,) = model.graph.input, model.graph.output
            start = helper.make_node("Identity", [_INPUT], [entry.name])
            self.nodes.append([start, *model.graph.node])
            self.initializers.extend(model.graph.initializer)
            self.leaving.append(leaving.name)


def _model(  # noqa: PLR0917  all are parts of one thing
    name: str,
    nodes: list[Any],
    constants: dict[str, Any],
    width: int,
    initializers: Sequence[Any] = (),
    columns: int = 1,
) -> bytes:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(_INPUT, TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, [None, columns])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()]
        + list(initializers),
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="solar")
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
