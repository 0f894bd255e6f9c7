"""Where the installed Keras needs a hand: mistakes of its own, and memory wasted on loading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from converter.engines import libraries
from converter.engines.arrays import distinct


@contextmanager
def replaced(owner: Any, name: str, make: Any) -> Iterator[None]:
    """Replaces an attribute by ``make(original)`` for a while, if the owner has it."""
    original = getattr(owner, name, None)
    if original is None:
        yield
        return
    setattr(owner, name, make(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def frugal_memory() -> Iterator[None]:
    """``load_model`` and ``save`` with less memory and the same result.

    Keras holds the weights of a ``.keras`` in memory twice unless memory is short, and then uses a
    file beside the path that it was given; and it draws random weights only to overwrite them.
    """
    saving = import_module("keras.src.saving.saving_lib")
    variable = import_module("keras.src.backend.tensorflow.core").Variable
    with ExitStack() as stack:
        stack.enter_context(replaced(saving, "is_memory_sufficient", lambda _: _never))
        stack.enter_context(
            replaced(variable, "_initialize_with_initializer", _without_random_draws)
        )
        yield


@contextmanager
def distinct_weight_names() -> Iterator[None]:
    """Weights of one name in a layer get numbers in an ``.h5``, which can't hold a name twice.

    Both halves of a Bidirectional may have it; Keras reads such a file by position.
    """
    legacy = import_module("keras.src.legacy.saving.legacy_h5_format")

    def make(original: Any) -> Any:
        def save(group: Any, weights: Any) -> None:
            weights = list(weights)
            for weight, name in zip(
                weights, distinct([each.path for each in weights]), strict=True
            ):
                weight._path = name
            original(group, weights)

        return save

    with replaced(legacy, "save_subset_weights_to_hdf5_group", make):
        yield


def _never(model: Any) -> bool:
    return False


def _without_random_draws(original: Any) -> Any:
    initializers = libraries.keras().initializers
    zeros = initializers.Zeros()
    random = (
        initializers.Orthogonal,
        initializers.RandomNormal,
        initializers.RandomUniform,
        initializers.TruncatedNormal,
        initializers.VarianceScaling,
    )

    def initialize(self: Any, initializer: Any) -> None:
        original(self, zeros if isinstance(initializer, random) else initializer)

    return initialize


@contextmanager
def own_layers_by_autograph(model: Any) -> Iterator[None]:
    """The user's layers may branch and loop over tensors in Python, in a graph as well.

    tf.keras saw to that. Keras 3 does not, and neither predicts with such layers nor exports them.
    """
    convert = libraries.tensorflow().autograph.to_graph
    with ExitStack() as stack:
        for layer in model._flatten_layers():
            if type(layer).__module__.split(".")[0] not in ("keras", "tf_keras"):
                call = convert(type(layer).call).__get__(layer)
                stack.enter_context(replaced(layer, "call", lambda _, call=call: call))
        yield


@contextmanager
def repaired_layers() -> Iterator[None]:
    """Layers of Keras 3 compute in a graph of open sizes what they compute on real arrays."""
    if libraries.is_legacy():
        yield
        return
    layers = libraries.keras().layers
    with replaced(layers.TimeDistributed, "call", _time_distributed_call):
        yield


def _time_distributed_call(original: Any) -> Any:
    """TimeDistributed that counts steps where the sequence length is open.

    Keras (3.15 and before) takes the batch size for the number of steps there, so that two samples
    of sixteen steps give two steps. Sequences of a fixed length go the original way.
    """
    ops = libraries.keras().ops

    def call(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if inputs.shape[1] is not None:
            return original(self, inputs, training=training, mask=mask)
        steps = ops.shape(inputs)[1]
        options = {"training": training} if self.layer._call_has_training_arg else {}
        has_mask = mask is not None and self.layer._call_has_mask_arg

        def step(index: Any) -> Any:
            masked = {"mask": mask[:, index]} if has_mask else {}
            return self.layer.call(inputs[:, index], **options, **masked)

        return ops.swapaxes(ops.vectorized_map(step, ops.arange(steps)), 0, 1)

    return call
