"""The paths of variables in ``.keras`` archives and ``.weights.h5`` files.

``layers/<class in snake case>[_n]/…/vars/<i>``: n counts the layers of the same class among all
layers of the model (op nodes do not count, input layers of a Sequential neither), i is the order of
creation. See ``_walk_saveable`` and ``_save_container_state`` in keras/src/saving/saving_lib.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from converter.layouts import addons
from converter.layouts.graph_order import ordered_layers
from converter.layouts.legacy import CountMismatchError, is_well_known, weight
from converter.layouts.variables import IDF_WEIGHTS, LOOKUPS, Variable, is_op, variables_of
from converter.model.description import Dataset, Json, Layer, Model, Weight

EARLY_LAYERS = "_layer_checkpoint_dependencies"
"""What TensorFlow 2.13 called the group that is now named layers."""
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})


def snake_case(class_name: str) -> str:
    """A class name as Keras writes it into paths: ``Conv2D`` → ``conv2d``, ``ReLU`` → ``re_lu``.

    Of a registered ``Package>Name`` only the name counts.
    """
    name = re.sub(r"\W+", "", class_name.rpartition(">")[2])
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


Visits = Callable[[str], int]
"""How often the writer came by the layer at a path; each time the count of its class went up."""


def _once(_path: str) -> int:
    return 1


def layer_paths(
    model: Model, base: str = "", *, implicit_masks: bool = True, visits: Visits = _once
) -> Iterator[tuple[Layer, str]]:
    """Every layer that can own variables with its group's path; nested ones after containers."""
    layers = _saved_layers(model, implicit_masks)
    for layer, path in _numbered(layers, f"{base}layers/", visits):
        yield from _inside(layer, path, implicit_masks, visits)


def _saved_layers(model: Model, implicit_masks: bool) -> list[Layer]:
    inputs_too = model.kind != "sequential"
    in_order = ordered_layers(model, implicit_masks=implicit_masks)
    return [
        layer
        for layer in in_order
        if not is_op(layer) and (inputs_too or layer.class_name != "InputLayer")
    ]


def _numbered(
    layers: Iterable[Layer], base: str, visits: Visits = _once
) -> Iterator[tuple[Layer, str]]:
    used: dict[str, int] = {}
    for layer in layers:
        name = snake_case(layer.class_name)
        count = used.setdefault(name, 0)
        path = f"{base}{name}_{count}" if count else f"{base}{name}"
        used[name] += visits(path)
        yield layer, path


def _inside(
    layer: Layer, path: str, implicit_masks: bool, visits: Visits
) -> Iterator[tuple[Layer, str]]:
    yield layer, path
    if layer.model is not None:
        inside = layer_paths(layer.model, f"{path}/", implicit_masks=implicit_masks, visits=visits)
        yield from inside
    cells = [child for key, child in layer.inner.items() if key.startswith("cells/")]
    for child, child_path in _numbered(cells, f"{path}/cells/"):
        yield from _inside(child, child_path, implicit_masks, visits)
    for key, child in layer.inner.items():
        if not key.startswith("cells/"):
            inner_path = f"{path}/{_inner_name(layer, key)}"
            yield from _inside(child, inner_path, implicit_masks, visits)


def _inner_name(layer: Layer, key: str) -> str:
    if layer.class_name == "Bidirectional" and key == "layer":
        return "forward_layer"
    return f"cell/{key}" if layer.class_name in RECURRENT else key


def variables(model: Model) -> Iterator[tuple[str, Weight]]:
    """The path and the weight of each variable in an archive of a model in Keras 3's words."""
    for layer, path in layer_paths(model):
        known = variables_of(layer) is not None
        names = _variable_paths(layer) if known else [each.name for each in layer.weights]
        for name, each in zip(names, layer.weights, strict=True):
            yield f"{path}/{name}", each
        yield from _idf_weights(layer, path)
        if layer.class_name == "SpectralNormalization":
            yield f"{path}/vars/0", layer.inner["layer"].weights[0]


def _idf_weights(layer: Layer, path: str) -> Iterator[tuple[str, Weight]]:
    """What a lookup of mode tf-idf reads beside its config; a text layer has one inside."""
    weights = layer.config.get("idf_weights")
    if layer.class_name not in LOOKUPS or not weights:
        return
    values = np.asarray(weights, "float32")
    if layer.config.get("pad_to_max_tokens"):
        values = np.pad(values, (0, layer.config["max_tokens"] - len(values)))
    idf = Weight(IDF_WEIGHTS, (), values.shape, "float32", lambda arrays: values)
    yield f"{path}/vars/{IDF_WEIGHTS}", idf
    if layer.class_name == "TextVectorization":
        yield f"{path}/_lookup_layer/vars/{IDF_WEIGHTS}", idf


def archived_variables(layer: Layer) -> list[Variable]:
    """A layer's own variables in an archive, which adds low-rank updates to their kernels."""
    return [variable for variable in variables_of(layer) or () if variable.archived]


def _variable_paths(layer: Layer) -> list[str]:
    """The paths of a layer's own variables below its group, numbered for each owner."""
    # SpectralNormalization holds the kernel of the layer it wraps as its own first variable.
    used: dict[str, int] = {"": 1} if layer.class_name == "SpectralNormalization" else {}
    paths = []
    for variable in archived_variables(layer):
        index = used.setdefault(variable.owner, 0)
        used[variable.owner] += 1
        paths.append(f"{variable.owner}/vars/{index}" if variable.owner else f"vars/{index}")
    return paths


def bind(
    model: Model, stored: Mapping[str, Dataset], *, implicit_masks: bool
) -> tuple[Model, list[Exception]]:
    """Gives every layer of an archive's model its weights by path.

    Args:
        model: as parsed, in the writer's words.
        stored: the archive's variables by path.
        implicit_masks: whether the writer was Keras 3, see ``ordered_layers``.

    Returns:
        The model, and a CountMismatchError for each layer whose variables are not all there.
    """
    found: dict[int, tuple[Layer, tuple[Weight, ...]]] = {}
    problems: list[Exception] = []
    visits = _visits_of(stored)
    stored = _with_held_kernels(model, stored, implicit_masks, visits)
    for layer, path in layer_paths(model, implicit_masks=implicit_masks, visits=visits):
        names = [variable.name for variable in archived_variables(layer)]
        paths = [f"{path}/{name}" for name in _variable_paths(layer)]
        paths = [each if each in stored else _as_tf_keras(each) for each in paths]
        present = [
            (name, stored[each]) for name, each in zip(names, paths, strict=True) if each in stored
        ]
        own = variables_of(layer)
        if own is None or is_well_known(layer):
            every = {each: stored[each] for each in stored if each.startswith(f"{path}/")}
            own = None if every and set(every) != set(paths) else own
        if own is None:
            present = [(each[len(path) + 1 :], data) for each, data in every.items()]
        weights = tuple(weight(name, data) for name, data in present)
        if not present and own != []:
            weights = _of_twin(layer, found)
        if own is not None and len(weights) != len(paths) and not is_well_known(layer):
            problems.append(CountMismatchError(layer, len(paths), len(weights)))
        found[id(layer)] = layer, weights
    layers = tuple(rebuild_identified(layer, found) for layer in model.layers)
    return replace(model, layers=layers), problems


def _of_twin(
    layer: Layer, found: Mapping[int, tuple[Layer, tuple[Weight, ...]]]
) -> tuple[Weight, ...]:
    """The weights of a layer that is in several models: an archive holds them for the first only.

    The config has the layer again for each model, the same in all.
    """
    same = (
        weights
        for other, weights in found.values()
        if weights and (other.name, other.class_name) == (layer.name, layer.class_name)
        if _without_ids(other.config) == _without_ids(layer.config)
    )
    return next(same, ())


def _without_ids(config: Json) -> Json:
    """A config without the numbers that tf.keras gave objects which it had written before."""
    if isinstance(config, Mapping):
        kept = {key: value for key, value in config.items() if key != "shared_object_id"}
        return {key: _without_ids(value) for key, value in kept.items()}
    return [_without_ids(each) for each in config] if isinstance(config, list) else config


def _with_held_kernels(
    model: Model, stored: Mapping[str, Dataset], implicit_masks: bool, visits: Visits
) -> Mapping[str, Dataset]:
    """Puts kernels that wrappers of Addons hold as their own at the layers that they wrap.

    A WeightNormalization has taken it from the layer; a SpectralNormalization shares it.
    """
    new = dict(stored)
    for layer, path in layer_paths(model, implicit_masks=implicit_masks, visits=visits):
        if layer.class_name == addons.SPECTRAL_NORMALIZATION:
            _move(new, f"{path}/vars/1", f"{path}/vars/0")
        if layer.class_name != addons.WEIGHT_NORMALIZATION or "layer" not in layer.inner:
            continue
        inner = layer.inner["layer"]
        paths = [f"{path}/layer/{each}" for each in _variable_paths(inner)]
        held = addons.held_index(layer)
        for index in reversed(range(held + 1, len(paths))):
            _move(new, paths[index - 1], paths[index])
        _move(new, f"{path}/vars/1", paths[held])
        _move(new, f"{path}/vars/2", f"{path}/vars/1")
    return new


def _move(stored: dict[str, Dataset], old: str, new: str) -> None:
    if old in stored:
        stored[new] = stored.pop(old)


def asset_path(member: str) -> str:
    """The member of an archive below ``assets/`` by the path of its layer, as Keras 3 writes it."""
    return member.replace("\\", "/").replace(EARLY_LAYERS, "layers").removeprefix("assets/")


def stored_paths(
    model: Model, stored: Mapping[str, Dataset], assets: Sequence[str], *, implicit_masks: bool
) -> Iterator[tuple[Layer, str]]:
    """Every layer with the path of its group, in an archive with these variables and assets.

    Args:
        model: as parsed, in the writer's words.
        stored: the archive's variables by path.
        assets: its members below ``assets/``.
        implicit_masks: whether the writer was Keras 3, see ``ordered_layers``.
    """
    visits = _visits_of(stored, assets)
    yield from layer_paths(model, implicit_masks=implicit_masks, visits=visits)


def _visits_of(stored: Mapping[str, Dataset], assets: Sequence[str] = ()) -> Visits:
    members = [*(dataset.path for dataset in stored.values()), *assets]
    if not any(EARLY_LAYERS in member for member in members):
        return _once
    return _visits_of_tf_2_13([*stored, *map(asset_path, assets)])


def _visits_of_tf_2_13(stored: Iterable[str]) -> Visits:
    """TensorFlow 2.13 walked what it tracks for checkpoints, where a layer with weights is twice.

    Its second Dense is ``dense_2``; see ``Functional._layer_checkpoint_dependencies`` there.
    """
    groups = {str(parent) for path in stored for parent in PurePosixPath(path).parents}
    return lambda path: 2 if path in groups else 1


def _as_tf_keras(path: str) -> str:
    """tf.keras named the projections of an attention layer with an underscore: ``_query_dense``."""
    return re.sub(r"/(query|key|value|output)_dense/", r"/_\1_dense/", path)


def rebuild_identified(
    layer: Layer, found: Mapping[int, tuple[Layer, tuple[Weight, ...]]]
) -> Layer:
    """The layer and all inside it with weights looked up by the identity of parsed layers."""
    _, weights = found.get(id(layer), (layer, layer.weights))
    inner = {key: rebuild_identified(child, found) for key, child in layer.inner.items()}
    model = layer.model
    if model is not None:
        model = replace(
            model, layers=tuple(rebuild_identified(child, found) for child in model.layers)
        )
    return replace(layer, weights=weights, inner=inner, model=model)
