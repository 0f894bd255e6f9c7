"""Whether the sizes in a stock layer's config are sizes at all, asked before any rule counts on it.

What Keras writes is a number, or one for each axis. A file in which it is something else was made
by no Keras, and is refused as what it is instead of being tripped over later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from converter.errors import NotAModelError
from converter.model.description import Json

_SPATIAL = re.compile(
    r"(?:(?:Separable|Depthwise|LocallyConnected)?Conv(?:olution|LSTM)?|LocallyConnected|UpSampling"
    r"|ZeroPadding|Cropping|(?:Global)?(?:Max|Average)Pooling)([123])D(?:Transpose)?"
)
_UNITS = frozenset({"Dense", "EinsumDense", "Embedding", "GRU", "InputLayer", "LSTM", "SimpleRNN"})
_NORMALISING = frozenset(
    {"BatchNormalization", "LayerNormalization", "Softmax", "Concatenate", "Dot"}
)
_LOOKUPS = frozenset({"IntegerLookup", "StringLookup", "TextVectorization"})
_PICTURES = frozenset({"CenterCrop", "RandomCrop", "Resizing"})
_WHOLE = frozenset(
    {"filters", "units", "output_dim", "input_dim", "depth_multiplier", "implementation"}
    | {"num_oov_indices", "height", "width"}
)
_OF_COLUMNS = frozenset({"DenseFeatures", "SequenceFeatures"})
_SHAPES = ("batch_input_shape", "batch_shape")
_FOR_EACH_AXIS = ("kernel_size", "strides", "pool_size", "dilation_rate", "size")
_BOTH_SIDES = ("cropping", "padding")


def require_sizes(class_name: str, config: Mapping[str, Json], name: str) -> None:
    """Refuses a stock layer whose sizes are no numbers, or not as many as it has axes.

    Raises:
        NotAModelError: naming the argument.
    """
    spatial = _SPATIAL.fullmatch(class_name)
    if spatial or class_name in _UNITS | _NORMALISING | _LOOKUPS | _PICTURES:
        rank = int(spatial[1]) if spatial else 0
        wrong = [key for key, value in config.items() if not _is_sane(key, value, rank)]
        if wrong:
            text = repr(config[wrong[0]])
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise NotAModelError(
                f"{wrong[0]} of layer '{name}' ({class_name}) is {shown}, which Keras never wrote"
            )


def require_columns(class_name: str, config: Mapping[str, Json], name: str) -> None:
    """Refuses feature columns that are no objects: of a class, with a dictionary of arguments.

    Raises:
        NotAModelError: naming the layer.
    """
    if class_name in _OF_COLUMNS and not _are_objects(config.get("feature_columns")):
        raise NotAModelError(
            f"feature_columns of layer '{name}' ({class_name}) are none that TensorFlow wrote"
        )


def _are_objects(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_are_objects, value))
    if not isinstance(value, Mapping):
        return True
    name = value.get("class_name", "")
    if not isinstance(name, str):
        return False
    # Of a function the config is its name.
    if name.endswith("Column") and not isinstance(value.get("config"), Mapping):
        return False
    return all(map(_are_objects, value.values()))


def _is_sane(key: str, value: Any, rank: int) -> bool:
    if value is None:
        return True
    if key in ("axis", "axes"):
        return all(map(_is_whole, value)) if isinstance(value, list) else _is_whole(value)
    if key in _SHAPES:
        return isinstance(value, list) and all(each is None or _is_whole(each) for each in value)
    if key in _WHOLE:
        return _is_whole(value)
    if key == "dtype":
        return isinstance(value, str) or (
            isinstance(value, Mapping) and isinstance(value.get("config") or {}, Mapping)
        )
    if key == "output_mode":
        return isinstance(value, str)
    if key == "idf_weights":
        return isinstance(value, list) and all(map(_is_number, value))
    if not rank:
        return True
    if key in _FOR_EACH_AXIS:
        return _is_whole(value) or _is_list(value, rank)
    if key in _BOTH_SIDES and not isinstance(value, str):
        sides = value if isinstance(value, list) else []
        pairs = len(sides) == rank and all(_is_list(each, 2) for each in sides)
        # Keras 1 had a list of all sides too, and a dictionary: {"top_pad": 1, "left_pad": 1}.
        flat = _is_list(value, rank) or _is_list(value, 2 * rank) or _is_keras1(value)
        return _is_whole(value) or flat or pairs
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    """A number without a fraction; some configs have 64.0."""
    return _is_number(value) and abs(value) < float("inf") and value == int(value)


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length and all(map(_is_whole, value))


def _is_keras1(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_whole, value.values()))
