"""Random graphs of channels-first layers, and NumPy's word on what they compute.

All axes but the batch are equally long: a wrong order of two of them passes every check of shapes.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from converter.model.description import Array, Call, Dataset, Layer, Model, TensorRef, Weight
from converter.model.structures import calls_in_order, map_refs, refs

SIZE = 3
SHAPE = (2, SIZE, SIZE, SIZE)
NAMES = {"BatchNormalization": ("gamma", "beta"), "PReLU": ("alpha",), "Conv2D": ("kernel", "bias")}


class RandomGraph:
    """One model, and the values of its weights by the paths of their datasets."""

    def __init__(self, seed: int, size: int = 12) -> None:
        self.random = random.Random(seed)
        self.values: dict[str, Array] = {}
        self.numbers = np.random.default_rng(seed)
        given = Layer("given", "InputLayer", {"batch_shape": [None, *SHAPE[1:]]})
        self.layers: dict[str, Layer] = {"given": given}
        self.tensors = [TensorRef("given")]
        for _ in range(size):
            self._step()
        ends = [self._flat(ref) if self.random.random() < 0.3 else ref for ref in self.tensors[-3:]]
        self.model = Model("top", "functional", tuple(self.layers.values()), self.tensors[0], ends)

    def _step(self) -> None:
        shared = [layer for layer in self.layers.values() if layer.calls and not _merges(layer)]
        if shared and self.random.random() < 0.15:
            layer = self.random.choice(shared)
            call = Call((self._tensor(),))
            self.layers[layer.name] = replace(layer, calls=(*layer.calls, call))
            self.tensors.append(TensorRef(layer.name, len(layer.calls)))
        else:
            class_name, config = self._layer()
            self.tensors.append(self._add(class_name, config))

    def _layer(self) -> tuple[str, dict[str, Any]]:
        first = {"data_format": "channels_first"}
        axis = self.random.choice([1, 2, 3, -1, -2])
        shared = self.random.choice([None, [2, 3], [1], [3]])
        return self.random.choice(
            [
                ("Conv2D", {"activation": self.random.choice(["relu", "softmax"]), **first}),
                ("Conv2D", {"activation": "linear", **first}),
                ("MaxPooling2D", first),
                ("MaxPooling2D", {"data_format": "channels_last"}),
                ("Activation", {"activation": self.random.choice(["relu", "softmax"])}),
                ("Softmax", {"axis": axis}),
                ("BatchNormalization", {"axis": axis}),
                ("PReLU", {"shared_axes": shared}),
                ("Permute", {"dims": [2, 3, 1]}),
                ("Add", {}),
                ("Multiply", {}),
                ("Concatenate", {"axis": axis}),
            ]
        )

    def _flat(self, ref: TensorRef) -> TensorRef:
        order = self.random.choice(["channels_first", "channels_last"])
        return self._add("Flatten", {"data_format": order}, ref)

    def _tensor(self) -> TensorRef:
        return self.random.choice(self.tensors[-3:])

    def _add(
        self, class_name: str, config: Mapping[str, Any], ref: TensorRef | None = None
    ) -> TensorRef:
        name = f"{class_name.lower()}_{len(self.layers)}"
        layer = Layer(name, class_name, config)
        args = (ref or self._tensor(),)
        if _merges(layer):
            args = ([args[0], self._tensor()],)
        weights = tuple(self._weight(name, part, config) for part in NAMES.get(class_name, ()))
        self.layers[name] = replace(layer, weights=weights, calls=(Call(args),))
        return TensorRef(name)

    def _weight(self, layer: str, part: str, config: Mapping[str, Any]) -> Weight:
        shared = config.get("shared_axes") or []
        shape = {
            "kernel": (2, 2, SIZE, SIZE),
            "alpha": tuple(1 if axis in shared else SIZE for axis in (1, 2, 3)),
        }.get(part, (SIZE,))
        path = f"{layer}/{part}"
        self.values[path] = self.numbers.normal(size=shape)
        return Weight(part, (Dataset(path, shape, "float64"),), shape, "float64")


def _merges(layer: Layer) -> bool:
    return layer.class_name in ("Add", "Multiply", "Concatenate")


def computed(model: Model, given: Array, values: Mapping[str, Array]) -> list[Array]:
    """The outputs of a graph, the values of its datasets given."""
    made: dict[TensorRef, Array] = dict.fromkeys(refs(model.inputs), given)
    for layer, index in calls_in_order(model):
        if layer.calls:
            args = map_refs(made.__getitem__, layer.calls[index].args)
            weights = [_value(weight, values) for weight in layer.weights]
            made[TensorRef(layer.name, index)] = _LAYERS[layer.class_name](layer, weights, *args)
    return [made[ref] for ref in refs(model.outputs)]


def _value(weight: Weight, values: Mapping[str, Array]) -> Array:
    arrays = [values[source.path] for source in weight.sources]
    value = np.asarray(weight.compute(arrays) if weight.compute else arrays[0])
    assert value.shape == weight.shape
    return value


def _spatial(function: Callable[..., Array]) -> Callable[..., Array]:
    """A layer that works with the channels last, in the order that its config says."""

    def either(layer: Layer, weights: list[Array], x: Array) -> Array:
        if layer.config["data_format"] == "channels_last":
            return function(layer, weights, x)
        return np.moveaxis(function(layer, weights, np.moveaxis(x, 1, -1)), -1, 1)

    return either


def _convolution(layer: Layer, weights: list[Array], x: Array) -> Array:
    kernel, bias = weights
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    sizes = x.shape[1:3]
    total = np.zeros((*x.shape[:3], SIZE)) + bias
    for row, column in itertools.product(range(2), range(2)):
        part = padded[:, row : row + sizes[0], column : column + sizes[1]]
        total += part @ kernel[row, column]
    return total


def _either_order(layer: Layer, weights: list[Array], x: Array) -> Array:
    """The activation comes last, on the tensor as it is."""
    return _activation(layer, [], _spatial(_convolution)(layer, weights, x))


def _largest(layer: Layer, weights: list[Array], x: Array) -> Array:
    return np.maximum(x, np.pad(x, ((0, 0), (0, 1), (0, 0), (0, 0)), mode="edge")[:, 1:])


def _activation(layer: Layer, weights: list[Array], x: Array) -> Array:
    name = layer.config["activation"]
    return {"relu": np.maximum(x, 0), "linear": x}[name] if name != "softmax" else _softmax(x, -1)


def _softmax(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis, keepdims=True))


def _normalised(layer: Layer, weights: list[Array], x: Array) -> Array:
    shape = [1] * x.ndim
    shape[layer.config["axis"]] = -1
    return np.asarray(x * weights[0].reshape(shape) + weights[1].reshape(shape))


def _sloped(layer: Layer, weights: list[Array], x: Array) -> Array:
    shared = layer.config["shared_axes"] or []
    assert all(weights[0].shape[axis - 1] == 1 for axis in shared)
    return np.asarray(np.where(x > 0, x, x * weights[0]))


def _flattened(layer: Layer, weights: list[Array], x: Array) -> Array:
    last = np.moveaxis(x, 1, -1) if layer.config["data_format"] == "channels_first" else x
    return last.reshape(len(x), -1)


def _joined(pair: list[Array], axis: int) -> Array:
    """Cut to the common size, with something of both."""
    return np.take(np.concatenate(pair, axis), range(1, SIZE + 1), axis)


_LAYERS: dict[str, Callable[..., Array]] = {
    "Conv2D": _either_order,
    "MaxPooling2D": _spatial(_largest),
    "Activation": _activation,
    "Softmax": lambda layer, weights, x: _softmax(x, layer.config["axis"]),
    "BatchNormalization": _normalised,
    "PReLU": _sloped,
    "Permute": lambda layer, weights, x: np.transpose(x, (0, *layer.config["dims"])),
    "Flatten": _flattened,
    "Add": lambda layer, weights, pair: pair[0] + pair[1],
    "Multiply": lambda layer, weights, pair: pair[0] * pair[1],
    "Concatenate": lambda layer, weights, pair: _joined(pair, layer.config["axis"]),
}
