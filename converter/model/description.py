"""The neutral description of a model: plain frozen data, no TensorFlow, no HDF5 handles.

Canonical means Keras 3's words and Keras 3's meaning. A dialect parses a config into this
description (structure canonical, words still the writer's), rules bring the words to Keras 3's, and
a dialect serialises it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Json = Any
Array = np.ndarray[Any, Any]
Compute = Callable[[Sequence[Array]], Array]


@dataclass(frozen=True)
class Writer:
    """The program that wrote a file.

    Attributes:
        version: release as numbers, ``(2, 2, 4)``; empty when the file does not say.
        tf_keras: True for the Keras inside TensorFlow, False for the stand-alone package.
        backend: ``tensorflow``, ``theano``, ``cntk``, ``jax``, ``torch`` or empty.
        label: the text as stored, for messages (``2.2.4-tf``).
        backend_version: release of the backend, ``(1, 14)``. No file names it, only the user can.
    """

    version: tuple[int, ...] = ()
    tf_keras: bool = False
    backend: str = ""
    label: str = ""
    backend_version: tuple[int, ...] = ()

    @property
    def generation(self) -> int:
        """1, 2 or 3; files that name no version are from Keras 1."""
        return self.version[0] if self.version else 1


@dataclass(frozen=True)
class Dataset:
    """An array on disk, not read: its path inside the container, its shape and its dtype name."""

    path: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size in bytes once in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * numpy_dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Weight:
    """A variable of a layer: where its values come from and what is done to them on the way.

    Nothing is read until a writer asks. ``compute`` receives the arrays of ``sources`` in order and
    returns the variable's value; None means the single source as it is. ``rowwise`` says that
    ``compute`` treats each index of the first axis by itself, so that a writer may stream a large
    variable in blocks.
    """

    name: str
    sources: tuple[Dataset, ...]
    shape: tuple[int, ...]
    dtype: str
    compute: Compute | None = None
    rowwise: bool = False

    def map(
        self,
        function: Callable[[Array], Array],
        *,
        shape: tuple[int, ...] | None = None,
        rowwise: bool = False,
    ) -> Weight:
        """The same variable with ``function`` applied; ``shape`` is the new one if it changes."""
        inner = self.compute

        def compute(arrays: Sequence[Array]) -> Array:
            return function(inner(arrays) if inner else arrays[0])

        by_row = rowwise and (self.rowwise or inner is None)
        return replace(
            self, compute=compute, rowwise=by_row, shape=self.shape if shape is None else shape
        )


@dataclass(frozen=True)
class TensorRef:
    """A tensor of a graph: output ``output`` of call ``call`` of a layer, counted from 0."""

    layer: str
    call: int = 0
    output: int = 0


@dataclass(frozen=True)
class Call:
    """One call of a layer in a Functional graph (an inbound node).

    ``args`` and ``kwargs`` are nested lists, tuples and dictionaries of JSON values with TensorRef
    leaves.
    """

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer, an op node, a nested model or a cell.

    Attributes:
        name: unique within its model.
        class_name: ``Dense``; for a nested model ``Functional`` or ``Sequential``.
        config: constructor arguments, without ``name`` and without what ``inner`` and ``model``
            hold.
        weights: the variables of this very layer (not those of inner layers) in creation order.
        calls: the inbound nodes, empty inside a Sequential and for wrapped layers.
        inner: wrapped layers, cells and activation layers by config key: ``layer``,
            ``backward_layer``, ``cell``, ``cells/0``, ``activation``.
        model: the graph, when the layer is a nested model.
        module: where Keras 3 finds the class; ``keras.layers`` for stock layers,
            ``keras.src.ops.*`` for op nodes.
        registered_name: ``Package>Name`` of a registered custom class, else None.
        build_config: Keras 3's build state as stored, None when the file has none.
        legacy: whether it stands in one of Keras 3's own .h5 files, without the ``module`` by which
            that reads a layer as it is.
    """

    name: str
    class_name: str
    config: Mapping[str, Json] = field(default_factory=dict)
    weights: tuple[Weight, ...] = ()
    calls: tuple[Call, ...] = ()
    inner: Mapping[str, Layer] = field(default_factory=dict)
    model: Model | None = None
    module: str = "keras.layers"
    registered_name: str | None = None
    build_config: Json = None
    legacy: bool = False

    def with_config(self, drop: Sequence[str] = (), **changes: Json) -> Layer:
        """The layer with the keys ``drop`` removed from its config and ``changes`` set."""
        config = {key: value for key, value in self.config.items() if key not in drop}
        return replace(self, config=config | changes)


@dataclass(frozen=True)
class OptimizerState:
    """The variables of an optimizer as a file holds them.

    Attributes:
        variables: all of them, in the order of the file.
        iterations: the number of steps taken; None where the writer did not save it.
        weights: paths of the stored weights that it trained, in its order.
        slots: for the path of each of these its variables by Keras 3's names (``momentum``,
            ``velocity``); empty where only the order is known.
        rate: the learning rate as it was, which only Keras 3 saves beside the config.
        products: how often a step multiplied Nadam's product of momentums; tf.keras 2.11 to 2.15
            did it for each weight.
        of_keras3: whether Keras 3 wrote them, so that those of an optimizer that is not known by
            name may be taken as they are.
        problem: why they can't be told apart; empty when they can.
    """

    variables: tuple[Dataset, ...]
    iterations: Dataset | None = None
    weights: tuple[str, ...] = ()
    slots: Mapping[str, Mapping[str, Dataset]] = field(default_factory=dict)
    rate: Dataset | None = None
    products: int = 1
    of_keras3: bool = False
    problem: str = ""


@dataclass(frozen=True)
class CompileState:
    """What ``compile()`` was told, in the file's words, then Keras 3's, and what training left."""

    optimizer: Json = None
    loss: Json = None
    loss_weights: Json = None
    metrics: Json = None
    weighted_metrics: Json = None
    options: Mapping[str, Json] = field(default_factory=dict)
    variables: OptimizerState | None = None


@dataclass(frozen=True)
class Model:
    """A Sequential or Functional model.

    ``inputs`` and ``outputs`` are nested structures of TensorRef (None for a Sequential).
    ``config`` holds what is left of the model's own config: ``trainable``, ``dtype``,
    ``build_input_shape``.
    """

    name: str
    kind: str
    layers: tuple[Layer, ...]
    inputs: Any = None
    outputs: Any = None
    config: Mapping[str, Json] = field(default_factory=dict)
    compile: CompileState | None = None

    @property
    def class_name(self) -> str:
        """Keras's class of this model."""
        return "Sequential" if self.kind == "sequential" else "Functional"


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype of a dataset's dtype name (``bfloat16`` is stored as two raw bytes)."""
    return np.dtype("V2") if name == "bfloat16" else np.dtype(name)
