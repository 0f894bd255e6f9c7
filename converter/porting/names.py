"""What of Keras 1, Keras 2 and TensorFlow 1 is where today."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from converter.knowledge import keras3

TENSORFLOW_1_KEYWORDS = frozenset(
    {"keep_dims", "reduction_indices", "squeeze_dims", "keep_prob", "dimension", "concat_dim"}
)
"""Arguments of functions that TensorFlow 2 gave other names."""

BEFORE_TENSORFLOW_1 = {
    "batch_matmul": "matmul",
    "complex_abs": "abs",
    "inv": "reciprocal",
    "mul": "multiply",
    "neg": "negative",
    "pack": "stack",
    "select": "where",
    "sub": "subtract",
    "unpack": "unstack",
}
"""Functions renamed before TensorFlow 1.0."""


@cache
def _tensorflow1() -> frozenset[str]:
    text = files("converter.knowledge").joinpath("tensorflow1.json").read_text("utf-8")
    return frozenset(json.loads(text)) | BEFORE_TENSORFLOW_1.keys()


TENSORFLOW_1_NAMES = _tensorflow1()


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


BACKEND = words(
    "abs all any arange argmax argmin backend batch_dot batch_flatten batch_get_value"
    " batch_normalization batch_set_value bias_add binary_crossentropy binary_focal_crossentropy"
    " cast cast_to_floatx categorical_crossentropy categorical_focal_crossentropy clear_session"
    " clip concatenate constant conv1d conv2d conv2d_transpose conv3d cos count_params"
    " ctc_batch_cost ctc_decode ctc_label_dense_to_sparse cumprod cumsum depthwise_conv2d dot"
    " dropout dtype elu epsilon equal eval exp expand_dims eye flatten floatx foldl foldr gather"
    " get_uid get_value gradients greater greater_equal hard_sigmoid image_data_format in_top_k"
    " int_shape is_float_dtype is_int_dtype is_keras_tensor is_sparse l2_normalize less less_equal"
    " log map_fn max maximum mean min minimum moving_average_update name_scope ndim not_equal"
    " one_hot ones ones_like permute_dimensions pool2d pool3d pow prod random_bernoulli"
    " random_normal random_normal_variable random_uniform random_uniform_variable relu repeat"
    " repeat_elements reshape resize_images resize_volumes result_type reverse rnn round"
    " separable_conv2d set_epsilon set_floatx set_image_data_format set_value shape sigmoid sign"
    " sin softmax softplus softsign sparse_categorical_crossentropy spatial_2d_padding"
    " spatial_3d_padding sqrt square squeeze stack standardize_dtype std stop_gradient sum switch"
    " tanh temporal_padding tile to_dense transpose truncated_normal update update_add update_sub"
    " var variable zeros zeros_like"
)
"""What ``tf.keras.backend`` has with Keras 3. The functions of Keras 2 among them are its legacy:
https://github.com/keras-team/keras/blob/master/keras/src/legacy/backend.py"""

BACKEND_3 = words(
    "backend clear_session epsilon floatx get_uid image_data_format is_float_dtype is_int_dtype"
    " is_keras_tensor result_type set_epsilon set_floatx set_image_data_format"
    " standardize_dtype"
)
"""What ``keras.backend`` of Keras 3 has."""

PLAIN_HOMES = words(
    "activations applications callbacks config constraints datasets initializers losses metrics"
    " mixed_precision ops optimizers preprocessing random regularizers saving tree"
)
"""Modules of Keras with the same name today, whose names are looked up as they are."""

GONE_FROM_HOMES = frozenset(
    {"initializers.VarianceScaling.scale", "preprocessing.text", "preprocessing.sequence.skipgrams"}
    | {"regularizers.WeightRegularizer", "regularizers.ActivityRegularizer"}
)

TOP_LEVEL = frozenset({"Input", "InputSpec", "Layer", "Model", "Sequential", "Variable"})
"""Classes that ``keras`` itself has, by whatever old module they were imported."""

MODELS = words("Model Sequential clone_model load_model model_from_json save_model")

UTILS = words(
    "CustomObjectScope Progbar PyDataset Sequence array_to_img custom_object_scope"
    " deserialize_keras_object get_custom_objects get_file get_registered_name"
    " get_registered_object get_source_inputs img_to_array load_img normalize pad_sequences"
    " plot_model register_keras_serializable save_img serialize_keras_object set_random_seed"
    " to_categorical"
)
"""What ``keras.utils`` of Keras 3 has, of what Keras 2 had too."""

MERGING = {"_Merge": "keras.src.layers.merging.base_merge.Merge"}
"""Private bases that user code builds on, and where Keras 3 keeps them."""


def layers() -> frozenset[str]:
    """What ``keras.layers`` of Keras 3 has."""
    functions = {"add", "average", "concatenate", "dot", "maximum", "minimum", "multiply"}
    return frozenset(keras3.LAYERS) | functions | {"Input", "InputSpec", "Layer", "subtract"}


HISTORIC = frozenset(
    {
        *("engine", "legacy", "initializations", "objectives", "backend.tensorflow_backend"),
        *("backend.common", "backend.load_backend", "backend.theano_backend"),
        *(f"layers.{name}" for name in words("core convolutional convolutional_recurrent")),
        *(f"layers.{name}" for name in words("cudnn_recurrent embeddings local merge noise")),
        *(f"layers.{name}" for name in words("normalization pooling recurrent wrappers")),
        *("layers.advanced_activations", "layers.normalization_v2", "layers.recurrent_v2"),
        *(f"utils.{name}" for name in words("conv_utils data_utils generic_utils io_utils")),
        *(f"utils.{name}" for name in words("layer_utils multi_gpu_utils np_utils tf_utils")),
        *("utils.training_utils", "utils.vis_utils", "utils.test_utils", "utils.visualize_util"),
        *("layers.containers", "layers.experimental", "wrappers.scikit_learn"),
    }
)
"""Modules of Keras 1 and 2 that Keras 3 does not have."""


def historic(path: str) -> bool:
    """Whether a name under ``keras`` lies in a module that Keras 3 does not have."""
    inside = path.removeprefix("keras.")
    return any(inside == module or inside.startswith(module + ".") for module in HISTORIC)
