"""The weights layout of Keras 3: arrays at ``layers/<name>/vars/<number>``."""

from __future__ import annotations

import re
from pathlib import Path

from converter.containers import attributes
from converter.containers.contents import Contents
from converter.containers.guard import Tree
from converter.containers.hdf5_source import Hdf5Source
from converter.containers.sniff import Kind
from converter.containers.writers import writer_of
from converter.model.description import Dataset

OPTIMIZER = "optimizer"
# What tf.keras 2.13 called the group that is now named layers.
_EARLY = "_layer_checkpoint_dependencies"


def read(path: Path, source: Hdf5Source) -> Contents:
    """The contents of a ``.weights.h5`` file."""
    where = str(path)
    texts = attributes.texts(source.hdf5.id, where)
    variables, optimizer = split(source.tree)
    return Contents(
        path=path,
        kind=Kind.KERAS3_WEIGHTS,
        size=path.stat().st_size,
        # The file names no version; 3 is the generation of its layout.
        writer=writer_of(texts.pop("keras_version", "3"), texts.pop("backend", None)),
        variables=variables,
        optimizer_weights=optimizer,
        optimizer_problem=optimizer_problem(source.tree),
        attributes=texts,
    )


def split(tree: Tree) -> tuple[dict[str, Dataset], tuple[Dataset, ...]]:
    """The model's variables by today's path, and the optimizer's in their order."""
    variables: dict[str, Dataset] = {}
    optimizer: list[Dataset] = []
    for stored in sorted(tree.stored.values(), key=lambda stored: natural(stored.dataset.path)):
        path = today(stored.dataset.path)
        if path.startswith(f"{OPTIMIZER}/"):
            optimizer.append(stored.dataset)
        else:
            variables[path] = stored.dataset
    return variables, () if tree.damaged else tuple(optimizer)


def optimizer_problem(tree: Tree) -> str:
    """What is wrong with the variables of the optimizer; empty where nothing is."""
    return next((f"it is damaged: /{path}: {why}" for path, why in tree.damaged.items()), "")


def today(path: str) -> str:
    """A path as Keras 3 writes it today: no backslashes (early releases on Windows), ``layers``."""
    parts = path.replace("\\", "/").split("/")
    return "/".join("layers" if part == _EARLY else part for part in parts)


def natural(path: str) -> list[tuple[bool, int, str]]:
    """Sorts ``vars/10`` behind ``vars/9``."""
    parts = re.split(r"(\d+)", path)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
