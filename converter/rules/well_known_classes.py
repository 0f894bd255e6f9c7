"""Layers of well-known libraries that have come to their end.

What it sees: classes that many files hold and no Keras has: InstanceNormalization of
keras_contrib, FixedDropout of efficientnet, DepthwiseConv2D of MobileNet before Keras 2.1.5 and so
on. A name alone says little, for anybody may have such a class. So the config has to hold exactly
the arguments that the library's class has, and the weights have to be its own in number, rank and
name.

Why Keras 3 trips: "Unknown layer: 'InstanceNormalization'". The libraries can't be installed beside
today's Keras.

What kfix changes: the layer goes by the library's name from there on, and another rule writes it.
The finding says which library's class it was taken for. Where it is a class of your own after all,
``--custom`` with its module wins.

Links: https://github.com/keras-team/keras-contrib https://github.com/qubvel/efficientnet
"""

from __future__ import annotations

from dataclasses import replace

from converter.knowledge.releases import candidates, layer_classes
from converter.layouts import well_known
from converter.layouts.addons import is_group_normalization
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._well_known import GIVE, YOUR_OWN, library_of
from converter.rules.base import Change, Context, Rule, Stage
from converter.rules.classes_of_later_releases import NAMELESS


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer under the library's name."""
    library = library_of(layer, context)
    full_name = well_known.full_name(layer.class_name) if library else ""
    if not library or layer.class_name == full_name or _was_stock(layer, context):
        return None
    name = full_name.rpartition(">")[2]
    message = f"{layer.class_name} is taken for that of {library}, whose arguments it has"
    if problem := _ambiguous(layer, name):
        return Change(Severity.CUSTOM, f"{layer.class_name} {problem}", remedy=GIVE)
    named = replace(layer, class_name=full_name, registered_name=None, build_config=None)
    return Change(Severity.NOTICE, message, (named,), YOUR_OWN)


def _was_stock(layer: Layer, context: Context) -> bool:
    """Whether the writer had a class of this name that takes the same arguments."""
    nameless = context.writer.tf_keras and context.writer.version == NAMELESS
    if nameless and is_group_normalization(layer.class_name, layer.config):
        # Inside of wrappers these releases leave out the package of Addons.
        return True
    had = any(layer.class_name in layer_classes(each) for each in candidates(context.writer))
    return had and "freeze" not in layer.config


def _ambiguous(layer: Layer, name: str) -> str:
    """Why a class can't be told from others with the same arguments."""
    config = layer.config
    if name != "GroupNormalization" or config["groups"] == 1 or config["axis"] == 1:
        return ""
    return (
        "has the arguments of keras_contrib's, which took the groups along another axis than most"
        " others of that name"
    )


RULE = Rule(
    code="KF169",
    stage=Stage.CLASSES,
    summary="layers of well-known libraries",
    generations=frozenset({1, 2}),
    layer=rewrite,
)
"""Runs before the rules that give layers of Addons the names of stock layers."""
