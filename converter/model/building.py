"""Small graphs of stock layers and op nodes, for layers that Keras 3 has no single layer for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Json, Layer, Model, TensorRef, Weight
from converter.model.rewriting import NUMPY_OPS, free_name


class GraphBuilder:
    """Collects layers and op nodes, each of them called once.

    Names start with ``prefix``, so a graph may be put inside another one without a clash.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.layers: list[Layer] = []
        self.inputs: list[TensorRef] = []

    def input(self, shape: Sequence[int | None], dtype: str = "float32") -> TensorRef:
        """A new input; ``shape`` has the batch axis in front, None for axes that are open."""
        name = self._name("input")
        config = {"batch_shape": list(shape), "dtype": dtype, "sparse": False}
        self.layers.append(Layer(name, "InputLayer", config))
        self.inputs.append(TensorRef(name))
        return self.inputs[-1]

    def layer(
        self,
        class_name: str,
        *args: Any,
        weights: Sequence[Weight] = (),
        inner: Mapping[str, Layer] | None = None,
        **config: Json,
    ) -> TensorRef:
        """A stock layer called with ``args`` (TensorRef, or a list of them); its output."""
        new = Layer(self._name(class_name), class_name, config, tuple(weights), (Call(args),))
        self.layers.append(replace(new, inner=inner or {}))
        return TensorRef(new.name)

    def op(
        self,
        class_name: str,
        *args: Any,
        module: str = NUMPY_OPS,
        kwargs: Mapping[str, Any] | None = None,
        **config: Json,
    ) -> TensorRef:
        """An op node; ``args`` and ``kwargs`` are those of its call, ``config`` its constructor's.

        The class is looked up in ``module`` (``keras.src.ops.numpy``, ``keras.src.ops.nn``…).
        """
        call = Call(args, kwargs or {})
        new = Layer(self._name(class_name), class_name, config, (), (call,), module=module)
        self.layers.append(new)
        return TensorRef(new.name)

    def model(self, name: str, outputs: Any) -> Model:
        """The graph as a functional model from its inputs to ``outputs``."""
        inputs = self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)
        return Model(name, "functional", tuple(self.layers), inputs, outputs)

    def instead_of(self, layer: Layer, outputs: Any) -> Layer:
        """The graph as a nested model that has the name and the calls of ``layer``."""
        model = self.model(layer.name, outputs)
        return Layer(layer.name, "Functional", calls=layer.calls, model=model, module="keras")

    def _name(self, class_name: str) -> str:
        taken = {layer.name for layer in self.layers}
        return free_name(f"{self.prefix}_{class_name.lower()}", taken)
