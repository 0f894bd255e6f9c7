"""Losses as functions on tensors: ``tf.nn`` and what ``tf.keras.losses`` calls."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

import math
from typing import Any

from converter.model.description import TensorRef
from converter.ops.elementwise import pair, tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, axes, function, plain
from converter.ops.reductions import reduced

TABLE: Table = {}

EPSILON = 1e-7
"""Keras's fuzz factor."""


def _both(g: Nodes, labels: Any, logits: Any) -> tuple[TensorRef, TensorRef]:
    of = g.dtype(logits, labels)
    first, second = (
        each if isinstance(each, TensorRef) else g.made(each, of or "float32")
        for each in (labels, logits)
    )
    return first, second


@function(
    TABLE,
    "nn.sigmoid_cross_entropy_with_logits",
    "compat.v1.nn.sigmoid_cross_entropy_with_logits",
)
def sigmoid_cross_entropy(g: Nodes, labels: Any, logits: Any, _sentinel: Any = None) -> Result:
    """max(x, 0) - x z + log(1 + exp(-|x|))."""
    z, x = _both(g, labels, logits)
    sized = g.shape(x)
    linear = g.op("Subtract", g.op("Relu", x, sized=sized), g.op("Multiply", x, z, sized=sized))
    return g.op("Add", linear, _softplus_of_negative(g, x), sized=sized)


def _softplus_of_negative(g: Nodes, x: TensorRef) -> TensorRef:
    """log(1 + exp(-|x|))."""
    sized = g.shape(x)
    negative = g.op("Negative", g.op("Absolute", x, sized=sized), sized=sized)
    return g.op("Log1p", g.op("Exp", negative, sized=sized), sized=sized)


@function(
    TABLE,
    "nn.weighted_cross_entropy_with_logits",
    "compat.v1.nn.weighted_cross_entropy_with_logits",
)
def weighted_cross_entropy(g: Nodes, labels: Any, logits: Any, pos_weight: Any) -> Result:
    z, x = _both(g, labels, logits)
    weight = pair(g, "Add", pair(g, "Multiply", z, pair_less_one(g, pos_weight)), 1.0)
    positive = g.op("Relu", g.op("Negative", x))
    steep = g.op("Multiply", weight, g.op("Add", _softplus_of_negative(g, x), positive))
    rest = g.op("Multiply", pair(g, "Subtract", 1.0, z), x)
    return g.op("Add", rest, steep, sized=g.shape(x))


def pair_less_one(g: Nodes, x: Any) -> Any:
    """One less than a tensor or a number."""
    return pair(g, "Subtract", x, 1.0) if isinstance(x, TensorRef) else plain(x) - 1.0


@function(
    TABLE,
    "nn.softmax_cross_entropy_with_logits",
    "compat.v1.nn.softmax_cross_entropy_with_logits_v2",
    "compat.v1.nn.softmax_cross_entropy_with_logits",
)
def softmax_cross_entropy(
    g: Nodes,
    labels: Any,
    logits: Any,
    axis: Any = None,
    dim: Any = None,
    _sentinel: Any = None,
) -> Result:
    z, x = _both(g, labels, logits)
    place = axis if axis is not None else dim
    place = -1 if place is None else axes(place)
    log = g.op("LogSoftmax", x, sized=g.shape(x), axis=place)
    total = reduced(g, "Sum", g.op("Multiply", z, log, sized=g.shape(x)), place)
    return g.op("Negative", total, sized=g.shape(total))


@function(
    TABLE,
    "nn.sparse_softmax_cross_entropy_with_logits",
    "compat.v1.nn.sparse_softmax_cross_entropy_with_logits",
)
def sparse_softmax_cross_entropy(
    g: Nodes, labels: Any, logits: Any, _sentinel: Any = None
) -> Result:
    log = g.op("LogSoftmax", tensor(g, logits), sized=g.shape(logits), axis=-1)
    return _picked(g, labels, log)


def _picked(g: Nodes, labels: Any, log: TensorRef) -> TensorRef:
    """The negative of what stands at each label's place."""
    known = g.shape(log)
    if known is None or known[-1] is None:
        raise NoForm("the number of its classes is not known")
    of = g.dtype(log)
    given = tensor(g, labels)
    hot = g.op("OneHot", given, gives=of, sized=known, num_classes=known[-1], axis=-1, dtype=of)
    # What is at other places may be infinite.
    chosen = g.op("Where", g.op("Equal", hot, 1.0, gives="bool"), log, 0.0, gives=of, sized=known)
    total = reduced(g, "Sum", chosen, -1)
    return g.op("Negative", total, sized=g.shape(total))


@function(TABLE, "nn.log_poisson_loss", "compat.v1.nn.log_poisson_loss")
def log_poisson_loss(
    g: Nodes, targets: Any, log_input: Any, compute_full_loss: Any = False
) -> Result:
    z, x = _both(g, targets, log_input)
    loss = g.op("Subtract", g.op("Exp", x), g.op("Multiply", x, z), sized=g.shape(x))
    if not compute_full_loss:
        return loss
    log = g.op("Multiply", pair(g, "Add", g.op("Log", z), math.log(2 * math.pi)), 0.5)
    stirling = g.op("Add", g.op("Subtract", g.op("Multiply", z, g.op("Log", z)), z), log)
    low = g.op("LogicalAnd", g.op("GreaterEqual", z, 0.0), g.op("LessEqual", z, 1.0))
    return g.op("Add", loss, g.op("Where", low, 0.0, stirling, gives=g.dtype(x)))


def _clipped(g: Nodes, x: TensorRef) -> TensorRef:
    low = g.op("Maximum", x, EPSILON, sized=g.shape(x))
    return g.op("Minimum", low, 1.0 - EPSILON, sized=g.shape(x))


def _no_logits(g: Nodes, x: Any) -> None:
    """Of what a sigmoid or softmax layer gives, Keras 2 takes the layer's logits."""
    if isinstance(x, TensorRef) and x in g.known and g.known[x].of_logits:
        raise NoForm("it computes from the logits of the layer before it")


@function(TABLE, "keras.backend.binary_crossentropy")
def binary_crossentropy(g: Nodes, target: Any, output: Any, from_logits: Any = False) -> Result:
    _no_logits(g, output)
    if from_logits:
        return sigmoid_cross_entropy(g, target, output)
    z, p = _both(g, target, output)
    p = _clipped(g, p)
    ones = g.op("Multiply", z, g.op("Log", pair(g, "Add", p, EPSILON)))
    other = g.op("Log", pair(g, "Add", pair(g, "Subtract", 1.0, p), EPSILON))
    zeros = g.op("Multiply", pair(g, "Subtract", 1.0, z), other)
    return g.op("Negative", g.op("Add", ones, zeros), sized=g.shape(p))


@function(TABLE, "keras.backend.categorical_crossentropy")
def categorical_crossentropy(
    g: Nodes, target: Any, output: Any, from_logits: Any = False, axis: Any = -1
) -> Result:
    _no_logits(g, output)
    if from_logits:
        return softmax_cross_entropy(g, target, output, axis)
    z, p = _both(g, target, output)
    p = g.op("TrueDivide", p, reduced(g, "Sum", p, axis, True), sized=g.shape(p))
    log = g.op("Log", _clipped(g, p), sized=g.shape(p))
    total = reduced(g, "Sum", g.op("Multiply", z, log, sized=g.shape(p)), axis)
    return g.op("Negative", total, sized=g.shape(total))


@function(TABLE, "keras.backend.sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    g: Nodes,
    target: Any,
    output: Any,
    from_logits: Any = False,
    axis: Any = -1,
    ignore_class: Any = None,
) -> Result:
    """Whatever it gets are probabilities that need not add up to one, or logits."""
    _no_logits(g, output)
    rank = g.rank(output)
    if ignore_class is not None or plain(axis) not in (-1, rank - 1):
        raise NoForm("it ignores a class, or has its classes on another axis than the last")
    p = tensor(g, output)
    if not from_logits:
        p = g.op("Log", _clipped(g, p), sized=g.shape(p))
    labels = g.cast(tensor(g, target), "int64")
    if g.rank(labels) == rank and rank > 1:
        known = g.shape(labels) or ()
        labels = g.op("Squeeze", labels, sized=known[:-1], axis=-1)
    if g.rank(labels) != rank - 1:
        raise NoForm("its labels are not of one axis less than its output")
    return sparse_softmax_cross_entropy(g, labels, p)


def _hinge(class_name: str) -> Any:
    def write(g: Nodes, y_true: Any, y_pred: Any) -> Result:
        """Labels of 0 and 1, as they are if there are no others, become -1 and 1."""
        z, x = _both(g, y_true, y_pred)
        z = g.cast(z, g.dtype(x))
        is_binary = g.op("LogicalOr", g.op("Equal", z, 0.0), g.op("Equal", z, 1.0))
        every = g.op("All", is_binary, gives="bool", sized=())
        spread = pair(g, "Subtract", pair(g, "Multiply", z, 2.0), 1.0)
        z = g.op("Where", every, spread, z, gives=g.dtype(x), sized=g.shape(z))
        margin = g.op("Relu", pair(g, "Subtract", 1.0, g.op("Multiply", z, x)), sized=g.shape(x))
        return reduced(g, "Mean", g.op(class_name, margin, sized=g.shape(x)), -1)

    return write


for _name, _class in {"hinge": "Copy", "squared_hinge": "Square"}.items():
    TABLE[f"keras.metrics.{_name}"] = TABLE[f"keras.losses.{_name}"] = _hinge(_class)


@function(TABLE, "keras.backend.batch_flatten")
def batch_flatten(g: Nodes, x: Any) -> Result:
    return g.layer("Flatten", tensor(g, x), sized=_flat(g.shape(x)), data_format="channels_last")


def _flat(known: Any) -> tuple[int | None, ...] | None:
    if known is None or None in known[1:]:
        return None
    return (known[0], math.prod(known[1:]))


@function(TABLE, "keras.backend.cast_to_floatx")
def cast_to_floatx(g: Nodes, x: Any) -> Result:
    """To the type that a session has for floats, which is this one unless it was changed."""
    return g.op("Cast", tensor(g, x), gives="float32", sized=g.shape(x), dtype="float32")


@function(TABLE, "keras.backend.print_tensor")
def print_tensor(g: Nodes, x: Any, message: Any = "", summarize: Any = 3) -> Result:
    return g.op("Copy", tensor(g, x), sized=g.shape(x))
