"""Names of loss and metric functions that Keras 3 has otherwise, or in a ``.keras`` only."""

from __future__ import annotations

from collections.abc import Mapping

from converter.dialects.compile_state import SHORT_NAMES
from converter.model.description import Json, Writer
from converter.rules._compile_objects import FUNCTION

RENAMED: Mapping[str, str] = {
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    "cosine": "cosine_similarity",
    "cosine_proximity": "cosine_similarity",
}
FULL_NAMES: Mapping[str, str] = {**SHORT_NAMES, **RENAMED}


def function_name(item: Json) -> str:
    """The function that a string or a serialised function names; empty for anything else."""
    if isinstance(item, dict) and item.get("class_name") == FUNCTION:
        name = item.get("config")
        registered = item.get("registered_name")
        # A registered function of the user's own goes by its full name.
        is_full = isinstance(registered, str) and ">" in registered
        return str(registered if is_full else name)
    return item if isinstance(item, str) else ""


def cosine_is_negative(writer: Writer) -> bool:
    """Whether the cosine metric counts down from 1 to -1, as the loss does.

    So it does in the stand-alone Keras before 2.3 and in TensorFlow before 1.13.
    """
    if writer.tf_keras:
        return writer.version < (2, 2)
    return writer.version < (2, 3)
