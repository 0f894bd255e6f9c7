"""Functions of TensorFlow in the graph, in the forms that their arguments have.

Each model holds many of them, each as an output of its own, so that one index names a wrong one.
"""

import numpy as np

from ..data import between, floats, ids, pictures
from ..registry import Made, architecture
from .op_layers import two

LAMBDAS = "tf>=2.4"


def branch(F, inputs, functions):
    """Outputs of functions that take the same inputs.

    A pair of writers and a function is left out by other writers.
    """
    outputs = []
    for each in functions:
        writers, function = each if isinstance(each, tuple) else (LAMBDAS, each)
        if F.since(writers):
            outputs.append(function(*inputs))
    return F.Model(inputs, outputs)


def kernel(*shape):
    size = int(np.prod(shape))
    return (np.arange(float(size), dtype="float32").reshape(shape) - size // 2) / size


@architecture(LAMBDAS)
def functions_of_constants(F):
    tf = F.tf
    x, y = F.Input(shape=(4,)), F.Input(shape=(None, 8))
    functions = [
        lambda x, y: tf.zeros([tf.shape(x)[0], 5]),
        lambda x, y: tf.zeros((tf.shape(x)[0], 2, 3), dtype="int32"),
        lambda x, y: tf.zeros(tf.shape(y)),
        lambda x, y: tf.ones((tf.shape(y)[0], tf.shape(y)[1], 3)),
        lambda x, y: tf.ones([tf.shape(x)[0], 2], dtype=tf.bool),
        lambda x, y: tf.fill([tf.shape(x)[0], 5], 0.5),
        lambda x, y: tf.fill(tf.shape(x), 3),
        lambda x, y: tf.fill([tf.shape(x)[0], 3], x[0, 0]) * 0.0 + x[:, :1],
        lambda x, y: tf.eye(tf.shape(x)[1]),
        lambda x, y: tf.eye(tf.shape(x)[1], num_columns=3, dtype="int32"),
        lambda x, y: tf.eye(tf.shape(x)[1], batch_shape=[2]),
        lambda x, y: x + tf.range(tf.shape(x)[1], dtype="float32"),
        lambda x, y: tf.range(tf.shape(y)[1]),
        lambda x, y: tf.range(2, tf.shape(y)[1], 2),
        lambda x, y: tf.range(start=1, limit=tf.shape(y)[1], delta=1, dtype=tf.int64),
        lambda x, y: tf.range(tf.shape(x)[1] * 2) * 2,
        lambda x, y: tf.linspace(x[:, 0], x[:, 1], 5),
        lambda x, y: tf.linspace(x, 2.0 * x, 3, axis=-1),
        lambda x, y: tf.linspace(x[:, 0], x[:, 1], num=1),
        lambda x, y: tf.convert_to_tensor(x),
        lambda x, y: tf.convert_to_tensor(x, dtype=tf.float32),
        lambda x, y: tf.compat.v1.convert_to_tensor([x[:, 0], x[:, 1]], dtype=tf.float32),
        lambda x, y: tf.convert_to_tensor([x[:, 0], x[:, 1]]),
        lambda x, y: tf.compat.v1.convert_to_tensor(x),
        lambda x, y: tf.identity_n([x, x * 2.0])[1],
        lambda x, y: tf.shape_n([x, y])[0],
        lambda x, y: tf.shape(y),
        lambda x, y: tf.expand_dims(tf.shape(y)[1], 0),
        lambda x, y: tf.shape(x, out_type=tf.int64),
        lambda x, y: tf.expand_dims(tf.size(x[0]), 0),
        lambda x, y: tf.expand_dims(tf.rank(y), axis=0),
    ]
    return branch(F, [x, y], functions)


@architecture(LAMBDAS)
def functions_of_positions(F):
    """As transformers count the places of their tokens; a mask that is computed."""
    L, tf = F.layers, F.tf
    i, j = F.Input(shape=(6,), dtype="int32"), F.Input(shape=(None,), dtype="int32")
    places = L.Embedding(6, 4)
    table = L.Embedding(9, 4)
    fixed = table(i) + places(tf.range(start=0, limit=tf.shape(i)[-1], delta=1))
    opened = table(j) + places(tf.range(tf.shape(j)[1]))
    seen = tf.cast(tf.math.not_equal(j, 0), "float32")[:, tf.newaxis, tf.newaxis, :]
    scores = tf.matmul(opened, opened, transpose_b=True)[:, tf.newaxis] + (1.0 - seen) * -1e4
    batch, steps = tf.shape(j)[0], tf.shape(j)[1]
    causal = tf.range(steps)[:, tf.newaxis] >= tf.range(steps)
    causal = tf.cast(causal, "int32")[tf.newaxis]
    twice = tf.tile(causal, [1, 2, 1])
    outputs = [
        fixed,
        L.Dense(3)(opened),
        tf.nn.softmax(scores),
        twice,
        tf.expand_dims(batch * 2, 0),
    ]
    return Made(F.Model([i, j], outputs), inputs=[ids(9), ids(9)])


@architecture(LAMBDAS)
def functions_called_twice(F):
    """One layer of a function on several tensors, and a model of such layers."""
    L, tf = F.layers, F.tf
    x, y = F.Input(shape=(4,)), F.Input(shape=(4,))
    double = x * 2.0
    layer = double._keras_history.layer
    again = layer(y, y=3.0)
    cut = tf.split(L.Dense(4)(x), 2, axis=1)
    splitter = cut[0]._keras_history.layer
    others = splitter(L.Dense(4)(y), num_or_size_splits=2, axis=1)
    inner_input = F.Input(shape=(4,))
    inner = F.Model(inner_input, [tf.nn.relu(inner_input) + 1.0, inner_input[:, ::2]])
    first, second = inner(x), inner(L.Dense(4)(y))
    outputs = [double, again, again - double, cut[1], others[0], others[1]]
    return F.Model([x, y], outputs + first + second)


@architecture(LAMBDAS)
def functions_of_losses(F):
    nn, tf = F.tf.nn, F.tf
    losses, K = F.keras.losses, F.keras.backend
    z, x, i = F.Input(shape=(4,)), F.Input(shape=(4,)), F.Input(shape=(), dtype="int32")
    names = (
        "binary_crossentropy categorical_crossentropy mean_squared_error mean_absolute_error"
        " mean_absolute_percentage_error mean_squared_logarithmic_error kl_divergence poisson hinge"
        " squared_hinge categorical_hinge cosine_similarity huber"
    )
    functions = [
        lambda z, x, i: nn.sigmoid_cross_entropy_with_logits(z, x),
        lambda z, x, i: nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x * 20.0 - 10.0),
        lambda z, x, i: nn.softmax_cross_entropy_with_logits(z, x),
        lambda z, x, i: nn.softmax_cross_entropy_with_logits(z[:, None], x[:, None], axis=2),
        lambda z, x, i: nn.sparse_softmax_cross_entropy_with_logits(i, x),
        lambda z, x, i: nn.weighted_cross_entropy_with_logits(z, x, 2.0),
        lambda z, x, i: nn.weighted_cross_entropy_with_logits(z, x, pos_weight=x),
        lambda z, x, i: nn.log_poisson_loss(z * 3.0, x),
        lambda z, x, i: nn.log_poisson_loss(z * 3.0 + 0.25, x, compute_full_loss=True),
        lambda z, x, i: K.binary_crossentropy(z, x),
        lambda z, x, i: K.binary_crossentropy(z, x, from_logits=True),
        lambda z, x, i: K.categorical_crossentropy(z, x),
        lambda z, x, i: K.categorical_crossentropy(z, x, from_logits=True),
        lambda z, x, i: K.categorical_crossentropy(z[:, None], x[:, None], axis=2),
        lambda z, x, i: losses.sparse_categorical_crossentropy(i, x),
        lambda z, x, i: losses.sparse_categorical_crossentropy(i, x, from_logits=True),
        lambda z, x, i: losses.sparse_categorical_crossentropy(i[:, None], x),
        lambda z, x, i: losses.hinge(tf.round(z), x),
        lambda z, x, i: K.batch_flatten(z[:, None] * x[:, :, None]),
        lambda z, x, i: K.cast_to_floatx(i),
        lambda z, x, i: K.print_tensor(z, message="z"),
        lambda z, x, i: K.batch_dot(z[:, None], x[:, :, None]),
        lambda z, x, i: K.switch(z > 0.5, z, x),
        ("tf>=2.15", lambda z, x, i: losses.binary_focal_crossentropy(z, x)),
    ]
    for name in names.split():
        each = getattr(losses, name)
        functions.append(lambda z, x, i, each=each: each(z, x))
    makers = [between(0.125, 0.875), between(0.125, 0.875), ids(4)]
    return Made(branch(F, [z, x, i], functions), inputs=makers)


@architecture("tf>=2.4", expect="refused", reason="op-layer")
def functions_of_hidden_logits(F):
    """What a softmax gives stands in the file; Keras 2 takes what it was given."""
    z, x = F.Input(shape=(4,)), F.Input(shape=(4,))
    y = F.layers.Dense(4, activation="softmax")(x)
    return F.Model([z, x], F.keras.backend.categorical_crossentropy(z, y))


@architecture(LAMBDAS)
def functions_of_signals(F):
    signal, tf = F.tf.signal, F.tf
    x, f = F.Input(shape=(32,)), F.Input(shape=(5, 6))
    mel = signal.linear_to_mel_weight_matrix(6, 9, 8000, 100.0, 3000.0).numpy()

    functions = [
        lambda x, f: signal.frame(x, 8, 4),
        lambda x, f: signal.frame(x, 8, 5, pad_end=True, pad_value=0.5),
        lambda x, f: signal.frame(f, 2, 1, axis=1),
        lambda x, f: tf.abs(signal.stft(x, 16, 8)),
        lambda x, f: tf.abs(signal.stft(x, frame_length=12, frame_step=6)),
        lambda x, f: tf.math.square(tf.abs(signal.stft(x, 12, 6, fft_length=16, pad_end=True))),
        lambda x, f: tf.tensordot(tf.abs(signal.stft(x, 16, 8)), mel, 1),
        lambda x, f: tf.math.log(tf.matmul(tf.abs(signal.stft(x, 16, 8)), mel) + 1e-3),
        lambda x, f: signal.mfccs_from_log_mel_spectrograms(f)[..., :4],
        lambda x, f: signal.inverse_stft(signal.stft(x, 16, 8), 16, 8),
        lambda x, f: signal.inverse_stft(signal.stft(x, 12, 6), 12, 6, fft_length=16),
        lambda x, f: signal.overlap_and_add(f, 2),
        lambda x, f: signal.overlap_and_add(f, 4),
        lambda x, f: signal.dct(f),
        lambda x, f: signal.dct(f, type=2, norm="ortho"),
        lambda x, f: signal.dct(f, type=1),
        lambda x, f: signal.dct(f, type=3),
        lambda x, f: signal.dct(f, type=3, norm="ortho"),
        lambda x, f: signal.dct(f, type=2, n=4),
        lambda x, f: signal.dct(f, type=2, n=8),
        lambda x, f: signal.idct(f),
        lambda x, f: signal.idct(f, type=2, norm="ortho"),
        lambda x, f: signal.idct(f, type=3, n=5),
        lambda x, f: signal.fftshift(f, axes=1),
        lambda x, f: signal.fftshift(f[0]) * 0.0 + f,
        lambda x, f: signal.ifftshift(f, axes=[1, 2]),
        ("tf>=2.5", lambda x, f: signal.dct(f, type=4)),
        ("tf>=2.5", lambda x, f: signal.dct(f, type=4, norm="ortho")),
        lambda x, f: tf.abs(signal.fft(tf.cast(f, "complex64"))),
        lambda x, f: tf.abs(signal.fft2d(tf.cast(f, tf.complex64))),
        lambda x, f: tf.math.real(signal.ifft(signal.fft(tf.cast(f, "complex64")))),
        lambda x, f: tf.math.real(signal.ifft2d(tf.cast(f, "complex64"))),
        lambda x, f: tf.cast(signal.ifft(tf.cast(f, "complex64")), "float32"),
    ]
    return branch(F, [x, f], functions)


@architecture(LAMBDAS)
def functions_of_complex_numbers(F):
    tf, m, signal = F.tf, F.tf.math, F.tf.signal
    a, b = F.Input(shape=(4, 3)), F.Input(shape=(4, 3))

    def z(a, b):
        return tf.complex(a, b)

    functions = [
        lambda a, b: tf.abs(z(a, b)),
        lambda a, b: m.real(z(a, b)),
        lambda a, b: m.real(a),
        lambda a, b: m.imag(z(a, b)),
        lambda a, b: m.angle(z(a, b)),
        lambda a, b: m.conj(a),
        lambda a, b: tf.abs(m.conj(z(a, b)) * z(b, a)),
        lambda a, b: tf.abs(z(a, b) * z(b, a) + z(a, a)),
        lambda a, b: tf.abs(z(a, b) - tf.cast(b, "complex64")),
        lambda a, b: m.real(tf.transpose(z(a, b), [0, 2, 1])),
        lambda a, b: tf.abs(z(a, b)[:, 1:]),
        lambda a, b: tf.abs(tf.expand_dims(z(a, b), -1)),
        lambda a, b: tf.abs(tf.reduce_sum(z(a, b), axis=1)),
        lambda a, b: tf.abs(tf.concat([z(a, b), z(b, a)], -1)),
        lambda a, b: tf.abs(signal.fftshift(z(a, b), axes=[1])),
        lambda a, b: tf.cast(z(a, b), "float32"),
    ]
    return branch(F, [a, b], functions)


@architecture(LAMBDAS)
def functions_of_segments(F):
    m, tf, v1 = F.tf.math, F.tf, F.tf.compat.v1
    x, i, j = F.Input(shape=(4,)), F.Input(shape=(), dtype="int32"), F.Input((3,), dtype="int32")
    order = np.array([[0, 1], [1, 2]])
    functions = [
        lambda x, i, j: m.segment_sum(x, tf.range(tf.shape(x)[0])),
        lambda x, i, j: m.segment_max(x, tf.range(tf.shape(x)[0]) // 2),
        lambda x, i, j: m.segment_min(x, tf.range(tf.shape(x)[0]) // 2),
        lambda x, i, j: m.segment_prod(x, tf.range(tf.shape(x)[0]) // 2),
        lambda x, i, j: m.segment_mean(x, tf.range(tf.shape(x)[0]) // 2),
        lambda x, i, j: m.unsorted_segment_sum(x, i, 4),
        lambda x, i, j: m.unsorted_segment_max(x, i, num_segments=4),
        lambda x, i, j: m.unsorted_segment_min(x, i, 4),
        lambda x, i, j: m.unsorted_segment_prod(x, i, 4),
        lambda x, i, j: m.unsorted_segment_mean(x, i, 4),
        lambda x, i, j: m.unsorted_segment_sqrt_n(x, i, 4),
        lambda x, i, j: tf.scatter_nd(j[:, :2], i, [4, 4]),
        lambda x, i, j: tf.scatter_nd(i[:, None], x, [4, 4]),
        lambda x, i, j: tf.tensor_scatter_nd_update(x, order, [2.0, 3.0]),
        lambda x, i, j: tf.tensor_scatter_nd_add(x, order, [2.0, 3.0]),
        lambda x, i, j: tf.tensor_scatter_nd_sub(x, order, [2.0, 3.0]),
        lambda x, i, j: tf.tensor_scatter_nd_max(x, order, [2.0, -3.0]),
        lambda x, i, j: tf.tensor_scatter_nd_min(x, order, [2.0, -3.0]),
        lambda x, i, j: tf.tensor_scatter_nd_add(x, tf.cast(j[:, :1], "int32") % 3, x),
        lambda x, i, j: v1.batch_gather(x, j),
        lambda x, i, j: tf.gather(x[:, None], j[:, None], axis=2, batch_dims=2),
        lambda x, i, j: m.confusion_matrix(i, j[:, 0], num_classes=4),
        lambda x, i, j: m.confusion_matrix(i, j[:, 0], 4, weights=x[:, 0], dtype="float32"),
        lambda x, i, j: tf.searchsorted(tf.sort(x), x * 0.5),
        lambda x, i, j: tf.searchsorted(tf.sort(x), x, side="right", out_type="int64"),
        lambda x, i, j: tf.histogram_fixed_width(x, [-1.0, 1.0], nbins=4),
        lambda x, i, j: tf.histogram_fixed_width(x, [-1.0, 1.0], 4, dtype=tf.int64),
        lambda x, i, j: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], nbins=4),
        lambda x, i, j: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], 4, dtype=tf.int64),
        lambda x, i, j: tf.unravel_index(i, [2, 2]),
        lambda x, i, j: m.invert_permutation(tf.argsort(x[0])),
        lambda x, i, j: tf.expand_dims(m.is_non_decreasing(tf.cumsum(tf.abs(x[0]))), 0),
        lambda x, i, j: tf.expand_dims(m.is_strictly_increasing(x), 0),
        lambda x, i, j: m.cumulative_logsumexp(x, axis=1),
        lambda x, i, j: m.cumulative_logsumexp(x * 100.0, axis=-1, reverse=True),
        lambda x, i, j: m.cumulative_logsumexp(x, axis=1, exclusive=False),
        lambda x, i, j: tf.clip_by_norm(x, 0.5),
        lambda x, i, j: tf.clip_by_norm(x, 0.5, axes=[1]),
        lambda x, i, j: tf.linalg.global_norm([x, x * 2.0]) + x,
        lambda x, i, j: tf.clip_by_global_norm([x, x * 2.0], 0.5)[0][1],
        lambda x, i, j: tf.clip_by_global_norm([x], 0.5, use_norm=x[0, 0] + 9.0)[0][0],
        lambda x, i, j: m.polyval([1.0, 2.0, 3.0], x),
        lambda x, i, j: m.bessel_i0(x),
        lambda x, i, j: m.nextafter(x, 2.0),
        lambda x, i, j: tf.debugging.check_numerics(x, "not finite"),
        lambda x, i, j: v1.where(x > 0.5, x, -x),
        lambda x, i, j: v1.div(x, 2.0),
        lambda x, i, j: v1.div(j, 2),
        ("tf>=2.15", lambda x, i, j: m.bincount(j, minlength=4, maxlength=4, axis=-1)),
        ("tf>=2.15", lambda x, i, j: m.bincount(j, minlength=4, maxlength=4)),
        (
            "tf>=2.15",
            lambda x, i, j: m.bincount(
                j, minlength=4, maxlength=4, axis=-1, binary_output=True, dtype="float32"
            ),
        ),
        ("tf>=2.15", lambda x, i, j: m.bincount(j, x[:, :3], 4, 4, axis=-1)),
        ("tf>=2.15", lambda x, i, j: tf.reverse_sequence(j, i, seq_axis=1)),
        (
            "tf>=2.15",
            lambda x, i, j: tf.reverse_sequence(x[:, :, None] * [1.0, 2.0], i, 1, batch_axis=0),
        ),
    ]
    return Made(branch(F, [x, i, j], functions), inputs=[floats(), ids(4), ids(4)])


@architecture(LAMBDAS)
def functions_of_sizes(F):
    image, v1 = F.tf.image, F.tf.compat.v1.image
    tf = F.tf
    x, o = F.Input(shape=(6, 5, 3)), F.Input(shape=(None, None, 2))
    old = "tf>=2.15"
    functions = [
        lambda x, o: image.resize(x, [9, 7], method="area"),
        lambda x, o: image.resize(x, [4, 3], method="area"),
        lambda x, o: image.resize(x, [9, 7], method="gaussian"),
        lambda x, o: image.resize(x, [4, 3], method="gaussian", antialias=True),
        lambda x, o: image.resize(x, [9, 7], method="mitchellcubic"),
        lambda x, o: image.resize(x, [4, 3], method="mitchellcubic", antialias=True),
        lambda x, o: image.resize(x, [9, 7], method="lanczos5"),
        lambda x, o: image.resize(x, [12, 7], preserve_aspect_ratio=True),
        lambda x, o: image.resize(o, tf.shape(o)[1:3] * 2),
        lambda x, o: image.resize(o, tf.shape(o)[1:3] * 2, method="nearest"),
        lambda x, o: image.resize(o, [tf.shape(o)[1] * 2, tf.shape(o)[2] * 3]),
        lambda x, o: F.keras.backend.resize_images(o, 2, 2, "channels_last"),
        lambda x, o: F.keras.backend.resize_images(
            o, 3, 3, "channels_last", interpolation="bilinear"
        ),
        lambda x, o: image.resize_with_pad(x, 9, 9),
        lambda x, o: image.resize_with_pad(x, 4, 8, method="nearest"),
        lambda x, o: image.resize_with_pad(x, 3, 8, antialias=True),
        lambda x, o: v1.resize_images(x, [9, 7]),
        lambda x, o: v1.resize_images(x, [6, 5]),
        lambda x, o: v1.resize_images(x, [4, 3], method=1),
        lambda x, o: v1.resize_images(x, [9, 7], method=2, align_corners=True),
        lambda x, o: v1.resize_images(x, [4, 3], method=3),
        lambda x, o: v1.resize_images(x, [9, 7], align_corners=True),
        lambda x, o: v1.resize_images(x, [12, 7], preserve_aspect_ratio=True),
        lambda x, o: v1.resize_image_with_pad(x, 9, 9),
        lambda x, o: v1.resize_image_with_pad(x, 9, 9, method=1, align_corners=True),
        (old, lambda x, o: v1.resize_bilinear(x, [9, 7])),
        (old, lambda x, o: v1.resize_bilinear(x, [4, 3], align_corners=True)),
        (old, lambda x, o: v1.resize_bilinear(x, [9, 7], half_pixel_centers=True)),
        (old, lambda x, o: v1.resize_nearest_neighbor(x, [9, 7])),
        (old, lambda x, o: v1.resize_nearest_neighbor(x, [4, 8], align_corners=True)),
        (old, lambda x, o: v1.resize_nearest_neighbor(x, [4, 8], half_pixel_centers=True)),
        (old, lambda x, o: v1.resize_bicubic(x, [9, 7])),
        (old, lambda x, o: v1.resize_bicubic(x, [4, 8], align_corners=True)),
        (old, lambda x, o: v1.resize_bicubic(x, [4, 8], half_pixel_centers=True)),
        (old, lambda x, o: v1.resize_area(x, [9, 7])),
        (old, lambda x, o: v1.resize_area(x, [4, 3], align_corners=True)),
    ]
    return Made(branch(F, [x, o], functions), inputs=[pictures(), pictures()])


@architecture(LAMBDAS)
def functions_of_pictures(F):
    image, tf, v1 = F.tf.image, F.tf, F.tf.compat.v1
    x, i = F.Input(shape=(6, 5, 3)), F.Input(shape=(), dtype="int32")
    boxes = np.array([[0.0, 0.0, 1.0, 1.0], [0.25, 0.125, 0.75, 1.25], [0.5, 0.75, 0.25, 0.5]])
    boxes = boxes.astype("float32")
    functions = [
        lambda x, i: image.adjust_saturation(x, 0.5),
        lambda x, i: image.adjust_saturation(x, saturation_factor=3.0),
        lambda x, i: image.adjust_hue(x, 0.1),
        lambda x, i: image.adjust_hue(x, delta=-0.4),
        lambda x, i: image.adjust_gamma(x, 0.7),
        lambda x, i: image.adjust_gamma(x, gamma=2.0, gain=1.5),
        lambda x, i: image.rgb_to_yuv(x),
        lambda x, i: image.yuv_to_rgb(x),
        lambda x, i: image.rgb_to_yiq(x),
        lambda x, i: image.yiq_to_rgb(x),
        lambda x, i: image.sobel_edges(x),
        lambda x, i: image.image_gradients(x)[0],
        lambda x, i: image.total_variation(x),
        lambda x, i: image.psnr(x, x * 0.5, 1.0),
        lambda x, i: image.psnr(x, x * 0.5, max_val=255),
        lambda x, i: image.ssim(x, x * 0.5 + 0.25, 1.0, filter_size=3),
        lambda x, i: image.ssim(x, x * 0.5, 1.0, filter_size=5, filter_sigma=1.0, k1=0.02, k2=0.05),
        lambda x, i: image.crop_and_resize(x, boxes, i, [4, 3]),
        lambda x, i: image.crop_and_resize(x, boxes, i, crop_size=(2, 5), method="nearest"),
        lambda x, i: image.crop_and_resize(x, boxes, i, [1, 1], extrapolation_value=0.5),
        lambda x, i: image.crop_and_resize(x, boxes[:2], [0, 2], [3, 3]),
        lambda x, i: v1.image.extract_image_patches(
            x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"
        ),
        lambda x, i: v1.image.crop_and_resize(x, boxes, box_ind=i, crop_size=[2, 2]),
        lambda x, i: image.rot90(x, k=2),
        lambda x, i: image.rot90(x, 3),
        lambda x, i: image.rot90(x, k=4),
        lambda x, i: image.convert_image_dtype(x, "float16", saturate=True),
        lambda x, i: image.convert_image_dtype(tf.cast(x * 255.0, "uint8"), tf.float32),
        lambda x, i: image.adjust_contrast(x, contrast_factor=0.5),
    ]
    return Made(branch(F, [x, i], functions), inputs=[pictures(), ids(3)])


@architecture(LAMBDAS)
def functions_of_matrices(F):
    linalg, tf = F.tf.linalg, F.tf
    x, y = F.Input(shape=(3, 3)), F.Input(shape=(3, 2))
    positive = 4.0 * np.eye(3, dtype="float32")

    def good(x):
        return tf.matmul(x, x, transpose_b=True) + positive

    functions = [
        lambda x, y: linalg.cholesky(good(x)),
        lambda x, y: linalg.solve(good(x), y),
        lambda x, y: linalg.solve(x + positive, y, adjoint=True),
        lambda x, y: linalg.triangular_solve(x + positive, y),
        lambda x, y: linalg.triangular_solve(x + positive, y, lower=False),
        lambda x, y: linalg.triangular_solve(x + positive, y, adjoint=True),
        lambda x, y: linalg.cholesky_solve(linalg.cholesky(good(x)), y),
        lambda x, y: linalg.pinv(y),
        lambda x, y: linalg.svd(y, compute_uv=False),
        lambda x, y: linalg.eigvalsh(good(x)),
        lambda x, y: linalg.logdet(good(x)),
        lambda x, y: linalg.diag(y),
        lambda x, y: linalg.diag(y, padding_value=0.5),
        lambda x, y: linalg.set_diag(x, y[:, :, 0]),
        lambda x, y: linalg.set_diag(x, x[:, 0]),
        lambda x, y: linalg.tensor_diag(y[0, 0]),
        lambda x, y: linalg.tensor_diag_part(x[0]),
        lambda x, y: linalg.inv(x + positive, adjoint=True),
        lambda x, y: linalg.diag_part(x, k=1),
        lambda x, y: linalg.diag_part(y, k=-1),
        lambda x, y: linalg.normalize(x, ord=1, axis=1)[0],
        lambda x, y: linalg.normalize(x, ord=np.inf, axis=-1)[1],
        lambda x, y: linalg.norm(y, ord=3, axis=1),
        lambda x, y: tf.matmul(x, y, adjoint_a=True),
        lambda x, y: linalg.matvec(x, y[:, :, 0], transpose_a=True),
        lambda x, y: linalg.matrix_transpose(y, conjugate=True),
        lambda x, y: linalg.band_part(x, 1, 0),
        lambda x, y: tf.math.accumulate_n([x, x * 2.0]),
        lambda x, y: tf.realdiv(x, 2.0),
        lambda x, y: tf.transpose(x, perm=[0, 2, 1], conjugate=False),
        lambda x, y: tf.compat.v1.nn.xw_plus_b(x[:, 0], kernel(3, 2), np.ones(2, "float32")),
        lambda x, y: tf.compat.v1.nn.relu_layer(x[:, 0], kernel(3, 2), np.ones(2, "float32")),
    ]
    return branch(F, [x, y], functions)


@architecture(LAMBDAS)
def functions_of_kernels(F):
    nn, tf, v1 = F.tf.nn, F.tf, F.tf.compat.v1.nn
    K = F.keras.backend
    x, s, v = F.Input((6, 5, 2)), F.Input((6, 2)), F.Input((4, 4, 4, 2))
    ones = [1, 1, 1, 1]
    functions = [
        lambda x, s, v: nn.conv2d_transpose(x, kernel(2, 2, 3, 2), [tf.shape(x)[0], 12, 10, 3], 2),
        lambda x, s, v: nn.conv2d_transpose(
            x, kernel(3, 3, 3, 2), [3, 13, 11, 3], strides=[1, 2, 2, 1], padding="VALID"
        ),
        lambda x, s, v: nn.conv2d_transpose(x, kernel(3, 2, 1, 2), [3, 12, 5, 1], (2, 1)),
        lambda x, s, v: K.conv2d_transpose(x, kernel(2, 2, 3, 2), (None, 7, 6, 3)),
        lambda x, s, v: nn.conv1d_transpose(s, kernel(2, 3, 2), [3, 12, 3], 2),
        lambda x, s, v: nn.conv1d_transpose(s, kernel(3, 3, 2), [3, 8, 3], 1, padding="VALID"),
        lambda x, s, v: nn.conv3d_transpose(v, kernel(2, 2, 2, 1, 2), [3, 8, 8, 8, 1], 2),
        lambda x, s, v: nn.conv_transpose(x, kernel(2, 2, 3, 2), [3, 12, 10, 3], 2),
        lambda x, s, v: nn.separable_conv2d(
            x, kernel(3, 3, 2, 2), kernel(1, 1, 4, 3), ones, "SAME"
        ),
        lambda x, s, v: nn.separable_conv2d(
            x, kernel(2, 2, 2, 1), kernel(1, 1, 2, 3), ones, "VALID", dilations=[2, 2]
        ),
        lambda x, s, v: nn.convolution(x, kernel(3, 3, 2, 2)),
        lambda x, s, v: nn.convolution(s, kernel(2, 2, 3), strides=2, padding="SAME"),
        lambda x, s, v: nn.convolution(x, kernel(2, 2, 2, 2), dilations=2),
        lambda x, s, v: K.conv2d(x, kernel(3, 3, 2, 2), strides=(2, 2), padding="same"),
        lambda x, s, v: nn.conv2d(x, kernel(3, 3, 2, 2), 1, "SAME", dilations=2),
        lambda x, s, v: nn.conv1d(s, kernel(2, 2, 3), stride=2, padding="SAME"),
        lambda x, s, v: nn.conv1d(s, kernel(2, 2, 3), 1, "VALID", dilations=2),
        lambda x, s, v: v1.conv1d(s, kernel(2, 2, 3), 2, "SAME"),
        lambda x, s, v: nn.conv3d(v, kernel(2, 2, 2, 2, 1), [1, 2, 2, 2, 1], "SAME"),
        lambda x, s, v: v1.conv3d(v, kernel(2, 2, 2, 2, 1), [1, 1, 1, 1, 1], "SAME"),
        lambda x, s, v: nn.depthwise_conv2d(x, kernel(2, 2, 2, 1), ones, "SAME", dilations=[2, 2]),
        lambda x, s, v: v1.depthwise_conv2d_native(x, kernel(2, 2, 2, 1), ones, "SAME"),
        lambda x, s, v: nn.atrous_conv2d(x, kernel(2, 2, 2, 2), 2, "SAME"),
        lambda x, s, v: tf.space_to_batch(x, [2, 1], [[0, 0], [1, 0]])[:1],
        lambda x, s, v: tf.batch_to_space(
            tf.space_to_batch(x, [2, 3], [[0, 0], [1, 0]]) * 2.0, [2, 3], [[1, 0], [0, 2]]
        ),
        lambda x, s, v: nn.max_pool(v, 2, 2, "SAME"),
        lambda x, s, v: nn.avg_pool(s, 2, 1, "VALID"),
        lambda x, s, v: nn.conv3d_transpose(
            v, kernel(2, 2, 2, 1, 2), [3, 5, 5, 5, 1], 1, padding="VALID"
        ),
        lambda x, s, v: nn.pool(x, [2, 2], "MAX"),
        lambda x, s, v: nn.pool(x, [2, 2], "AVG", strides=[2, 2], padding="SAME"),
        lambda x, s, v: nn.pool(s, [3], "MAX", padding="SAME"),
        lambda x, s, v: K.pool2d(x, (2, 2), (2, 2), "same", pool_mode="avg"),
        lambda x, s, v: v1.avg_pool(x, [1, 3, 3, 1], ones, "SAME"),
        lambda x, s, v: nn.weighted_moments(x, [1, 2], x[:, :, :, :1] ** 2.0)[0],
        lambda x, s, v: nn.weighted_moments(s, [1], s**2.0, keepdims=True)[1],
        lambda x, s, v: nn.moments(x, [1, 2])[1],
        lambda x, s, v: v1.moments(s, [1], keep_dims=True)[1],
        lambda x, s, v: nn.batch_normalization(x, 0.5, 2.0, 1.0, [1.0, 2.0], 1e-3),
        lambda x, s, v: nn.normalize_moments(3.0, s, s**2.0, None)[1],
        lambda x, s, v: v1.crelu(s, axis=1),
        lambda x, s, v: nn.crelu(s, axis=1),
        lambda x, s, v: nn.local_response_normalization(x, depth_radius=1, bias=2.0),
        lambda x, s, v: nn.space_to_depth(x[:, :4, :4], block_size=2),
        lambda x, s, v: tf.quantization.fake_quant_with_min_max_args(x),
        lambda x, s, v: tf.quantization.fake_quant_with_min_max_args(
            x, min=-1.0, max=2.0, num_bits=4, narrow_range=True
        ),
        lambda x, s, v: tf.quantization.fake_quant_with_min_max_vars(x, -0.5, 1.5),
        lambda x, s, v: tf.quantization.fake_quant_with_min_max_vars(
            x, min=-0.5, max=1.5, num_bits=4, narrow_range=True
        ),
    ]
    return branch(F, [x, s, v], functions)


@architecture(LAMBDAS)
def functions_in_other_forms(F):
    """Arguments that are seldom given."""
    tf, m, nn, v1 = F.tf, F.tf.math, F.tf.nn, F.tf.compat.v1
    x, y, i = F.Input((4, 3)), F.Input((4,)), F.Input((3,), dtype="int32")
    functions = [
        lambda x, y, i: v1.expand_dims(y, dim=1),
        lambda x, y, i: v1.squeeze(x[:, :1], squeeze_dims=[1]),
        lambda x, y, i: tf.gather(x, i, axis=1),
        lambda x, y, i: tf.gather(x, i, batch_dims=1),
        lambda x, y, i: v1.gather(x, i, validate_indices=True, axis=1),
        lambda x, y, i: tf.gather_nd(x, tf.stack([i, i % 3], axis=-1), batch_dims=1),
        lambda x, y, i: tf.gather_nd(x, [[0, 1], [2, 3]]),
        lambda x, y, i: tf.gather_nd(x, [[[0, 1, 2]], [[2, 3, 0]]]),
        lambda x, y, i: tf.gather_nd(kernel(4, 4), tf.stack([i, i], axis=-1)),
        lambda x, y, i: m.argmax(y, axis=1, output_type=tf.int32),
        lambda x, y, i: m.argmin(y, axis=1, output_type=tf.int32),
        lambda x, y, i: v1.argmax(y, dimension=1),
        lambda x, y, i: v1.argmin(y, dimension=1),
        lambda x, y, i: m.count_nonzero(x, axis=1, keepdims=True, dtype=tf.int32),
        lambda x, y, i: v1.count_nonzero(x, axis=1),
        lambda x, y, i: m.cumprod(x, axis=1, exclusive=True),
        lambda x, y, i: m.cumprod(x, axis=1, reverse=True),
        lambda x, y, i: m.reduce_any(x > 0.5, axis=1, keepdims=True),
        lambda x, y, i: m.reduce_prod(x, axis=1, keepdims=True),
        lambda x, y, i: m.reduce_std(x, axis=1, keepdims=True),
        lambda x, y, i: m.reduce_euclidean_norm(x, axis=1, keepdims=True),
        lambda x, y, i: m.l2_normalize(x, axis=1, epsilon=2.0),
        lambda x, y, i: v1.nn.l2_normalize(x, dim=1),
        lambda x, y, i: v1.nn.softmax(x, dim=1),
        lambda x, y, i: v1.nn.log_softmax(x, dim=1),
        lambda x, y, i: v1.nn.softmax(x, axis=1),
        lambda x, y, i: v1.nn.log_softmax(x, axis=1),
        lambda x, y, i: tf.ones_like(x, dtype="int32"),
        lambda x, y, i: tf.zeros_like(x, dtype=tf.bool),
        lambda x, y, i: v1.ones_like(x, dtype="int32"),
        lambda x, y, i: v1.zeros_like(x, dtype="int32"),
        lambda x, y, i: tf.expand_dims(v1.size(x[0]), 0),
        lambda x, y, i: tf.expand_dims(v1.shape(x)[1] * 2 + v1.rank(x), 0),
        lambda x, y, i: v1.to_double(i),
        lambda x, y, i: v1.to_int64(x * 4.0),
        lambda x, y, i: m.top_k(y, 3, sorted=True)[0],
        lambda x, y, i: m.top_k(y)[0],
        lambda x, y, i: m.top_k(y, 4, sorted=False)[1],
        lambda x, y, i: m.in_top_k(i[:, 0], y, k=2),
        lambda x, y, i: v1.math.in_top_k(y, i[:, 0], 2),
        lambda x, y, i: nn.bias_add(x, [0.5, 1.0, 1.5], data_format="N...C"),
        lambda x, y, i: nn.bias_add(x, [0.5, 1.0, 1.5, 2.0], data_format="NC..."),
        lambda x, y, i: tf.sort(y, direction="DESCENDING"),
        lambda x, y, i: tf.argsort(y, axis=1, stable=True),
        lambda x, y, i: tf.split(x, 2, axis=1, num=2)[1],
        lambda x, y, i: tf.split(x, [1, 3], axis=1, num=2)[1],
        lambda x, y, i: tf.unstack(x, num=4, axis=1)[2],
        lambda x, y, i: tf.strided_slice(
            x, [0, 0, 1], [1, 3, 1], [1, 2, 1], begin_mask=1, end_mask=5
        ),
        lambda x, y, i: tf.strided_slice(x, [0, 1], [0, 2], shrink_axis_mask=2, end_mask=1),
        lambda x, y, i: tf.strided_slice(x, [0, 0], [0, 1], new_axis_mask=1, ellipsis_mask=2),
        lambda x, y, i: tf.repeat(x, repeats=[1, 2, 1, 3], axis=1),
        lambda x, y, i: tf.tile(input=y, multiples=[1, 2]),
        lambda x, y, i: tf.pad(y, [[0, 0], [1, 2]], "CONSTANT", 0.25),
        lambda x, y, i: tf.where(y > 0.5, y, y * 2.0),
        lambda x, y, i: m.add_n([y]),
        lambda x, y, i: tf.concat([i, [[1, 2, 3]]], 0)[:3],
        lambda x, y, i: tf.stack([y, y], axis=0)[1],
        lambda x, y, i: tf.broadcast_to(y[:1], shape=[3, 4]),
        lambda x, y, i: nn.silu(y, beta=2.0) if F.since("tf>=2.7") else nn.silu(y),
        lambda x, y, i: tf.sequence_mask(i, maxlen=tf.shape(y)[1]),
        lambda x, y, i: m.truediv(i, 2),
        lambda x, y, i: m.truediv(tf.cast(i, "int8"), tf.cast(i + 1, "int8")),
        lambda x, y, i: 2 - i,
        lambda x, y, i: [1.0, 2.0, 3.0, 4.0] - y,
        lambda x, y, i: tf.math.subtract(x=np.ones((1, 4), "float32"), y=y),
        lambda x, y, i: tf.reshape(tensor=x, shape=[-1, 12]),
        lambda x, y, i: tf.one_hot(indices=i, depth=4, axis=0)[1],
        lambda x, y, i: tf.one_hot(i, 4, 2, 1, dtype="float16"),
        lambda x, y, i: tf.identity(y, name="same"),
    ]
    makers = [floats(), floats(), ids(4)]
    return Made(branch(F, [x, y, i], functions), inputs=makers)


@architecture("tf>=2.4<2.5")
def functions_of_early_releases(F):
    """Later ones do not take tensors of a graph in these."""
    tf = F.tf
    return two(F, [lambda a, b: tf.guarantee_const(a), lambda a, b: a + b])


@architecture("tf>=2.3<2.4")
def functions_as_kernels(F):
    raw, tf = F.tf.raw_ops, F.tf
    x, i = F.Input(shape=(4,)), F.Input(shape=(), dtype="int32")
    places = np.array([[0, 1], [1, 2]], "int32")
    outputs = [
        raw.GatherNd(params=x, indices=places) + x[0, 0],
        raw.ScatterNd(indices=raw.ExpandDims(input=i, axis=1), updates=x, shape=[4, 4]),
        raw.SegmentMean(data=x, segment_ids=[0, 0, 1]),
        raw.SegmentSum(data=x, segment_ids=[0, 1, 1]),
        raw.SegmentMax(data=x, segment_ids=[0, 0, 1]),
        raw.SegmentMin(data=x, segment_ids=[0, 0, 1]),
        raw.SegmentProd(data=x, segment_ids=[0, 0, 1]),
        raw.UnsortedSegmentSum(data=x, segment_ids=i, num_segments=4),
        raw.UnsortedSegmentMax(data=x, segment_ids=i, num_segments=4),
        raw.UnsortedSegmentMin(data=x, segment_ids=i, num_segments=4),
        raw.UnsortedSegmentProd(data=x, segment_ids=i, num_segments=4),
        raw.TensorScatterAdd(tensor=x, indices=places, updates=[2.0, 3.0]),
        raw.TensorScatterSub(tensor=x, indices=places, updates=[2.0, 3.0]),
        raw.TensorScatterUpdate(tensor=x, indices=places, updates=[2.0, 3.0]),
        raw.CheckNumerics(tensor=x, message="not finite"),
        raw.FakeQuantWithMinMaxArgs(inputs=x, min=-1.0, max=2.0, num_bits=4),
        raw.FakeQuantWithMinMaxVars(inputs=x, min=-0.5, max=1.5),
        raw.Fill(dims=raw.Shape(input=x), value=0.5),
        raw.HistogramFixedWidth(values=x, value_range=[-1.0, 1.0], nbins=4),
        raw.InTopKV2(predictions=x, targets=i, k=2),
        raw.L2Loss(t=x) + x,
        raw.NextAfter(x1=x, x2=np.full((1, 4), 2.0, "float32")),
        raw.Mul(
            x=raw.Cast(
                x=raw.Range(start=0, limit=raw.Size(input=[1.0] * 4), delta=1), DstT=tf.float32
            ),
            y=x,
        ),
        raw.Select(condition=raw.Greater(x=x, y=0.25), x=x, y=raw.Neg(x=x)),
        raw.SoftmaxCrossEntropyWithLogits(features=x, labels=raw.Softmax(logits=x))[0],
        raw.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=i)[0],
        raw.UnravelIndex(indices=i, dims=[2, 2]),
        raw.EuclideanNorm(input=x, axis=1, keep_dims=True),
        raw.PreventGradient(input=x),
    ]
    return Made(F.Model([x, i], outputs), inputs=[floats(), ids(4)])


@architecture("tf>=2.2<2.4")
def functions_as_kernels_of_arrays(F):
    raw, tf = F.tf.raw_ops, F.tf
    m, p, s = F.Input(shape=(3, 3)), F.Input(shape=(4, 6, 3)), F.Input(shape=(8,))
    positive = raw.AddV2(x=raw.BatchMatMulV2(x=m, y=m, adj_y=True), y=4.0 * np.eye(3, dtype="f"))
    spectrum = raw.RFFT(input=s, fft_length=[8])
    z = raw.Complex(real=s, imag=raw.Square(x=s))
    steps = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    volume = raw.ExpandDims(input=p, axis=1)
    outputs = [
        raw.Cholesky(input=positive),
        raw.MatrixSolve(matrix=positive, rhs=m, adjoint=True),
        raw.MatrixTriangularSolve(matrix=positive, rhs=m, lower=False),
        raw.MatrixDiag(diagonal=m),
        raw.MatrixSetDiag(input=m, diagonal=s[:, :3]),
        raw.Diag(diagonal=s[0]),
        raw.DiagPart(input=m[0]),
        raw.ComplexAbs(x=spectrum),
        raw.Real(input=spectrum),
        raw.Imag(input=spectrum),
        raw.Imag(input=raw.Conj(input=z)),
        raw.Angle(input=z),
        raw.IRFFT(input=spectrum, fft_length=[8]),
        raw.ComplexAbs(x=raw.FFT(input=z)),
        raw.Real(input=raw.IFFT(input=z)),
        raw.ComplexAbs(x=raw.FFT2D(input=raw.Cast(x=m, DstT=tf.complex64))),
        raw.Real(input=raw.IFFT2D(input=raw.Cast(x=m, DstT=tf.complex64))),
        raw.AdjustHue(images=p, delta=0.1),
        raw.AdjustSaturation(images=p, scale=0.5),
        raw.CropAndResize(image=p, boxes=[[0.0, 0.25, 1.0, 0.75]], box_ind=[1], crop_size=[3, 3]),
        raw.ExtractImagePatches(
            images=p, ksizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="VALID"
        ),
        raw.ResizeArea(images=p, size=[5, 4]),
        raw.ResizeBicubic(images=p, size=[5, 8], align_corners=True),
        raw.ResizeBilinear(images=p, size=[5, 8], align_corners=True),
        raw.ResizeNearestNeighbor(images=p, size=[7, 9]),
        raw.SpaceToBatchND(input=p, block_shape=[2, 2], paddings=[[0, 0], [0, 0]])[:3],
        raw.BatchToSpaceND(
            input=raw.SpaceToBatchND(input=p, block_shape=[2, 2], paddings=[[0, 0], [0, 0]]),
            block_shape=[2, 2],
            crops=[[0, 1], [0, 0]],
        ),
        raw.Conv2DBackpropInput(
            input_sizes=[3, 8, 12, 2], filter=kernel(3, 3, 2, 3), out_backprop=p, **steps
        ),
        raw.Conv3DBackpropInputV2(
            input_sizes=[3, 2, 8, 6, 2],
            filter=kernel(2, 2, 1, 2, 3),
            out_backprop=volume,
            strides=[1, 2, 2, 1, 1],
            padding="SAME",
        ),
        raw.ReverseSequence(input=p, seq_lengths=raw.Cast(x=s[:, 0], DstT=tf.int32), seq_dim=1),
        raw.LinSpace(start=0.0, stop=s[0, 0], num=3),
    ]
    if hasattr(raw, "CumulativeLogsumexp"):
        outputs.append(raw.CumulativeLogsumexp(x=s, axis=1, reverse=True))
    if hasattr(raw, "Xlog1py"):
        outputs.append(raw.Xlog1py(x=s, y=raw.Abs(x=s)))
    if hasattr(raw, "Erfinv"):
        outputs.append(raw.Erfinv(x=s / 4.0))
    return Made(F.Model([m, p, s], outputs), inputs=[floats(), pictures(), between(1, 3)])


@architecture("tf>=2.3<2.4")
def functions_as_kernels_of_sizes(F):
    raw = F.tf.raw_ops
    x = F.Input(shape=(4,))
    steps = raw.StridedSlice(
        input=raw.Shape(input=x), begin=[1], end=[2], strides=[1], shrink_axis_mask=1
    )
    outputs = [
        raw.Range(start=0, limit=steps, delta=1),
        raw.ExpandDims(input=raw.Rank(input=x), axis=0),
        raw.ExpandDims(input=raw.Size(input=x[0]), axis=0),
        raw.InvertPermutation(x=raw.TopKV2(input=x[0], k=4)[1]),
        raw.MatrixDiagV3(diagonal=x, k=0, num_rows=-1, num_cols=-1, padding_value=0.5),
        raw.MatrixSetDiagV3(input=raw.MatrixDiag(diagonal=x), diagonal=raw.Neg(x=x), k=0),
    ]
    return F.Model(x, outputs)


@architecture(LAMBDAS)
def functions_behind_losses(F):
    """What only a loss needs, which Keras 3 has no place for, may be of any kind."""
    L, tf = F.layers, F.tf
    x = F.Input(shape=(4,))
    mean, spread = L.Dense(2)(x), L.Dense(2)(x)
    y = L.Dense(4, activation="sigmoid")(mean * 2.0)
    model = F.Model(x, y)
    drawn = mean + tf.exp(spread) * tf.random.normal(tf.shape(mean))
    model.add_loss(tf.reduce_mean(F.keras.losses.binary_crossentropy(x, y)))
    model.add_loss(-0.5 * tf.reduce_mean(1.0 + spread - tf.square(drawn) - tf.exp(spread)))
    model.add_metric(tf.reduce_mean(drawn), name="drawn", aggregation="mean")
    return model
