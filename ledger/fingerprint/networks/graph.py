"""Builds a network as an ONNX graph, operation by operation, and runs it with ONNX Runtime.

The graph refers to the weights by name and holds none of them, so networks of any size fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ledger.cores import cores

Floats = NDArray[np.float32]
Item = TypeVar("Item")
Made = TypeVar("Made")

OPERATORS = 21
"""Version of ONNX's operators."""
_FORMAT = 10
"""Version of ONNX's file format, the oldest that has these operators."""
_FATAL_ONLY = 4
"""What the runtime logs by itself; errors are raised."""
_INPUT = "pictures"


class Network:
    """A compiled network with one input and one or more outputs. Threads may share it; each run uses one thread."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    def __call__(self, pictures: Floats) -> Floats:
        """The (first) output for pictures (n, channels, height, width). Raises ValueError if the network cannot take
        them."""
        return self._run([_output(0)], pictures)[0]

    def outputs(self, pictures: Floats) -> Sequence[Floats]:
        """All outputs, in the order in which they were named. Raises as a call does."""
        return self._run(None, pictures)

    def _run(self, wanted: Sequence[str] | None, pictures: Floats) -> Sequence[Floats]:
        try:
            values: Sequence[Floats] = self._session.run(wanted, {_INPUT: np.ascontiguousarray(pictures)})
        except Exception as error:  # the runtime's own exceptions have no common base
            raise ValueError(str(error)) from error
        return values


class Graph:
    """A graph under construction: calls add operations, and values go by name.

    `weights` are float32 tensors by name; a name that is missing raises KeyError. `channels`: of the input.
    """

    def __init__(self, weights: Mapping[str, Floats], *, channels: int = 3) -> None:
        self.weights = weights
        self._channels = channels
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._used: dict[str, Floats] = {}
        self.input = _INPUT

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operation of ONNX with one output. Returns the output's name."""
        output = f"{operator}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def weight(self, name: str) -> str:
        """A tensor of `weights`, as it is."""
        return self.tensor(name, self.weights[name])

    def tensor(self, name: str, values: Floats) -> str:
        """A tensor that belongs to the weights, under a name that nothing else has."""
        self._used[name] = np.ascontiguousarray(values, np.float32)
        return name

    def constant(self, values: Sequence[int] | Sequence[float] | float) -> str:
        """Whole numbers (a shape, axes), or float32 numbers."""
        name = f"constant.{values}"
        kind = np.float32 if np.asarray(values).dtype.kind == "f" else np.int64
        self._constants[name] = numpy_helper.from_array(np.array(values, kind), name)
        return name

    def convolution(self, name: str, values: str, *, stride: int = 1, pads: Sequence[int] = (0, 0, 0, 0),
                    groups: int = 1) -> str:  # fmt: skip
        """A convolution with weights `name.weight` and, if there is one, `name.bias`. `pads`: top, left, bottom,
        right."""
        bias = [self.weight(f"{name}.bias")] if f"{name}.bias" in self.weights else []
        inputs = (values, self.weight(f"{name}.weight"), *bias)
        return self.add("Conv", *inputs, strides=[stride, stride], pads=list(pads), group=groups)

    def linear(self, name: str, values: str) -> str:
        """A linear layer over the last axis, with weights `name.weight` of shape (outputs, inputs)."""
        kernel = self.weights[f"{name}.weight"]
        outputs = self.add("MatMul", values, self.tensor(f"{name}.transposed", kernel.reshape(len(kernel), -1).T))
        return self.add("Add", outputs, self.weight(f"{name}.bias"))

    def compile(self, *outputs: str) -> Network:
        """The network whose outputs are these values. Raises ValueError if the weights do not fit."""
        named = [_output(index) for index in range(len(outputs))]
        for output, name in zip(outputs, named, strict=True):
            self.add("Identity", output)
            self._nodes[-1].output[0] = name
        pictures = helper.make_tensor_value_info(_INPUT, TensorProto.FLOAT, ["n", self._channels, "height", "width"])
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in named]
        held = [*self._constants.values(), *(_elsewhere(name, each.shape) for name, each in self._used.items())]
        graph = helper.make_graph(self._nodes, "network", [pictures], values, initializer=held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATORS)], ir_version=_FORMAT)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY
        tensors = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in self._used.values()]
        options.add_external_initializers(list(self._used), tensors)
        try:
            session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions have no common base
            raise ValueError(str(error)) from error
        return Network(session)


def _output(index: int) -> str:
    return f"output.{index}"


def _elsewhere(name: str, shape: Sequence[int]) -> Any:
    """An initializer whose values come with the session."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="weights")
    return tensor


class GraphThreads:
    """Threads that encode one picture each, on all cores. A picture's vector cannot depend on other pictures."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="encode")

    def map(self, encode: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
        return self._threads.map(encode, items)
