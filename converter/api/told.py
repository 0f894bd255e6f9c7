"""What the user says about a file that the file itself does not: its writer, its input's shape.

It is put into the contents as if the file had said it, so that everything behind reads one source.
It may add to what the file says, and may not contradict it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from converter.api.vocabularies import Files, with_vocabularies
from converter.containers import ModelFile, open_model
from converter.errors import UsageError
from converter.model.description import Json, Writer

Shape = Sequence[int | None]
"""The shape of an input without the batch axis; None is an axis of any length."""
InputShapes = Shape | Mapping[str, Shape]
"""The shape of the only input, or shapes by the names of the inputs."""

FORMS = "keras-2.2.4, keras-1.2.2-theano, keras-2.2.4-tensorflow-1.14, tf-1.15"
"""How a writer is named, for messages."""
BACKENDS = ("tensorflow", "theano", "cntk")

KERAS_OF_TENSORFLOW: dict[tuple[int, ...], tuple[int, ...]] = {
    **dict.fromkeys([(1, 13), (1, 14), (1, 15), (2, 0), (2, 1)], (2, 2, 4)),
    (2, 2): (2, 3, 0),
    (2, 3): (2, 4, 0),
}
"""The Keras inside each TensorFlow, from 1.13 on; since 2.4 it bears the number of that."""
SAME_NUMBER_SINCE = (2, 4)

_NAME = re.compile(
    rf"(?P<family>keras|tf)-(?P<version>\d+(?:\.\d+){{1,3}})"
    rf"(?:-(?P<backend>{'|'.join(BACKENDS)})(?:-(?P<release>\d+(?:\.\d+){{1,3}}))?)?"
)


def by_input(shapes: InputShapes) -> Mapping[str, Shape]:
    """The shapes by the names of inputs; the only input has none."""
    return shapes if isinstance(shapes, Mapping) else {"": shapes}


def open_told(
    path: Path,
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    vocabularies: Files | None = None,
) -> ModelFile:
    """Opens a model file and completes what it says.

    Raises:
        UsageError: what is told makes no sense, or the file says something else. Also what
            ``open_model`` raises.
    """
    source = open_model(path)
    try:
        if writer:
            told = completed(source.contents.writer, writer)
            source.contents = replace(source.contents, writer=told)
        if input_shape and source.contents.config is not None:
            config = with_shapes(source.contents.config, by_input(input_shape))
            told_shape = config is not source.contents.config
            source.contents = replace(source.contents, config=config, told_shape=told_shape)
        if vocabularies and source.contents.config is not None:
            config = with_vocabularies(source.contents.config, vocabularies)
            source.contents = replace(source.contents, config=config)
    except BaseException:
        source.close()
        raise
    return source


def named_writer(name: str) -> Writer:
    """The writer of a name like ``keras-1.2.2-theano`` or ``tf-1.15``.

    Raises:
        UsageError: it is no such name.
    """
    found = _NAME.fullmatch(name)
    if found is None or (found["family"] == "tf" and found["backend"]):
        raise UsageError(f"{name} is not how a writer is named", f"for example: {FORMS}")
    version = _numbers(found["version"])
    if found["family"] == "keras":
        backend, release = found["backend"] or "", _numbers(found["release"] or "")
        return Writer(version, False, backend, found["version"], release)
    keras = _keras_of(version)
    if keras is None:
        raise UsageError(f"{name} is not known", "releases of TensorFlow: tf-1.13 to tf-2.x")
    label = ".".join(map(str, keras)) + ("" if keras >= (2, 4) else "-tf")
    return Writer(keras, True, "tensorflow", label, version)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part[:9]) for part in text.split(".")) if text else ()


def _keras_of(tensorflow: tuple[int, ...]) -> tuple[int, ...] | None:
    minor = tensorflow[:2]
    if minor < SAME_NUMBER_SINCE:
        return KERAS_OF_TENSORFLOW.get(minor)
    return (*minor, 0) if minor < (3,) else None


def completed(stored: Writer, name: str) -> Writer:
    """What the file says of its writer, and what the user adds.

    Raises:
        UsageError: the name is no writer's, or the two can't be the same.
    """
    told = named_writer(name)
    if _contradicts(stored, told):
        said = " with ".join(
            filter(None, [stored.label and f"Keras {stored.label}", stored.backend])
        )
        raise UsageError(f"--writer {name} contradicts the file, which is of {said}")
    exact = told.tf_keras or len(stored.version) >= len(told.version)
    best = stored if stored.version and exact else told
    return Writer(
        best.version,
        best.tf_keras,
        told.backend or stored.backend,
        stored.label or told.label,
        told.backend_version,
    )


def _contradicts(stored: Writer, told: Writer) -> bool:
    if stored.backend and told.backend and stored.backend != told.backend:
        return True
    if not stored.version:
        return False
    # A release of TensorFlow is known with its minor number; those of Keras in it may differ.
    length = min(2 if told.tf_keras else len(told.version), len(stored.version))
    return stored.tf_keras != told.tf_keras or stored.version[:length] != told.version[:length]


def parsed_shapes(texts: Iterable[str]) -> dict[str, Shape]:
    """Shapes by input from ``28,28,1`` or ``NAME=28,28,1``; ``none`` is an open axis.

    Raises:
        UsageError: a text is no shape, or an input has two.
    """
    shapes: dict[str, Shape] = {}
    for text in texts:
        name, _, numbers = text.rpartition("=")
        if re.search(r"=\d+(,\d+)*,", name):
            hint = "once for each: --input-shape left=5 --input-shape right=4"
            raise UsageError(f"--input-shape {text}: these are several inputs", hint)
        if name in shapes:
            raise UsageError(f"--input-shape {text}: an input has one shape only")
        shapes[name] = tuple(_size(each.strip(), text) for each in numbers.split(","))
    return shapes


def _size(text: str, whole: str) -> int | None:
    if text.lower() == "none":
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
        hint = "sizes without the batch, none where any will do: 28,28,1 or NAME=none,none,3"
        raise UsageError(f"--input-shape {whole}: {text or 'nothing'} is no size", hint)
    return int(text)


def with_shapes(config: Json, shapes: Mapping[str, Shape]) -> Json:
    """The architecture with the shapes where it does not say them.

    Raises:
        UsageError: a shape belongs to no input, or the file says another one.
    """
    inputs = dict(_inputs(config))
    for name, shape in shapes.items():
        if name not in inputs and (name or len(inputs) != 1):
            known = ", ".join(inputs) or "none that could be told a shape"
            raise UsageError(f"--input-shape: which input is {name or shape}?", f"inputs: {known}")
        chosen = name or next(iter(inputs))
        config = _with_shape(config, chosen, inputs[chosen], [None, *shape])
    return config


def _inputs(config: Json) -> Iterator[tuple[str, tuple[Json, ...]]]:
    """The inputs of a model by name, each with the keys that lead to the config that says it."""
    if not isinstance(config, Mapping):
        return
    entries, path = _layers(config)
    if config.get("class_name") == "Sequential":
        if entries and isinstance(entries[0], Mapping):
            yield from _first(entries[0], (*path, 0))
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, Mapping) and entry.get("class_name") == "InputLayer":
            yield from _first(entry, (*path, index))


def _layers(config: Mapping[str, Json]) -> tuple[Sequence[Json], tuple[Json, ...]]:
    """The layers of a model's entry, and where they are in it."""
    inside = config.get("config")
    if isinstance(inside, Mapping) and isinstance(inside.get("layers"), list):
        return inside["layers"], ("config", "layers")
    return (inside, ("config",)) if isinstance(inside, list) else ((), ())


def _first(entry: Mapping[str, Json], path: tuple[Json, ...]) -> Iterator[tuple[str, Json]]:
    """An input layer, or the first layer of a Sequential, at whatever depth it lies."""
    if _layers(entry)[1]:
        for name, inner in _inputs(entry):
            yield name, (*path, *inner)
    elif isinstance(entry.get("config"), Mapping):
        yield _name(entry), (*path, "config")


def _name(entry: Mapping[str, Json]) -> str:
    return str(entry.get("name") or entry["config"].get("name") or entry.get("class_name"))


SAYS_SHAPE = ("batch_shape", "batch_input_shape")


def _with_shape(config: Json, name: str, path: Sequence[Json], shape: list[Json]) -> Json:
    stated = _stated(config, path)
    if stated is not None and list(stated)[1:] != shape[1:]:
        raise UsageError(
            f"--input-shape contradicts the file: input {name} has the shape {list(stated)[1:]}"
        )
    return config if stated is not None else _put(config, path, shape)


def _stated(config: Json, path: Sequence[Json]) -> Json:
    built = config["config"].get("build_input_shape") if path[:2] == ("config", "layers") else None
    for key in path:
        config = config[key]
    return next((config[key] for key in SAYS_SHAPE if config.get(key)), built)


def _put(config: Json, path: Sequence[Json], shape: list[Json]) -> Json:
    """A copy of the structure, changed at one place; the rest is shared."""
    if not path:
        return {**config, "batch_input_shape": shape}
    key, rest = path[0], path[1:]
    if isinstance(config, list):
        return [
            _put(each, rest, shape) if index == key else each for index, each in enumerate(config)
        ]
    return {**config, key: _put(config[key], rest, shape)}
