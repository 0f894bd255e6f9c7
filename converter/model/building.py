"""Small graphs of stock layers and op nodes, for layers that Keras 3 has no single layer for."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from converter.model.description import Call, Json, Layer, Model, TensorRef, Weight
from converter.model.rewriting import NUMPY_OPS, free_name

NN_OPS = "keras.src.ops.nn"
MATH_OPS = "keras.src.ops.math"


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

    def scaled(
        self,
        x: TensorRef,
        rank: int,
        axes: Sequence[int],
        scale: Weight,
        offset: Weight | None = None,
        **config: Json,
    ) -> TensorRef:
        """A tensor times ``scale``, plus ``offset``: an EinsumDense that sums nothing.

        That forgets the lengths of the other axes, which a Flatten behind it has to know. Along one
        axis of a sequence or of a picture it is a depthwise convolution of size 1, which does not.

        Args:
            x: the tensor.
            rank: its rank, with the batch axis.
            axes: along which ``scale`` and ``offset`` lie, in order; they hold an axis for each.
            scale: the factors.
            offset: what is added.
            config: more of the layer's arguments.
        """
        if rank in (3, 4) and len(axes) == 1 and not config:
            return self._scaled_along(x, rank, axes[0] % rank, scale, offset)
        every = string.ascii_lowercase[:rank]
        along = "".join(every[axis] for axis in axes)
        lengths = dict(zip(axes, scale.shape, strict=True))
        weights = [replace(scale, name="kernel")]
        if offset is not None:
            # The bias has an axis of its own for each one behind its first.
            shape = tuple(lengths.get(axis, 1) for axis in range(axes[0], rank))
            bias = offset.map(lambda values: values.reshape(shape), shape=shape)
            weights.append(replace(bias, name="bias"))
        return self.layer(
            "EinsumDense",
            x,
            weights=weights,
            equation=f"{every},{along}->{every}",
            output_shape=[lengths.get(axis) for axis in range(1, rank)],
            bias_axes=along if offset is not None else None,
            **config,
        )

    def _scaled_along(
        self, x: TensorRef, rank: int, axis: int, scale: Weight, offset: Weight | None
    ) -> TensorRef:
        swapped = list(range(rank))
        swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
        moved = axis != rank - 1
        shape = (*[1] * (rank - 2), *scale.shape, 1)
        kernel = scale.map(lambda values: values.reshape(shape), shape=shape)
        weights = [replace(kernel, name="depthwise_kernel")]
        weights += [replace(offset, name="bias")] if offset is not None else []
        x = self.layer(
            f"DepthwiseConv{rank - 2}D",
            self.op("Transpose", x, axes=swapped) if moved else x,
            weights=weights,
            kernel_size=[1] * (rank - 2),
            use_bias=offset is not None,
            data_format="channels_last",
        )
        return self.op("Transpose", x, axes=swapped) if moved else x

    def moments(self, x: TensorRef, axes: Sequence[int]) -> tuple[TensorRef, TensorRef]:
        """Mean and variance of a tensor along ``axes``, which stay as axes of length 1."""
        mean = self.op("Moments", x, module=NN_OPS, axes=list(axes), keepdims=True)
        return mean, replace(mean, output=1)

    def over_root(self, x: TensorRef, variance: TensorRef, epsilon: float) -> TensorRef:
        """A tensor over the square root of a variance plus ``epsilon``."""
        inverse = self.op("Rsqrt", self.op("Add", variance, epsilon), module=MATH_OPS)
        return self.op("Multiply", x, inverse)

    def model(self, name: str, outputs: Any) -> Model:
        """The graph as a functional model from its inputs to ``outputs``."""
        inputs = self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)
        return Model(name, "functional", tuple(self.layers), inputs, outputs)

    def instead_of(self, layer: Layer, outputs: Any) -> Layer:
        """The graph as a nested model that has the name and the calls of ``layer``.

        It is frozen where the layer is.
        """
        model = self.model(layer.name, outputs)
        if layer.config.get("trainable") is False:
            model = replace(model, config={"trainable": False})
        return Layer(layer.name, "Functional", calls=layer.calls, model=model, module="keras")

    def _name(self, class_name: str) -> str:
        taken = {layer.name for layer in self.layers}
        return free_name(f"{self.prefix}_{class_name.lower()}", taken)
