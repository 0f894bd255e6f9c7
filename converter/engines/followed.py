"""Lambda layers for tf_keras that run no code: their functions are followed, step by step.

What a function calls is looked up among what is known to compute and to do nothing else, and only
then called in TensorFlow or tf_keras. So the source of a conversion can be computed by the library
that it was made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from converter.engines import libraries
from converter.engines.keras_repairs import replaced
from converter.errors import UnsafeContentError
from converter.lambdas.evaluate import OPERATORS, accepts, evaluated
from converter.lambdas.layer import arguments_of
from converter.lambdas.stored import Stored, stored_in
from converter.lambdas.values import At
from converter.model.description import Layer, TensorRef, Writer
from converter.ops.nodes import FLOATS, Known, Nodes, NoForm, Size, Value

AS_TENSORFLOW_2 = Writer((2, 16, 0), True, "tensorflow", "tf_keras")
TENSORFLOW = "tensorflow."


class _Real(At):
    """Symbols that stand for tensors of TensorFlow."""

    tensors: dict[TensorRef, Any]

    def tf(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """The function itself."""
        if name == "__operators__.getitem":
            key = tuple(map(_part, keywords["slice_spec"]))
            return self.symbol(self.real(arguments[0])[key])
        if name == "identity":
            return arguments[0]
        given = self._alike(arguments) if name in OPERATORS.values() else arguments
        return self.of_library(TENSORFLOW + name, given, keywords)

    def _alike(self, arguments: Sequence[Any]) -> list[Any]:
        """Whole numbers beside a tensor of floats as floats, as its operators take them."""
        dtype = self.nodes.dtype(*arguments)
        return [
            float(each) if type(each) is int and dtype in FLOATS else each for each in arguments
        ]

    def of_library(self, name: str, arguments: Any, keywords: Mapping[str, Any]) -> Any:
        """A call of a function that has been found among the known ones."""
        function = _function(name)
        given = [self.real(each) for each in arguments]
        return self.symbol(
            function(*given, **{key: self.real(each) for key, each in keywords.items()})
        )

    def symbol(self, found: Any) -> Any:
        """What stands for a result."""
        tensorflow = libraries.tensorflow()
        if isinstance(found, list | tuple) and not isinstance(found, tensorflow.TensorShape):
            return (
                type(found)(map(self.symbol, found))
                if type(found) in (list, tuple)
                else [self.symbol(each) for each in found]
            )
        if not tensorflow.is_tensor(found):
            return found
        ref = TensorRef(f"t{len(self.tensors)}")
        self.tensors[ref] = found
        shape = None if found.shape.rank is None else tuple(found.shape)
        self.nodes.known[ref] = Known(found.dtype.name, shape, of_batch=True)
        return ref

    def real(self, value: Any) -> Any:
        """What a symbol stands for."""
        if isinstance(value, TensorRef):
            return self.tensors[value]
        if isinstance(value, Value):
            return libraries.tensorflow().constant(self.real(value.value), value.dtype)
        if isinstance(value, Size):
            return self._length(value)
        if isinstance(value, list | tuple):
            return type(value)(self.real(each) for each in value)
        return value

    def _length(self, size: Size) -> Any:
        tensorflow = libraries.tensorflow()
        total = size.factor
        for ref, axis in size.axes:
            total = total * tensorflow.shape(self.tensors[ref])[axis]
        return total


def _part(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    if item.get("class_name") == "__ellipsis__":
        return Ellipsis
    return slice(item.get("start"), item.get("stop"), item.get("step"))


def _function(name: str) -> Any:
    """A function of TensorFlow or of tf_keras's backend.

    Raises:
        NoForm: when it has none of that name.
    """
    if name.startswith("keras."):
        found = _within(libraries.tf_keras(), name.removeprefix("keras."))
    else:
        path = name.removeprefix(TENSORFLOW)
        tensorflow = libraries.tensorflow()
        found = _within(tensorflow, path) or _within(tensorflow.compat.v1, path)
    if not callable(found):
        raise NoForm(f"the installed library has no {name}")
    return found


def _within(module: Any, path: str) -> Any:
    for part in path.split("."):
        module = getattr(module, part, None)
    return module


def compute(stored: Stored, config: Mapping[str, Any], inputs: Any, mask: Any) -> Any:
    """What a Lambda gives.

    Raises:
        NoForm: when its function can't be followed.
    """
    nodes = Nodes("followed", {}, set())
    at = _Real(nodes, AS_TENSORFLOW_2, stored.function.python)
    at.tensors = {}
    at.library = at.of_library
    keywords = {**stored.arguments(), **arguments_of(Layer("", "Lambda", config))}
    if accepts(stored.function, "mask"):
        keywords["mask"] = None if mask is None else at.symbol(mask)
    if accepts(stored.function, "training"):
        keywords["training"] = False
    given = at.symbol(inputs)
    found = evaluated(stored.function, [given], keywords, stored.variables(), at)
    if mask is not None and found == given:
        raise NoForm("a mask may be handed on or not")
    return at.real(found)


def lambda_class() -> Any:
    """A class for tf_keras to make of a Lambda's config."""
    base = libraries.tf_keras().layers.Layer

    class FollowedLambda(base):  # type: ignore[misc, valid-type]
        def __init__(self, stored: Stored, config: Mapping[str, Any], **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self._followed = (stored, dict(config))

        @classmethod
        def from_config(cls, config: Any) -> Any:
            stored = stored_in(Layer("", "Lambda", config))
            own = {
                key: config[key] for key in ("name", "dtype", "batch_input_shape") if key in config
            }
            return cls(stored, config, **own)

        @libraries.tensorflow().autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
            return compute(*self._followed, inputs, mask)

        def compute_mask(self, inputs: Any, mask: Any = None) -> None:
            return None

    return FollowedLambda


@contextmanager
def running_no_code() -> Iterator[dict[str, Any]]:
    """What tf_keras has to be given for the Lambdas of a file; meanwhile it can make no other."""
    keras = libraries.tf_keras()

    def refuse(*_: Any, **__: Any) -> Any:
        raise UnsafeContentError("code in a file is not run")

    with ExitStack() as stack:
        for name in ("from_config", "__init__"):
            stack.enter_context(replaced(keras.layers.Lambda, name, lambda _: refuse))
        yield {"Lambda": lambda_class()}
