"""Models spread over several GPUs.

What it sees: what ``multi_gpu_model`` made of a model, saved as it was trained: Lambda layers
``get_slice`` that cut each batch into parts, the model called once on each part, and a Concatenate
along the batch for each output.

Why Keras 3 trips: the slices are Lambdas, bytecode of the writer's Python. And nothing of it is
about what the model computes.

What kfix changes: the model inside becomes the model, with the same inputs, outputs and weights.
Only the exact graph is taken for one: each slice once, in order, of every input, by a function that
bears the name and the variables of Keras's own (its code is read as text, never run). A model
inside that looks at the batch as a whole, where the parts would matter, stays as it is.

Links: https://github.com/keras-team/keras/issues/8123
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.dialects.compile_state import rename_outputs
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.rewriting import as_functional
from converter.model.structures import refs
from converter.rules.base import Context, ModelChange, Rule, Stage
from converter.rules.compile_outputs import output_names

NAMES_IN_CODE = (
    *(b"get_slice", b"data", b"i", b"parts", b"shape", b"batch_size", b"input_shape"),
    *(b"step", b"size", b"stride", b"start", b"slice", b"axis"),
)
"""The function, its arguments and variables, and what it calls, as its bytecode holds them."""

PARTS = frozenset({"InputLayer", "Lambda", "Concatenate"})


def lift(model: Model, context: Context) -> Iterator[ModelChange]:
    """Puts the model that was spread over GPUs in the place of the whole."""
    inner = _spread_model(model)
    if inner is None or not all(map(_by_sample, inner.layers)):
        return
    new = _like_whole(inner, model) if not context.path else as_functional(inner)
    if new is None:
        return
    new = replace(new, name=model.name)
    parts = sum(layer.class_name == "Lambda" for layer in model.layers)
    message = f"the model is spread over GPUs: {parts} Lambdas cut the batch into parts"
    yield ModelChange(Severity.BREAKS, message, new, "written as the one model it was made from")


def _spread_model(model: Model) -> Model | None:
    """The model inside, where the graph is exactly what Keras makes of one."""
    inside = [layer for layer in model.layers if layer.model is not None]
    others = {layer.class_name for layer in model.layers if layer.model is None}
    if len(inside) != 1 or others != PARTS or model.kind != "functional":
        return None
    template = inside[0]
    assert template.model is not None
    by_name = {layer.name: layer for layer in model.layers}
    ends = [by_name[name] for name in dict.fromkeys(ref.layer for ref in refs(model.outputs))]
    count = len(template.calls)
    each_once = len(model.layers) == len(_inputs(model)) * (1 + count) + 1 + len(ends)
    if count < 2 or not each_once or not _is_same(_inputs(model), template.model):
        return None
    sliced = all(
        _is_part(call, index, count, _inputs(model), by_name)
        for index, call in enumerate(template.calls)
    )
    merged = len(ends) == len(output_names(template.model)) and all(
        _is_merge(end, template.name, index, count) for index, end in enumerate(ends)
    )
    return template.model if sliced and merged else None


def _inputs(model: Model) -> list[str]:
    return [ref.layer for ref in refs(model.inputs)]


def _is_same(inputs: Sequence[str], inner: Model) -> bool:
    """Whether the model inside has the inputs of the whole, as it had when it was spread."""
    return inner.kind == "sequential" and len(inputs) == 1 or _inputs(inner) == inputs


def _is_part(
    call: Call, index: int, count: int, inputs: Sequence[str], by_name: dict[str, Layer]
) -> bool:
    """Whether a call of the model inside gets one and the same part of every input."""
    slices = list(refs(call.args))
    return (
        not call.kwargs
        and len(slices) == len(inputs)
        and all(
            _is_slice(by_name[ref.layer], TensorRef(name), index, count)
            for ref, name in zip(slices, inputs, strict=True)
        )
    )


def _is_slice(layer: Layer, of: TensorRef, index: int, count: int) -> bool:
    return (
        layer.class_name == "Lambda"
        and layer.calls == (Call((of,)),)
        and layer.config.get("arguments") == {"i": index, "parts": count}
        and _is_get_slice(layer.config.get("function"))
    )


def _is_get_slice(function: Json) -> bool:
    """Whether stored bytecode, with no defaults or closure, holds the names of Keras's function."""
    if not isinstance(function, (list, tuple)) or len(function) != 3 or any(function[1:]):
        return False
    if not isinstance(function[0], str):
        return False
    try:
        code = base64.b64decode(function[0])
    except (binascii.Error, ValueError):
        return False
    return all(name in code for name in NAMES_IN_CODE)


def _is_merge(layer: Layer, template: str, output: int, count: int) -> bool:
    if layer.class_name != "Concatenate" or layer.config.get("axis") != 0 or len(layer.calls) != 1:
        return False
    call = layer.calls[0]
    parts = [TensorRef(template, index, output) for index in range(count)]
    return not call.kwargs and list(refs(call.args)) == parts


def _by_sample(layer: Layer) -> bool:
    """Whether a layer treats each sample by itself, so that parts give what the whole gives."""
    axes = [layer.config.get(key) for key in ("axis", "axes")]
    over_batch = any(axis == 0 or isinstance(axis, list) and 0 in axis for axis in axes)
    in_training = any(call.kwargs.get("training") for call in layer.calls)
    children = [*layer.inner.values(), *(layer.model.layers if layer.model else ())]
    alone = not (over_batch or in_training or layer.config.get("stateful"))
    return alone and all(map(_by_sample, children))


def _like_whole(inner: Model, whole: Model) -> Model:
    """The model inside with the whole's input layer, where it has none, and its compile state."""
    if inner.kind == "sequential":
        given = next(layer for layer in whole.layers if layer.class_name == "InputLayer")
        rest = [layer for layer in inner.layers if layer.class_name != "InputLayer"]
        inner = replace(inner, layers=(given, *rest))
    names = dict(zip(output_names(whole), output_names(inner), strict=True))
    frozen = {"trainable": False} if whole.config.get("trainable") is False else {}
    state = whole.compile and rename_outputs(whole.compile, names)
    return replace(inner, compile=state, config={**inner.config, **frozen})


RULE = Rule(
    code="KF160",
    # Before the layers inside get words of Keras 3, and before outputs are named anew.
    stage=Stage.CLASSES,
    summary="models spread over several GPUs",
    generations=frozenset({2}),
    model=lift,
)
