"""RandomShear in both directions.

What it sees: RandomShear with a factor below 0, which Keras 3 writes for every factor that was
given as one number: ``RandomShear(0.2)`` is stored as ``x_factor=[-0.2, 0.2]``.

Why Keras 3 trips: it does not take what it wrote ("The `x_factor` argument should have values
between 0 and 1").

What kfix changes: writes the one number again.

Links: https://github.com/keras-team/keras/blob/v3.15.1/keras/src/layers/preprocessing/image_preprocessing/random_shear.py
"""

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

FACTORS = ("x_factor", "y_factor")


def shorten(layer: Layer, context: Context) -> Change | None:
    """Ranges around 0 as the number that they were made of."""
    new = {key: layer.config[key][1] for key in FACTORS if _is_around_0(layer.config.get(key))}
    if not new:
        return None
    said = " and ".join(f"{key}={list(layer.config[key])}" for key in new)
    message = f"RandomShear has {said}, which Keras 3 writes but does not read"
    return Change(Severity.BREAKS, message, (layer.with_config(**new),), "written as one number")


def _is_around_0(factor: Json) -> bool:
    return isinstance(factor, (list, tuple)) and factor[1] > 0 and factor[0] == -factor[1]


RULE = Rule(
    code="KF136",
    stage=Stage.ARGUMENTS,
    summary="RandomShear in both directions is read by one number only",
    generations=frozenset({3}),
    classes=frozenset({"RandomShear"}),
    layer=shorten,
)
