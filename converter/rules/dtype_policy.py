"""Dtype policies in tf.keras's form.

What it sees: ``dtype`` as ``{"class_name": "Policy", …}`` or ``PolicyV1`` (mixed precision in
tf.keras 2.1 to 2.15), as None, or as an integer on Embedding.

Why Keras 3 trips: "Could not locate class 'Policy'" or "'str' object has no attribute
'quantization_mode'". An Embedding of dtype int32 keeps integer vectors.

What kfix changes: the policy becomes a DTypePolicy of the same name (a loss scale is dropped, it
belongs to the optimizer). None is left out. An Embedding gets float32, which is what Keras 2 kept.

Links: https://github.com/pboutinaud/SHiVAi/issues/6
"""

from collections.abc import Mapping

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Writes the dtype as Keras 3 does."""
    if "dtype" not in layer.config:
        return None
    dtype = layer.config["dtype"]
    if dtype is None:
        return Change(
            Severity.NOTICE,
            f"{layer.class_name} states no dtype",
            (layer.with_config(drop=["dtype"]),),
        )
    if isinstance(dtype, Mapping) and dtype.get("class_name") != "DTypePolicy":
        new = policy(dtype)
        message = (
            f"{layer.class_name} has a dtype policy in tf.keras's form ({new['config']['name']})"
        )
        return Change(
            Severity.BREAKS, message, (layer.with_config(dtype=new),), "written as a DTypePolicy"
        )
    if (
        layer.class_name == "Embedding"
        and isinstance(dtype, str)
        and dtype.startswith(("int", "uint"))
    ):
        message = f"Embedding has dtype {dtype}, which Keras 2 meant for its input"
        return Change(
            Severity.SILENT, message, (layer.with_config(dtype="float32"),), "written as float32"
        )
    return None


def policy(dtype: Mapping[str, Json]) -> dict[str, Json]:
    """A DTypePolicy of the same name."""
    config = dtype.get("config")
    name = (config.get("name") if isinstance(config, Mapping) else None) or "float32"
    name = "float32" if name in ("infer", "_infer") else name
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": name},
        "registered_name": None,
    }


RULE = Rule(
    code="KF120",
    stage=Stage.ARGUMENTS,
    summary="dtype policies are DTypePolicy objects",
    generations=frozenset({2}),
    layer=rewrite,
)
