"""HDF5 files of arrays by the names of variables, as people export weights by hand."""

from __future__ import annotations

from pathlib import Path

from converter.containers.contents import Contents
from converter.containers.hdf5_source import Hdf5Source
from converter.containers.model_file import ModelFile
from converter.containers.sniff import Kind
from converter.containers.weights_h5 import natural
from converter.model.description import Writer


def open_arrays(path: Path) -> ModelFile:
    """Opens any HDF5 as a file of weights: each array is one, its path is its name.

    Raises:
        NotAModelError: damaged.
        UnsafeContentError: it holds what no model needs and what can do harm.
    """
    source = Hdf5Source.open(path)
    names = sorted(source.tree.stored, key=natural)
    contents = Contents(
        path=path,
        kind=Kind.OTHER_HDF5,
        size=path.stat().st_size,
        writer=Writer((2,)),
        variables={name: source.tree.stored[name].dataset for name in names},
    )
    return ModelFile(contents, source)
