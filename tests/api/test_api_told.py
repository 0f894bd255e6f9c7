"""What the user says about a file: it adds to what the file says and never contradicts it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.api.told import (
    KERAS_OF_TENSORFLOW,
    completed,
    named_writer,
    parsed_shapes,
    with_shapes,
)
from converter.errors import UsageError
from converter.model.description import Writer

THEANO = Writer((1, 2, 2), False, "theano", "1.2.2")
NO_BACKEND = Writer((1, 2, 2), False, "", "1.2.2")
TF = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
STANDALONE = Writer((2, 2, 4), False, "tensorflow", "2.2.4")


def test_names_of_writers() -> None:
    assert named_writer("keras-2.2.4") == Writer((2, 2, 4), False, "", "2.2.4")
    assert named_writer("keras-1.2.2-theano") == THEANO
    release = named_writer("keras-2.2.4-tensorflow-1.14")
    assert release == Writer((2, 2, 4), False, "tensorflow", "2.2.4", (1, 14))
    assert named_writer("tf-1.15") == Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf", (1, 15))
    assert named_writer("tf-2.12.1").version == (2, 12, 0)


@pytest.mark.parametrize(
    "name",
    ["", "keras", "keras-2", "tf-1.12", "tf-3.0", "tf-1.15-theano", "keras-2.2.4-mxnet", "x"],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        named_writer(name)


@given(st.sampled_from([*KERAS_OF_TENSORFLOW, *((2, minor) for minor in range(4, 20))]))
def test_every_tensorflow_agrees_with_what_it_writes(release: tuple[int, int]) -> None:
    name = f"tf-{release[0]}.{release[1]}"
    told = named_writer(name)
    written = Writer(told.version, True, "tensorflow", told.label)
    assert completed(written, name) == told
    assert completed(Writer(), name) == told


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (TF, "keras-2.2.4"),
        (TF, "tf-2.2"),
        (STANDALONE, "tf-1.15"),
        (STANDALONE, "keras-2.2.5"),
        (STANDALONE, "keras-2.3"),
        (STANDALONE, "keras-2.2.4-theano"),
        (Writer(backend="theano"), "keras-1.0.5-tensorflow"),
        (THEANO, "tf-1.15"),
    ],
)
def test_what_the_file_says_is_not_contradicted(stored: Writer, name: str) -> None:
    with pytest.raises(UsageError, match="contradicts the file"):
        completed(stored, name)


def test_what_the_file_does_not_say_is_added() -> None:
    assert completed(NO_BACKEND, "keras-1.2.2-theano") == THEANO
    assert completed(NO_BACKEND, "keras-1.2-theano") == THEANO
    assert completed(TF, "tf-2.1").backend_version == (2, 1)
    assert completed(TF, "tf-2.1").label == "2.2.4-tf"
    assert completed(THEANO, "keras-1.2.2-theano-0.8").backend_version == (0, 8)
    assert completed(Writer(backend="theano"), "keras-1.0.5").version == (1, 0, 5)


sizes = st.none() | st.integers(1, 99_999)


@given(st.dictionaries(st.text(min_size=1), st.lists(sizes, min_size=1, max_size=5), max_size=3))
def test_shapes_are_read_as_they_are_written(shapes: dict[str, list[int | None]]) -> None:
    texts = [
        f"{name}={','.join('none' if size is None else str(size) for size in shape)}"
        for name, shape in shapes.items()
    ]
    assert parsed_shapes(texts) == {name: tuple(shape) for name, shape in shapes.items()}


def test_the_only_input_goes_without_its_name() -> None:
    assert parsed_shapes(["None, 28,1"]) == {"": (None, 28, 1)}


@given(st.text())
def test_any_text_is_a_shape_or_a_usage_error(text: str) -> None:
    try:
        (shape,) = parsed_shapes([text]).values()
    except UsageError:
        return
    assert all(size is None or size > 0 for size in shape)


@pytest.mark.parametrize(
    "texts", [["", ""], ["28,"], ["0"], ["-1"], ["1.5"], ["a=1", "a=2"], ["a=1,2,b=2"]]
)
def test_other_texts_are_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError):
        parsed_shapes(texts)


def dense(name: str = "dense", **config: Any) -> dict[str, Any]:
    return {"class_name": "Dense", "config": {"name": name, "units": 2, **config}}


def sequential(*layers: Any, **config: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "top", "layers": [*layers], **config}}


def given_by(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": "InputLayer", "name": name, "config": {"name": name, **config}}


def test_the_first_layer_says_the_shape() -> None:
    config = sequential(dense(), dense("second"))
    told = with_shapes(config, {"": (4,)})
    assert told == sequential(dense(batch_input_shape=[None, 4]), dense("second"))
    assert with_shapes(config, {"dense": (4,)}) == told
    assert config == sequential(dense(), dense("second"))


def test_a_bare_list_of_layers() -> None:
    config = {"class_name": "Sequential", "config": [dense()]}
    told = with_shapes(config, {"": (None, 4)})
    assert told["config"] == [dense(batch_input_shape=[None, None, 4])]


def test_the_first_layer_of_a_nested_model_says_it() -> None:
    told = with_shapes(sequential(sequential(dense())), {"": (4,)})
    assert told == sequential(sequential(dense(batch_input_shape=[None, 4])))


@pytest.mark.parametrize(
    "config",
    [
        sequential(dense(batch_input_shape=[None, 4])),
        sequential(dense(), build_input_shape=[None, 4]),
        sequential(given_by("x", batch_shape=[None, 4]), dense()),
    ],
)
def test_shapes_that_the_file_says(config: Any) -> None:
    assert with_shapes(config, {"": (4,)}) is config
    with pytest.raises(UsageError, match="contradicts the file"):
        with_shapes(config, {"": (5,)})
    with pytest.raises(UsageError, match="contradicts the file"):
        with_shapes(config, {"": (None,)})


def test_several_inputs_have_names() -> None:
    layers = [given_by("x"), given_by("y", batch_input_shape=[None, 3])]
    config = {"class_name": "Model", "config": {"name": "top", "layers": layers}}
    told = with_shapes(config, {"x": (4,), "y": (3,)})
    assert told["config"]["layers"] == [given_by("x", batch_input_shape=[None, 4]), layers[1]]
    with pytest.raises(UsageError, match="which input"):
        with_shapes(config, {"": (4,)})
    with pytest.raises(UsageError, match="which input is z"):
        with_shapes(config, {"z": (4,)})


@pytest.mark.parametrize(
    "config",
    [
        {},
        [],
        sequential(),
        sequential(3),
        sequential({"class_name": "Dense"}),
        {"class_name": "Model", "config": {"layers": [{"class_name": "InputLayer"}]}},
    ],
)
def test_models_without_an_input_to_tell_of(config: Any) -> None:
    with pytest.raises(UsageError, match="which input"):
        with_shapes(config, {"": (4,)})
