"""Collecting the op nodes that stand for one function of TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.knowledge import keras3
from converter.model.description import Array, Call, Json, Layer, TensorRef
from converter.model.rewriting import free_name
from converter.model.structures import refs


def span(start: Json = None, stop: Json = None, step: Json = None) -> Json:
    """A slice in a config of Keras 3."""
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


WHOLE = span()

MOST_NUMBERS = 1_000_000
"""How many numbers a range may have: they are written into the config one by one."""
MOST_NODES = 4_000
"""That one function may take."""
MOST_OUTPUTS = 100_000

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})


KEEP_FIRST = frozenset(
    {
        *("Absolute", "Cast", "Copy", "Elu", "Exp", "Gelu", "LeakyRelu", "LogSoftmax", "Negative"),
        *("OnesLike", "Relu", "Relu6", "Rsqrt", "Sigmoid", "Silu", "Softmax", "Softplus", "Sqrt"),
        *("Square", "StopGradient", "Tanh", "ZerosLike"),
    }
)
"""Ops that leave the first axis alone."""
BROADCAST = frozenset(
    {
        *("Add", "Divide", "Maximum", "Minimum", "Multiply", "Power", "Subtract", "TrueDivide"),
        *("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual"),
        *("LogicalAnd", "LogicalOr", "LogicalXor", "Where"),
    }
)
"""Ops that do so if no other input has more axes."""


KEEP_RANK = frozenset(
    {
        *("Argsort", "AveragePool", "Clip", "Concatenate", "Conv", "Cumprod", "Cumsum"),
        *("DepthToSpace", "DepthwiseConv", "Flip", "MaxPool", "Pad"),
        *("Resize", "Roll", "Sort", "SpaceToDepth", "Split", "Swapaxes", "Tile", "TopK"),
        *("Absolute", "LogicalNot", "Negative", "OnesLike", "Square", "ZerosLike", "Cast"),
    }
)
"""Ops whose outputs have as many axes as their first input."""


class NoForm(Exception):
    """There is no exact form for a call; the text says why."""


@dataclass(frozen=True)
class Known:
    """What is known of a tensor.

    Attributes:
        dtype: its dtype.
        shape: its shape, with None for open axes.
        of_batch: whether its first axis is the batch, as that of every output of a layer.
        of_logits: whether it is what a sigmoid or softmax of a layer gives.
    """

    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None
    of_batch: bool = False
    of_logits: bool = False

    @property
    def rank(self) -> int | None:
        """Number of axes, None where that is not known."""
        return None if self.shape is None else len(self.shape)

    def of(self, dtype: str | None) -> Known:
        """The same in another dtype."""
        return replace(self, dtype=dtype)


@dataclass(frozen=True)
class Size:
    """A number that is known only when the model runs: a product of lengths of axes.

    Attributes:
        axes: which axes of which tensors.
        factor: what the product is multiplied by.
    """

    axes: tuple[tuple[TensorRef, int], ...]
    factor: int = 1


@dataclass(frozen=True)
class Value:
    """What a call gives without any node: a number, or nested lists of numbers and Size.

    Attributes:
        value: the content.
        dtype: as TensorFlow has it.
        like: some tensor of the graph, on which a node can hang that gives the value.
    """

    value: Any
    dtype: str = "int32"
    like: TensorRef | None = None


@dataclass(frozen=True)
class Complex:
    """Complex numbers, which are two tensors of the graph: few ops of Keras take complex ones."""

    real: TensorRef
    imaginary: TensorRef


Result = TensorRef | Value | Sequence[TensorRef | Value]
Function = Callable[..., Result]
"""Called with a ``Nodes`` and TensorFlow's arguments: the first by position, the rest by name."""

Table = dict[str, Function]


def function(table: Table, *names: str) -> Callable[[Function], Function]:
    """Enters a function into a family's table under each of TensorFlow's names for it."""

    def register(written: Function) -> Function:
        for name in names:
            table[name] = written
        return written

    return register


class Nodes:
    """Collects the nodes for one op layer.

    Attributes:
        layers: the nodes so far, each after those it needs.
        known: what is known of the tensors of the graph; new nodes add theirs.
        used_outputs: how many outputs of the op layer the graph uses.
        anchor: a tensor that the graph has anyway, on which constants can hang.
    """

    def __init__(
        self,
        prefix: str,
        known: dict[TensorRef, Known],
        taken: set[str],
        used_outputs: int = 1,
        anchor: TensorRef | None = None,
    ) -> None:
        self.prefix = prefix
        self.known = known
        self.used_outputs = used_outputs
        self.anchor = anchor
        self.layers: list[Layer] = []
        self._taken = taken

    def op(
        self,
        class_name: str,
        *args: Any,
        gives: str | None = None,
        sized: tuple[int | None, ...] | None = None,
        **config: Json,
    ) -> TensorRef:
        """An op node called with ``args``.

        Args:
            class_name: of the op; the module is where Keras has it.
            args: tensors, numbers and nested lists of them, arrays.
            gives: the dtype of the output; that of the first tensor when left out.
            sized: the shape of the output, if it is known.
            config: arguments of the op's constructor.
        """
        if sized is None and class_name in KEEP_RANK:
            sized = self._open(args)
        if not any(True for _ in refs(args)):
            raise NoForm("its argument is a constant")
        if class_name == "Add" and not self._adds_in_place(*args):
            class_name, args = "Subtract", (args[0], self._negative(args[1]))
        known = Known(
            gives or self.dtype(*args), sized, self._keeps_batch(class_name, config, args)
        )
        return self._add(class_name, args, config, keras3.OPERATIONS[class_name], known)

    def _open(self, args: Any) -> tuple[int | None, ...] | None:
        """The shape of the first tensor among arguments with all lengths open."""
        shape = next((self.shape(ref) for ref in refs(args)), None)
        return None if shape is None else (None,) * len(shape)

    def _adds_in_place(self, x: Any, y: Any) -> bool:
        """Whether Keras adds what TensorFlow does.

        Keras takes what has one long axis for a bias along the last or the second axis of what it
        is added to, wherever that axis is: (3, 1) added to (3, 3) goes along the wrong one.
        """
        if isinstance(y, int | float):
            return True
        onto, shape = self.shape(x), self.shape(y)
        if onto is None or shape is None:
            return False
        if len(onto) < 2 or not shape or onto[1:] == shape[1:] and _is_known(onto[1:]):
            return True
        long = [axis for axis, length in enumerate(shape) if length not in (1, None)]
        if len(long) != 1:
            return len(long) > 1
        return long[0] == len(shape) - 1 and onto[-1] == shape[-1]

    def _negative(self, value: Any) -> Any:
        if isinstance(value, TensorRef):
            return self.op("Negative", value, sized=self.shape(value))
        return np.negative(value)

    def layer(
        self, class_name: str, *args: Any, sized: tuple[int | None, ...] | None, **config: Json
    ) -> TensorRef:
        """A stock layer that keeps the dtype, called with ``args``."""
        config = {**config, "dtype": self.dtype(*args)}
        return self._add(class_name, args, config, "keras.layers", Known(config["dtype"], sized))

    def _add(
        self, class_name: str, args: Any, config: Mapping[str, Json], module: str, known: Known
    ) -> TensorRef:
        name = self.claimed(class_name.lower())
        calls = (Call(tuple(_constant(each) for each in args)),)
        self.layers.append(Layer(name, class_name, config, (), calls, module=module))
        self.known[TensorRef(name)] = known
        return TensorRef(name)

    def claimed(self, name: str) -> str:
        """A name for a node that nothing in the graph has.

        Raises:
            NoForm: it would be one of absurdly many.
        """
        if len(self.layers) >= MOST_NODES:
            raise NoForm(f"it would take more than {MOST_NODES:,} nodes")
        free = free_name(f"{self.prefix}_{name}", self._taken)
        self._taken.add(free)
        return free

    def copied(self, tensor: TensorRef) -> TensorRef:
        """The same numbers in a tensor of its own, and without a mask, which an identity keeps."""
        shape = self.shape(tensor)
        if self.dtype(tensor) == "bool":
            return self.op("LogicalOr", tensor, False, sized=shape)
        return self.op("Multiply", tensor, self.operand(1, self.dtype(tensor)), sized=shape)

    def outputs(self, node: TensorRef, count: int, dtype: str | None = None) -> list[TensorRef]:
        """The outputs of a node that has several."""
        if count > MOST_OUTPUTS:
            raise NoForm(f"it has {count:,} outputs")
        known = replace(self.known[node], dtype=dtype or self.dtype(node))
        found = [replace(node, output=index) for index in range(count)]
        self.known.update(dict.fromkeys(found, known))
        return found

    def dtype(self, *values: Any) -> str | None:
        """The dtype of the first tensor among the values, None where that is not known."""
        return next((self.known.get(ref, Known()).dtype for ref in refs(values)), None)

    def shape(self, tensor: Any) -> tuple[int | None, ...] | None:
        """The shape of a tensor or constant, None where it is not known."""
        if isinstance(tensor, TensorRef):
            return self.known.get(tensor, Known()).shape
        return tuple(np.shape(tensor))

    def rank(self, tensor: Any) -> int:
        """The rank of a tensor.

        Raises:
            NoForm: when it is not known.
        """
        shape = self.shape(tensor)
        if shape is None:
            raise NoForm("the rank of its input is not known")
        return len(shape)

    def is_integer(self, *values: Any) -> bool:
        """Whether the first tensor holds integers.

        Raises:
            NoForm: when its dtype is not known.
        """
        dtype = self.dtype(*values)
        if dtype is None:
            raise NoForm("the dtype of its input is not known")
        return dtype not in FLOATS and dtype != "bool"

    def operand(self, value: Any, dtype: str | None) -> Any:
        """A tensor as it is; a number or list as Keras takes it beside a tensor of this dtype."""
        if isinstance(value, TensorRef) or value is None:
            return value
        if isinstance(value, Size):
            return self.counted(value, dtype)
        if isinstance(value, list):
            return self.tensor(value, dtype)
        if isinstance(value, int) and not isinstance(value, bool) and dtype in FLOATS:
            return float(value)
        return plain(value)

    def tensor(self, value: Any, dtype: str | None) -> Any:
        """A list as an array, or as a stack of tensors where it holds some."""
        if isinstance(value, TensorRef):
            return value
        if any(True for _ in refs(value)):
            items = [self.tensor(each, dtype) for each in value]
            return self.op("Stack", [_constant(each) for each in items], axis=0)
        if dtype is None:
            raise NoForm("the dtype of a constant is not known")
        return np.asarray(plain(value), dtype=_numpy_name(dtype))

    def along(self, tensor: Any, axis: int, part: Json) -> list[Json]:
        """The key that takes a part along one axis and all of the others."""
        before = axis if axis >= 0 else self.rank(tensor) + axis
        return [WHOLE] * before + [part]

    def cast(self, tensor: TensorRef, dtype: str | None) -> TensorRef:
        """The tensor in a dtype; as it is where it has that, or where the dtype is not known."""
        if dtype is None or self.dtype(tensor) == dtype:
            return tensor
        return self.op("Cast", tensor, gives=dtype, sized=self.shape(tensor), dtype=dtype)

    def _keeps_batch(self, class_name: str, config: Mapping[str, Json], args: Any) -> bool:
        """Whether the first axis of an op's output is that of its first input, and the batch."""
        found = [self.known.get(ref, Known()) for ref in refs(args)]
        if not found or not found[0].of_batch:
            return False
        if class_name in KEEP_FIRST:
            return True
        if class_name == "Transpose":
            return bool((config.get("axes") or [1])[0] == 0)
        if class_name in BROADCAST:
            shapes = [self.shape(each) for each in args if not isinstance(each, int | float)]
            ranks = [None if shape is None else len(shape) for shape in shapes]
            return ranks[0] is not None and all(
                each is not None and each <= ranks[0] for each in ranks
            )
        return class_name == "Matmul" and (found[0].rank or 0) > 2

    def same_first_axis(self, one: TensorRef, other: Any) -> bool:
        """Whether the first axes of two tensors are the batch of the model."""
        found = [self.known.get(each, Known()) for each in (one, other)]
        return all(each.of_batch for each in found)

    def length_of(self, tensor: TensorRef, axis: int) -> tuple[TensorRef, int]:
        """Whose length an open axis has: that of the batch is the same for all tensors."""
        is_batch = axis == 0 and self.known.get(tensor, Known()).of_batch
        anchor = self.anchor
        if is_batch and anchor is not None and self.known.get(anchor, Known()).of_batch:
            return anchor, 0
        return tensor, axis

    def counted(self, size: Size, dtype: str | None) -> TensorRef:
        """A size as a tensor: ones along an axis, added up."""
        if not size.axes:
            raise NoForm("a size is needed that is known only when the model runs")
        counts = [self._length(ref, axis) for ref, axis in size.axes]
        product = counts[0]
        for each in [*counts[1:], *([size.factor] if size.factor != 1 else [])]:
            product = self.op("Multiply", product, each, sized=())
        return self.cast(product, dtype)

    def _length(self, tensor: TensorRef, axis: int) -> TensorRef:
        return self.op("Sum", self._ones(tensor, axis), sized=())

    def _ones(self, tensor: TensorRef, axis: int) -> TensorRef:
        """A one for each place along an axis."""
        rank = self.rank(tensor)
        row = self.op("GetItem", tensor, [WHOLE if n == axis % rank else 0 for n in range(rank)])
        ones = self.op("OnesLike", row, sized=(None,))
        return self.op("Cast", ones, gives="int32", sized=(None,), dtype="int32")

    def zero(self, dtype: str) -> TensorRef:
        """A zero as a tensor: the sum of no rows.

        Raises:
            NoForm: when there is no tensor to take them from.
        """
        if self.anchor is None:
            raise NoForm("a constant stands where a tensor has to be")
        none = self.op("GetItem", self.anchor, [span(0, 0)])
        number = self.op("Cast", none, gives="float32", dtype="float32")
        return self.cast(self.op("Sum", number, sized=()), dtype)

    def made(self, value: Any, dtype: str) -> TensorRef:
        """A constant as a tensor of the graph."""
        array = np.asarray(plain(value), dtype=_numpy_name(dtype))
        if dtype == "bool":
            return self.cast(self.made(array.astype("int32"), "int32"), dtype)
        return self.op("Add", self.zero(dtype), array, gives=dtype, sized=array.shape)

    def constant(self, value: Value) -> TensorRef:
        """What was known without a node, as a tensor of the graph.

        Raises:
            NoForm: when it is complex, or a size that nothing tells.
        """
        content = value.value
        if isinstance(content, Size):
            return self.counted(content, value.dtype)
        if isinstance(content, list) and any(isinstance(each, Size) for each in content):
            items = [
                self.counted(each, value.dtype)
                if isinstance(each, Size)
                else self.made(each, value.dtype)
                for each in content
            ]
            return self.op("Stack", items, gives=value.dtype, sized=(len(items),), axis=0)
        if isinstance(content, Complex):
            raise NoForm("it is of complex numbers")
        return self.made(content, value.dtype)

    def filled(self, lengths: Sequence[Any], value: Any, dtype: str) -> TensorRef:
        """A number at every place of an array; lengths may be known only when the model runs."""
        if dtype == "bool":
            return self.cast(self.filled(lengths, int(value), "int32"), dtype)
        known = [1 if isinstance(each, Size) else plain(each) for each in lengths]
        room(*known)
        if not any(isinstance(each, Size) for each in lengths):
            return self.made(np.full(known, value), dtype)
        array: Any = np.full(known, value, dtype=_numpy_name(dtype))
        sized = tuple(None if isinstance(each, Size) else each for each in lengths)
        for place, each in enumerate(lengths):
            if isinstance(each, Size):
                shape = [-1 if n == place else 1 for n in range(len(lengths))]
                zeros = self.op("ZerosLike", self.cast(self.ones(each), dtype))
                column = self.op("Reshape", zeros, newshape=shape)
                array = self.op("Add", column, array, gives=dtype, sized=sized)
        assert isinstance(array, TensorRef)
        return array

    def ones(self, size: Size) -> TensorRef:
        """As many ones, in a row, as a size that is known only when the model runs says.

        Raises:
            NoForm: when it is a product of several of those.
        """
        if len(size.axes) != 1:
            raise NoForm("a size is needed that is known only when the model runs")
        row = self._ones(*size.axes[0])
        return row if size.factor == 1 else self.op("Repeat", row, repeats=size.factor)

    def broadcast(self, *values: Any) -> tuple[int | None, ...] | None:
        """The shape to which all are broadcast, None where one is not known."""
        shapes = [self.shape(each) for each in values if each is not None]
        known = [each for each in shapes if each is not None]
        return _broadcast(known) if len(known) == len(shapes) else None


def _is_known(shape: Sequence[int | None]) -> bool:
    return None not in shape


def numbered(start: Any, limit: Any, step: Any = 1) -> Array:
    """The numbers from a start up to a limit.

    Raises:
        NoForm: when they are too many to be written down.
    """
    count = (limit - start) / step
    if not count <= MOST_NUMBERS:
        raise NoForm(f"it makes {count:,.0f} numbers")
    return np.arange(start, limit, step)


def room(*lengths: int) -> None:
    """Lets an array of these lengths be written into a config.

    Raises:
        NoForm: when it is too large.
    """
    count = math.prod(lengths)
    if count > MOST_NUMBERS:
        raise NoForm(f"it makes {count:,} numbers")


def plain(value: Any) -> Any:
    """A value that is made of numbers.

    Raises:
        NoForm: when it holds a size that is known only when the model runs, or something else.
    """
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Value):
        return plain(value.value)
    if isinstance(value, Size):
        raise NoForm("a size is needed that is known only when the model runs")
    if value is None or isinstance(value, bool | int | float | str | np.ndarray):
        return value
    raise NoForm("an argument is not a constant")


def axes(value: Any) -> Any:
    """An ``axis`` argument: a number, a list of numbers or None."""
    found = plain(value)
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _numpy_name(dtype: str) -> str:
    return "float32" if dtype == "bfloat16" else dtype


def _constant(value: Any) -> Any:
    """Arrays in the form in which Keras stores them.

    Raises:
        NoForm: for what is no tensor, number or array: no node takes it.
    """
    if isinstance(value, np.ndarray):
        return numpy_constant(value)
    if isinstance(value, list | tuple):
        return [_constant(each) for each in value]
    if isinstance(value, Complex):
        raise NoForm("it is of complex numbers")
    if isinstance(value, Size):
        raise NoForm("a size is needed that is known only when the model runs")
    return value


def numpy_constant(value: Array) -> dict[str, Json]:
    """An array in a config of Keras 3."""
    return {
        "class_name": "__numpy__",
        "config": {"value": value.tolist(), "dtype": value.dtype.name},
    }


def _broadcast(shapes: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    rank = max(map(len, shapes))
    columns = zip(*[(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes], strict=True)
    return tuple(_length(column) for column in columns)


def _length(column: Sequence[int | None]) -> int | None:
    longer = [each for each in column if each not in (1, None)]
    if longer:
        return longer[0]
    return None if None in column else 1


def without_empty(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Arguments that say something: neither None nor the name of the operation."""
    for key, value in arguments.items():
        if key != "name" and value is not None:
            yield key, value
