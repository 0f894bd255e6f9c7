"""Arguments that the writer did not have.

What it sees: configs without ``reset_after`` (GRU before Keras 2.1.1), ``data_format`` or with
``data_format: null``, and the like.

Why Keras 3 trips: it fills a missing argument with *its own* default. A GRU without ``reset_after``
becomes another function (and without a bias it even loads), and a missing data format follows the
reader's configuration.

What kfix changes: writes the writer's meaning out.

Links: https://github.com/keras-team/keras/releases/tag/2.1.1
"""

from converter.knowledge import keras3
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def fill(layer: Layer, context: Context) -> Change | None:
    """Adds what the writer meant by leaving an argument out."""
    missing: dict[str, Json] = {}
    if layer.class_name in ("GRU", "GRUCell") and "reset_after" not in layer.config:
        missing["reset_after"] = False
    if _lacks_data_format(layer):
        missing["data_format"] = "channels_last"
    if not missing:
        return None
    severity = Severity.SILENT if "reset_after" in missing else Severity.NOTICE
    said = ", ".join(missing)
    return Change(
        severity,
        f"{layer.class_name} does not say {said}",
        (layer.with_config(**missing),),
        "filled as its writer meant it",
    )


def _lacks_data_format(layer: Layer) -> bool:
    known = layer.class_name in keras3.LAYERS and "data_format" in keras3.accepted(layer.class_name)
    return known and layer.config.get("data_format") is None


RULE = Rule(
    code="KF124",
    stage=Stage.ARGUMENTS,
    summary="what a writer left out has the writer's meaning",
    generations=frozenset({1, 2}),
    layer=fill,
)
