"""Engines: child processes that run TensorFlow, Keras, tf_keras and the user's own modules.

Only this package imports them, and only inside the child, so a crash, a leak or hostile code of
theirs never touches the program that asked. The parent's side (`Engine`) is standard library only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.engines.child import EngineError
    from converter.engines.client import Engine
    from converter.engines.results import (
        Comparison,
        Endpoint,
        Export,
        InputSpec,
        Prediction,
        Rebuild,
        Signature,
        TensorInfo,
        Tolerance,
        Verification,
    )

__all__ = [
    "Comparison",
    "Endpoint",
    "Engine",
    "EngineError",
    "Export",
    "InputSpec",
    "Prediction",
    "Rebuild",
    "Signature",
    "TensorInfo",
    "Tolerance",
    "Verification",
]

_HOMES = {"Engine": "client", "EngineError": "child"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "results")
    return getattr(import_module(f"converter.engines.{home}"), name)
