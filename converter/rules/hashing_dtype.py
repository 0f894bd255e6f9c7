"""Hashing with a float dtype.

What it sees: Hashing whose ``dtype`` is a float type while its output is the index of a bin, as
tf.keras 2.6 and 2.7 write every one of them.

Why Keras 3 trips: there ``dtype`` is the type of the output, and an index has to be an integer
("When `output_mode="int"`, `dtype` should be an integer type").

What kfix changes: the dtype becomes int64, the type of the old layer's output.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/hashing.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Gives indices an integer dtype."""
    dtype = layer.config.get("dtype")
    is_float = isinstance(dtype, str) and "float" in dtype
    if not is_float or layer.config.get("output_mode", "int") != "int":
        return None
    message = f"Hashing has dtype={dtype}, but Keras 3 wants the type of its indices"
    return Change(Severity.BREAKS, message, (layer.with_config(dtype="int64"),), "written as int64")


RULE = Rule(
    code="KF134",
    stage=Stage.ARGUMENTS,
    summary="Hashing is given the type of its indices",
    generations=frozenset({2}),
    classes=frozenset({"Hashing"}),
    layer=rewrite,
)
