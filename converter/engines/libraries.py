"""The one door to the heavy libraries, used in the child process only."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module, metadata
from typing import Any

from converter.errors import KfixError, MissingObjectError


def keras() -> Any:
    """Keras 3."""
    if sys.modules.get("keras", ...) is None:
        raise KfixError("This engine runs TensorFlow alone; Keras needs an engine of its own.")
    module = _import("keras", "keras")
    if int(module.__version__.split(".")[0]) < 3:
        raise MissingObjectError(
            f"Keras {module.__version__} is installed; kfix needs Keras 3.",
            "pip install --upgrade keras",
        )
    return module


def tf_keras() -> Any:
    """Keras 2 as TensorFlow's legacy package, the reference for old files."""
    return _import("tf_keras", "tf_keras")


LEGACY = "TF_USE_LEGACY_KERAS"
"""Tells TensorFlow to take tf_keras for Keras; such a process serves the user's old code only."""


def is_legacy() -> bool:
    """Whether Keras 2 is the Keras of this process."""
    return os.environ.get(LEGACY) == "1"


def tensorflow() -> Any:
    """TensorFlow."""
    return _import("tensorflow", "tensorflow")


def tensorflow_alone() -> Any:
    """TensorFlow in a process that has not imported Keras and cannot.

    ``import tensorflow`` imports Keras when it finds one, so Keras is hidden from it first.
    """
    if sys.modules.get("keras") is not None or sys.modules.get("tf_keras") is not None:
        raise KfixError("A SavedModel is verified in a fresh engine, but this one imported Keras.")
    sys.modules["keras"] = sys.modules["tf_keras"] = None  # type: ignore[assignment]
    return tensorflow()


def label(package: str) -> str:
    """Name and version for reports: ``keras 3.15.1``."""
    return f"{package} {metadata.version(package)}"


def _import(module: str, package: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(module)
    except ImportError as error:
        raise MissingObjectError(
            f"{module} cannot be imported: {error}", f"pip install {package}; see `kfix doctor`."
        ) from error
