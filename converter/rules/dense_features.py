"""DenseFeatures.

What it sees: the layer of tf.keras that makes one tensor of a dictionary of features, by its
feature columns.

Why Keras 3 trips: "Unknown layer: DenseFeatures".

What kfix changes: writes it as a small model. Numeric columns are reshaped; buckets are a
Discretization and a one-hot encoding; categories are looked up by StringLookup, IntegerLookup or
Hashing (which counts as the column did) and counted or embedded, with the column's combiner. A
Sequential that begins with it says its inputs from then on. Two features that are crossed go
through HashedCrossing, which hashes as the column did. Refused are crossings of more than two or of
features with several values, weighted, shared and sequence columns, buckets for unknown words,
vocabularies in files, a normalizer_fn, and inputs that are sparse or ragged or have more than two
axes.

Links: https://www.tensorflow.org/api_docs/python/tf/keras/layers/DenseFeatures,
https://www.tensorflow.org/guide/migrate/migrating_feature_columns
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from converter.model.building import GraphBuilder
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules._feature_columns import (
    RAW,
    FeatureColumns,
    crossed_keys,
    dtype_of,
    obstacle,
    shape_of,
    sources_of,
)
from converter.rules.base import Context, ModelChange, Rule, Stage

CLASS = "DenseFeatures"


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes each such layer as a small model."""
    if all(layer.class_name != CLASS for layer in model.layers):
        return
    model = _with_inputs(model)
    for layer in model.layers:
        if layer.class_name == CLASS:
            change = _written(model, layer)
            model = change.model or model
            yield change


def _written(model: Model, layer: Layer) -> ModelChange:
    message = f"{CLASS} was removed from Keras"
    inputs = _inputs(model, layer)
    columns = layer.config.get("feature_columns") or []
    tables = {weight.name: weight for weight in layer.weights}
    embeddings = [each for each in columns if each["class_name"] == "EmbeddingColumn"]
    reasons = [obstacle(column) for column in columns]
    if inputs is None:
        reasons.append("The shapes of its inputs are not known, or not those of plain tensors.")
    elif any(_several(inputs[key]) for column in columns for key in crossed_keys(column)):
        reasons.append("HashedCrossing crosses features of one value.")
    if len(tables) != len(embeddings):
        reasons.append("Its file does not hold its embeddings.")
    remedy = next(filter(None, reasons), "")
    if remedy or inputs is None:
        return ModelChange(Severity.REFUSED, message, remedy=remedy, layer=layer.name)
    graph = GraphBuilder(layer.name)
    features = {}
    for key, given in inputs.items():
        shape, dtype = given.config["batch_shape"], given.config["dtype"]
        x = graph.input(shape, dtype)
        if len(shape) == 1:
            x = graph.op("ExpandDims", x, axis=-1)
        features[key] = (x, dtype, shape[1] if len(shape) == 2 else 1)
    written = FeatureColumns(graph, features)
    outputs = [
        written.dense(column, tables.get(f"embedding_{index}"))
        for index, column in enumerate(columns)
    ]
    output = graph.layer("Concatenate", outputs, axis=-1) if len(outputs) > 1 else outputs[0]
    calls = tuple(_called(call, list(inputs)) for call in layer.calls)
    new = graph.instead_of(replace(layer, calls=calls), output)
    layers = tuple(new if each is layer else each for each in model.layers)
    remedy = "written as stock layers and op nodes"
    changed = replace(model, layers=layers)
    return ModelChange(Severity.BREAKS, message, changed, remedy, layer.name)


def _keys(layer: Layer) -> dict[str, Json]:
    """The features that the columns read, each with a column that says what it holds."""
    columns = layer.config.get("feature_columns") or ()
    sources = [source for column in columns for source in sources_of(column)]
    # A feature that is crossed as it is may be described by another column.
    sources.sort(key=lambda source: source["class_name"] != RAW)
    return {source["config"].get("key", ""): source for source in sources}


def _several(given: Layer) -> bool:
    """Whether an input has more than one value for an example."""
    shape = given.config["batch_shape"]
    return len(shape) > 1 and shape[1:] != [1]


def _inputs(model: Model, layer: Layer) -> dict[str, Layer] | None:
    """The input layer of each feature; None where one is not known."""
    given = {each.name: each for each in model.layers if each.class_name == "InputLayer"}
    features = layer.calls[0].args[0] if layer.calls and layer.calls[0].args else None
    if not isinstance(features, Mapping) or not set(_keys(layer)) <= set(features):
        return None
    found = {}
    for key in _keys(layer):
        tensor = features[key]
        source = given.get(tensor.layer) if isinstance(tensor, TensorRef) else None
        if source is None or source.config.get("sparse") or source.config.get("ragged"):
            return None
        shape = source.config.get("batch_shape")
        if not isinstance(shape, list | tuple) or len(shape) > 2:
            column = _keys(layer)[key]
            if not isinstance(shape, list | tuple) or column["class_name"] != "NumericColumn":
                return None
        found[key] = source
    return found


def _called(call: Call, keys: list[str]) -> Call:
    features = [call.args[0][key] for key in keys]
    return Call((features[0] if len(features) == 1 else features,))


def _with_inputs(model: Model) -> Model:
    """A Sequential that begins with the layer, as a graph with an input for each feature."""
    first = model.layers[0]
    if model.kind != "sequential" or first.class_name != CLASS:
        return model
    if any(source["class_name"] == RAW for source in _keys(first).values()):
        return model
    said = model.config.get("build_input_shape")
    shapes: Mapping[str, Json] = said if isinstance(said, Mapping) else {}
    inputs = []
    for key, source in _keys(first).items():
        shape = shapes.get(key) or [None, *shape_of(source)]
        config = {"batch_shape": [None, *shape[1:]], "dtype": dtype_of(source)}
        inputs.append(Layer(key, "InputLayer", config))
    features = {layer.name: TensorRef(layer.name) for layer in inputs}
    layers, last = [replace(first, calls=(Call((features,)),))], TensorRef(first.name)
    for layer in model.layers[1:]:
        layers.append(replace(layer, calls=(Call((last,)),)))
        last = TensorRef(layer.name)
    return Model(model.name, "functional", (*inputs, *layers), features, last, {}, model.compile)


RULE = Rule(
    code="KF158",
    stage=Stage.GRAPH,
    summary="DenseFeatures is a small model today",
    generations=frozenset({2}),
    model=rewrite,
)
