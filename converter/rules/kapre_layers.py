"""Spectrograms of kapre.

What it sees: STFT, Magnitude, Phase, ApplyFilterbank and MagnitudeToDecibel of kapre 0.3, as KF169
found them, or by the name of its package.

Why Keras 3 trips: "Unknown layer: 'STFT'", "Unknown layer: 'Kapre>STFT'". Its own STFTSpectrogram
cuts the signal into other frames.

What kfix changes: writes each as a small model of op nodes, the filterbank as a Dense that is
frozen; it was a constant. Complex numbers are two real ones on an axis of their own, so that an
STFT whose output goes elsewhere than to Magnitude and Phase is refused.

Links: https://github.com/keunwoochoi/kapre https://github.com/keunwoochoi/kapre/issues/149
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from converter.layouts import kapre
from converter.model.building import MATH_OPS, GraphBuilder
from converter.model.description import Json, Layer, Model, TensorRef, Weight
from converter.model.structures import call_refs, refs
from converter.ops.nodes import numpy_constant
from converter.rules._rebuilding import Place, Plan, rebuilt
from converter.rules._well_known import library_of, name_in
from converter.rules.base import Context, ModelChange, Rule, Stage

LIBRARY = "Kapre"
REMEDY = "written with op nodes"
RANK = 4
"""Of spectrograms: batch, time, frequencies and channels in some order."""
TAKES_COMPLEX = frozenset({"Magnitude", "Phase"})


class NoFormError(Exception):
    """Why there is nothing that computes the same."""


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    apart = {} if context.path else dict(_misplaced(model))

    def plan(layer: Layer, place: Place) -> Plan | None:
        name = name_in(LIBRARY, layer)
        if name not in WRITTEN or not library_of(layer, context):
            return None
        message = f"{name} is of kapre, which no later Keras has"
        if id(layer) in apart:
            return Plan(message, None, apart[id(layer)])
        if name not in ("STFT", *TAKES_COMPLEX) and place.rank != RANK:
            return Plan(message, None, "It does not get a spectrogram.")
        try:
            return Plan(message, _written(layer, name), REMEDY)
        except NoFormError as problem:
            return Plan(message, None, str(problem))

    return rebuilt(model, context, plan)


def _written(layer: Layer, name: str) -> Layer:
    graph = GraphBuilder(layer.name)
    return graph.instead_of(layer, WRITTEN[name](graph, layer.config))


def _misplaced(model: Model) -> Iterator[tuple[int, str]]:
    """Layers that give or take complex numbers where nothing shows the other side, and why."""
    for layer in model.layers:
        if layer.model is not None:
            yield from _misplaced(layer.model)
    pairs = list(_pairs(model))
    for source, target in pairs:
        gives = source is not None and name_in(LIBRARY, source) == "STFT"
        takes = target is not None and name_in(LIBRARY, target) in TAKES_COMPLEX
        if gives and not takes and source is not None:
            yield id(source), "Its complex numbers go elsewhere than to Magnitude or Phase."
        if takes and not gives and target is not None:
            yield id(target), "What it gets is not the output of an STFT beside it."


def _pairs(model: Model) -> Iterator[tuple[Layer | None, Layer | None]]:
    """Each layer with one that gets its output; None is what lies outside of the model."""
    if model.kind == "sequential":
        yield from zip((None, *model.layers), (*model.layers, None), strict=True)
        return
    by_name = {layer.name: layer for layer in model.layers}
    for layer in model.layers:
        for call in layer.calls:
            yield from ((by_name.get(ref.layer), layer) for ref in call_refs(call))
    yield from ((by_name.get(ref.layer), None) for ref in refs(model.outputs))


def _is_last(value: Json) -> bool:
    """Whether channels are last; they are where the image data format of Keras decides."""
    return value in ("channels_last", "default")


def _stft(graph: GraphBuilder, config: Mapping[str, Json]) -> TensorRef:
    n_fft, length, step = (config[key] for key in ("n_fft", "win_length", "hop_length"))
    if config["window_name"] not in kapre.COSINES:
        raise NoFormError(f"kfix does not know its window, {config['window_name']}.")
    x = graph.input([None, None, None])
    if _is_last(config["input_data_format"]):
        x = graph.op("Transpose", x, axes=[0, 2, 1])
    before = max(n_fft - step, 0) if config["pad_begin"] else 0
    # So many zeros give a frame to each step that begins inside of the signal.
    behind = length - 1 if config["pad_end"] else 0
    if before or behind:
        x = graph.op("Pad", x, pad_width=[[0, 0], [0, 0], [before, behind]])
    x = graph.op(
        "ExtractSequences", x, module=MATH_OPS, sequence_length=length, sequence_stride=step
    )
    window = kapre.window(config["window_name"], length).astype(np.float32)
    x = graph.op("Multiply", x, numpy_constant(window))
    real = graph.op("RFFT", x, module=MATH_OPS, fft_length=n_fft)
    both = graph.op("Stack", [real, TensorRef(real.layer, 0, 1)], axis=-1)
    if _is_last(config["output_data_format"]):
        both = graph.op("Transpose", both, axes=[0, 2, 3, 1, 4])
    return both


def _magnitude(graph: GraphBuilder, config: Mapping[str, Json]) -> TensorRef:
    x = graph.input([*[None] * RANK, 2])
    return graph.op("Sqrt", graph.op("Sum", graph.op("Square", x), axis=-1))


def _phase(graph: GraphBuilder, config: Mapping[str, Json]) -> TensorRef:
    if config.get("approx_atan_accuracy"):
        raise NoFormError("It approximates the angle.")
    parts = graph.op("Split", graph.input([*[None] * RANK, 2]), indices_or_sections=2, axis=-1)
    angle = graph.op("Arctan2", TensorRef(parts.layer, 0, 1), parts)
    return graph.op("Squeeze", angle, axis=-1)


def _decibel(graph: GraphBuilder, config: Mapping[str, Json]) -> TensorRef:
    amin = config["amin"] or 1e-5
    x = graph.op("Maximum", graph.input([None] * RANK), amin)
    logarithm = graph.op("Divide", graph.op("Log", x), math.log(10.0))
    level = 10.0 * math.log10(max(amin, config["ref_value"]))
    level_of = graph.op("Subtract", graph.op("Multiply", logarithm, 10.0), level)
    loudest = graph.op("Max", level_of, axis=[1, 2, 3], keepdims=True)
    return graph.op("Maximum", level_of, graph.op("Subtract", loudest, config["dynamic_range"]))


def _filterbank(graph: GraphBuilder, config: Mapping[str, Json]) -> TensorRef:
    bank = _bank(config["type"], config["filterbank_kwargs"])
    values = bank.astype(np.float32)
    kernel = Weight("kernel", (), values.shape, "float32", lambda arrays: values)
    frequencies, bands = values.shape
    last = _is_last(config["data_format"])
    lengths = [None, None, frequencies, None] if last else [None, None, None, frequencies]
    x = graph.input(lengths)
    x = graph.op("Transpose", x, axes=[0, 1, 3, 2]) if last else x
    x = graph.layer("Dense", x, weights=[kernel], units=bands, use_bias=False, trainable=False)
    return graph.op("Transpose", x, axes=[0, 1, 3, 2]) if last else x


def _bank(kind: Json, arguments: Mapping[str, Json]) -> np.ndarray:
    if arguments.get("norm", "slaney") not in ("slaney", None):
        raise NoFormError(f"Releases of librosa differ over norm={arguments['norm']}.")
    banks: Mapping[Json, Callable[..., np.ndarray]] = {
        "mel": kapre.mel_filterbank,
        "log": kapre.log_filterbank,
    }
    try:
        return banks[kind](**arguments)
    except (KeyError, TypeError, ValueError) as problem:
        raise NoFormError(f"Its filterbank takes no such arguments: {problem}.") from problem


WRITTEN: Mapping[str, Callable[[GraphBuilder, Mapping[str, Json]], TensorRef]] = {
    "STFT": _stft,
    "Magnitude": _magnitude,
    "Phase": _phase,
    "MagnitudeToDecibel": _decibel,
    "ApplyFilterbank": _filterbank,
}

RULE = Rule(
    code="KF187",
    stage=Stage.MEANING,
    summary="spectrograms of kapre",
    generations=frozenset({2}),
    model=rewrite,
)
