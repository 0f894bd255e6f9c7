"""The legacy HDF5 layout of ``model.save("x.h5")`` and ``save_weights``, from Keras 0.x to 3."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from h5py import h5g

from converter.containers import attributes
from converter.containers.contents import Contents, LayerGroup
from converter.containers.guard import Tree
from converter.containers.hdf5_source import Hdf5Source
from converter.containers.sniff import Kind
from converter.containers.writers import backend_of, writer_of
from converter.errors import NotAModelError
from converter.model.description import Dataset, Json, Writer

WEIGHTS = "model_weights"
OPTIMIZER = "optimizer_weights"
TOP_LEVEL = "top_level_model_weights"
_PARSED = (
    "model_config",
    "training_config",
    "keras_version",
    "backend",
    "layer_names",
    "nb_layers",
)


def read(path: Path, kind: Kind, source: Hdf5Source) -> Contents:
    """The contents of a legacy model or weights file.

    Raises:
        NotAModelError: a listed layer or weight is missing, or an attribute is malformed.
    """
    root, where = source.hdf5.id, str(path)
    prefix = WEIGHTS if WEIGHTS in source.tree.groups else ""
    groups, top_level = _layers(source, prefix)
    others = {
        name: value
        for name, value in attributes.texts(root, where).items()
        if name.rstrip("0123456789") not in _PARSED
    }
    config = attributes.json(root, "model_config", where)
    if config is not None and not isinstance(config, dict):
        raise NotAModelError(f"{path}: model_config is not a JSON object")
    training_config = _training_config(root, where, others)
    optimizer, problem = _optimizer(source)
    return Contents(
        path=path,
        kind=kind,
        size=path.stat().st_size,
        writer=_writer(source, prefix, where, groups),
        config=config,
        training_config=training_config,
        layer_groups=groups,
        top_level_weights=top_level,
        optimizer_weights=optimizer,
        optimizer_problem=problem,
        attributes=others,
    )


def _training_config(root: Any, where: str, others: dict[str, str]) -> Json | None:
    """The compile state; one that is no JSON does not spoil the model and is left in ``others``."""
    try:
        return attributes.json(root, "training_config", where)
    except NotAModelError:
        others["training_config"] = attributes.texts(root, where).get("training_config", "")
        return None


def _writer(source: Hdf5Source, prefix: str, where: str, groups: tuple[LayerGroup, ...]) -> Writer:
    """Who wrote the weights: their group says it since Keras 2.0, the root since 1.0.7."""
    nodes = [_group(source, prefix).id, source.hdf5.id]
    found = {}
    for name in ("keras_version", "backend"):
        texts = (attributes.text(node, name, where) for node in nodes)
        found[name] = next((text for text in texts if text is not None), None)
    writer = writer_of(found["keras_version"], found["backend"])
    names_are_ours = attributes.number(nodes[0], "nb_layers") is not None
    if writer.generation > 1 or writer.backend or names_are_ours:
        return writer
    names = (name for group in groups for name in group.weight_names)
    return replace(writer, backend=backend_of(names))


def _group(source: Hdf5Source, path: str) -> Any:
    return source.hdf5[path] if path else source.hdf5


def _layers(source: Hdf5Source, prefix: str) -> tuple[tuple[LayerGroup, ...], tuple[Dataset, ...]]:
    weights = _group(source, prefix).id
    names = attributes.names(weights, "layer_names", f"/{prefix}")
    if names is None:
        return _numbered_layers(source, weights, prefix), ()
    if not all(name.strip("/") for name in names):
        raise NotAModelError(f"layer_names of /{prefix} has a layer without a name")
    known = set(source.tree.groups)
    written = [name for name in names if _join(prefix, name) in known]
    whole = len(written) == len(names)
    kept = (
        names if whole or not any(_stopped_here(weights, prefix, n) for n in written) else written
    )
    groups = tuple(_layer(source.tree, weights, prefix, name, known) for name in kept)
    top = (
        _layer(source.tree, weights, prefix, TOP_LEVEL, known)
        if _join(prefix, TOP_LEVEL) in known
        else None
    )
    return groups, top.weights if top and TOP_LEVEL not in names else ()


def _stopped_here(weights: Any, prefix: str, name: str) -> bool:
    """Whether an error ended the saving at a layer: its group is there, and lists no weights.

    tf.keras can't save vocabularies. What came behind was never written.
    """
    node = h5g.open(weights, name.strip("/").encode())
    return attributes.names(node, "weight_names", f"/{prefix}/{name}") is None


def _layer(tree: Tree, weights: Any, prefix: str, name: str, known: set[str]) -> LayerGroup:
    path = _join(prefix, name)
    if path not in known:
        raise NotAModelError(
            f"layer {name!r} is listed in layer_names, but its weights are missing"
        )
    node = h5g.open(weights, name.strip("/").encode())
    names = attributes.names(node, "weight_names", f"/{path}") or ()
    return LayerGroup(name, tuple(_dataset(tree, path, weight) for weight in names), names)


def _dataset(tree: Tree, group: str, name: str) -> Dataset:
    # A name with a leading slash counts from the root, as in HDF5; early multi-backend files have
    # a few.
    for path in (_join(group, name), _join("", name)):
        if path in tree.stored:
            return tree.stored[path].dataset
    raise NotAModelError(f"weight {name!r} is listed in weight_names of /{group}, but missing")


def _join(prefix: str, name: str) -> str:
    parts = [part for part in name.split("/") if part]
    return "/".join([prefix, *parts] if prefix else parts)


def _numbered_layers(source: Hdf5Source, weights: Any, prefix: str) -> tuple[LayerGroup, ...]:
    """Before Keras 1.0: groups ``layer_0``… with arrays ``param_0``…, counted, not named."""
    layers = attributes.number(weights, "nb_layers")
    if layers is None:
        raise NotAModelError(f"/{prefix} has no layer_names: the list of layers is lost")
    found = []
    for index in range(min(layers, len(source.tree.groups))):
        group = _join(prefix, f"layer_{index}")
        count = sum(path.startswith("param_") for path, _ in source.tree.below(group))
        names = tuple(f"param_{number}" for number in range(count))
        datasets = tuple(_dataset(source.tree, group, name) for name in names)
        found.append(LayerGroup(f"layer_{index}", datasets, names))
    return tuple(found)


def _optimizer(source: Hdf5Source) -> tuple[tuple[Dataset, ...], str]:
    """The variables of the optimizer, or what is wrong with them, which the model survives."""
    if OPTIMIZER not in source.tree.groups:
        return (), f"/{OPTIMIZER} is no group" if OPTIMIZER in source.tree.stored else ""
    try:
        group = source.hdf5[OPTIMIZER].id
        names = attributes.names(group, "weight_names", f"/{OPTIMIZER}")
        if names is None:
            return (), f"/{OPTIMIZER} has no weight_names: the order of its arrays is lost"
        return tuple(_dataset(source.tree, OPTIMIZER, name) for name in names), ""
    except (NotAModelError, OSError, RuntimeError) as error:
        return (), f"it is damaged: {error}"
