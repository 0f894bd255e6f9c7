"""What lies on disk: recognising, guarded reading and atomic writing of model files.

This package is the only importer of h5py and zipfile. Its modules load on first use, because the
command line imports the package for every command and h5py alone takes longer to import than most
commands run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.containers.contents import Contents, LayerGroup
    from converter.containers.copying import copy_h5, copy_keras
    from converter.containers.model_file import ModelFile, open_model
    from converter.containers.publishing import publish, publish_directory
    from converter.containers.sniff import Kind, Sniffed
    from converter.containers.writing import (
        write_architecture,
        write_keras,
        write_legacy_h5,
        write_legacy_weights,
        write_weights_h5,
    )

_HOMES = {
    "Contents": "contents",
    "LayerGroup": "contents",
    "copy_h5": "copying",
    "copy_keras": "copying",
    "ModelFile": "model_file",
    "open_model": "model_file",
    "publish": "publishing",
    "publish_directory": "publishing",
    "Kind": "sniff",
    "Sniffed": "sniff",
    "write_architecture": "writing",
    "write_keras": "writing",
    "write_legacy_h5": "writing",
    "write_legacy_weights": "writing",
    "write_weights_h5": "writing",
}

__all__ = [
    "Contents",
    "Kind",
    "LayerGroup",
    "ModelFile",
    "Sniffed",
    "copy_h5",
    "copy_keras",
    "open_model",
    "publish",
    "publish_directory",
    "write_architecture",
    "write_keras",
    "write_legacy_h5",
    "write_legacy_weights",
    "write_weights_h5",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
