"""What tf_keras's layers have to allow so that classes of Keras 1 and 2 work as they did."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from converter.porting.dialect import Dialect

_LISTS = ("trainable_weights", "non_trainable_weights")


def install(dialect: Dialect) -> None:
    """Lets the base class take what old classes do; its own layers do none of it.

    The base itself is changed because classes of the user's build on every stock layer. All this
    happens in a process that serves old code only.
    """
    base = import_module("tf_keras.src.engine.base_layer").Layer
    for name in _LISTS:
        setattr(base, name, _listing(getattr(base, name), f"_{name}"))
    base.__setattr__ = _without_tracking(base.__setattr__)
    base.add_weight = _add_weight(base.add_weight)
    base.__init_subclass__ = classmethod(_adapting(dialect.standalone))


def _listing(inherited: property, attribute: str) -> property:
    """``self.trainable_weights = [self.W]``: the layer says which its weights are."""

    def set_weights(self: Any, weights: Any) -> None:
        kept = getattr(self, attribute)
        kept[:] = list(weights)

    return inherited.setter(set_weights)


def _without_tracking(original: Callable[..., None]) -> Callable[..., None]:
    """Before Keras 2.3 a variable was no weight until it was listed."""

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if getattr(value, "is_listed_by_hand", False):
            object.__setattr__(self, name, value)
        else:
            original(self, name, value)

    return set_attribute


def _add_weight(original: Callable[..., Any]) -> Callable[..., Any]:
    """The shape may come first, as in Keras 1, and initializers may be Keras 1's."""
    words = import_module("converter.engines.keras2_words")

    def add_weight(self: Any, *arguments: Any, **options: Any) -> Any:
        shape_first = bool(arguments) and not isinstance(arguments[0], str | None)
        initializer = options.get("initializer")
        old = str(initializer) in ("one", "zero") or hasattr(initializer, "plain")
        if shape_first or old:
            options = words.Keras2Layer.options_of_today(arguments, options)
            arguments = ()
        return original(self, *arguments, **options)

    return add_weight


def _adapting(standalone: bool) -> Callable[..., None]:
    base = import_module("tf_keras.src.engine.base_layer").Layer
    convert = import_module("tf_keras.src.utils.tf_utils").shape_type_conversion

    def adapt(cls: Any, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        own = vars(cls)
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = cls.get_output_shape_for
        for name in ("build", "compute_output_shape") if standalone else ():
            # Stand-alone Keras gave shapes as tuples.
            if name in vars(cls):
                setattr(cls, name, convert(vars(cls)[name]))

    return adapt
