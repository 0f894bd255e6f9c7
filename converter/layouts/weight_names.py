"""What the names of weights in a file say: the layers around each, and which of a layer's it is.

All that Keras has written: ``dense/kernel:0`` and ``my_model/block/dense/kernel:0`` of legacy
files, ``dense_1_W`` of Keras 1, ``layers/dense/vars/0`` of Keras 3's layout, the checkpoint names
``layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE`` of TensorFlow, and arrays that somebody
stored under the names of variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from converter.layouts import cudnn, keras1
from converter.layouts.matching import Step, Unit, Variable
from converter.model.description import Dataset, Layer, Weight

CELL = re.compile(r"(lstm|gru|simple_rnn|conv_lst_m\d?d?|stacked_rnn|unified_\w+)_cells?(_\d+)?")
"""Names of cells, which releases put between a layer and its variables, or don't."""

CHECKPOINT = "/.ATTRIBUTES/VARIABLE_VALUE"
COUNTED = re.compile(r"(^|/)layer(_with_weights)?-\d+/")
"""How a checkpoint calls the layers of a model, by their place."""

BESIDE_MODEL = re.compile(
    r"(^|/)(optimizer|keras_api|\.OPTIMIZER_SLOT|save_counter|_CHECKPOINTABLE_OBJECT_GRAPH"
    r"|iterations?|learning_rate|global_step|beta[12]_power)(/|:|$)|_[mv]_\d+$|/Adam(_1)?$"
)
"""What a file of arrays holds besides the model: the optimizer's, and the checkpoint's own."""


@dataclass(frozen=True)
class StoredLayer:
    """A layer as a file has it: names around it, and its weights with their roles."""

    scope: tuple[str, ...]
    roles: tuple[str, ...]
    weights: tuple[Weight, ...]

    def unit(self) -> Unit:
        """What is matched."""
        names = (each.name for each in self.weights)
        shapes = (each.shape for each in self.weights)
        variables = map(Variable, names, self.roles, shapes)
        return Unit(tuple(Step(name) for name in self.scope), tuple(variables))


Group = tuple[str, Sequence[tuple[str, Dataset]]]
"""A group of a legacy file: its name, and its weights in order."""


def of_groups(groups: Iterable[Group], *, generation: int = 2) -> list[StoredLayer]:
    """The layers of a legacy file in order, in the layout of Keras 2."""
    found = []
    for name, stored in groups:
        whole = _of_keras1(name, stored) if generation == 1 else None
        found += [whole] if whole is not None else _in_group(name, stored)
    return [_without_cudnn(each) for each in found]


def distinct(names: Iterable[str]) -> list[str]:
    """The names, those that come again with a number behind them."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        found.append(f"{name} ({count})" if count > 1 else name)
    return found


def told_apart(layers: Sequence[StoredLayer]) -> list[StoredLayer]:
    """The layers with weights of which no two have one name."""
    names = iter(distinct(each.name for layer in layers for each in layer.weights))
    return [
        replace(layer, weights=tuple(replace(each, name=next(names)) for each in layer.weights))
        for layer in layers
    ]


def _in_group(group: str, stored: Sequence[tuple[str, Dataset]]) -> list[StoredLayer]:
    named = [(*_legacy(group, name), _shown(group, name), data) for name, data in stored]
    return _collected(named)


def _shown(group: str, name: str) -> str:
    return name if set(group.split("/")) & set(name.split("/")) else f"{group}/{name}".strip("/")


def _legacy(group: str, name: str) -> tuple[tuple[str, ...], str]:
    *scope, role = name.split(":")[0].strip("/").split("/")
    around = [part for part in group.split("/") if part]
    if not set(around) & set(scope):
        scope = around + scope
    return _without_cell(scope), role


def _without_cell(scope: Sequence[str]) -> tuple[str, ...]:
    kept = list(scope)
    while len(kept) > 1 and CELL.fullmatch(kept[-1]):
        kept.pop()
    return tuple(kept)


def of_archive(variables: Mapping[str, Dataset]) -> list[StoredLayer]:
    """The layers of a file in Keras 3's layout; their order there means nothing."""
    names = {path: path for path in variables}
    if any("_layer_checkpoint_dependencies" in data.path for data in variables.values()):
        names = _recounted(variables)
    named = []
    for path, data in variables.items():
        scope, _, index = names[path].rpartition("/vars/")
        named.append((_plain(scope), index, path, data))
    return _collected(named)


def _plain(scope: str) -> tuple[str, ...]:
    return tuple(part.lstrip("_") for part in scope.split("/") if part)


def saved_scope(path: str) -> tuple[str, ...]:
    """The same for where Keras 3 would save the variables of a layer."""
    return _plain(path)


def _recounted(paths: Iterable[str]) -> dict[str, str]:
    """TensorFlow 2.13 counted by twos: the n-th of a class gets the number n."""
    paths = list(paths)
    numbers: dict[str, set[int]] = {}
    for path in paths:
        for around, stem, number in _numbered(path):
            numbers.setdefault(f"{around}/{stem}", set()).add(number)

    def recount(path: str) -> str:
        parts = []
        for around, stem, number in _numbered(path):
            rank = sorted(numbers[f"{around}/{stem}"]).index(number)
            parts.append(f"{stem}_{rank}" if rank else stem)
        return "/".join([*parts, *path.split("/")[len(parts) :]])

    return {path: recount(path) for path in paths}


def _numbered(path: str) -> list[tuple[str, str, int]]:
    """The steps of a path down to the layer, each with the steps around it, its stem and number."""
    steps = path.rpartition("/vars/")[0].split("/")
    found = []
    for index, step in enumerate(steps):
        named = re.fullmatch(r"(.*?)(?:_(\d+))?", step)
        assert named is not None
        found.append(("/".join(steps[:index]), named[1], int(named[2] or 0)))
    return found


def of_arrays(arrays: Mapping[str, Dataset]) -> list[StoredLayer]:
    """The layers of a file of arrays by the names of variables, in no order."""
    named = []
    for path, data in arrays.items():
        name = path.removesuffix(CHECKPOINT)
        if BESIDE_MODEL.search(name) or "/.OPTIMIZER_SLOT" in path:
            continue
        *scope, role = name.split(":")[0].strip("/").split("/")
        kept = [part for part in scope if part != "model"]
        named.append((_without_cell(kept), role, name, data))
    return _collected(named)


def is_checkpoint(names: Iterable[str]) -> bool:
    """Whether arrays bear the names that checkpoints give: attributes and places of layers."""
    return any(CHECKPOINT in name or COUNTED.search(name) for name in names)


def _collected(
    named: Iterable[tuple[tuple[str, ...], str, str, Dataset]],
) -> list[StoredLayer]:
    """Weights of one scope together, in the order in which the scopes begin."""
    layers: dict[tuple[str, ...], list[tuple[str, Weight]]] = {}
    for scope, role, name, data in named:
        weight = Weight(name, (data,), data.shape, data.dtype)
        layers.setdefault(scope, []).append((role, weight))
    return [
        StoredLayer(scope, tuple(role for role, _ in pairs), tuple(each for _, each in pairs))
        for scope, pairs in layers.items()
    ]


_OF_KERAS1: Mapping[tuple[str, ...], str] = {
    **{
        tuple(sorted(keras1.ARRAYS[name]({}))): name
        for name in ("LSTM", "GRU", "BatchNormalization", "SimpleRNN", "Highway")
    },
}


def _of_keras1(group: str, stored: Sequence[tuple[str, Dataset]]) -> StoredLayer | None:
    """A group of Keras 1 as Keras 2 has it; None for one that holds several layers."""
    prefix = f"{group}_"
    names = [name.split(":")[0] for name, _ in stored]
    if not all(name.startswith(prefix) for name in names):
        return None
    roles = [name.removeprefix(prefix) for name in names]
    weights = tuple(
        Weight(role, (data,), data.shape, data.dtype)
        for role, (_, data) in zip(roles, stored, strict=True)
    )
    kind = _OF_KERAS1.get(tuple(sorted(roles))) or _kind(weights)
    layer = keras1.canonical(Layer(group, kind, _config(weights), weights))
    named = [replace(each, name=f"{group}/{each.name}") for each in layer.weights]
    return StoredLayer((group,), tuple(each.name for each in layer.weights), tuple(named))


def _kind(weights: Sequence[Weight]) -> str:
    rank = len(weights[0].shape) if weights else 0
    if weights and weights[0].name != "W":
        return "PReLU" if weights[0].name == "alphas" else ""
    if rank == 4 and weights[0].shape[1] == 1 and weights[0].shape[0] > 1:
        return "Convolution1D"
    alone = len(weights) == 1
    return {2: "Embedding" if alone else "Dense", 4: "Convolution2D", 5: "Convolution3D"}.get(
        rank, ""
    )


def _config(weights: Sequence[Weight]) -> dict[str, object]:
    if not weights or len(weights[0].shape) != 4:
        return {}
    return {"filter_length": weights[0].shape[0], "nb_filter": weights[0].shape[3]}


def _without_cudnn(layer: StoredLayer) -> StoredLayer:
    """The weights of CuDNNLSTM and CuDNNGRU as those of LSTM and GRU: told by their bias."""
    by_role = dict(zip(layer.roles, layer.weights, strict=True))
    if sorted(by_role) != ["bias", "kernel", "recurrent_kernel"]:
        return layer
    units = by_role["recurrent_kernel"].shape[0]
    gates = {8 * units: 4, 6 * units: 3}.get((by_role["bias"].shape or (0,))[0])
    if gates is None or len(by_role["bias"].shape) != 1:
        return layer
    if by_role["recurrent_kernel"].shape != (units, gates * units):
        return layer
    today = {
        "kernel": cudnn.kernel(by_role["kernel"], gates),
        "recurrent_kernel": cudnn.recurrent_kernel(by_role["recurrent_kernel"], gates),
        "bias": (cudnn.summed_bias if gates == 4 else cudnn.stacked_bias)(by_role["bias"]),
    }
    return replace(layer, weights=tuple(today[role] for role in layer.roles))
