"""Feature columns, which DenseFeatures holds, as stock layers and op nodes.

Ids are kept plus one here, so that zero stands for an example that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod, sqrt

import numpy as np

from converter.model.building import NN_OPS, GraphBuilder
from converter.model.description import Array, Json, TensorRef, Weight
from converter.model.rewriting import free_name

CORE_OPS = "keras.src.ops.core"
CATEGORICAL = frozenset(
    {"IdentityCategoricalColumn", "VocabularyListCategoricalColumn", "HashedCategoricalColumn"}
)
CROSSED = "CrossedColumn"
CROSSABLE = frozenset(
    {"IdentityCategoricalColumn", "VocabularyListCategoricalColumn", "BucketizedColumn"}
)
RAW = "a feature as it is"
"""Stands for a column where a crossed one names a feature."""
DENSE = frozenset({"NumericColumn", "BucketizedColumn", "IndicatorColumn", "EmbeddingColumn"})


def obstacle(column: Json) -> str:
    """Why a column can't be written, or an empty string."""
    name, config = column["class_name"], column["config"]
    if name == "NumericColumn":
        return "A normalizer_fn is code, which is never run." if config["normalizer_fn"] else ""
    if name == "BucketizedColumn":
        return obstacle(config["source_column"])
    if name in DENSE:
        if config.get("ckpt_to_load_from"):
            return "An embedding is read from a checkpoint."
        source = config["categorical_column"]
        if source["class_name"] in CATEGORICAL | {"BucketizedColumn", CROSSED}:
            return obstacle(source)
        return f"No stock layer does what {source['class_name']} did."
    if name == CROSSED:
        return _obstacle_to_crossing(config)
    if name not in CATEGORICAL:
        return f"No stock layer does what {name} did."
    if config.get("num_oov_buckets"):
        return "Words that are not in its vocabulary have buckets of their own."
    if name == "VocabularyListCategoricalColumn" and _ignored(config) in config["vocabulary_list"]:
        return "Its vocabulary holds what stands for nothing."
    return ""


def _obstacle_to_crossing(config: Json) -> str:
    keys = config["keys"]
    if len(keys) != 2:
        return "HashedCrossing crosses two features."
    if config.get("hash_key") is not None:
        return "HashedCrossing has a hash_key of its own."
    columns = [each for each in keys if isinstance(each, Mapping)]
    if any(each["class_name"] not in CROSSABLE for each in columns):
        return "It crosses what no stock layer does."
    return next(filter(None, map(obstacle, columns)), "")


def sources_of(column: Json) -> list[Json]:
    """The columns that read features: their configs have the ``key`` and what values it takes."""
    for inner in ("source_column", "categorical_column"):
        if inner in column["config"]:
            return sources_of(column["config"][inner])
    if column["class_name"] != CROSSED:
        return [column]
    return [
        source
        for key in column["config"]["keys"]
        for source in (sources_of(key) if isinstance(key, Mapping) else [_raw(key)])
    ]


def _raw(key: str) -> Json:
    return {"class_name": RAW, "config": {"key": key}}


def crossed_keys(column: Json) -> list[str]:
    """The features that a column crosses."""
    inner = column["config"].get("categorical_column", column)
    is_crossed = inner["class_name"] == CROSSED
    return [each["config"]["key"] for each in sources_of(inner)] if is_crossed else []


def dtype_of(source: Json) -> str:
    """What a feature holds, where the model does not say it."""
    default = "int64" if source["class_name"] == "IdentityCategoricalColumn" else "float32"
    return str(source["config"].get("dtype", default))


def shape_of(source: Json) -> Sequence[int]:
    """The shape of a feature for one example, where the model does not say it."""
    return [int(each) for each in source["config"].get("shape", [1])]


class FeatureColumns:
    """Adds columns to a graph.

    Args:
        graph: where to.
        features: tensors of two axes by key, and the inputs' dtypes and lengths.
    """

    def __init__(
        self, graph: GraphBuilder, features: Mapping[str, tuple[TensorRef, str, int | None]]
    ) -> None:
        self.graph = graph
        self.features = features

    def dense(self, column: Json, table: Weight | None) -> TensorRef:
        """The output of a column, (batch, length); ``table`` is an embedding's."""
        name, config = column["class_name"], column["config"]
        if name == "NumericColumn":
            return self._numbers(config)
        if name == "BucketizedColumn":
            return self._buckets(config)
        source = config["categorical_column"]
        if table is not None:
            return self._embedding(config, table)
        if source["class_name"] == "BucketizedColumn":
            return self._buckets(source["config"])
        ids = self.graph.op("Subtract", self._ids(source), 1)
        hot = self.graph.op("OneHot", ids, module=NN_OPS, num_classes=_count(source))
        return self.graph.op("Sum", hot, axis=1)

    def _numbers(self, config: Json) -> TensorRef:
        x, dtype, _ = self.features[config["key"]]
        if dtype != "float32":
            x = self.graph.op("Cast", x, module=CORE_OPS, dtype="float32")
        return self.graph.layer("Reshape", x, target_shape=[prod(config["shape"])])

    def _bucket(self, config: Json) -> TensorRef:
        boundaries = [float(each) for each in config["boundaries"]]
        numbers = self._numbers(config["source_column"]["config"])
        return self.graph.layer(
            "Discretization", numbers, bin_boundaries=boundaries, dtype="float32"
        )

    def _buckets(self, config: Json) -> TensorRef:
        indices = self._bucket(config)
        depth = len(config["boundaries"]) + 1
        hot = self.graph.op("OneHot", indices, module=NN_OPS, num_classes=depth)
        length = prod(config["source_column"]["config"]["shape"]) * depth
        return self.graph.layer("Reshape", hot, target_shape=[length])

    def _embedding(self, config: Json, table: Weight) -> TensorRef:
        source, limit = config["categorical_column"], config.get("max_norm")
        if limit is not None:
            table = table.map(lambda values: _limited(values, limit))
        trainable = bool(config.get("trainable", True))
        if source["class_name"] == "BucketizedColumn":
            # Every number has its bucket, so there is always the same number of ids.
            count = prod(source["config"]["source_column"]["config"]["shape"])
            divisor = {"mean": count, "sqrtn": sqrt(count)}.get(config["combiner"], 1)
            kernel = table.map(lambda values: (values / divisor).astype(values.dtype))
            return self.graph.layer(
                "Dense",
                self._buckets(source["config"]),
                weights=[kernel],
                units=table.shape[1],
                use_bias=False,
                trainable=trainable,
            )
        rows, length = table.shape
        padded = table.map(
            lambda values: np.pad(values, [(1, 0), (0, 0)]), shape=(rows + 1, length)
        )
        ids = self._ids(source)
        found = self.graph.layer(
            "Embedding",
            ids,
            weights=[padded],
            input_dim=rows + 1,
            output_dim=length,
            trainable=trainable,
        )
        total = self.graph.op("Sum", found, axis=1)
        several = source["class_name"] != CROSSED and self.features[source["config"]["key"]][2] != 1
        if not several or config["combiner"] == "sum":
            return total
        present = self.graph.op("NotEqual", ids, 0)
        present = self.graph.op("Cast", present, module=CORE_OPS, dtype="float32")
        divisor_of_each = self.graph.op("Sum", present, axis=1, keepdims=True)
        divisor_of_each = self.graph.op("Maximum", divisor_of_each, 1.0)
        if config["combiner"] == "sqrtn":
            divisor_of_each = self.graph.op("Sqrt", divisor_of_each)
        return self.graph.op("Divide", total, divisor_of_each)

    def _ids(self, column: Json) -> TensorRef:
        name, config = column["class_name"], column["config"]
        if name == CROSSED:
            return self._crossed(config)
        x = self.features[config["key"]][0]
        if name == "HashedCategoricalColumn":
            bins = config["hash_bucket_size"] + 1
            return self.graph.layer("Hashing", x, num_bins=bins, mask_value=_ignored(config))
        if name == "IdentityCategoricalColumn":
            return self._own_numbers(x, config)
        found = self._looked_up(config)
        # Zero is what is to be ignored, one is any other word.
        ids = self.graph.op("Maximum", self.graph.op("Subtract", found, 1), 0)
        if config["default_value"] == -1:
            return ids
        unknown = self.graph.op("Equal", found, 1)
        return self.graph.op("Where", unknown, config["default_value"] + 1, ids)

    def _looked_up(self, config: Json) -> TensorRef:
        return self.graph.layer(
            "IntegerLookup" if _holds_integers(config) else "StringLookup",
            self.features[config["key"]][0],
            vocabulary=list(config["vocabulary_list"]),
            mask_token=_ignored(config),
            oov_token=_unused(config),
        )

    def _crossed(self, config: Json) -> TensorRef:
        """An example that lacks one of the two has none; unknown words are one of their own.

        Columns come before features as they are, whatever the order of the keys.
        """
        keys = sorted(config["keys"], key=lambda key: not isinstance(key, Mapping))
        crossed, present = [], []
        for key in keys:
            if not isinstance(key, Mapping):
                crossed.append(self.features[key][0])
            elif key["class_name"] == "BucketizedColumn":
                crossed.append(self._bucket(key["config"]))
            else:
                crossed.append(self.graph.op("Subtract", self._ids(key), 1))
                present.append(self._is_there(key))
        bins = config["hash_bucket_size"]
        found = self.graph.layer("HashedCrossing", crossed, num_bins=bins, dtype="int64")
        ids = self.graph.op("Add", found, 1)
        for each in present:
            ids = self.graph.op("Where", each, ids, 0)
        return ids

    def _is_there(self, column: Json) -> TensorRef:
        """Whether a feature has a value."""
        config = column["config"]
        if column["class_name"] == "VocabularyListCategoricalColumn":
            return self.graph.op("NotEqual", self._looked_up(config), 0)
        return self.graph.op("NotEqual", self.features[config["key"]][0], -1)

    def _own_numbers(self, x: TensorRef, config: Json) -> TensorRef:
        one_more = self.graph.op("Add", x, 1)
        if config["default_value"] is None:
            return self.graph.op("Maximum", one_more, 0)
        negative = self.graph.op("Less", x, 0)
        beyond = self.graph.op("GreaterEqual", x, config["number_buckets"])
        outside = self.graph.op("LogicalOr", negative, beyond)
        ids = self.graph.op("Where", outside, config["default_value"] + 1, one_more)
        return self.graph.op("Where", self.graph.op("Equal", x, -1), 0, ids)


def _count(column: Json) -> int:
    config = column["config"]
    if "vocabulary_list" in config:
        return len(config["vocabulary_list"])
    return int(config.get("number_buckets") or config["hash_bucket_size"])


def _holds_integers(config: Json) -> bool:
    return str(config["dtype"]).startswith(("int", "uint"))


def _ignored(config: Json) -> int | str:
    """The value that stands for nothing."""
    return -1 if _holds_integers(config) else ""


def _unused(config: Json) -> int | str:
    """A word for unknown ones, which is not in the vocabulary itself."""
    if _holds_integers(config):
        return int(min(*config["vocabulary_list"], -1)) - 1
    return free_name("[UNK]", config["vocabulary_list"])


def _limited(values: Array, limit: float) -> Array:
    """Rows that are longer than the limit are as long as it."""
    lengths = np.sqrt(np.sum(np.square(values), axis=1, keepdims=True))
    limited: Array = values * np.float32(limit) / np.maximum(lengths, np.float32(limit))
    return limited
