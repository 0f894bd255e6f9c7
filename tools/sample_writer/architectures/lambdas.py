"""Lambda layers, whose functions the file holds as bytecode.

Each model holds many of them, each as an output of its own, so that one index names a wrong one.
Functions are made from their text: what the file holds of them names no file of ours.
"""

import math

import numpy as np

from ..data import between, padded_floats, padded_ids, pictures
from ..framework import matches
from ..registry import Made, architecture

KERAS1 = "keras1"


def names(F):
    """What the functions see as globals, as in the scripts of their owners."""
    known = {"K": F.backend, "np": np, "math": math}
    if F.flavor == "tf" or F.backend.backend() == "tensorflow":
        known["tf"] = F.tf
    return known


def custom_objects(F):
    """The frameworks look for the globals of a function among these."""
    return names(F)


def made(F, source):
    """A function from its text: a lambda, or a ``def`` of several lines."""
    known = names(F)
    if not source.startswith("def "):
        return eval(compile(source, "<ipython-input-1>", "eval"), known)
    exec(compile(source, "<ipython-input-1>", "exec"), known)
    return known[source[4 : source.index("(")]]


def layer(F, source, shape=None, **arguments):
    """A Lambda; Theano has to be told the shape that it gives."""
    if shape is not None and F.backend.backend() == "theano":
        arguments["output_shape"] = shape
    function = made(F, source) if isinstance(source, str) else source
    return F.layers.Lambda(function, **arguments)


def several(F, inputs, sources, makers=None, **facts):
    """A model with an output for each function of the inputs; some say what shape they give."""
    given = inputs[0] if len(inputs) == 1 else inputs
    outputs = []
    for source in sources:
        text, shape = source if isinstance(source, tuple) else (source, None)
        outputs.append(layer(F, text, shape)(given))
    return Made(F.Model(given, outputs), inputs=makers, **facts)


ARITHMETIC = [
    "lambda x: x",
    "lambda x: x / 127.5 - 1.0",
    "lambda x: (x - 0.5) * 2",
    "lambda x: 1 - x",
    "lambda x: 2.0 / (x + 4)",
    "lambda x: -x + abs(x)",
    "lambda x: x ** 2",
    "lambda x: (x + 4.0) ** 0.5",
    "lambda x: x * x + x",
    "lambda x: x * (1 / 3.0) + 3 // 2 - 7 % 4",
    "lambda x: x * (2.0 if 3 > 2 else 1.0)",
    "lambda x: (lambda y: y * 3)(x) - 1",
]
PARTS = [
    ("lambda x: x[:, 0]", (3,)),
    ("lambda x: x[:, -1, :]", (3,)),
    ("lambda x: x[:, 1:3]", (2, 3)),
    ("lambda x: x[:, ::2, 1]", (2,)),
    ("lambda x: x[:, :-1, -2:]", (3, 2)),
    ("lambda x: x[:, ::-1]", (4, 3)),
]
NEW_AXES = [
    ("lambda x: x[..., 0]", (4,)),
    ("lambda x: x[:, None, :, 1:]", (1, 4, 2)),
    ("lambda x: x[:, :, tf.newaxis]", (4, 1, 3)),
]


@architecture(KERAS1 + " keras tf keras3", kinds="full keras")
def lambdas_arithmetic(F):
    """No function of these calls one, so every release and every Python can have them."""
    x = F.Input(shape=(4,))
    # Keras 1 takes what hands on its input for the input itself.
    sources = ARITHMETIC[1:] if F.flavor == "keras1" else ARITHMETIC
    return several(F, [x], sources, makers=[between(-2, 2)])


@architecture(KERAS1 + " keras tf keras3", kinds="full keras")
def lambdas_parts(F):
    x = F.Input(shape=(4, 3))
    more = NEW_AXES[: 3 if F.flavor in ("keras", "tf") else 2]
    is_theano = F.backend.backend() == "theano"
    return several(F, [x], PARTS + ([] if is_theano else more))


BACKEND = [
    "lambda x: K.abs(x)",
    "lambda x: K.exp(x)",
    "lambda x: K.log(K.abs(x) + 1)",
    "lambda x: K.sqrt(x)",
    "lambda x: K.square(x)",
    "lambda x: K.pow(x, 3)",
    "lambda x: K.sign(x)",
    "lambda x: K.round(x)",
    "lambda x: K.clip(x, -0.5, 1)",
    "lambda x: K.maximum(x, 0.25)",
    "lambda x: K.minimum(x, K.square(x))",
    "lambda x: K.relu(x)",
    "lambda x: K.relu(x, alpha=0.1)",
    "lambda x: K.relu(x, max_value=1.0)",
    "lambda x: K.relu(x, alpha=0.5, max_value=1.5)",
    "lambda x: K.elu(x, 0.5)",
    "lambda x: K.softplus(x)",
    "lambda x: K.sigmoid(x)",
    "lambda x: K.hard_sigmoid(x)",
    "lambda x: K.tanh(x)",
    "lambda x: K.sin(x) + K.cos(x)",
    "lambda x: K.softmax(x)",
    "lambda x: K.l2_normalize(x, axis=1)",
    "lambda x: K.l2_normalize(x, -1)",
    "lambda x: K.zeros_like(x) + K.ones_like(x) * 2",
    "lambda x: x * K.epsilon() * 1e7",
    "lambda x: K.permute_dimensions(K.expand_dims(x, 1), (0, 2, 1))[:, :, 0]",
    "lambda x: K.cast(K.greater(x, 0), 'float32')",
    "lambda x: K.cast(K.not_equal(x, 0.5), 'float32') + K.cast(K.equal(x, x), 'float32')",
    "lambda x: K.concatenate([x[:, 2:], x[:, :2]], axis=1)",
    "lambda x: x * np.array([1.0, 2.0, 0.5, 3.0], dtype='float32') + float(np.pi)",
    "lambda x: x / math.sqrt(2) + np.exp(1.0)",
]


@architecture(KERAS1 + " keras tf")
def lambdas_backend(F):
    """Functions of Keras's backend that keep the shape."""
    return several(F, [F.Input(shape=(4,))], BACKEND, makers=[between(-3, 3)])


REDUCTIONS = [
    ("lambda x: K.sum(x, axis=1)", (3,)),
    ("lambda x: K.sum(x, axis=-1, keepdims=True)", (4, 1)),
    ("lambda x: K.mean(x, axis=1)", (3,)),
    ("lambda x: K.mean(x, axis=[1, 2])", ()),
    ("lambda x: K.max(x, axis=1)", (3,)),
    ("lambda x: K.min(x, axis=2)", (4,)),
    ("lambda x: K.prod(x, axis=-1)", (4,)),
    ("lambda x: K.std(x, axis=1)", (3,)),
    ("lambda x: K.var(x, axis=1, keepdims=True)", (1, 3)),
    ("lambda x: K.cast(K.argmax(x, axis=-1), 'float32')", (4,)),
    ("lambda x: K.expand_dims(x)", (4, 3, 1)),
    ("lambda x: K.expand_dims(x[:, 0], 1)", (1, 3)),
    ("lambda x: K.squeeze(x[:, :1], 1)", (3,)),
    ("lambda x: K.permute_dimensions(x, (0, 2, 1))", (3, 4)),
    ("lambda x: K.reshape(x, (-1, 12))", (12,)),
    ("lambda x: K.batch_flatten(x)", (12,)),
    ("lambda x: K.repeat(x[:, 0], 3)", (3, 3)),
    ("lambda x: K.repeat_elements(x, 2, 1)", (8, 3)),
    ("lambda x: K.tile(x, (1, 2, 1))", (8, 3)),
    ("lambda x: K.temporal_padding(x)", (6, 3)),
    ("lambda x: K.sum(x * x, 1) / K.sum(K.abs(x), 1)", (3,)),
]
LATER_REDUCTIONS = [
    ("lambda x: K.stack([x, x * 2], axis=1)", (2, 4, 3)),
    ("lambda x: K.reverse(x, 1)", (4, 3)),
    ("lambda x: K.cumsum(x, axis=1)", (4, 3)),
    ("lambda x: K.one_hot(K.argmax(x), 3)", (4, 3)),
    ("lambda x: K.switch(K.greater(x, 0), x, x * 0.1)", (4, 3)),
    ("lambda x: K.reshape(x, (-1, K.int_shape(x)[1] * K.int_shape(x)[2]))", (12,)),
    ("lambda x: K.constant([1.0, 2.0, 3.0]) * x", (4, 3)),
    ("lambda x: K.dot(x, K.constant([[1.0, 0.5]] * 3))", (4, 2)),
    ("lambda x: K.logsumexp(x, axis=1)", (3,)),
    ("lambda x: K.in_train_phase(x * 2, x)", (4, 3)),
]


@architecture(KERAS1 + " keras tf")
def lambdas_along_axes(F):
    is_old = matches("keras1 keras<2.2", F.flavor, F.version)
    later = [] if is_old else LATER_REDUCTIONS[: 8 if F.flavor == "tf" else 10]
    if F.flavor == "tf":
        later = [each for each in later if hasattr(F.backend, each[0].split("(")[0][12:])]
    sources = [each for each in REDUCTIONS + later if F.backend.backend() != "theano" or each[1]]
    return several(F, [F.Input(shape=(4, 3))], sources, makers=[between(-2, 2)])


MORE = [
    "lambda x: K.gather(x, K.constant([1, 0, 1], dtype='int32'))",
    "lambda x: K.slice(x, [0, 1, 0], [-1, 2, 3])",
    "lambda x: K.batch_flatten(K.reverse(x, axes=[1, 2]))",
    "lambda x: K.concatenate([K.zeros((3, 1, 3)), x], axis=1)",
    "lambda x: x * K.eye(4)[:, :3] + K.variable([0.5, 1.0, 2.0])",
    "lambda x: x * K.cast(K.arange(1, 4), 'float32')",
    "lambda x: K.cast(K.any(x > 1.0, axis=1), 'float32')",
    "lambda x: K.cast(K.all(x < 1.5, axis=-1, keepdims=True), 'int32')",
    "lambda x: K.cast(K.argmin(x, axis=1), 'int32')",
    "lambda x: K.cumprod(x, axis=1)",
    "lambda x: K.selu(x) + K.softsign(x)",
    "lambda x: K.relu(x, threshold=0.5)",
    "lambda x: K.relu(x, 0.2, 1.0, 0.25)",
    "lambda x: K.stop_gradient(x) * 2",
    "lambda x: K.cast(K.less(x, 0.5), 'float32') + K.cast(K.less_equal(x, 1.0), 'float32')",
    "lambda x: K.switch(K.greater(x[:, :, 0], 0), x, -x)",
    "lambda x: x * K.ndim(x) if K.backend() == 'tensorflow' else x",
    "lambda x: K.batch_normalization(x, K.constant([0.5, 0.0, 1.0]), K.constant([1.0, 2.0, 0.5]), None, None)",
    "lambda x: K.cast(x, 'float64')[:, 1:]",
    "lambda x: K.tile(K.expand_dims(x, 2), [1, 1, 2, 1])",
    "lambda x: K.repeat_elements(K.repeat_elements(x, 2, axis=1), 3, axis=2)",
    "lambda x: K.mean(K.cast(x > 0, 'float32'), axis=-1)",
]


@architecture("keras>=2.2 tf>=2.2")
def lambdas_backend_more(F):
    sources = [each for each in MORE if _has_all(F, each)]
    if F.flavor == "tf":
        # There they are variables, which a Lambda of it must not make.
        made = ("K.zeros(", "K.variable(", "K.eye(")
        sources = [each for each in sources if not any(name in each for name in made)]
    if F.backend.backend() != "tensorflow":
        sources = sources[-1:]
    return several(F, [F.Input(batch_shape=(3, 4, 3))], sources, makers=[between(-2, 2)])


def _has_all(F, source):
    """Whether a release has every function of the backend that a text names."""
    return all(hasattr(F.backend, each.split("(")[0]) for each in source.split("K.")[1:])


PAIRS = [
    "lambda xs: xs[0] - xs[1]",
    "lambda xs: K.abs(xs[0] - xs[1])",
    ("lambda v: K.sqrt(K.sum(K.square(v[0] - v[1]), axis=1, keepdims=True))", (1,)),
    ("lambda v: K.sqrt(K.maximum(K.sum(K.square(v[0] - v[1]), 1, True), K.epsilon()))", (1,)),
    ("lambda v: K.sum(v[0] * v[1], axis=-1, keepdims=True)", (1,)),
    ("lambda v: K.batch_dot(v[0], v[1], axes=1)", (1,)),
    ("lambda v: K.concatenate([v[0], v[1]])", (8,)),
    ("lambda v: K.concatenate(v, axis=-1)", (8,)),
    "lambda xs: xs[0] * xs[1] + len(xs)",
    "lambda xs: sum([xs[0], xs[1]]) / 2",
    (
        "def cosine(vects):\n"
        "    x, y = vects\n"
        "    x = K.l2_normalize(x, axis=-1)\n"
        "    y = K.l2_normalize(y, axis=-1)\n"
        "    return -K.sum(x * y, axis=-1, keepdims=True)\n",
        (1,),
    ),
]
MATRICES = [
    ("lambda v: K.batch_dot(v[0], v[1], axes=[2, 1])", (4, 5)),
    ("lambda v: K.batch_dot(v[0], v[0], axes=[2, 2])", (4, 4)),
    ("lambda v: K.batch_dot(v[0][:, :3], v[1], axes=(1, 1))", (3, 5)),
    ("lambda v: K.batch_dot(v[0], v[1][:, :, 0], axes=(2, 1))", (4,)),
]


@architecture(KERAS1 + " keras tf")
def lambdas_of_pairs(F):
    given = [F.Input(shape=(4,)), F.Input(shape=(4,))]
    return several(F, given, [(each, (4,)) if isinstance(each, str) else each for each in PAIRS])


@architecture(KERAS1 + " keras tf")
def lambdas_of_matrices(F):
    a, b = F.Input(shape=(4, 3)), F.Input(shape=(3, 5))
    return several(F, [a, b], MATRICES[: 3 if F.flavor == "keras1" else 4])


IMAGES = [
    ("lambda x: x / 255.0", (6, 5, 3)),
    ("lambda x: x[:, 1:-1, :, ::-1]", (4, 5, 3)),
    ("lambda x: K.mean(x, axis=[1, 2])", (3,)),
    ("lambda x: (x - np.array([0.1, 0.2, 0.3]).reshape((1, 1, 1, 3)).astype('float32'))", None),
]
PICTURES_OF_TENSORFLOW = [
    "lambda x: K.resize_images(x, 2, 3, data_format='channels_last')",
    "lambda x: K.spatial_2d_padding(x, ((1, 0), (2, 1)), data_format='channels_last')",
    "lambda x: tf.image.flip_left_right(x)",
    "lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'REFLECT')",
    "lambda x: tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')",
    "lambda x: tf.space_to_depth(x[:, :, :4], 2)",
    "lambda x: tf.reduce_mean(x, [1, 2], keepdims=True)",
]
OF_VERSION_1 = [
    "lambda x: tf.image.resize_images(x, (3, 10))",
    "lambda x: tf.image.resize_images(x, (9, 4), method=1)",
    "lambda x: tf.image.resize_bilinear(x, (5, 7))",
    "lambda x: tf.image.resize_nearest_neighbor(x, [12, 10])",
    "lambda x: tf.log(x + 1.0)",
    "lambda x: tf.div(x, 2.0)",
]
OF_VERSION_2 = [
    "lambda x: tf.image.resize(x, (3, 10))",
    "lambda x: tf.image.resize(x, [12, 10], method='nearest')",
    "lambda x: tf.compat.v1.image.resize_bilinear(x, (5, 7))",
    "lambda x: K.resize_images(x, 2, 2, data_format='channels_last', interpolation='bilinear')",
]


@architecture(KERAS1 + " keras tf")
def lambdas_of_pictures(F):
    x = F.Input(shape=(6, 5, 3))
    later = []
    if F.flavor in ("keras", "tf") and F.backend.backend() == "tensorflow":
        later = list(PICTURES_OF_TENSORFLOW)
        is_version_1 = F.tf.__version__.startswith("1.")
        if not is_version_1:
            later = [each for each in later if "space_to_depth" not in each]
        if F.flavor == "tf" or is_version_1:
            later += OF_VERSION_1 if is_version_1 else OF_VERSION_2
        if F.flavor == "tf" and (2, 0) > F.version >= (1, 13):
            # The file says of these releases no more than that they are 1.13 to 2.1.
            later = [each for each in later if "tf.image.resize(" not in each]
        if F.flavor == "tf" and (2, 0) <= F.version < (2, 2):
            later = [each for each in later if "resize(" not in each and "bilinear'" not in each]
    return several(F, [x], IMAGES + later, makers=[pictures()])


FUNCTIONS = [
    "lambda x: tf.nn.relu(x) + tf.sigmoid(x)",
    "lambda x: tf.nn.softmax(x, axis=1)",
    "lambda x: tf.nn.l2_normalize(x, -1)",
    "lambda x: tf.math.l2_normalize(x, axis=1)",
    "lambda x: tf.reduce_sum(x, axis=1)",
    "lambda x: tf.reduce_max(x, axis=[1, 2], keepdims=True)",
    "lambda x: tf.expand_dims(x, -1)",
    "lambda x: tf.squeeze(x[:, :1], axis=1)",
    "lambda x: tf.concat([x, x + 1], axis=-1)",
    "lambda x: tf.stack([x, -x], axis=2)",
    "lambda x: tf.transpose(x, [0, 2, 1])",
    "lambda x: tf.reshape(x, [-1, 4, 3, 1])",
    "lambda x: tf.reshape(x, [tf.shape(x)[0], -1])",
    "lambda x: tf.tile(x, [1, 1, 2])",
    "lambda x: tf.matmul(x, x, transpose_b=True)",
    "lambda x: tf.einsum('bij,bkj->bik', x, x)",
    "lambda x: tf.clip_by_value(x, -1, 1)",
    "lambda x: tf.cast(tf.argmax(x, axis=-1), tf.float32)",
    "lambda x: tf.cast(x > 0.5, 'float32')",
    "lambda x: tf.where(x > 0, x, tf.zeros_like(x))",
    "lambda x: tf.maximum(x, 0.0) * tf.constant([1.0, 2.0, 3.0])",
    "lambda x: tf.split(x, 2, axis=1)[1]",
    "lambda x: tf.unstack(x, axis=1)[0]",
    "lambda x: tf.gather(x, [2, 0], axis=1)",
    "lambda x: tf.one_hot(tf.cast(x[:, :, 0] > 0, tf.int32), 2)",
    "lambda x: tf.reverse(x, axis=[1])",
    "lambda x: tf.cumsum(x, axis=1)",
    "lambda x: tf.pad(x, [[0, 0], [1, 0], [0, 0]])",
    "lambda x: tf.square(x) - tf.sqrt(tf.abs(x)) + tf.exp(-x)",
    "lambda x: tf.add(x, 1.0) * tf.subtract(2.0, x) / tf.multiply(2.0, tf.ones_like(x))",
    "lambda x: x.shape[1] * x if False else x * 2",
    "lambda x: x * int(x.shape[2])",
    "lambda x: x * x.get_shape().as_list()[1]",
    "lambda x: x[:, :, 0] @ K.constant([[1.0, 0.5]] * 4)",
]
LATER_FUNCTIONS = [
    "lambda x: tf.keras.activations.relu(x)",
    "lambda x: tf.keras.backend.mean(x, axis=1)",
    "lambda x: tf.nn.leaky_relu(x, 0.3)",
    "lambda x: tf.repeat(x, 2, axis=1)",
    "lambda x: tf.math.reduce_std(x, axis=1)",
    "lambda x: tf.linalg.norm(x, axis=-1)",
    "lambda x: tf.roll(x, 1, axis=1)",
    "lambda x: tf.math.top_k(x, 2)[0]",
]


@architecture("keras>=2.2 tf", kinds="full keras")
def lambdas_of_tensorflow(F):
    if F.backend.backend() != "tensorflow":
        return several(F, [F.Input(shape=(4, 3))], ["lambda x: x * 2"])
    later = LATER_FUNCTIONS if F.since("tf>=2.1") else []
    return several(F, [F.Input(shape=(4, 3))], FUNCTIONS + later, makers=[between(-2, 2)])


def scaled(by):
    """A function that sees a variable of the function around it."""
    known = {}
    source = "def outside(by, shift):\n    return lambda x: x * by + shift\n"
    exec(compile(source, "<ipython-input-1>", "exec"), known)
    return known["outside"](by, 0.5)


LINES = """def lines(x, factor=2.0, offset=[0.5, 1.0, 1.5, 2.0]):
    mean = K.mean(x, axis=1, keepdims=True)
    centred = x - mean
    if factor > 1:
        centred = centred * factor
    parts = [i * 1.5 for i in range(1, 3)]
    return centred * parts[0] + parts[1] + np.array(offset, dtype='float32')
"""
NAMED = """def named(x, axis, exponent=1, **others):
    total = K.sum(x ** exponent, axis=axis, keepdims=True)
    return x + total
"""


@architecture("keras tf")
def lambdas_of_variables(F):
    """Values from around the function: variables, defaults, the layer's arguments."""
    x = F.Input(shape=(4,))
    same = {"shape": (4,)}
    layers = [
        layer(F, scaled(3.0), **same),
        layer(F, "lambda t, by=1.5: t * by", **same),
        layer(F, "lambda t, by=1.5, to=2.0: t * by + to", arguments={"to": 0.25}, **same),
        layer(F, NAMED, arguments={"axis": 1, "exponent": 2}, **same),
        layer(F, LINES, **same),
        layer(F, "lambda t, mask=None: t if mask is None else t * 2", **same),
    ]
    return Made(F.Model(x, [each(x) for each in layers]), inputs=[between(-2, 2)])


@architecture(KERAS1 + " keras tf")
def lambdas_placed(F):
    """In a Sequential, in a nested model, in a wrapper, shared, between layers with weights."""
    L = F.layers
    x = F.Input(shape=(4, 3))
    shared = layer(F, "lambda x: K.square(x) - 1.0", (4, 3))
    inner = F.Input(shape=(4, 3))
    summed = layer(F, "lambda x: K.sum(x, axis=1)", (3,))
    nested = F.Model(inner, summed(L.Activation("tanh")(inner)))
    line = F.Sequential()
    line.add(layer(F, "lambda x: x * 0.5 + 1.0", (4, 3), input_shape=(4, 3)))
    line.add(L.Flatten())
    line.add(L.Dense(3, activation="tanh"))
    line.add(layer(F, "lambda x: K.l2_normalize(x, axis=-1)", (3,)))
    line.add(L.Dense(2))
    steps = L.TimeDistributed(layer(F, "lambda x: x * 2 - K.sum(x, -1, keepdims=True)", (3,)))
    outputs = [line(x), nested(x), steps(x), shared(shared(x)), L.Dense(2)(nested(shared(x)))]
    return Made(F.Model(x, outputs), inputs=[between(-2, 2)])


@architecture(KERAS1 + " keras tf keras3")
def lambdas_in_line(F):
    """A Sequential that begins with a picture's normalization, as many a saved model does."""
    L = F.layers
    start = {"input_shape": (6, 5, 3)}
    line = F.Sequential()
    if F.flavor == "keras3":
        line.add(F.Input(shape=start.pop("input_shape")))
    line.add(layer(F, "lambda x: x / 127.5 - 1.0", (6, 5, 3), **start))
    line.add(L.Flatten())
    line.add(L.Dense(3, activation="relu"))
    line.add(L.Dense(1))
    return Made(line, inputs=[between(0, 255)])


@architecture("keras tf keras3")
def lambdas_after_masks(F):
    """A Lambda lets go of the mask; a function may take it."""
    L = F.layers
    x = F.Input(shape=(6, 3))
    masked = L.Masking()(x)
    outputs = [L.LSTM(2)(layer(F, "lambda t: t * 2.0", (6, 3))(masked))]
    if not F.since("tf<2.2"):
        # These files do not say whether TensorFlow 1 or 2 wrote them, which differ in this.
        outputs.append(L.LSTM(2)(layer(F, "lambda x: x", (6, 3))(masked)))
    if F.flavor != "keras3":
        same = "lambda t: tf.identity(t)" if F.flavor == "tf" else "lambda t: K.identity(t)"
        outputs.append(L.LSTM(2)(layer(F, same, (6, 3))(masked)))
    if F.since("tf>=2.3"):
        # Before, the mask became one of the arguments that are saved, which no file can hold.
        count = "lambda x, mask: x * K.cast(K.expand_dims(mask), 'float32') + 1.0"
        outputs.append(layer(F, count, output_shape=(6, 3))(masked))
    return Made(F.Model(x, outputs), inputs=[padded_floats()])


@architecture("tf>=2.3")
def lambdas_of_ids(F):
    """Integers in, a mask that the function takes to average over words."""
    L = F.layers
    x = F.Input(shape=(6,), dtype="int32")
    words = L.Embedding(7, 3, mask_zero=True)(x)
    mean = (
        "def average(x, mask=None):\n"
        "    mask = K.cast(mask, 'float32')\n"
        "    mask = K.expand_dims(mask, -1)\n"
        "    return K.sum(x * mask, axis=1) / K.sum(mask, axis=1)\n"
    )
    outputs = [
        layer(F, mean, output_shape=(3,))(words),
        layer(F, "lambda x: K.cast(x, 'float32') * 0.5", (6,))(x),
    ]
    return Made(F.Model(x, outputs), inputs=[padded_ids(7)])


@architecture("keras>=2.2 tf", kinds="full")
def lambdas_of_several_outputs(F):
    L = F.layers
    x = F.Input(shape=(4, 3))
    both = layer(F, "lambda x: [x[:, :2], x[:, 2:] * 2.0]", [(2, 3), (2, 3)])(x)
    first, second = both
    return F.Model(x, [L.Dense(2)(first), second])
