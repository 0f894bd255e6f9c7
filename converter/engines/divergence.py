"""Which layer is the first to compute something else, where two models differ."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from converter.engines.compare import compare
from converter.engines.models import LoadedModel, to_numpy, to_tensor
from converter.engines.results import Tolerance

Array = np.ndarray[Any, Any]


def first_difference(
    model: LoadedModel,
    reference: LoadedModel,
    inputs: dict[str, Array],
    tolerance: Tolerance,
) -> str:
    """Name of the first layer in the model's order whose output is not the reference's.

    Empty where it cannot be told: layers of other names, models whose layers have no single output.
    """
    try:
        got, wanted = layer_outputs(model, inputs), layer_outputs(reference, inputs)
    except Exception:
        # Only an addition to a message that is right without it.
        return ""
    for name, array in got.items():
        if name in wanted and not compare(name, array, wanted[name], tolerance).ok:
            return name
    return ""


def layer_outputs(model: LoadedModel, inputs: dict[str, Array]) -> dict[str, Array]:
    """What each layer of the model gives, by name, for layers that are called once."""
    library = import_module(type(model.model).__module__.split(".")[0])
    layers = [layer for layer in model.model.layers if _has_own_output(layer)]
    probe = library.Model(model.model.inputs, [layer.output for layer in layers])
    order = model.order(list(inputs))
    fed = [list(inputs.values())[position] for position in order]
    outputs: Sequence[Any] = probe([to_tensor(array) for array in fed], training=False)
    if len(layers) == 1 and not isinstance(outputs, list | tuple):
        outputs = [outputs]
    return {layer.name: to_numpy(out) for layer, out in zip(layers, outputs, strict=True)}


def _has_own_output(layer: Any) -> bool:
    """Nested models and layers that are called twice keep the tensors of another graph."""
    nodes = getattr(layer, "_inbound_nodes", ())
    is_model = getattr(layer, "layers", None) is not None
    return len(nodes) == 1 and not is_model and not isinstance(layer.output, list | tuple | dict)
