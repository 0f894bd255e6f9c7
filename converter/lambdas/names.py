"""What the global names in a Lambda stand for, and what TensorFlow's public names lead to.

A file does not say what a name was imported as. The names that everyone takes for Keras,
TensorFlow, NumPy and ``math`` are taken for these; every other one is unknown.
"""

from __future__ import annotations

from typing import Any

from converter.lambdas.plain import BUILTINS, NUMBERS_OF_MATH, NUMBERS_OF_NUMPY
from converter.lambdas.values import At, Thing
from converter.ops.nodes import NoForm
from converter.ops.refused import REASONS
from converter.ops.registry import FUNCTIONS

BACKEND, TENSORFLOW, NUMPY = "keras.backend", "tensorflow", "numpy"

ALIASES = {
    **dict.fromkeys(("K", "k", "KB", "Kb", "kb", "KTF", "ktf", "K_B", "KK"), BACKEND),
    **dict.fromkeys(("backend", "keras_backend", "tf_backend", "kbackend"), BACKEND),
    **dict.fromkeys(("tf", "TF", "tensorflow"), TENSORFLOW),
    **dict.fromkeys(("np", "numpy", "onp", "N"), NUMPY),
    "activations": "keras.activations",
    "keras": "keras",
    "KL": "keras.layers",
    "layers": "keras.layers",
    "math": "math",
    "ops": "keras.ops",
    "tf_keras": "keras",
}

KERAS_WITHIN = {
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tensorflow.contrib.keras": "keras",
    "tensorflow.compat.v1.keras": "keras",
    "tensorflow.compat.v2.keras": "keras",
    "tensorflow.compat.v2": TENSORFLOW,
    "keras.api": "keras",
    "keras.src": "keras",
    "tensorflow.experimental.numpy": "tensorflow.experimental.numpy",
}
"""Modules by another name."""

DTYPES = frozenset(
    {
        *("bfloat16", "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
    }
)
DTYPE_NAMES = {"double": "float64", "half": "float16", "int": "int32", "float": "float32"}

MODULES = frozenset(
    {
        *(BACKEND, TENSORFLOW, NUMPY, "math", "keras", "keras.layers", "keras.activations"),
        *("keras.ops", "keras.backend.tensorflow_backend", "keras.utils"),
        *(f"tensorflow.{each}" for each in ("nn", "math", "linalg", "image", "bitwise", "dtypes")),
        *("tensorflow.compat", "tensorflow.compat.v1", "tensorflow.random", "tensorflow.signal"),
        *(f"tensorflow.compat.v1.{each}" for each in ("nn", "math", "linalg", "image", "random")),
        *("tensorflow.contrib", "tensorflow.python", "tensorflow.experimental"),
    }
)

OF_VERSION_1 = {
    "batch_matmul": "linalg.matmul",
    "complex_abs": "math.abs",
    "concat_v2": "concat",
    "lin_space": "linspace",
    "log": "math.log",
    "mod": "math.floormod",
    "mul": "math.multiply",
    "neg": "math.negative",
    "pack": "stack",
    "reverse_v2": "reverse",
    "sub": "math.subtract",
    "unpack": "unstack",
}
"""Names that went with TensorFlow 2 or before, by today's."""

ELSEWHERE = {
    "identity_n": "identity",
    "linalg.norm": "norm",
    "linalg.tensordot": "tensordot",
    "linalg.einsum": "einsum",
    "linalg.tensor_diag_part": "linalg.diag_part",
    "nn.embedding_lookup": "gather",
    "nn.sigmoid": "math.sigmoid",
    "nn.swish": "nn.silu",
    "nn.tanh": "math.tanh",
    "nn.zero_fraction": "math.zero_fraction",
}

FAMILIES = ("math", "linalg", "nn", "bitwise", "dtypes")
"""Modules whose functions TensorFlow has under ``tf`` too, or the other way round."""


def named(name: str) -> Any:
    """What a global name stands for.

    Raises:
        NoForm: when it is not one that everybody uses.
    """
    first, _, rest = name.partition(".")
    if first in BUILTINS or first in ("map", "print"):
        return Thing(f"builtins.{first}")
    if first not in ALIASES:
        raise NoForm(f"the file does not say what '{name}' is")
    found: Any = Thing(ALIASES[first])
    for part in rest.split(".") if rest else ():
        found = within(found, part)
    return found


def within(module: Thing, name: str) -> Any:
    """What a module has by a name: a number, a dtype, or a thing with a longer name."""
    path = f"{module.name}.{name}"
    for other, canonical in KERAS_WITHIN.items():
        if path == other or path.startswith(f"{other}."):
            path = canonical + path.removeprefix(other)
    if path == "keras.backend.tensorflow_backend":
        path = BACKEND
    root, _, _ = path.partition(".")
    if root == "math" and name in NUMBERS_OF_MATH:
        return NUMBERS_OF_MATH[name]
    if root == NUMPY and name in NUMBERS_OF_NUMPY:
        return NUMBERS_OF_NUMPY[name]
    if path == "tensorflow.newaxis":
        return None
    if path == "keras.backend.tf":
        return Thing(TENSORFLOW)
    if ".image.ResizeMethod." in path:
        return {"nearest_neighbor": "nearest"}.get(name.lower(), name.lower())
    if root in (TENSORFLOW, NUMPY) and (name in DTYPES or name in DTYPE_NAMES):
        return DTYPE_NAMES.get(name, name)
    return Thing(path)


def of_tensorflow(at: At, path: str) -> str:
    """The name in the op tables for a function of TensorFlow by a public name of its.

    Raises:
        NoForm: when there is none.
    """
    inside = path.removeprefix("tensorflow.")
    is_version_1 = inside.startswith("compat.v1.")
    short = inside.removeprefix("compat.v1.")
    short = OF_VERSION_1.get(short, ELSEWHERE.get(short, short))
    last = short.rpartition(".")[2]
    is_short = "." not in short or short.split(".")[0] in FAMILIES
    others = [f"{family}.{last}" for family in FAMILIES] if is_short else []
    shorter = [last] if is_short else []
    old = [f"compat.v1.{short}", *(f"compat.v1.{each}" for each in others)]
    new = [short, *others, *shorter]
    candidates = [*old, *new] if is_version_1 else [*new, *old]
    for each in candidates:
        if each in FUNCTIONS:
            return each
        if each in REASONS:
            raise NoForm(REASONS[each])
    raise NoForm(f"there is no form for tf.{inside}")
