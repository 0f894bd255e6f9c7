"""What Keras 1 and 2 had and Keras 3 has not, with the same meaning: words for old code.

Two readers use it. In the engine with tf_keras it is imported. Modules that are carried to Keras 3
take over the classes that they need as text, so each stands on its own and names of Keras 3 and
TensorFlow only.
"""

from __future__ import annotations

import functools
from typing import Any

import keras
import tensorflow


class Keras2Backend:
    """``keras.backend`` of Keras 2: what today's has, and what it has not."""

    tf = tensorflow.compat.v1

    def __init__(self, listed_by_hand: bool = False) -> None:
        self.listed_by_hand = listed_by_hand

    def __getattr__(self, name: str) -> Any:
        """Functions that are still there."""
        return getattr(tensorflow.keras.backend, name)

    def batch_dot(self, x: Any, y: Any, axes: Any = None) -> Any:
        """As before Keras 2.3: a matrix product, in which the axes say what is transposed."""
        ranks = [len(x.shape), len(y.shape)]
        first, second = (axes, axes) if isinstance(axes, int) else axes or (-1, ranks[1] - 2)
        first = first % ranks[0]
        tensors = [tensorflow.convert_to_tensor(each) for each in (x, y)]
        rank = max(ranks)
        x, y = (
            tensorflow.reshape(
                each, tensorflow.concat([tensorflow.shape(each), [1] * (rank - own)], 0)
            )
            for each, own in zip(tensors, ranks, strict=True)
        )
        if rank == 2 and first == second:
            out = tensorflow.reduce_sum(x * y, first)
        elif rank == 2:
            out = tensorflow.reduce_sum(tensorflow.transpose(x) * y, second)
        else:
            flags = {"adjoint_a": first != rank - 1, "adjoint_b": second == rank - 1}
            out = tensorflow.matmul(x, y, **flags)
        if ranks[0] != ranks[1]:
            start = sum(ranks) - 3 if ranks[0] > ranks[1] else ranks[0] - 1
            surplus = abs(ranks[0] - ranks[1])
            out = tensorflow.squeeze(out, list(range(start, start + surplus)))
        return tensorflow.expand_dims(out, 1) if len(out.shape) == 1 else out

    def get_variable_shape(self, x: Any) -> Any:
        """The shape as numbers."""
        return tuple(x.shape)

    def identity(self, x: Any, name: Any = None) -> Any:
        """The same values."""
        return tensorflow.identity(x, name=name)

    def image_dim_ordering(self) -> str:
        """The data format in the words of Keras 1."""
        return "th" if keras.backend.image_data_format() == "channels_first" else "tf"

    def in_train_phase(self, x: Any, alt: Any, training: Any = None) -> Any:
        """One or the other."""
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen

    def in_test_phase(self, x: Any, alt: Any, training: Any = None) -> Any:
        """One or the other."""
        return self.in_train_phase(alt, x, training=training)

    def is_tensor(self, x: Any) -> bool:
        """Whether it is a tensor."""
        return bool(tensorflow.is_tensor(x))

    def lesser(self, x: Any, y: Any) -> Any:
        """Whether smaller."""
        return tensorflow.less(x, y)

    def lesser_equal(self, x: Any, y: Any) -> Any:
        """Whether not greater."""
        return tensorflow.less_equal(x, y)

    def local_conv1d(
        self, inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: Any = None
    ) -> Any:
        """A convolution with a kernel of its own at each step."""
        first = (data_format or keras.backend.image_data_format()) == "channels_first"
        x = tensorflow.transpose(inputs, [0, 2, 1]) if first else inputs
        kernel = tensorflow.convert_to_tensor(kernel)
        windows = [
            tensorflow.reshape(
                x[:, step * strides[0] : step * strides[0] + kernel_size[0]],
                [-1, kernel.shape[1]],
            )
            for step in range(kernel.shape[0])
        ]
        out = tensorflow.einsum("pbk,pkf->bpf", tensorflow.stack(windows), kernel)
        return tensorflow.transpose(out, [0, 2, 1]) if first else out

    def local_conv2d(
        self,
        inputs: Any,
        kernel: Any,
        kernel_size: Any,
        strides: Any,
        output_shape: Any,
        data_format: Any = None,
    ) -> Any:
        """A convolution with a kernel of its own at each place."""
        first = (data_format or keras.backend.image_data_format()) == "channels_first"
        kernel = tensorflow.convert_to_tensor(kernel)
        windows = []
        for row in range(output_shape[0]):
            for column in range(output_shape[1]):
                top, left = row * strides[0], column * strides[1]
                rows = slice(top, top + kernel_size[0])
                columns = slice(left, left + kernel_size[1])
                # With channels first a window is stored channel by channel.
                window = inputs[:, :, rows, columns] if first else inputs[:, rows, columns]
                windows.append(tensorflow.reshape(window, [-1, kernel.shape[1]]))
        out = tensorflow.einsum("pbk,pkf->bpf", tensorflow.stack(windows), kernel)
        out = tensorflow.reshape(out, [-1, *output_shape, kernel.shape[-1]])
        return tensorflow.transpose(out, [0, 3, 1, 2]) if first else out

    def logsumexp(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """The logarithm of a sum of exponentials."""
        return tensorflow.reduce_logsumexp(x, axis, keepdims)

    def normalize_data_format(self, value: Any) -> str:
        """The data format, or the default one."""
        return Keras2ConvUtils.normalize_data_format(value)

    def resize_images(
        self,
        x: Any,
        height_factor: int,
        width_factor: int,
        data_format: Any = None,
        interpolation: str = "nearest",
    ) -> Any:
        """As on TensorFlow 1, which put no centre into a pixel."""
        current = tensorflow.keras.backend
        data_format = data_format or keras.backend.image_data_format()
        if interpolation != "bilinear":
            return current.resize_images(
                x, height_factor, width_factor, data_format, interpolation=interpolation
            )
        first = data_format == "channels_first"
        x = tensorflow.transpose(x, [0, 2, 3, 1]) if first else x
        shape = tensorflow.shape(x)
        size = [shape[1] * height_factor, shape[2] * width_factor]
        out = tensorflow.compat.v1.image.resize_bilinear(x, size)
        known = [
            None if extent is None else extent * factor
            for extent, factor in zip(x.shape[1:3], (height_factor, width_factor), strict=True)
        ]
        out.set_shape([x.shape[0], *known, x.shape[3]])
        return tensorflow.transpose(out, [0, 3, 1, 2]) if first else out

    def slice(self, x: Any, start: Any, size: Any) -> Any:
        """A part of a tensor."""
        return tensorflow.slice(x, start, size)

    def variable(
        self, value: Any, dtype: Any = None, name: Any = None, constraint: Any = None
    ) -> Any:
        """A variable; before Keras 2.3 it is a weight only of a layer that lists it."""
        dtype = dtype or keras.backend.floatx()
        made = keras.Variable(tensorflow.cast(value, dtype), dtype=dtype, name=name)
        made.constraint = constraint
        made.is_listed_by_hand = self.listed_by_hand
        return made

    def Variable(
        self, initial_value: Any, trainable: Any = None, name: Any = None, dtype: Any = None
    ) -> Any:
        """A ``tf.Variable`` that counts as a weight of its layer."""
        value = initial_value() if callable(initial_value) else initial_value
        value = tensorflow.convert_to_tensor(value, dtype)
        learns = True if trainable is None else trainable
        return keras.Variable(value, dtype=value.dtype.name, trainable=learns, name=name)


class Keras2ConvUtils:
    """``keras.utils.conv_utils`` of Keras 2."""

    @staticmethod
    def normalize_data_format(value: Any) -> str:
        """The data format, or the default one."""
        value = (value or keras.backend.image_data_format()).lower()
        if value not in {"channels_first", "channels_last"}:
            raise ValueError(f"data_format is {value!r}")
        return str(value)

    @staticmethod
    def normalize_tuple(value: Any, n: int, name: str) -> Any:
        """A tuple of ``n`` whole numbers from one, or from several."""
        values = (value,) * n if isinstance(value, int) else tuple(value)
        if len(values) != n or not all(isinstance(each, int) for each in values):
            raise ValueError(f"{name} is {value!r}, not {n} whole numbers")
        return values

    @staticmethod
    def normalize_padding(value: str) -> str:
        """The padding in lower case."""
        padding = value.lower()
        if padding not in {"valid", "same", "causal", "full"}:
            raise ValueError(f"padding is {value!r}")
        return padding

    @staticmethod
    def conv_output_length(
        input_length: Any, filter_size: int, padding: str, stride: int, dilation: int = 1
    ) -> Any:
        """The length of what a convolution gives."""
        if input_length is None:
            return None
        size = filter_size + (filter_size - 1) * (dilation - 1)
        lengths = {
            "same": input_length,
            "causal": input_length,
            "valid": input_length - size + 1,
            "full": input_length + size - 1,
        }
        return (lengths[padding] + stride - 1) // stride


class Keras2Activations:
    """``keras.activations`` of Keras 2, whose hard_sigmoid was steeper than Keras 3's."""

    def __getattr__(self, name: str) -> Any:
        """Those that are the same."""
        return getattr(keras.activations, name)

    def hard_sigmoid(self, x: Any) -> Any:
        """A line from 0 to 1 with the slope 0.2."""
        return tensorflow.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)

    def get(self, identifier: Any) -> Any:
        """A function by its name."""
        old = identifier == "hard_sigmoid"
        return self.hard_sigmoid if old else keras.activations.get(identifier)

    def deserialize(self, identifier: Any, custom_objects: Any = None) -> Any:
        """A function by what a config holds."""
        if identifier == "hard_sigmoid":
            return self.hard_sigmoid
        return keras.activations.deserialize(identifier, custom_objects)

    def serialize(self, activation: Any) -> Any:
        """What a config holds of a function."""
        old = activation == self.hard_sigmoid
        return "hard_sigmoid" if old else keras.activations.serialize(activation)


class AddonsActivations:
    """``tensorflow_addons.activations``."""

    @staticmethod
    def gelu(x: Any, approximate: bool = True) -> Any:
        """The approximation, unless told otherwise."""
        return tensorflow.nn.gelu(x, approximate)

    @staticmethod
    def hardshrink(x: Any, lower: float = -0.5, upper: float = 0.5) -> Any:
        """Zero between two limits."""
        x = tensorflow.convert_to_tensor(x)
        return tensorflow.where((x < lower) | (x > upper), x, tensorflow.zeros_like(x))

    @staticmethod
    def lisht(x: Any) -> Any:
        """The linearly scaled hyperbolic tangent."""
        return x * tensorflow.math.tanh(x)

    @staticmethod
    def mish(x: Any) -> Any:
        """Mish."""
        return x * tensorflow.math.tanh(tensorflow.math.softplus(x))

    @staticmethod
    def snake(x: Any, frequency: float = 1) -> Any:
        """A line with waves."""
        return x + (1 - tensorflow.cos(2 * frequency * x)) / (2 * frequency)

    @staticmethod
    def softshrink(x: Any, lower: float = -0.5, upper: float = 0.5) -> Any:
        """Zero between two limits, to which all else comes nearer."""
        x = tensorflow.convert_to_tensor(x)
        below = tensorflow.where(x < lower, x - lower, tensorflow.zeros_like(x))
        return tensorflow.where(x > upper, x - upper, below)

    @staticmethod
    def tanhshrink(x: Any) -> Any:
        """What the hyperbolic tangent leaves."""
        return x - tensorflow.math.tanh(x)


class AddonsInstanceNormalization(keras.layers.GroupNormalization):  # type: ignore[misc]
    """``InstanceNormalization`` of TensorFlow Addons: a group for each channel."""

    def __init__(self, **options: Any) -> None:
        if options.get("axis", -1) < -1:
            raise ValueError("Addons mixed up axes along a negative axis other than -1")
        super().__init__(**{**options, "groups": -1})


class Keras1Initialization:
    """An initializer of Keras 1: called by hand it makes the variable itself."""

    NAMES = {
        "identity": "identity",
        "normal": "random_normal",
        "one": "ones",
        "orthogonal": "orthogonal",
        "uniform": "random_uniform",
        "zero": "zeros",
    }

    def __init__(self, name: str) -> None:
        self.plain = keras.initializers.get(self.NAMES.get(name, name))

    def __call__(self, shape: Any, name: Any = None, **options: Any) -> Any:
        """A variable; scales of fresh values don't matter, a file brings its own."""
        return keras2_backend.variable(self.plain(tuple(shape)), name=name)


class Keras1Initializations:
    """The module ``keras.initializations`` of Keras 1."""

    @staticmethod
    def get(identifier: Any, **options: Any) -> Any:
        """An initializer by its name; a function is one already."""
        return identifier if callable(identifier) else Keras1Initialization(identifier)


class Keras2Layer:
    """What a layer could do in Keras 1 and 2; stands before Keras's class."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = vars(cls)
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = cls.get_output_shape_for  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        """Variables made by hand are no weights before they are listed."""
        if getattr(value, "is_listed_by_hand", False):
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def trainable_weights(self) -> Any:
        """The weights that learn; a layer may say which."""
        return super().trainable_weights  # type: ignore[misc]

    @trainable_weights.setter
    def trainable_weights(self, weights: Any) -> None:
        self._list(weights, True)

    @property
    def non_trainable_weights(self) -> Any:
        """The weights that do not learn; a layer may say which."""
        return super().non_trainable_weights  # type: ignore[misc]

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights: Any) -> None:
        self._list(weights, False)

    def save_own_variables(self, store: Any) -> None:
        """All weights: those of Keras that save by themselves know only their own."""
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """See ``save_own_variables``."""
        keras.layers.Layer.load_own_variables(self, store)

    def _list(self, weights: Any, trainable: bool) -> None:
        layer: Any = self
        kind = "_trainable_variables" if trainable else "_non_trainable_variables"
        for variable in list(getattr(layer, kind)):
            layer._untrack_variable(variable)
        for variable in weights:
            variable.trainable = trainable
            layer._track_variable(variable)

    def add_weight(self, *arguments: Any, **options: Any) -> Any:
        """The name may come first, as in Keras 2, or the shape, as in Keras 1."""
        options = self.options_of_today(arguments, options)
        options.pop("use_resource", None)
        return super().add_weight(**options)  # type: ignore[misc]

    @staticmethod
    def options_of_today(arguments: Any, options: Any) -> Any:
        """What was given by position, by name; initializers as they are called today."""
        if arguments and not isinstance(arguments[0], str | None):
            order = ("shape", "initializer", "name", "regularizer", "trainable", "constraint")
        else:
            order = ("name", "shape", "dtype", "initializer", "regularizer", "trainable")
        given = {**dict(zip(order, arguments, strict=False)), **options}
        initializer = given.get("initializer")
        initializer = {"one": "ones", "zero": "zeros"}.get(str(initializer), initializer)
        shape = given.get("shape")
        return {
            **given,
            "initializer": getattr(initializer, "plain", initializer),
            "shape": () if shape is None else tuple(shape),
            "trainable": given.get("trainable") is not False,
        }


class SetsKernel:
    """A layer that gives a stock one another kernel, which Keras 3 does not let be set."""

    @property
    def kernel(self) -> Any:
        """The one that was set."""
        own = vars(self).get("kernel_of_its_own")
        return super().kernel if own is None else own  # type: ignore[misc]

    @kernel.setter
    def kernel(self, value: Any) -> None:
        self.kernel_of_its_own = value

    @property
    def embeddings(self) -> Any:
        """The table of an Embedding, for which the same holds."""
        own = vars(self).get("embeddings_of_its_own")
        return super().embeddings if own is None else own  # type: ignore[misc]

    @embeddings.setter
    def embeddings(self, value: Any) -> None:
        self.embeddings_of_its_own = value


class BuildsLayersInside:
    """A layer that makes layers, and says its output's shape: in Keras 3 those stay unbuilt."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own: Any = cls.build  # type: ignore[attr-defined]

        @functools.wraps(own)
        def build(self: Any, *shapes: Any, **named: Any) -> None:
            if not hasattr(own, "_is_default"):
                own(self, *shapes, **named)
            (input_shape,) = (*shapes, *named.values())
            keras.Operation.compute_output_spec(self, self._tensors(input_shape))

        # A mark by which Keras knows its own, and warns.
        vars(build).pop("_is_default", None)
        cls.build = build  # type: ignore[attr-defined]

    def _tensors(self, shape: Any) -> Any:
        if isinstance(shape, dict):
            return {key: self._tensors(each) for key, each in shape.items()}
        if any(isinstance(each, (list, tuple)) for each in shape):
            return [self._tensors(each) for each in shape]
        return keras.KerasTensor(shape, self.compute_dtype)  # type: ignore[attr-defined]


class TensorShapes:
    """A layer of tf.keras gets its shapes as TensorShapes, and may give such back."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("build", "compute_output_shape"):
            if name in vars(cls):
                setattr(cls, name, cls._with_shapes(vars(cls)[name]))

    @staticmethod
    def _with_shapes(method: Any) -> Any:
        def shaped(shape: Any) -> Any:
            if isinstance(shape, dict):
                return {key: shaped(each) for key, each in shape.items()}
            if isinstance(shape, (list, tuple)) and any(
                isinstance(each, (list, tuple)) for each in shape
            ):
                return [shaped(each) for each in shape]
            return tensorflow.TensorShape(shape)

        def plain(shape: Any) -> Any:
            if isinstance(shape, tensorflow.TensorShape):
                return tuple(shape.as_list())
            if isinstance(shape, list) and any(
                isinstance(each, (tensorflow.TensorShape, tuple)) for each in shape
            ):
                return [plain(each) for each in shape]
            return tuple(shape) if isinstance(shape, list) else shape

        @functools.wraps(method)
        def call(self: Any, *shapes: Any, **named: Any) -> Any:
            given = {name: shaped(shape) for name, shape in named.items()}
            return plain(method(self, *map(shaped, shapes), **given))

        return call


keras2_backend = Keras2Backend()
keras2_activations = Keras2Activations()
