"""Functions of ``keras.backend`` as every release of Keras 1 and 2 had them, on symbols.

They bear Keras's names for their arguments, in Keras's order, and do step by step what Keras did.
"""

# The functions of the table have the names and the meaning of Keras's.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.lambdas import plain
from converter.lambdas.values import FLOAT, At, Inner, constant, given_form, listed, plain_python
from converter.model.description import TensorRef
from converter.ops.nodes import FLOATS, NoForm, Size, Value

Function = Callable[..., Any]

TABLE: dict[str, Function] = {}

EPSILON = 1e-7

RANDOM = frozenset(
    {
        *("random_normal", "random_uniform", "random_binomial", "random_bernoulli", "dropout"),
        *("truncated_normal", "random_normal_variable", "random_uniform_variable"),
    }
)
DRAWS = (
    "it draws random numbers, which keras.ops can't;"
    " a function without them, of the mean for example, can be given in its place"
)
LOOPS = frozenset({"map_fn", "foldl", "foldr", "rnn", "while_loop", "scan"})

RENAMED = {
    "border_mode": "padding",
    "dim": "axis",
    "dim_ordering": "data_format",
    "nb_classes": "num_classes",
}
"""Arguments by their names in Keras 1."""


def named(*names: str) -> Callable[[Function], Function]:
    """Enters a function under Keras's names for it."""

    def register(written: Function) -> Function:
        for name in names:
            TABLE[name] = written
        return written

    return register


SAME = {
    "abs": "math.abs",
    "cos": "math.cos",
    "equal": "math.equal",
    "exp": "math.exp",
    "greater": "math.greater",
    "greater_equal": "math.greater_equal",
    "identity": "identity",
    "less": "math.less",
    "lesser": "math.less",
    "lesser_equal": "math.less_equal",
    "less_equal": "math.less_equal",
    "log": "math.log",
    "maximum": "math.maximum",
    "minimum": "math.minimum",
    "not_equal": "math.not_equal",
    "pow": "math.pow",
    "round": "math.round",
    "sigmoid": "math.sigmoid",
    "sign": "math.sign",
    "sin": "math.sin",
    "softplus": "math.softplus",
    "softsign": "nn.softsign",
    "square": "math.square",
    "stop_gradient": "stop_gradient",
    "tanh": "math.tanh",
}
"""Functions of one or two tensors that TensorFlow has under another name."""


def _same(name: str) -> Function:
    def write(at: At, x: Any, y: Any = None) -> Any:
        return at.tf(name, x) if y is None else at.tf(name, x, y)

    return write


for _name, _of_tensorflow in SAME.items():
    TABLE[_name] = _same(_of_tensorflow)


@named("pow")
def pow_(at: At, x: Any, a: Any) -> Any:
    return at.tf("math.pow", x, a)


@named("sqrt")
def sqrt(at: At, x: Any) -> Any:
    return at.tf("math.sqrt", at.tf("math.maximum", x, 0.0))


def _reduction(name: str) -> Function:
    def write(at: At, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return at.tf(name, x, axis=_axes(axis), keepdims=keepdims)

    return write


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, tuple) else axis


for _name in ("sum", "max", "min", "prod", "logsumexp"):
    TABLE[_name] = _reduction(f"math.reduce_{_name}")


def _floats(at: At, x: Any) -> Any:
    """Booleans as numbers; Theano does it with integers too."""
    of = at.dtype(x)
    takes = of == "bool" or (at.is_theano and of not in FLOATS)
    return at.tf("cast", x, FLOAT) if takes else x


@named("mean")
def mean(at: At, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return at.tf("math.reduce_mean", _floats(at, x), axis=_axes(axis), keepdims=keepdims)


@named("var")
def var(at: At, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    x = _floats(at, x)
    middle = at.tf("math.reduce_mean", x, axis=_axes(axis), keepdims=True)
    squares = at.tf("math.square", at.tf("math.subtract", x, middle))
    return at.tf("math.reduce_mean", squares, axis=_axes(axis), keepdims=keepdims)


@named("std")
def std(at: At, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return at.tf("math.sqrt", var(at, x, axis, keepdims))


def _of_truth(name: str) -> Function:
    def write(at: At, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        x = x if at.dtype(x) == "bool" else at.tf("cast", x, "bool")
        found = at.tf(name, x, axis=_axes(axis), keepdims=keepdims)
        is_old = at.writer.generation == 1 and not at.is_theano
        return at.tf("cast", found, "uint8") if is_old else found

    return write


TABLE["any"] = _of_truth("math.reduce_any")
TABLE["all"] = _of_truth("math.reduce_all")


def _place(name: str) -> Function:
    def write(at: At, x: Any, axis: Any = -1) -> Any:
        return at.tf(name, x, axis=axis)

    return write


TABLE["argmax"] = _place("math.argmax")
TABLE["argmin"] = _place("math.argmin")


def _cumulated(name: str) -> Function:
    def write(at: At, x: Any, axis: Any = 0) -> Any:
        return at.tf(name, x, axis=axis)

    return write


TABLE["cumsum"] = _cumulated("math.cumsum")
TABLE["cumprod"] = _cumulated("math.cumprod")


@named("clip")
def clip(at: At, x: Any, min_value: Any, max_value: Any) -> Any:
    low, high = min_value, max_value
    if isinstance(low, int | float) and isinstance(high, int | float) and high < low:
        high = low
    x = x if high is None else at.tf("math.minimum", x, high)
    return x if low is None else at.tf("math.maximum", x, low)


@named("l2_normalize")
def l2_normalize(at: At, x: Any, axis: Any = None) -> Any:
    """TensorFlow keeps the sum of squares above 1e-12, Theano above Keras's epsilon or nothing."""
    if not at.is_theano:
        return at.tf("math.l2_normalize", x, axis=_axes(axis))
    total = at.tf("math.reduce_sum", at.tf("math.square", x), axis=_axes(axis), keepdims=True)
    if at.writer.generation > 1:
        total = at.tf("math.maximum", total, EPSILON)
    return at.tf("math.divide", x, at.tf("math.sqrt", total))


@named("softmax")
def softmax(at: At, x: Any, axis: Any = -1) -> Any:
    is_old = at.writer.version < (2, 2) and not at.writer.tf_keras
    if at.is_theano and is_old and at.rank(x) != 2:
        raise NoForm("Theano's softmax is of matrices alone")
    return at.tf("nn.softmax", x, axis=axis)


@named("relu")
def relu(at: At, x: Any, alpha: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> Any:
    """Theano gave the slope before it cut; the result is the same."""
    alpha, limit, threshold = map(plain_python, (alpha, max_value, threshold))
    if alpha != 0 and limit is None and threshold == 0:
        return at.tf("nn.leaky_relu", x, alpha=float(alpha))
    below = at.tf("math.subtract", threshold, x) if threshold else at.tf("math.negative", x)
    if threshold:
        over = at.tf("cast", at.tf("math.greater", x, threshold), at.dtype(x))
        above = at.tf("math.multiply", x, over)
        if limit is not None:
            above = at.tf("math.maximum", at.tf("math.minimum", above, limit), 0)
    else:
        above = at.tf("nn.relu", x)
        above = above if limit is None else at.tf("math.minimum", above, limit)
    if alpha == 0:
        return above
    slope = at.tf("math.multiply", at.tf("nn.relu", below), float(alpha))
    return at.tf("math.subtract", above, slope)


@named("elu")
def elu(at: At, x: Any, alpha: Any = 1.0) -> Any:
    found = at.tf("nn.elu", x)
    if plain_python(alpha) == 1:
        return found
    scaled = at.tf("math.multiply", found, float(plain_python(alpha)))
    return at.tf("where", at.tf("math.greater", x, 0), found, scaled)


@named("selu")
def selu(at: At, x: Any) -> Any:
    return at.tf("nn.selu", x)


@named("hard_sigmoid")
def hard_sigmoid(at: At, x: Any) -> Any:
    """Keras 3 means another function by this name; before, it was cut at 0 and 1 like this."""
    if at.writer.generation == 3:
        return at.op("HardSigmoid", x, sized=at.nodes.shape(x))
    line = at.tf("math.add", at.tf("math.multiply", x, 0.2), 0.5)
    return at.tf("clip_by_value", line, 0.0, 1.0)


@named("cast")
def cast(at: At, x: Any, dtype: Any) -> Any:
    return at.tf("cast", x, dtype)


@named("cast_to_floatx")
def cast_to_floatx(at: At, x: Any) -> Any:
    return at.tf("cast", x, FLOAT)


# -- shapes ---------------------------------------------------------------------------------------


@named("shape")
def shape(at: At, x: Any) -> Any:
    return at.tf("shape", x)


@named("int_shape")
def int_shape(at: At, x: Any) -> Any:
    return at.shape(x)


@named("ndim")
def ndim(at: At, x: Any) -> Any:
    return at.rank(x)


@named("dtype")
def dtype_(at: At, x: Any) -> Any:
    return at.dtype(x)


@named("reshape")
def reshape(at: At, x: Any, shape: Any) -> Any:
    return at.tf("reshape", x, _lengths(shape))


def _lengths(shape: Any) -> Any:
    """A shape; the batch of a shape that is known before the model runs is None, which none took.

    Theano's Keras took None nowhere either.
    """
    lengths = given_form(shape)
    if isinstance(lengths, list) and None in lengths:
        raise NoForm("a length of its shape is None")
    return lengths


@named("flatten")
def flatten(at: At, x: Any) -> Any:
    return at.tf("reshape", x, [-1])


@named("batch_flatten")
def batch_flatten(at: At, x: Any) -> Any:
    lengths = at.shape(x)[1:]
    if not any(isinstance(each, Size) for each in lengths):
        return at.tf("reshape", x, [-1, int(np.prod(lengths))])
    return at.nodes.layer("Flatten", x, sized=(None, None))


@named("expand_dims")
def expand_dims(at: At, x: Any, axis: Any = -1) -> Any:
    return at.tf("expand_dims", x, axis=axis)


@named("squeeze")
def squeeze(at: At, x: Any, axis: Any) -> Any:
    return at.tf("squeeze", x, axis=axis)


@named("permute_dimensions")
def permute_dimensions(at: At, x: Any, pattern: Any) -> Any:
    return at.tf("transpose", x, perm=list(plain_python(pattern)))


@named("transpose")
def transpose(at: At, x: Any) -> Any:
    return at.tf("transpose", x)


@named("concatenate")
def concatenate(at: At, tensors: Any, axis: Any = -1) -> Any:
    return at.tf("concat", tensors, axis=axis)


@named("stack", "pack")
def stack(at: At, x: Any, axis: Any = 0) -> Any:
    return at.tf("stack", x, axis=axis)


@named("repeat_elements")
def repeat_elements(at: At, x: Any, rep: Any, axis: Any) -> Any:
    return at.tf("repeat", x, rep, axis=axis)


@named("repeat")
def repeat(at: At, x: Any, n: Any) -> Any:
    if at.rank(x) != 2:
        raise NoForm("it repeats what is no matrix")
    return at.tf("tile", at.tf("expand_dims", x, axis=1), [1, n, 1])


@named("tile")
def tile(at: At, x: Any, n: Any) -> Any:
    counts = listed(given_form(n))
    if len(counts) != at.rank(x):
        raise NoForm("it does not say how often each axis is repeated")
    return at.tf("tile", x, counts)


@named("reverse")
def reverse(at: At, x: Any, axes: Any) -> Any:
    return at.tf("reverse", x, listed(axes))


@named("slice")
def slice_(at: At, x: Any, start: Any, size: Any) -> Any:
    return at.tf("slice", x, listed(start), listed(size))


@named("gather")
def gather(at: At, reference: Any, indices: Any) -> Any:
    return at.tf("gather", reference, indices, axis=0)


@named("one_hot")
def one_hot(at: At, indices: Any, num_classes: Any) -> Any:
    return at.tf("one_hot", indices, num_classes)


@named("temporal_padding")
def temporal_padding(at: At, x: Any, padding: Any = (1, 1)) -> Any:
    before, after = padding if isinstance(padding, tuple | list) else (padding, padding)
    return at.tf("pad", x, [[0, 0], [before, after], [0, 0]])


@named("asymmetric_temporal_padding")
def asymmetric_temporal_padding(at: At, x: Any, left_pad: Any = 1, right_pad: Any = 1) -> Any:
    return at.tf("pad", x, [[0, 0], [left_pad, right_pad], [0, 0]])


@named("spatial_2d_padding")
def spatial_2d_padding(
    at: At, x: Any, padding: Any = ((1, 1), (1, 1)), data_format: Any = None
) -> Any:
    if at.writer.generation == 1 and padding == ((1, 1), (1, 1)):
        padding = (1, 1)
    return at.tf("pad", x, _spatial(at, padding, data_format))


@named("spatial_3d_padding")
def spatial_3d_padding(
    at: At, x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: Any = None
) -> Any:
    return at.tf("pad", x, _spatial(at, padding, data_format))


def _spatial(at: At, padding: Any, data_format: Any) -> list[list[int]]:
    pairs = [list(each) if isinstance(each, tuple | list) else [each, each] for each in padding]
    none = [0, 0]
    return [none, none, *pairs] if _is_first(at, data_format) else [none, *pairs, none]


def _is_first(at: At, data_format: Any) -> bool:
    if data_format in ("channels_first", "th"):
        return True
    if data_format in ("channels_last", "tf"):
        return False
    return image_data_format(at) in ("channels_first", "th")


@named("image_data_format")
def image_data_format(at: At) -> str:
    """It is a setting of the user's, which the model's own layers show."""
    if not at.data_format:
        raise NoForm("the setting of image_data_format() is not in the file")
    return at.data_format


@named("image_dim_ordering")
def image_dim_ordering(at: At) -> str:
    return "th" if image_data_format(at) == "channels_first" else "tf"


@named("resize_images")
def resize_images(
    at: At,
    x: Any,
    height_factor: Any,
    width_factor: Any,
    data_format: Any = None,
    interpolation: Any = "nearest",
) -> Any:
    """Each pixel repeated, or the grid of TensorFlow 2."""
    first = _is_first(at, data_format)
    rows = 2 if first else 1
    if interpolation == "nearest":
        tall = at.tf("repeat", x, height_factor, axis=rows)
        return at.tf("repeat", tall, width_factor, axis=rows + 1)
    lengths = at.shape(x)[rows : rows + 2]
    if first or not at.of_tensorflow_2 or any(isinstance(each, Size) for each in lengths):
        raise NoForm(f"it resizes by {interpolation}, on a grid that is not known")
    size = [lengths[0] * height_factor, lengths[1] * width_factor]
    return at.tf("image.resize", x, size, method=interpolation)


@named("resize_volumes")
def resize_volumes(
    at: At, x: Any, depth_factor: Any, height_factor: Any, width_factor: Any, data_format: Any
) -> Any:
    for axis, factor in enumerate(
        (depth_factor, height_factor, width_factor), 2 if _is_first(at, data_format) else 1
    ):
        x = at.tf("repeat", x, factor, axis=axis)
    return x


@named("pool2d")
def pool2d(
    at: At,
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: Any = "valid",
    data_format: Any = None,
    pool_mode: Any = "max",
) -> Any:
    if at.is_theano:
        raise NoForm("Theano pools at the edges in another way")
    layout = "NCHW" if _is_first(at, data_format) else "NHWC"
    name = {"max": "nn.max_pool2d", "avg": "nn.avg_pool2d"}.get(pool_mode, str(pool_mode))
    return at.tf(name, x, list(pool_size), list(strides), padding, data_format=layout)


# -- products -------------------------------------------------------------------------------------


@named("dot")
def dot(at: At, x: Any, y: Any) -> Any:
    """The last axis of one with the last but one of the other."""
    if max(at.rank(x), at.rank(y)) <= 2:
        return at.tf("linalg.matmul", x, y)
    along = [at.rank(x) - 1], [max(at.rank(y) - 2, 0)]
    return at.tf("tensordot", x, y, axes=[list(each) for each in along])


@named("batch_dot")
def batch_dot(at: At, x: Any, y: Any, axes: Any = None) -> Any:
    """Products of matrices and vectors, one for each sample.

    Other ranks were another thing in each release, and so was counting axes from the end.
    """
    ranks = at.rank(x), at.rank(y)
    if axes is None:
        axes = (ranks[0] - 1, max(ranks[1] - 2, 1))
    places = listed(axes) if not isinstance(axes, int) else [axes, axes]
    if min(places) < 0 and at.of_tensorflow_2 and at.writer.tf_keras:
        places = [each % rank for each, rank in zip(places, ranks, strict=True)]
    if any(rank not in (2, 3) for rank in ranks) or any(
        not 1 <= place < rank for place, rank in zip(places, ranks, strict=True)
    ):
        raise NoForm(f"its batch_dot of ranks {ranks} along axes {places} differs among releases")
    if ranks == (2, 2):
        return at.tf("math.reduce_sum", at.tf("math.multiply", x, y), axis=1, keepdims=True)
    left = _matrix(at, x, places[0], last=True)
    right = _matrix(at, y, places[1], last=False)
    product = at.tf("linalg.matmul", left, right)
    gone = [axis for axis, rank in ((1, ranks[0]), (2, ranks[1])) if rank == 2]
    return at.tf("squeeze", product, axis=gone[0]) if gone else product


def _matrix(at: At, x: Any, place: int, *, last: bool) -> Any:
    """A vector as a row or column; a matrix turned so that its axis is the last or the first."""
    if at.rank(x) == 2:
        return at.tf("expand_dims", x, axis=1 if last else 2)
    return x if place == (2 if last else 1) else at.tf("transpose", x, perm=[0, 2, 1])


# -- constants and choices ------------------------------------------------------------------------


@named("constant", "variable")
def constant_(at: At, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """A variable that is made inside a Lambda is no weight: it always has its first value."""
    if isinstance(value, TensorRef):
        return value
    found = constant(value, dtype or FLOAT)
    if shape is None:
        return found
    return spread(found, shape)


def spread(value: Value, shape: Any) -> Value:
    """A constant at every place of a shape."""
    zeros = plain.of_numpy("zeros", [given_form(shape)], {})
    return Value((zeros + np.asarray(value.value, value.dtype)).tolist(), value.dtype)


def _full(number: float) -> Function:
    def write(at: At, shape: Any, dtype: Any = None, name: Any = None) -> Any:
        lengths = listed(given_form(shape))
        if not all(isinstance(each, int) for each in lengths):
            return at.nodes.filled(lengths, number, dtype or FLOAT)
        return constant(plain.of_numpy("full", [lengths, number], {}), dtype or FLOAT)

    return write


TABLE["zeros"], TABLE["ones"] = _full(0.0), _full(1.0)


def _like(name: str) -> Function:
    def write(at: At, x: Any, dtype: Any = None, name_: Any = None) -> Any:
        return at.tf(name, x, dtype=dtype)

    return write


TABLE["zeros_like"], TABLE["ones_like"] = _like("zeros_like"), _like("ones_like")


@named("eye")
def eye(at: At, size: Any, dtype: Any = None, name: Any = None) -> Any:
    return constant(plain.of_numpy("eye", [size], {}), dtype or FLOAT)


@named("arange")
def arange(at: At, start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    return at.tf("range", start, stop, step, dtype=dtype)


@named("switch")
def switch(at: At, condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Each element by the condition at its place, or whole rows."""
    then, otherwise = (
        at.call(each) if isinstance(each, Inner) else each
        for each in (then_expression, else_expression)
    )
    if not isinstance(condition, TensorRef):
        return then if plain_python(condition) else otherwise
    condition = condition if at.dtype(condition) == "bool" else at.tf("cast", condition, "bool")
    more = max(at.rank(then), at.rank(otherwise)) - at.rank(condition)
    if more < 0:
        raise NoForm("its condition has more axes than what it chooses from")
    for _ in range(more if at.rank(condition) else 0):
        condition = at.tf("expand_dims", condition, axis=-1)
    return at.tf("where", condition, then, otherwise)


@named("in_train_phase")
def in_train_phase(at: At, x: Any, alt: Any, training: Any = None) -> Any:
    if isinstance(training, TensorRef) or (training is not None and plain_python(training)):
        raise NoForm("it is called as in training")
    return at.call(alt) if isinstance(alt, Inner) else alt


@named("in_test_phase")
def in_test_phase(at: At, x: Any, alt: Any, training: Any = None) -> Any:
    return at.call(x) if isinstance(x, Inner) else x


@named("learning_phase")
def learning_phase(at: At) -> int:
    return 0


@named("epsilon")
def epsilon(at: At) -> float:
    return EPSILON


@named("floatx")
def floatx(at: At) -> str:
    return FLOAT


@named("backend")
def backend(at: At) -> str:
    if not at.writer.backend:
        raise NoForm("the file does not name its backend")
    return at.writer.backend


@named("is_keras_tensor", "is_tensor")
def is_keras_tensor(at: At, x: Any) -> bool:
    return isinstance(x, TensorRef)


@named("batch_normalization")
def batch_normalization(
    at: At,
    x: Any,
    mean: Any,
    var: Any,
    beta: Any,
    gamma: Any,
    axis: Any = -1,
    epsilon: Any = 1e-3,
) -> Any:
    if at.writer.generation == 1 or axis not in (-1, at.rank(x) - 1):
        raise NoForm("it normalizes along an axis that is not the last")
    scale = at.tf("math.rsqrt", at.tf("math.add", var, epsilon))
    scale = scale if gamma is None else at.tf("math.multiply", scale, gamma)
    found = at.tf("math.multiply", at.tf("math.subtract", x, mean), scale)
    return found if beta is None else at.tf("math.add", found, beta)
