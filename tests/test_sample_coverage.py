"""Every layer class that a writer makes public is in some sample of it, or there is a reason."""

from __future__ import annotations

import json
import tarfile
from fnmatch import fnmatch

import pytest

from converter.knowledge.releases import Release, layer_classes, releases
from tests.sample_store import FOLDER, SUFFIX, samples, writers

BASES = frozenset(
    {"AbstractRNNCell", "ConvRecurrent2D", "Layer", "PreprocessingLayer", "Recurrent", "Wrapper"}
)
"""Classes to make layers from. No model has a layer of them."""

ELSEWHERE = "it wraps a program of another library, which no Keras file holds"
THEANO = "it is for TensorFlow only"
NOT_WRITTEN = {
    "AdditiveAttention": ("tf-2.0.*", "it has no get_config (NotImplementedError)"),
    "Attention": ("tf-2.0.*", "it has no get_config (NotImplementedError)"),
    "CuDNNGRU": ("*-theano", THEANO),
    "CuDNNLSTM": ("*-theano", THEANO),
    "Equalization": ("keras-3.*", "it fails on symbolic input: no graph can hold it"),
    "FlaxLayer": ("keras-3.*", ELSEWHERE),
    "JaxLayer": ("keras-3.*", ELSEWHERE),
    "RandomGrayscale": ("keras-3.8.*", "it loses the graph on symbolic input"),
    "SeparableConv2D": ("keras-1.*-theano", THEANO),
    "SeparableConvolution2D": ("keras-1.*-theano", THEANO),
    "TFSMLayer": ("keras-3.*", "it holds the path of a SavedModel, not weights"),
    "TorchModuleWrapper": ("keras-3.*", ELSEWHERE),
}
"""What these writers could not put into a file, and why."""


IN_FILES = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Keras 3 writes the name that it exports a class by."""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _release(writer: str) -> Release | None:
    """The release a writer is of, or the one of the same minor version that there is a table of."""
    line, version, *_ = writer.split("-")
    near = [
        each
        for each in releases()
        if each.line == line and _numbers(each.version)[:2] == _numbers(version)[:2]
    ]
    same = [each for each in near if each.version == version]
    return (same or near or [None])[0]


def _covered(writer: str) -> frozenset[str]:
    return frozenset().union(*(sample.layers for sample in samples(writer)))


def _excused(writer: str) -> frozenset[str]:
    return BASES | {name for name, (whom, _) in NOT_WRITTEN.items() if fnmatch(writer, whom)}


def _seen_missing(writer: str) -> frozenset[str]:
    """What the writer itself exported, when it wrote, and no sample has."""
    with tarfile.open(FOLDER / (writer + SUFFIX)) as archive:
        stream = archive.extractfile("manifest.json")
        assert stream is not None
        return frozenset(json.load(stream)["not_covered"])


WITH_TABLE = [name for name in writers() if not name.startswith(("keras-1.0.5", "keras-1.0.7"))]
"""The tables begin with Keras 1.0.8, which has some more layers than 1.0.5."""


@pytest.mark.parametrize("writer", WITH_TABLE)
def test_every_class_of_the_release_is_in_some_sample(writer: str) -> None:
    release = _release(writer)
    assert release is not None
    classes = {IN_FILES.get(name, name) for name in layer_classes(release)}
    assert {"Dense", "LSTM", "Embedding"} <= classes
    assert sorted(classes - _covered(writer) - _excused(writer)) == []


@pytest.mark.parametrize("writer", writers())
def test_every_class_that_the_writer_exported_is_in_some_sample(writer: str) -> None:
    assert sorted(_seen_missing(writer) - _excused(writer)) == []


@pytest.mark.parametrize("name", NOT_WRITTEN)
def test_no_excuse_is_out_of_date(name: str) -> None:
    whom, _ = NOT_WRITTEN[name]
    excused = [writer for writer in writers() if fnmatch(writer, whom)]
    assert [writer for writer in excused if name in _seen_missing(writer)]
    assert not [writer for writer in excused if name in _covered(writer)]
