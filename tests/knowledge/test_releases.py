"""What the tables of the releases answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.knowledge import releases
from converter.knowledge.releases import Absent, arguments, candidates, default, layer_classes
from converter.model.description import Writer

KERAS_1 = Writer((1, 2, 2), False, "theano", "1.2.2")
KERAS_2_2 = Writer((2, 2, 4), False, "tensorflow", "2.2.4")
TF_1 = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
TF_2_0 = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf", (2, 0))
TF_2_15 = Writer((2, 15, 0), True, "tensorflow", "2.15.0")
KERAS_3 = Writer((3, 15, 1), False, "tensorflow", "3.15.1")
WRITERS = [KERAS_1, KERAS_2_2, TF_1, TF_2_0, TF_2_15, KERAS_3]
KINDS = ("layers", "initializers", "losses", "metrics", "optimizers")


def versions(writer: Writer) -> list[str]:
    return [each.version for each in candidates(writer)]


def test_the_tables_are_small() -> None:
    folder = Path(releases.__file__).parent
    assert sum(path.stat().st_size for path in folder.glob("*.json")) < 1_000_000


def test_no_table_is_read_at_import() -> None:
    code = "import converter.knowledge.releases as r; print(r._table.cache_info().currsize)"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, check=True).stdout.strip() == b"0"


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        (KERAS_2_2, ["2.2.4"]),
        (TF_1, ["1.13.1", "1.14.0", "1.15.0", "2.0.0", "2.1.0"]),
        (TF_2_0, ["2.0.0"]),
        (Writer((2, 4, 0), True, "tensorflow", "2.4.0"), ["2.3.0", "2.4.0"]),
        (Writer((1,), False, "", "1"), ["1.0.8", "1.1.2", "1.2.2"]),
        (Writer(), ["1.0.8", "1.1.2", "1.2.2"]),
        (Writer((3, 8, 1), False, "jax", "3.8.1"), ["3.8.0"]),
        (Writer((3, 99, 0), False, "jax", "3.99.0"), ["3.15.1"]),
    ],
    ids=str,
)
def test_who_may_have_written_a_file(writer: Writer, expected: list[str]) -> None:
    assert versions(writer) == expected


@pytest.mark.parametrize(
    ("writer", "name", "argument", "expected"),
    [
        (KERAS_1, "Dense", "units", Absent.NOT_TAKEN),
        (KERAS_1, "Dense", "output_dim", Absent.REQUIRED),
        (KERAS_2_2, "Dense", "units", Absent.REQUIRED),
        (KERAS_2_2, "Dense", "activation", None),
        (KERAS_1, "LSTM", "inner_activation", "hard_sigmoid"),
        (KERAS_2_2, "LSTM", "recurrent_activation", "hard_sigmoid"),
        (KERAS_3, "LSTM", "recurrent_activation", "sigmoid"),
        (KERAS_2_2, "GRU", "reset_after", False),
        (TF_2_15, "GRU", "reset_after", True),
        (TF_1, "GRU", "reset_after", Absent.UNTOLD),
        (TF_2_0, "GRU", "reset_after", True),
        (KERAS_2_2, "BatchNormalization", "epsilon", 1e-3),
        (KERAS_2_2, "Convolution2D", "data_format", None),
        (KERAS_3, "NoSuchLayer", "units", Absent.NOT_TAKEN),
    ],
)
def test_what_leaving_out_means(writer: Writer, name: str, argument: str, expected: object) -> None:
    found = default(writer, "layers", name, argument)
    assert found == expected
    assert type(found) is type(expected)


def test_what_readers_take() -> None:
    assert {"units", "lora_rank", "name", "trainable"} <= arguments(KERAS_3, "layers", "Dense")
    assert "batch_input_shape" in arguments(TF_2_15, "layers", "Dense")
    assert "batch_input_shape" not in arguments(KERAS_3, "layers", "Dense")
    assert "rank" not in arguments(KERAS_3, "layers", "Conv2D")
    assert "lr" in arguments(KERAS_2_2, "optimizers", "SGD")
    assert arguments(KERAS_3, "layers", "NoSuchLayer") == frozenset()


@pytest.mark.parametrize("name", ["mse", "MSE", "mean_squared_error", "binary_accuracy"])
def test_losses_are_metrics_as_well(name: str) -> None:
    assert releases._described(*candidates(KERAS_2_2), "metrics", name) is not None


def test_helpers_beside_the_objects_are_not_in_the_tables() -> None:
    for kind in KINDS:
        described = releases._table(kind)
        assert not {"clone_metrics", "_compute_fans", "get_fans", "serialize"} & set(described)


def test_public_layers() -> None:
    (keras_1,), (keras_3,) = candidates(KERAS_1), candidates(KERAS_3)
    assert {"MaxoutDense", "Merge", "Convolution2D"} <= layer_classes(keras_1)
    assert {"GroupedQueryAttention", "STFTSpectrogram"} <= layer_classes(keras_3)
    assert not {"MaxoutDense", "Merge", "BaseConv"} & layer_classes(keras_3)


@given(
    st.sampled_from(WRITERS),
    st.sampled_from(KINDS),
    st.sampled_from(["Dense", "Adam", "LSTM", "Huber", "Zeros", "GlorotUniform"]),
)
def test_what_is_taken_has_a_default_or_is_required(writer: Writer, kind: str, name: str) -> None:
    for argument in arguments(writer, kind, name):
        assert default(writer, kind, name, argument) is not Absent.NOT_TAKEN
    assert default(writer, kind, name, "no such argument") is Absent.NOT_TAKEN
