"""Which variables a layer creates, in which order: the table that replaces Keras for writing.

Order is the order of creation inside the layer (what ``.keras`` archives number as ``vars/0``,
``vars/1``…). Legacy HDF5 files hold the trainable ones first. The table knows Keras 3's layers and
those of Keras 2 that rules rewrite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from converter.knowledge import keras3
from converter.layouts import addons, well_known
from converter.model.description import Json, Layer

Config = Mapping[str, Json]


@dataclass(frozen=True)
class Variable:
    """A variable of a layer.

    Attributes:
        name: in the field's words.
        trainable: whether the layer makes it trainable; a frozen layer's variables are none the
            less.
        owner: the sub-object that holds it (``cell``, ``query_dense``), empty for the layer itself.
        archived: whether a ``.keras`` archive holds it.
    """

    name: str
    trainable: bool = True
    owner: str = ""
    archived: bool = True


def _with_bias(*names: str, default: bool = True) -> Callable[[Config], list[Variable]]:
    def variables(config: Config) -> list[Variable]:
        all_names = [*names, "bias"] if config.get("use_bias", default) else names
        return [Variable(name) for name in all_names]

    return variables


def _always(*names: str) -> Callable[[Config], list[Variable]]:
    return lambda config: [Variable(name) for name in names]


def _in_cell(config: Config) -> list[Variable]:
    names = ["kernel", "recurrent_kernel"] + (["bias"] if config.get("use_bias", True) else [])
    return [Variable(name, owner="cell") for name in names]


def _scale_and_center(config: Config) -> list[Variable]:
    names = [("gamma", "scale"), ("beta", "center")]
    return [Variable(name) for name, key in names if config.get(key, True)]


def _layer_normalization(config: Config) -> list[Variable]:
    if config.get("rms_scaling"):
        return [Variable("gamma")]
    return _scale_and_center(config)


def _batch_normalization(config: Config) -> list[Variable]:
    statistics = ["moving_mean", "moving_variance"]
    if config.get("renorm"):
        statistics += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    return _scale_and_center(config) + [Variable(name, trainable=False) for name in statistics]


def _einsum_dense(config: Config) -> list[Variable]:
    return [Variable("kernel")] + ([Variable("bias")] if config.get("bias_axes") else [])


def _multi_head_attention(config: Config) -> list[Variable]:
    owners = ["query_dense", "key_dense", "value_dense", "output_dense"]
    return list(_projections(config, owners))


def _grouped_query_attention(config: Config) -> list[Variable]:
    owners = ["_query_dense", "_key_dense", "_value_dense", "_output_dense"]
    return list(_projections(config, owners))


def _projections(config: Config, owners: list[str]) -> Iterator[Variable]:
    """Kernel and bias of each projection; a gate is built behind the key."""
    gate = ["_gate_dense"] if config.get("use_gate") else []
    for owner in owners[:2] + gate + owners[2:]:
        yield Variable("kernel", owner=owner)
        if config.get("use_bias", True):
            yield Variable("bias", owner=owner)


def _attention(config: Config) -> list[Variable]:
    variables = [Variable("scale")] if config.get("use_scale", False) else []
    return variables + (
        [Variable("concat_score_weight")] if config.get("score_mode") == "concat" else []
    )


def _additive_attention(config: Config) -> list[Variable]:
    return [Variable("scale")] if config.get("use_scale", True) else []


def _normalization(config: Config) -> list[Variable]:
    if config.get("mean") is not None:
        return []
    return [Variable(name, trainable=False) for name in ("mean", "variance", "count")]


def _spectrogram(config: Config) -> list[Variable]:
    left_out = {"real": "imag", "imag": "real"}.get(config.get("mode", "log"))
    return [Variable(f"{part}_kernel") for part in ("real", "imag") if part != left_out]


def _reversible_embedding(config: Config) -> list[Variable]:
    tied = config.get("tie_weights", True)
    return (
        [Variable("embeddings")]
        if tied
        else [Variable("embeddings"), Variable("reverse_embeddings")]
    )


def _of_keras1(*names: str) -> Callable[[Config], list[Variable] | None]:
    """Matrices and their biases, which Keras 1 counted apart and by a shorter word.

    Nothing is known of classes of the same name that do not have Keras 1's arguments.
    """

    def variables(config: Config) -> list[Variable] | None:
        if "W_regularizer" not in config:
            return None
        biases = [name.replace("W", "b") for name in names] if config.get("bias", True) else []
        return [Variable(name) for name in (*names, *biases)]

    return variables


def _dense_features(config: Config) -> list[Variable]:
    """The tables of embeddings, numbered as the columns are; Keras 2 stores frozen ones last."""
    tables = [
        Variable(f"embedding_{index}", trainable=bool(column["config"].get("trainable", True)))
        for index, column in enumerate(config.get("feature_columns") or ())
        if column["class_name"] == "EmbeddingColumn"
    ]
    return sorted(tables, key=lambda table: not table.trainable)


def _random_fourier_features(config: Config) -> list[Variable]:
    # Keras 2 numbers the trainable ones of a layer first, in archives as well.
    fixed = [Variable(name, trainable=False) for name in ("unscaled_kernel", "bias")]
    return [Variable("kernel_scale"), *fixed]


def _spectral_normalization(config: Config) -> list[Variable]:
    return [Variable("vector_u", trainable=False)]


_TABLE: dict[str, Callable[[Config], list[Variable] | None]] = {
    **dict.fromkeys(
        [
            "Dense",
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv1DTranspose",
            "Conv2DTranspose",
            "Conv3DTranspose",
        ]
        + ["LocallyConnected1D", "LocallyConnected2D"],
        _with_bias("kernel"),
    ),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D"], _with_bias("depthwise_kernel")),
    **dict.fromkeys(
        ["SeparableConv1D", "SeparableConv2D"], _with_bias("depthwise_kernel", "pointwise_kernel")
    ),
    **dict.fromkeys(
        ["LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]
        + ["UnifiedLSTM", "UnifiedGRU"],
        _in_cell,
    ),
    **dict.fromkeys(
        ["LSTMCell", "GRUCell", "SimpleRNNCell", "ConvLSTM2DCell"],
        _with_bias("kernel", "recurrent_kernel"),
    ),
    **dict.fromkeys(["CuDNNLSTM", "CuDNNGRU"], _always("kernel", "recurrent_kernel", "bias")),
    **dict.fromkeys(
        [
            "BatchNormalization",
            "BatchNormalizationV1",
            "BatchNormalizationV2",
            "SyncBatchNormalization",
        ],
        _batch_normalization,
    ),
    "LayerNormalization": _layer_normalization,
    "GroupNormalization": _scale_and_center,
    "RMSNormalization": _always("scale"),
    "EinsumDense": _einsum_dense,
    "Embedding": _always("embeddings"),
    "ReversibleEmbedding": _reversible_embedding,
    "PReLU": _always("alpha"),
    "MultiHeadAttention": _multi_head_attention,
    "GroupedQueryAttention": _grouped_query_attention,
    "Attention": _attention,
    "AdditiveAttention": _additive_attention,
    "Normalization": _normalization,
    "STFTSpectrogram": _spectrogram,
    "SpectralNormalization": _spectral_normalization,
    "LayerScale": _always("gamma"),
    "MaxoutDense": _of_keras1("W"),
    "Highway": _of_keras1("W", "W_carry"),
    "RandomFourierFeatures": _random_fourier_features,
    "DenseFeatures": _dense_features,
}


def variables_of(layer: Layer) -> list[Variable] | None:
    """The variables that the layer itself creates, in order, without those of inner layers.

    Returns:
        An empty list for layers without variables, None for classes that neither this table nor
        Keras 3 knows.
    """
    if is_op(layer):
        return []
    # A class that the user gives stands in no module of Keras.
    library = well_known.known(layer.class_name, layer.config)
    if library is not None and layer.module == "keras.layers":
        return [Variable(name, trainable) for name, trainable in library.variables(layer.config)]
    table = _TABLE.get(layer.class_name)
    if table is not None:
        own = table(layer.config)
        return _low_rank(own) if own and layer.config.get("lora_rank") else own
    if layer.class_name.startswith(addons.PACKAGE):
        return _of_addons(layer)
    return (
        [] if layer.class_name in keras3.LAYERS or layer.class_name in WITHOUT_VARIABLES else None
    )


def _of_addons(layer: Layer) -> list[Variable] | None:
    """The same for layers of TensorFlow Addons; None where their variables are not known."""
    own = addons.variables_of(layer, _count)
    if own is None:
        return None
    return [
        Variable(name, trainable, owner=name if name == addons.CLONE else "")
        for name, trainable in own
    ]


def _count(layer: Layer) -> int | None:
    """How many variables a layer without layers inside has."""
    own = None if layer.inner or layer.model else variables_of(layer)
    return None if own is None else len(own)


LOOKUPS = frozenset({"IntegerLookup", "StringLookup", "TextVectorization"})
"""Layers with a vocabulary."""
IDF_WEIGHTS, SUMMARY, BINS, TOKENS = "idf_weights", "summary", "bins", "num_elements"
"""What ``adapt()`` left in variables of Keras 2, which Keras 3 keeps in configs."""


def variables_of_tf_keras(release: tuple[int, ...]) -> Callable[[Layer], list[Variable] | None]:
    """The same for files of a release of tf.keras, ``(2, 6)``, with what its layers had learned."""

    def variables(layer: Layer) -> list[Variable] | None:
        learned = _learned(layer.class_name, layer.config, release)
        if learned:
            return [Variable(name, trainable=False) for name in learned]
        return variables_of(layer)

    return variables


def _learned(class_name: str, config: Config, release: tuple[int, ...]) -> list[str]:
    is_tf_idf = config.get("output_mode") in ("tf-idf", "tf_idf")
    if class_name == "Discretization" and release == (2, 5):
        return [BINS]
    if class_name == "Discretization" and release > (2, 5):
        return [] if config.get("bin_boundaries") is not None else [SUMMARY]
    if class_name == "CategoryEncoding" and "max_tokens" in config:
        counted = [TOKENS] if config["max_tokens"] is None else []
        return counted + ([IDF_WEIGHTS] if is_tf_idf else [])
    return [IDF_WEIGHTS] if class_name in LOOKUPS and is_tf_idf else []


def _low_rank(own: list[Variable]) -> list[Variable]:
    """With LoRA the kernel is frozen and two factors are added, which archives do not hold."""
    kernel, *others = own
    factors = [Variable(f"lora_{kernel.name}_{which}", archived=False) for which in "ab"]
    return [replace(kernel, trainable=False), *others, *factors]


WITHOUT_VARIABLES = frozenset(
    {
        "Functional",
        "Sequential",
        "Model",
        "ThresholdedReLU",
        "RandomHeight",
        "RandomWidth",
        "Merge",
        "ConvRNN2D",
        "AddLoss",
        "AddMetric",
    }
    | {
        "TFOpLambda",
        "SlicingOpLambda",
        "TensorFlowOpLayer",
        "ClassMethod",
        "InstanceMethod",
        "InstanceProperty",
    }
)
"""Classes that are no Keras 3 layers and have no variables of their own."""


def is_op(layer: Layer) -> bool:
    """Whether a node is a ``keras.ops`` operation, which is no layer and owns no variables."""
    return layer.module.startswith(("keras.src.ops", "keras.ops"))
