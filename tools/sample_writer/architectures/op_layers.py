"""Functions of TensorFlow in the graph: TensorFlowOpLayer, TFOpLambda, SlicingOpLambda and others.

Each model holds many of them, each as an output of its own, so that one index names a wrong one.
"""

from importlib import import_module

import numpy as np

from ..data import between, between_ids, booleans, floats, ids, pictures
from ..registry import Made, architecture, branches

OPS = "tf>=2.1"
LAMBDAS = "tf>=2.4"
BOTH = "full keras"


def several(F, inputs, functions):
    """Outputs of functions that take the same inputs; those that the release lacks are left out."""
    return F.Model(inputs, [function(*inputs) for function in functions])


def lately(F, *functions):
    """Functions of several steps. Before TensorFlow 2.4 each step was a layer with a path for a
    name, and an .h5 can't hold a layer and others below its name."""
    return list(functions) if F.since("tf>=2.4") else []


def two(F, functions, shape=(4,), makers=None, dtype=None):
    arguments = {"dtype": dtype} if dtype else {}
    a, b = F.Input(shape=shape, **arguments), F.Input(shape=shape, **arguments)
    return Made(several(F, [a, b], functions), inputs=makers)


@architecture(OPS, kinds=BOTH)
def ops_operators(F):
    return two(
        F,
        [
            lambda a, b: a + b,
            lambda a, b: a + 1,
            lambda a, b: 2.0 * b - a,
            lambda a, b: 1.5 - a,
            lambda a, b: a / b,
            lambda a, b: a / 4,
            lambda a, b: 2 / b,
            lambda a, b: a // b,
            lambda a, b: 3.0 // b,
            lambda a, b: a % b,
            lambda a, b: 3.0 % b,
            lambda a, b: b**2,
            lambda a, b: b**a,
            lambda a, b: 2.0**a,
            lambda a, b: -a,
            lambda a, b: abs(a),
            lambda a, b: a > b,
            lambda a, b: a >= 0.5,
            lambda a, b: a < b,
            lambda a, b: 1.5 - b <= a,
            lambda a, b: a * [1.0, 2.0, 3.0, 4.0],
            lambda a, b: a * np.array([[1.0, 0.5, 3.0, 4.0]], "float32"),
            lambda a, b: F.tf.constant([0.5, 2.0, 3.0, 1.0]) - a,
        ],
        makers=[floats(2.0), between(1, 4)],
    )


@architecture("tf>=2.5", kinds=BOTH)
def ops_logic(F):
    return two(
        F,
        [
            lambda a, b: (a > b) & (b > 0.0),
            lambda a, b: (a > b) | (b > 0.0),
            lambda a, b: (a > b) ^ (b > 0.0),
            lambda a, b: ~(a > b),
        ],
    )


@architecture(OPS, kinds=BOTH)
def ops_integers(F):
    tf = F.tf
    return two(
        F,
        [
            lambda a, b: a + b,
            lambda a, b: a - 7,
            lambda a, b: a * b,
            lambda a, b: a // b,
            lambda a, b: a % b,
            lambda a, b: tf.math.floordiv(a, -3),
            lambda a, b: tf.math.floormod(a, -3),
            lambda a, b: tf.truncatediv(a, b),
            lambda a, b: tf.truncatemod(a, b),
            lambda a, b: tf.math.abs(a),
            lambda a, b: tf.math.negative(a),
            lambda a, b: tf.math.sign(a),
            lambda a, b: tf.math.square(a),
            lambda a, b: tf.math.maximum(a, 2),
            lambda a, b: tf.math.minimum(a, b),
            lambda a, b: tf.reduce_sum(a, axis=1),
            lambda a, b: tf.reduce_max(a, axis=-1),
            lambda a, b: tf.reduce_prod(b, 1),
            lambda a, b: tf.cast(a, "float32") * 0.5,
            lambda a, b: tf.cumsum(a, axis=1),
            lambda a, b: tf.bitwise.bitwise_and(a, b),
            lambda a, b: tf.bitwise.bitwise_or(a, b),
            lambda a, b: tf.bitwise.bitwise_xor(a, 5),
            lambda a, b: tf.bitwise.invert(a),
            lambda a, b: tf.bitwise.left_shift(b, 2),
            lambda a, b: tf.bitwise.right_shift(b, 1),
            lambda a, b: tf.pow(a, 2),
            lambda a, b: tf.math.equal(a, b),
            lambda a, b: tf.not_equal(b, 2),
            lambda a, b: tf.math.squared_difference(a, b),
        ]
        + lately(F, lambda a, b: a / b, lambda a, b: tf.clip_by_value(a, -3, 3)),
        makers=[between_ids(-9, 9), between_ids(1, 5)],
        dtype="int32",
    )


@architecture(OPS, kinds=BOTH)
def ops_of_two(F):
    m, tf = F.tf.math, F.tf
    return two(
        F,
        [
            m.add,
            m.subtract,
            m.multiply,
            m.divide,
            m.truediv,
            m.floordiv,
            m.floormod,
            m.maximum,
            m.minimum,
            m.pow,
            m.squared_difference,
            m.divide_no_nan,
            m.multiply_no_nan,
            m.atan2,
            m.xlogy,
            m.xdivy,
            m.greater,
            m.greater_equal,
            m.less,
            m.less_equal,
            m.equal,
            m.not_equal,
            lambda a, b: m.add_n([a, b, a]),
            lambda a, b: m.scalar_mul(0.5, a),
            lambda a, b: m.multiply(x=2.0, y=b),
            lambda a, b: m.subtract(a, y=b, name="named"),
            lambda a, b: m.maximum(a, 0.25),
            lambda a, b: m.minimum(0.25, b),
            lambda a, b: m.pow(b, 0.5),
            lambda a, b: tf.where(a > b, a, b),
            lambda a, b: tf.where(a > b, 1.0, 0.0),
            lambda a, b: tf.where(a > 0.5, x=a, y=0.0),
            lambda a, b: m.logical_and(a > 0.0, b > 2.0),
            lambda a, b: m.logical_or(a > 0.0, b > 2.0),
            lambda a, b: tf.identity(a),
            lambda a, b: tf.stop_gradient(b),
        ]
        + lately(
            F,
            lambda a, b: m.logical_xor(a > 0.0, b > 2.0),
            lambda a, b: tf.clip_by_value(a, 0.5, 1.75),
            lambda a, b: tf.clip_by_value(a, clip_value_min=1.0 / b, clip_value_max=b),
        ),
        makers=[between(0, 3), between(1, 4)],
    )


@architecture(OPS, kinds=BOTH)
def ops_of_one(F):
    m = F.tf.math
    return branches(
        F,
        (5,),
        [
            m.abs,
            m.ceil,
            m.cos,
            m.cosh,
            m.erf,
            m.erfc,
            m.exp,
            m.expm1,
            m.floor,
            m.is_finite,
            m.is_inf,
            m.is_nan,
            m.negative,
            m.rint,
            m.round,
            m.sigmoid,
            m.sign,
            m.sin,
            m.sinh,
            m.softplus,
            m.square,
            m.tan,
            m.tanh,
            m.asinh,
            m.atan,
            lambda x: m.round(x * 2.0),
        ]
        + lately(F, m.log_sigmoid),
    )


@architecture(OPS, kinds=BOTH)
def ops_of_one_positive(F):
    m = F.tf.math
    functions = [m.log, m.log1p, m.reciprocal, m.rsqrt, m.sqrt, m.acosh, m.reciprocal_no_nan]
    x = F.Input(shape=(5,))
    small = x / 8.0
    of_small = [m.acos, m.asin, m.atanh, m.erfinv] if F.since("tf>=2.4") else [m.acos, m.asin]
    outputs = [each(x) for each in functions] + [each(small) for each in of_small]
    return Made(F.Model(x, outputs), inputs=[between(1, 6)])


@architecture(OPS, kinds=BOTH)
def ops_activations(F):
    nn, tf = F.tf.nn, F.tf
    functions = [
        nn.relu,
        nn.relu6,
        nn.elu,
        nn.selu,
        lambda x: nn.leaky_relu(x, 0.3),
        lambda x: nn.leaky_relu(x, alpha=0.1),
        nn.sigmoid,
        nn.tanh,
        nn.softplus,
        nn.softsign,
        nn.softmax,
        lambda x: nn.softmax(x, axis=1),
        lambda x: nn.softmax(x, -2),
        nn.log_softmax,
        lambda x: nn.log_softmax(x, axis=1),
        nn.swish,
        lambda x: x * nn.relu6(x + 3.0) * (1.0 / 6.0),
    ]
    if F.since("tf>=2.4"):
        functions += [
            nn.leaky_relu,
            lambda x: nn.l2_normalize(x, axis=-1),
            lambda x: tf.math.l2_normalize(x, axis=1, epsilon=0.5),
            lambda x: tf.math.l2_normalize(x, [1, 2]),
            nn.crelu,
            lambda x: tf.keras.activations.relu(x, alpha=0.1, max_value=1.0, threshold=0.25),
            tf.keras.activations.hard_sigmoid,
            tf.keras.activations.swish,
            nn.gelu,
            lambda x: nn.gelu(x, approximate=True),
            tf.keras.activations.gelu,
        ]
    return branches(F, (3, 4), functions)


@architecture(OPS, kinds=BOTH)
def ops_reductions(F):
    m, tf = F.tf.math, F.tf
    functions = []
    several_steps = lately(F, m.reduce_logsumexp)
    for each in [m.reduce_sum, m.reduce_mean, m.reduce_max, m.reduce_min] + several_steps:
        functions += [
            lambda x, each=each: each(x, axis=-1),
            lambda x, each=each: each(x, [1, 2]),
            lambda x, each=each: each(x, axis=(1, 3), keepdims=True),
        ]
    functions += [
        lambda x: m.reduce_prod(x, axis=1),
        lambda x: m.reduce_any(x > 0.5, axis=1),
        lambda x: m.reduce_all(x > -0.5, axis=[2, 3], keepdims=True),
        lambda x: tf.argmax(x, axis=-1),
        lambda x: tf.argmin(x, axis=1),
        lambda x: tf.argmax(x, 2, output_type="int32"),
        lambda x: m.cumsum(x, axis=1),
        lambda x: m.cumsum(x, axis=2, exclusive=True),
        lambda x: m.cumsum(x, axis=2, reverse=True),
        lambda x: m.cumsum(x, axis=2, exclusive=True, reverse=True),
        lambda x: m.cumprod(x, axis=1),
        lambda x: tf.reduce_mean(x, axis=0) + x,
    ]
    functions += lately(
        F,
        lambda x: m.reduce_std(x, axis=1),
        lambda x: m.reduce_variance(x, axis=[1, 2], keepdims=True),
        lambda x: m.reduce_euclidean_norm(x, axis=2),
        lambda x: m.count_nonzero(x > 0.5, axis=[1, 2]),
        lambda x: m.zero_fraction(x[:, :, :, 0]) + m.reduce_sum(x, axis=[1, 2, 3]),
        lambda x: tf.linalg.norm(x, axis=-1),
        lambda x: tf.norm(x, axis=1, keepdims=True),
        lambda x: tf.linalg.norm(x, ord=1, axis=2),
        lambda x: tf.linalg.norm(x, ord=np.inf, axis=2),
        lambda x: tf.linalg.norm(x, axis=[1, 2]),
        lambda x: tf.nn.moments(x, axes=[1, 2])[0],
        lambda x: tf.nn.moments(x, axes=[1], keepdims=True)[1],
        lambda x: tf.reduce_sum(x) + x[:, 0, 0],
    )
    return branches(F, (4, 3, 2), functions)


@architecture(OPS, kinds=BOTH)
def ops_shapes(F):
    tf = F.tf
    return branches(
        F,
        (4, 3, 2),
        [
            lambda x: tf.reshape(x, [-1, 6, 4]),
            lambda x: tf.reshape(x, shape=(-1, 24)),
            lambda x: tf.transpose(x, [0, 3, 1, 2]),
            lambda x: tf.transpose(x, perm=[0, 2, 1, 3]),
            lambda x: tf.transpose(tf.transpose(x)),
            lambda x: tf.expand_dims(x, axis=1),
            lambda x: tf.expand_dims(x, -1),
            lambda x: tf.squeeze(tf.expand_dims(x, 2), axis=2),
            lambda x: tf.squeeze(tf.expand_dims(x, -1), [-1]),
            lambda x: tf.concat([x, x * 2.0], axis=-1),
            lambda x: tf.concat([x, x, x], 1),
            lambda x: tf.stack([x, x + 1.0], axis=1),
            lambda x: tf.stack([x, x + 1.0], -1),
            lambda x: tf.tile(x, [1, 2, 1, 3]),
            lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]),
            lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 1], [0, 0]], mode="REFLECT"),
            lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 1], [0, 0]], "SYMMETRIC"),
            lambda x: tf.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]], constant_values=0.5),
            lambda x: tf.reverse(x, [1]),
            lambda x: tf.reverse(x, axis=[1, -1]),
            lambda x: tf.roll(x, 1, axis=1),
            lambda x: tf.roll(x, [1, -1], [1, 2]),
            lambda x: tf.split(x, 2, axis=1)[1],
            lambda x: tf.split(x, [1, 3], axis=1)[1],
            lambda x: tf.split(x, [1, -1, 1], 1)[1],
            lambda x: tf.unstack(x, axis=2)[1],
            lambda x: tf.add(*tf.unstack(x, axis=-1)),
            lambda x: tf.broadcast_to(x[:1], [3, 4, 3, 2]) + x,
            lambda x: tf.gather(x, [0, 2], axis=1),
            lambda x: tf.gather(x, 1, axis=-1),
            lambda x: tf.ensure_shape(x, [None, 4, 3, 2]),
            lambda x: tf.nn.space_to_depth(x[:, :2, :2], 2),
            lambda x: tf.nn.depth_to_space(tf.concat([x, x], -1), 2),
            lambda x: tf.slice(x, [0, 1, 0, 1], [-1, 2, 2, 1]),
            lambda x: tf.strided_slice(x, [0, 0], [3, 4], [1, 2]),
            lambda x: tf.nn.bias_add(x, [0.5, 1.5]),
        ]
        + lately(
            F,
            lambda x: tf.ones_like(x) + x,
            lambda x: tf.zeros_like(x) - x,
            lambda x: tf.repeat(x, 2, axis=1),
            lambda x: tf.linalg.matrix_transpose(x),
            lambda x: tf.sort(x, axis=1),
            lambda x: tf.argsort(x, axis=1),
        ),
    )


@architecture(OPS, kinds=BOTH)
def ops_slices(F):
    tf = F.tf
    return branches(
        F,
        (6, 5, 4),
        [
            lambda x: x[:, 0],
            lambda x: x[:, -1],
            lambda x: x[:, 1:3],
            lambda x: x[:, ::2, 1:],
            lambda x: x[:, ::-1],
            lambda x: x[:, -2::-1],
            lambda x: x[..., 0],
            lambda x: x[..., :2],
            lambda x: x[:, 1, ..., 2],
            lambda x: x[:, tf.newaxis],
            lambda x: x[:, None, :, 2, None],
            lambda x: x[..., tf.newaxis],
            lambda x: x[:, 1:4:2, -1, None, ::-1],
            lambda x: x[:, -3:-1],
            lambda x: x[:, :, :, 3],
            lambda x: x[:1] + x,
            lambda x: x[0] + x,
        ],
    )


@architecture("tf>=2.2", kinds=BOTH)
def ops_shape_arithmetic(F):
    """Shapes that are open when the model is made."""
    L, tf = F.layers, F.tf
    x = F.Input(shape=(None, 8))
    y = L.Dense(8)(x)
    batch, steps = tf.shape(y)[0], tf.shape(y)[1]
    heads = tf.reshape(y, [batch, steps, 2, 4])
    heads = tf.transpose(heads, [0, 2, 1, 3])
    scores = tf.nn.softmax(tf.matmul(heads, heads, transpose_b=True) / 2.0, axis=-1)
    joined = tf.transpose(tf.matmul(scores, heads), [0, 2, 1, 3])
    joined = tf.reshape(joined, (tf.shape(joined)[0], -1, 8))
    flat = tf.reshape(y, [-1, tf.shape(y)[-1]])
    row = tf.reshape(x, tf.stack([tf.shape(x)[0], steps * 8]))
    folded = tf.reshape(x, [batch * steps, 8])
    sums = [tf.reduce_sum(each, axis=0) + x[:, 0] for each in (flat, folded)]
    mean = tf.reduce_sum(y, axis=1) / tf.cast(steps, "float32")
    return F.Model(x, [joined, row, mean, L.Dense(2)(joined)] + sums)


@architecture(OPS, kinds=BOTH)
def ops_linear_algebra(F):
    tf = F.tf
    linalg = tf.linalg
    a, b = F.Input(shape=(3, 4)), F.Input(shape=(4, 3))
    outputs = [
        tf.matmul(a, b),
        a @ b,
        tf.matmul(a, a, transpose_b=True),
        tf.matmul(b, b, transpose_a=True),
        tf.matmul(a, b, transpose_a=True, transpose_b=True),
        tf.matmul(a, a, adjoint_b=True),
        tf.matmul(a, np.arange(8.0, dtype="float32").reshape(4, 2) / 8),
        linalg.diag_part(tf.matmul(a, b)),
        linalg.band_part(a, -1, 0),
        linalg.band_part(a, 0, -1),
    ]
    if F.since("tf>=2.4"):
        outputs += [
            linalg.matvec(a, b[:, :, 0]),
            tf.tensordot(a, np.arange(8.0, dtype="float32").reshape(4, 2) / 8, axes=1),
            tf.tensordot(a, np.arange(8.0, dtype="float32").reshape(2, 4) / 8, axes=[[2], [1]]),
            linalg.trace(tf.matmul(a, b)),
            linalg.normalize(a, axis=-1)[0],
            tf.nn.l2_normalize(b, axis=1),
        ]
    return Made(F.Model([a, b], outputs), inputs=[between(0, 2), between(0, 2)])


@architecture(OPS, kinds=BOTH)
def ops_indices(F):
    tf = F.tf
    i, x = F.Input(shape=(3,), dtype="int32"), F.Input(shape=(4, 2))
    outputs = [
        tf.one_hot(i, 4),
        tf.one_hot(i, depth=5, axis=1),
        tf.one_hot(i, 4, on_value=0.5, off_value=-1.0),
        tf.one_hot(i, 4, dtype=tf.int32),
        tf.gather(x, i, axis=1, batch_dims=1),
        tf.gather(np.arange(8.0, dtype="float32").reshape(4, 2), i),
        tf.math.top_k(x[:, :, 0], k=2)[0],
        tf.math.top_k(x[:, :, 1], 2)[1],
        tf.cast(i, tf.float32) * 0.5,
        tf.cast(x, "int32"),
        tf.cast(x > 0.5, "float32"),
        tf.cast(i, "bool"),
        tf.cast(tf.cast(x, "float16"), "float64"),
        tf.where(tf.cast(i, "bool"), i, -1),
    ]
    if F.since("tf>=2.4"):
        outputs += [
            tf.gather_nd(x, tf.expand_dims(i, -1), batch_dims=1),
            tf.sequence_mask(i, maxlen=4),
            tf.sequence_mask(i, 4, dtype="float32"),
        ]
    return Made(F.Model([i, x], outputs), inputs=[ids(4), floats()])


@architecture(LAMBDAS, misread=True)
def ops_embedding_lookup(F):
    """Its own reader takes the rows of the table, which the file holds as lists, for tables."""
    i = F.Input(shape=(3,), dtype="int32")
    table = np.arange(8.0, dtype="float32").reshape(4, 2)
    return Made(F.Model(i, F.tf.nn.embedding_lookup(table, i)), inputs=[ids(4)])


@architecture(LAMBDAS, kinds=BOTH)
def ops_images(F):
    image = F.tf.image
    x = F.Input(shape=(6, 4, 3))
    outputs = [
        image.resize(x, [12, 8]),
        image.resize(x, (9, 5), method="bilinear"),
        image.resize(x, [12, 8], "nearest"),
        image.resize(x, [9, 7], method="bicubic"),
        image.resize(x, [3, 2]),
        image.resize(x, [3, 2], antialias=True),
        image.resize(x, [9, 7], method="lanczos3"),
        image.flip_left_right(x),
        image.flip_up_down(x),
        image.rot90(x),
        image.transpose(x),
        image.rgb_to_grayscale(x),
        image.grayscale_to_rgb(x[..., :1]),
        image.rgb_to_hsv(x),
        image.hsv_to_rgb(x),
        image.adjust_brightness(x, 0.25),
        image.adjust_contrast(x, 1.5),
        image.central_crop(x, 0.5),
        image.crop_to_bounding_box(x, 1, 1, 3, 2),
        image.pad_to_bounding_box(x, 1, 2, 9, 8),
        image.resize_with_crop_or_pad(x, 4, 8),
        image.per_image_standardization(x),
        image.extract_patches(x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"),
    ]
    return Made(F.Model(x, outputs), inputs=[pictures()])


@architecture(OPS, kinds=BOTH)
def ops_convolutions(F):
    nn = F.tf.nn
    x, s = F.Input(shape=(6, 5, 2)), F.Input(shape=(6, 2))
    kernel = np.arange(36.0, dtype="float32").reshape(3, 3, 2, 2) / 32
    outputs = [
        nn.max_pool2d(x, 2, 2, "VALID"),
        nn.max_pool2d(x, ksize=[2, 2], strides=[1, 2], padding="SAME"),
        nn.avg_pool2d(x, 2, 2, "SAME"),
        nn.max_pool(x, 3, 1, padding="SAME"),
        nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
        nn.conv2d(x, kernel, 1, "SAME"),
        nn.conv2d(x, kernel, [1, 2, 2, 1], "VALID"),
        nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME"),
    ]
    if F.since("tf>=2.4"):
        outputs += [
            nn.max_pool1d(s, 2, 2, "VALID"),
            nn.avg_pool1d(s, 3, 1, "SAME"),
            nn.conv1d(s, kernel[0], 1, "VALID"),
        ]
    return F.Model([x, s], outputs + [s * 2.0])


@architecture(OPS, kinds=BOTH)
def ops_of_booleans(F):
    m, tf = F.tf.math, F.tf
    return two(
        F,
        [
            m.logical_and,
            m.logical_or,
            lambda a, b: m.logical_not(a),
            lambda a, b: m.equal(a, b),
            lambda a, b: tf.reduce_any(a, axis=1),
            lambda a, b: tf.reduce_all(a, -1, True),
            lambda a, b: tf.cast(a, "int32"),
            lambda a, b: tf.where(a, 1.0, 2.0),
            lambda a, b: tf.where(a, [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.5]),
        ],
        makers=[booleans(), booleans()],
        dtype="bool",
    )


@architecture("tf>=2.4", kinds=BOTH)
def ops_in_half_precision(F):
    """Operators take what they are given: half precision under a mixed policy."""
    L, tf = F.layers, F.tf
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    x = F.Input(shape=(4,))
    y = L.Dense(4)(x)
    outputs = [
        tf.cast(y * 2.0 + 1.0, "float32"),
        tf.cast(tf.reduce_mean(y * y, axis=-1), "float32"),
        tf.cast(y * [1.0, 2.0, 3.0, 4.0], "float32"),
        tf.cast(tf.nn.softmax(y), "float32"),
        x + 1.0,
        L.Activation("linear", dtype="float32")(L.Dense(2)(tf.nn.relu(y))),
    ]
    return Made(F.Model(x, outputs), rtol=5e-3, atol=5e-3)


@architecture(LAMBDAS, expect="refused", reason="op-layer")
def ops_einsum(F):
    """The file holds the equation and none of the tensors."""
    x = F.Input(shape=(3, 4))
    return F.Model(x, F.tf.einsum("bij,bkj->bik", x, x))


@architecture("tf>=2.1<2.4")
def ops_einsum_nodes(F):
    x, y = F.Input(shape=(3, 4)), F.Input(shape=(5, 4))
    return F.Model([x, y], [F.tf.raw_ops.Einsum(inputs=[x, y], equation="bij,bkj->bik"), x * 2.0])


@architecture("tf>=2.5", expect="refused", reason="op-layer")
def ops_equality(F):
    """The file does not hold what == compares with."""
    return two(F, [lambda a, b: a == b, lambda a, b: a != b])


@architecture(LAMBDAS, expect="refused", reason="op-layer")
def ops_of_integers_refused(F):
    x = F.Input(shape=(4,), dtype="int32")
    return Made(F.Model(x, F.tf.reduce_mean(x, axis=1)), inputs=[ids(9)])


@architecture(LAMBDAS, expect="refused", reason="op-layer")
def ops_open_shapes_refused(F):
    """Two lengths that only the run knows, of another tensor."""
    tf = F.tf
    x = F.Input(shape=(None, 8))
    flat = tf.reshape(x, [-1, 8])
    return F.Model(x, tf.reshape(flat * 2.0, tf.shape(x)))


@architecture("tf>=2.15", expect="refused", reason="op-layer")
def ops_old_resizing_refused(F):
    x = F.Input(shape=(4, 4, 3))
    return Made(F.Model(x, F.tf.compat.v1.image.resize_bilinear(x, [8, 8])), inputs=[pictures()])


@architecture(OPS, kinds=BOTH)
def ops_after_masks(F):
    """Functions drop masks: the LSTM sees all steps."""
    L, tf = F.layers, F.tf
    x = F.Input(shape=(6,), dtype="int32")
    y = L.Embedding(9, 4, mask_zero=True)(x)
    z = tf.concat([y, y + 1.0], axis=-1)
    outputs = [L.LSTM(3)(y * 2.0), L.GRU(3)(tf.nn.relu(y)), L.LSTM(2)(y[:, ::2]), L.LSTM(2)(z)]
    return Made(F.Model(x, outputs), inputs=[ids(3)])


@architecture(OPS, kinds=BOTH)
def ops_in_nested_models(F):
    L, tf = F.layers, F.tf
    inner_input = F.Input(shape=(4,))
    inner = F.Model(inner_input, tf.nn.relu(L.Dense(4)(inner_input)) * 0.5 + 1.0)
    x = F.Input(shape=(4,))
    y = inner(inner(x) - x)
    return F.Model(x, [y / 2.0, tf.reduce_sum(y, axis=1)])


@architecture(OPS, kinds=BOTH)
def ops_hard_swish_block(F):
    """As MobileNetV3 has it."""
    L = F.layers

    def hard_sigmoid(x):
        return L.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)

    def hard_swish(x):
        return L.Multiply()([hard_sigmoid(x), x])

    x = F.Input(shape=(8, 8, 3))
    y = L.Rescaling(1.0 / 127.5, offset=-1.0)(x) if F.has("Rescaling") else x / 127.5 - 1.0
    y = hard_swish(L.BatchNormalization()(L.Conv2D(4, 3, strides=2, padding="same")(y)))
    z = L.GlobalAveragePooling2D()(y)
    z = L.Reshape((1, 1, 4))(z)
    z = L.ReLU()(L.Conv2D(2, 1)(z))
    z = hard_sigmoid(L.Conv2D(4, 1)(z))
    y = L.Multiply()([y, z])
    y = hard_swish(L.DepthwiseConv2D(3, padding="same")(y)) + y
    return F.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(y)))


@architecture(OPS, kinds=BOTH)
def ops_preprocessing(F):
    """As the functions of applications prepare their pictures, and EfficientNet normalizes."""
    L, tf = F.layers, F.tf
    x = F.Input(shape=(6, 6, 3))
    y = tf.math.truediv(x, 255.0)
    y = tf.math.subtract(y, [0.485, 0.456, 0.406])
    y = tf.math.divide(y, [0.229, 0.224, 0.225])
    y = L.Conv2D(3, 3)(y)
    z = x[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")
    gate = tf.math.sigmoid(tf.reduce_mean(y, [1, 2], keepdims=True))
    return Made(
        F.Model(x, [y * gate, tf.nn.bias_add(x[..., ::-1], [-1.0, -2.0, -3.0]), z]),
        inputs=[between(0, 255)],
    )


def application(F, name):
    """A module of Keras's own models, whose functions take sizes that the public ones fix."""
    within = "tensorflow.python.keras" if F.version < (2, 6) else "keras"
    within = "keras.src" if F.version >= (2, 13) else within
    return import_module(within + ".applications." + name)


@architecture("tf>=2.4", needs="Rescaling")
def ops_mobilenet_v3(F):
    V3 = application(F, "mobilenet_v3")

    def stack(x, kernel, activation, se_ratio):
        x = V3._inverted_res_block(x, 1, 8, 3, 2, se_ratio, V3.relu, 0)
        x = V3._inverted_res_block(x, 2, 8, kernel, 1, se_ratio, activation, 1)
        return V3._inverted_res_block(x, 2, 8, kernel, 2, None, activation, 2)

    given = {"input_shape": (32, 32, 3), "alpha": 0.5, "weights": None, "classes": 3}
    return Made(V3.MobileNetV3(stack, 16, **given), inputs=[between(0, 255)])


@architecture("tf>=2.4")
def ops_efficientnet(F):
    efficientnet = application(F, "efficientnet")
    blocks = [dict(each, filters_in=8, filters_out=8) for each in efficientnet.DEFAULT_BLOCKS_ARGS]
    given = {"default_size": 32, "blocks_args": blocks[:2], "weights": None, "classes": 3}
    given.update(input_shape=(32, 32, 3), width_coefficient=0.1, depth_coefficient=0.5)
    return Made(efficientnet.EfficientNet(**given), inputs=[between(0, 255)])


@architecture("tf>=2.10")
def ops_convnext(F):
    given = {"depths": [1, 1, 1, 1], "projection_dims": [4, 4, 8, 8], "default_size": 32}
    given.update(input_shape=(32, 32, 3), weights=None, classes=3)
    return Made(application(F, "convnext").ConvNeXt(**given), inputs=[between(0, 255)])


@architecture("tf>=2.9")
def ops_regnet(F):
    return regnet(F, "Y")


@architecture("tf>=2.9")
def ops_regnet_x(F):
    return regnet(F, "X")


def regnet(F, kind):
    given = {"depths": [1, 1, 1, 1], "widths": [8, 8, 8, 8], "group_width": 4, "block_type": kind}
    given.update(default_size=32, input_shape=(32, 32, 3), weights=None, classes=3)
    return Made(application(F, "regnet").RegNet(**given), inputs=[between(0, 255)])


@architecture("tf>=2.8")
def ops_efficientnet_v2(F):
    module = application(F, "efficientnet_v2")
    blocks = [dict(each, num_repeat=1) for each in module.DEFAULT_BLOCKS_ARGS["efficientnetv2-b0"]]
    given = {"default_size": 32, "blocks_args": blocks[::2], "weights": None, "classes": 3}
    given.update(input_shape=(32, 32, 3), width_coefficient=0.25, depth_coefficient=1.0)
    return Made(module.EfficientNetV2(**given), inputs=[between(0, 255)])


@architecture("tf>=2.9")
def ops_resnet_rs(F):
    module = application(F, "resnet_rs")
    blocks = [{"input_filters": 4, "num_repeats": 1}] * 4
    given = {"depth": 50, "bn_momentum": 0.0, "bn_epsilon": 1e-5, "activation": "relu"}
    given.update(se_ratio=0.25, dropout_rate=0.25, drop_connect_rate=0.2, include_top=True)
    given.update(block_args=blocks, model_name="small", weights=None, classes=3)
    return Made(module.ResNetRS(input_shape=(32, 32, 3), **given), inputs=[between(0, 255)])


@architecture(LAMBDAS)
def ops_rare(F):
    m, tf, nn, linalg = F.tf.math, F.tf, F.tf.nn, F.tf.linalg
    x, volume, i = (
        F.Input(shape=(3, 3)),
        F.Input(shape=(4, 4, 4, 2)),
        F.Input(shape=(), dtype="int32"),
    )
    kernel = np.arange(16.0, dtype="float32").reshape(2, 2, 2, 2, 1) / 16
    outputs = [
        m.xlog1py(x, x),
        tf.saturate_cast(x * 200.0, "uint8"),
        linalg.adjoint(x),
        linalg.det(x + 4.0 * np.eye(3, dtype="float32")),
        linalg.inv(x + 4.0 * np.eye(3, dtype="float32")),
        linalg.cross(x, x[:, ::-1]),
        m.in_top_k(i, x[:, 0], 2),
        nn.local_response_normalization(volume[:, 0], 1, 1.0, 0.5, 0.75),
        nn.max_pool3d(volume, 2, 2, "VALID"),
        nn.avg_pool3d(volume, 2, 1, "SAME"),
        nn.conv3d(volume, kernel, [1, 1, 1, 1, 1], "VALID"),
        tf.image.convert_image_dtype(x, "float64"),
        x * tf.cast(tf.rank(x), "float32"),
        x + nn.l2_loss(x),
    ]
    return Made(F.Model([x, volume, i], outputs), inputs=[between(0, 1), pictures(), ids(3)])


@architecture(LAMBDAS)
def ops_of_version_1(F):
    v1 = F.tf.compat.v1
    x, y = F.Input(shape=(4, 4, 4)), F.Input(shape=(3,))
    outputs = [
        v1.reduce_sum(x, axis=1),
        v1.reduce_mean(x, axis=[1, 2]),
        v1.reduce_max(x, axis=1),
        v1.reduce_min(x, axis=1),
        v1.reduce_prod(x, axis=1),
        v1.reduce_logsumexp(x, axis=1),
        v1.reduce_any(x > 0.5, axis=1),
        v1.reduce_all(x > 0.5, axis=1),
        v1.argmax(y, axis=1),
        v1.argmin(y, axis=1),
        v1.count_nonzero(x, axis=1),
        v1.expand_dims(y, axis=1),
        v1.ones_like(y) + y,
        v1.zeros_like(y) + y,
        v1.to_float(y > 0.5),
        v1.to_int32(y),
        v1.scalar_mul(2.0, y),
        v1.nn.softmax(y),
        v1.nn.log_softmax(y),
        v1.nn.l2_normalize(y, axis=1),
        v1.space_to_depth(x, 2),
        v1.depth_to_space(x, 2),
        v1.nn.max_pool(x, 2, 2, "VALID"),
        v1.nn.avg_pool(x, 2, 2, "VALID"),
    ]
    return Made(F.Model([x, y], outputs), inputs=[pictures(), between(0, 3)])


@architecture("tf>=2.1<2.4")
def ops_rare_kernels(F):
    raw = F.tf.raw_ops
    x, volume = F.Input(shape=(3, 3)), F.Input(shape=(4, 4, 4, 2))
    picture, i = F.Input(shape=(4, 4, 3)), F.Input(shape=(3,), dtype="int32")
    kernel = np.arange(16.0, dtype="float32").reshape(2, 2, 2, 2, 1) / 16
    window = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "SAME"}
    grid = {"align_corners": False, "half_pixel_centers": True}
    outputs = [
        raw.AdjustContrastv2(images=picture, contrast_factor=1.5),
        raw.Atanh(x=x / 2.0),
        raw.AvgPool3D(input=volume, **window),
        raw.MaxPool3D(input=volume, **window),
        raw.Conv3D(input=volume, filter=kernel, strides=[1, 1, 1, 1, 1], padding="VALID"),
        raw.BatchMatMul(x=x, y=x, adj_x=True),
        raw.ClipByValue(t=x, clip_value_min=0.25, clip_value_max=0.75),
        raw.Cross(a=x, b=x),
        raw.RGBToHSV(images=picture),
        raw.HSVToRGB(images=picture),
        raw.LRN(input=picture, depth_radius=1, alpha=0.5),
        raw.MatrixInverse(input=raw.AddV2(x=x, y=4.0 * np.eye(3, dtype="float32"))),
        raw.MatrixDeterminant(input=raw.AddV2(x=x, y=4.0 * np.eye(3, dtype="float32"))),
        raw.ResizeBilinear(images=picture, size=[7, 9], **grid),
        raw.ResizeNearestNeighbor(images=picture, size=[7, 9], **grid),
        raw.OnesLike(x=x) + x,
        raw.ZerosLike(x=x) + x,
        raw.Snapshot(input=x),
        raw.MatMul(a=raw.Cast(x=i, DstT=F.tf.float32), b=np.eye(3, 2, dtype="float32")),
        raw.Mul(x=i, y=2),
    ]
    makers = [between(0, 1), pictures(), pictures(), ids(4)]
    return Made(F.Model([x, volume, picture, i], outputs), inputs=makers)
