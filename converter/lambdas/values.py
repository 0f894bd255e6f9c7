"""What the expressions of a Lambda have for values while they are evaluated on symbols.

Tensors of the graph are ``TensorRef``, constant tensors and what ``tf.shape`` gives ``Value``;
everything else is Python's own numbers, texts, lists and tuples, a ``Size`` where a length is known
only when the model runs, and what stands here for modules, functions and methods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converter.lambdas.expressions import Function
from converter.model.description import TensorRef, Writer
from converter.model.structures import refs
from converter.ops.calls import applied, parameters
from converter.ops.nodes import Known, Nodes, NoForm, Size, Value
from converter.ops.refused import REASONS
from converter.ops.registry import FUNCTIONS

FLOAT = "float32"
"""What Keras computes in where nothing else is said."""


@dataclass(frozen=True)
class Thing:
    """A module, or what is in one, by its full name: ``keras.backend.sum``."""

    name: str


@dataclass(frozen=True)
class Method:
    """A method, bound to its object."""

    owner: Any
    name: str


@dataclass(frozen=True)
class Inner:
    """A function inside the function, with the variables it sees there."""

    function: Function
    variables: Mapping[str, Any]


ON_NUMBERS: dict[str, Callable[..., Any]] = {
    "math.abs": np.abs,
    "math.cos": np.cos,
    "math.exp": np.exp,
    "math.floor": np.floor,
    "math.ceil": np.ceil,
    "math.log": np.log,
    "math.maximum": np.maximum,
    "math.minimum": np.minimum,
    "math.negative": np.negative,
    "math.pow": np.power,
    "math.rsqrt": lambda x: 1 / np.sqrt(x),
    "math.sin": np.sin,
    "math.sqrt": np.sqrt,
    "math.square": np.square,
    "math.add": np.add,
    "math.subtract": np.subtract,
    "math.multiply": np.multiply,
    "math.truediv": np.true_divide,
    "math.divide": np.true_divide,
    "math.reduce_sum": np.sum,
    "math.reduce_prod": np.prod,
    "math.reduce_max": np.max,
    "math.reduce_min": np.min,
}
"""Functions that are computed at once where no tensor of the graph is involved."""


@dataclass
class At:
    """Where a Lambda is evaluated.

    Attributes:
        nodes: collects the op nodes.
        writer: who wrote the file.
        python: the release of Python that compiled the function.
        data_format: where the model's layers have the channels, empty where they don't say it.
        call: calls a value of the kinds above.
        notes: what has to be said of what was written.
        library: calls a function of Keras or TensorFlow by its full name, where functions are not
            written as nodes but computed.
    """

    nodes: Nodes
    writer: Writer
    python: tuple[int, ...] = (3,)
    data_format: str = ""
    call: Callable[..., Any] = field(default=lambda *_: None)
    notes: set[str] = field(default_factory=set)
    library: Callable[[str, Sequence[Any], Mapping[str, Any]], Any] | None = None

    @property
    def is_theano(self) -> bool:
        """Whether Theano computed it."""
        return self.writer.backend == "theano"

    @property
    def of_tensorflow_2(self) -> bool | None:
        """Whether TensorFlow 2 computed it; None where the file doesn't tell."""
        writer = self.writer
        if writer.backend_version:
            return writer.backend_version >= (2,)
        if writer.generation == 3:
            return True
        if writer.tf_keras:
            return True if writer.version >= (2, 2, 5) else None
        return None if writer.version >= (2, 3) else False

    def tf(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """A function of TensorFlow, by the name that files have for it.

        Raises:
            NoForm: when it has no exact form.
        """
        if name == "identity":
            return self.copied(arguments[0])
        if name == "cast" and not is_tensor(arguments[0]) and not holds_size(arguments[0]):
            return constant(arguments[0], str(arguments[1]))
        if name in ON_NUMBERS and not is_tensor(arguments) and not holds_size(arguments):
            return _computed(name, arguments, keywords)
        if name in REASONS and name not in FUNCTIONS:
            raise NoForm(REASONS[name])
        names = parameters(FUNCTIONS[name])
        if len(arguments) > len(names):
            raise NoForm(f"it gives {len(arguments)} arguments to {name}")
        given = {**dict(zip(names, arguments, strict=False)), **keywords}
        plain = {key: given_form(each) for key, each in given.items() if each is not None}
        return applied(FUNCTIONS[name], plain, self.nodes)

    def copied(self, tensor: Any) -> Any:
        """The same numbers in a tensor of its own, and without a mask, which an identity keeps."""
        return self.nodes.copied(tensor) if isinstance(tensor, TensorRef) else tensor

    def op(self, class_name: str, *arguments: Any, **config: Any) -> TensorRef:
        """A node."""
        return self.nodes.op(class_name, *arguments, **config)

    def rank(self, tensor: Any) -> int:
        """Number of axes.

        Raises:
            NoForm: when it is not known.
        """
        return self.nodes.rank(given_form(tensor))

    def shape(self, tensor: Any) -> tuple[Any, ...]:
        """Lengths as the writer's framework knew them: None for the batch, Size if not known here.

        Raises:
            NoForm: when not even their number is known.
        """
        if not isinstance(tensor, TensorRef):
            return tuple(np.shape(given_form(tensor)))
        known = self.nodes.known.get(tensor, Known())
        if known.shape is None:
            raise NoForm("the rank of its input is not known")
        first = known.of_batch
        return tuple(
            None
            if length is None and axis == 0 and first
            else Size(((tensor, axis),))
            if length is None
            else length
            for axis, length in enumerate(known.shape)
        )

    def dtype(self, tensor: Any) -> str:
        """A tensor's dtype.

        Raises:
            NoForm: when it is not known.
        """
        found = tensor.dtype if isinstance(tensor, Value) else self.nodes.dtype(tensor)
        if found is None:
            raise NoForm("the dtype of its input is not known")
        return found


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of the graph, or a list that holds some."""
    return any(True for _ in refs(value)) if isinstance(value, TensorRef | list | tuple) else False


def holds_size(value: Any) -> bool:
    """Whether a value holds a length that is known only when the model runs."""
    if isinstance(value, Value):
        return holds_size(value.value)
    if isinstance(value, list | tuple):
        return any(map(holds_size, value))
    return isinstance(value, Size)


def given_form(value: Any) -> Any:
    """A value as functions of the op tables take it."""
    if isinstance(value, Value):
        return given_form(value.value)
    if isinstance(value, list | tuple):
        return [given_form(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Thing | Method | Inner | slice) or value is Ellipsis:
        raise NoForm("a function stands where a tensor or a number has to be")
    return value


def constant(value: Any, dtype: str | None = None) -> Value:
    """A constant tensor, in the dtype that TensorFlow takes for it."""
    array = np.asarray(plain_python(value))
    if array.dtype.kind not in "biuf":
        raise NoForm("a constant is not made of numbers")
    if dtype is None and isinstance(value, Value):
        dtype = value.dtype
    if dtype is None:
        is_typed = isinstance(value, np.ndarray | np.generic)
        dtype = array.dtype.name if is_typed else DEFAULTS[array.dtype.kind]
    return Value(array.astype("float32" if dtype == "bfloat16" else dtype).tolist(), dtype)


DEFAULTS = {"b": "bool", "i": "int32", "u": "int32", "f": FLOAT}
"""Dtypes of constants, by the kind of their numbers."""


def plain_python(value: Any) -> Any:
    """A value without anything of the graph.

    Raises:
        NoForm: when there is something of it.
    """
    if is_tensor(value) or holds_size(value):
        raise NoForm("it depends on what is known only when the model runs")
    return value.value if isinstance(value, Value) else value


def listed(value: Any) -> list[Any]:
    """The items of a list, or the one thing that is none."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _computed(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Value:
    """What a function gives of constants."""
    values = [np.asarray(each.value, each.dtype) for each in map(constant, arguments)]
    named = {key: plain_python(value) for key, value in keywords.items() if value is not None}
    try:
        with np.errstate(all="ignore"):
            return constant(ON_NUMBERS[name](*values, **named))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NoForm(f"a constant in it can't be computed ({error})") from error
