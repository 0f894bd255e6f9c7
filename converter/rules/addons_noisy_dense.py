"""NoisyDense of TensorFlow Addons.

What it sees: the Dense layer with noise in its weights.

Why Keras 3 trips: "Unknown layer: 'Addons>NoisyDense'".

What kfix changes: writes a Dense with the noise that the file holds added to its weights, as the
layer itself computed until somebody drew new noise. Addons up to 0.13 drew it at each call; such a
layer has no outputs of its own, and is refused.

Links: https://arxiv.org/abs/1706.10295
"""

from __future__ import annotations

from dataclasses import replace

from converter.layouts.combining import of_several
from converter.layouts.floats import narrowed, widened
from converter.model.description import Array, Layer, Weight
from converter.model.findings import Severity
from converter.rules._addons import name_in_addons, of_addons, was_in_addons
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer as a Dense."""
    name = name_in_addons(layer, context)
    if not name:
        return None
    message = was_in_addons(name)
    weights = {weight.name: weight for weight in layer.weights}
    names = ["kernel", "bias"] if layer.config.get("use_bias", True) else ["kernel"]
    if not {f"eps_{each}" for each in names} <= set(weights):
        remedy = "Its file does not hold its noise: each call drew another."
        return Change(Severity.REFUSED, message, remedy=remedy)
    new = replace(
        layer.with_config(drop=("sigma", "use_factorised")),
        class_name="Dense",
        weights=tuple(_with_noise(weights, each) for each in names),
        registered_name=None,
        build_config=None,
    )
    remedy = "written as a Dense, with the stored noise in its weights"
    return Change(Severity.BREAKS, message, (new,), remedy)


def _with_noise(weights: dict[str, Weight], name: str) -> Weight:
    parts = [weights[f"{part}_{name}"] for part in ("mu", "sigma", "eps")]
    return of_several(name, parts, _sum, parts[0].shape)


def _sum(mean: Array, deviation: Array, noise: Array) -> Array:
    return narrowed(widened(mean) + widened(deviation) * widened(noise), mean)


RULE = Rule(
    code="KF178",
    stage=Stage.CLASSES,
    summary="NoisyDense of TensorFlow Addons",
    generations=frozenset({2}),
    classes=of_addons("NoisyDense"),
    layer=rewrite,
)
