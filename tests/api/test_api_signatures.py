"""Names of a SavedModel's tensors, and what is asked for with --signature."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converter import convert
from converter.api.pipeline import parse
from converter.api.signatures import names_of, parsed_signatures
from converter.containers import open_model
from converter.engines import Endpoint
from converter.engines.arrays import distinct
from converter.engines.endpoints import signature_names
from converter.errors import UsageError
from tests.sample_store import samples

RECORDED = json.loads(Path(__file__).with_name("signature_names.json").read_text())
"""What the SavedModels are like that the writers made of the samples (tools/signature_names.py)."""


@pytest.mark.parametrize(
    ("writer", "name"), [(writer, name) for writer, names in RECORDED.items() for name in names]
)
def test_tensors_are_named_as_in_the_writers_own_savedmodel(writer, name):
    recorded = RECORDED[writer][name]
    (path,) = (each.path for each in samples(writer) if each.name == name and each.kind == "full")
    with open_model(path) as source:
        inputs, outputs = names_of(parse(source).model, source.contents.writer)
    assert sorted(signature_names(inputs)) == recorded["inputs"]
    assert sorted(distinct(outputs)) == recorded["outputs"]


def test_keras_3_names_outputs_by_the_keys_of_a_dictionary():
    """As ``model.export`` of Keras 3.15.1 names those of this sample."""
    (path, *_) = (
        each.path for each in samples("keras-3.15.1") if each.name == "dictionary_outputs"
    )
    with open_model(path) as source:
        found = names_of(parse(source).model, source.contents.writer)
    assert found == (["features"], ["alpha", "zeta"])


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("features=avg_pool", Endpoint("features", ("avg_pool",))),
        ("f=base/avg_pool, conv1/bn", Endpoint("f", ("base/avg_pool", "conv1/bn"))),
        ("encode=.encode", Endpoint("encode", method="encode")),
        ("top=own.serving:make_top", Endpoint("top", function="own.serving:make_top")),
        ("serving_default=dense_1", Endpoint("serving_default", ("dense_1",))),
        ("x=input:0", Endpoint("x", ("input:0",))),
    ],
)
def test_signatures_are_read(text, endpoint):
    assert parsed_signatures([text]) == (endpoint,)


@pytest.mark.parametrize(
    "texts",
    [
        ["features"],
        ["features="],
        ["=dense"],
        ["a b=dense"],
        ["encoder/features=dense"],
        ["a/b=.encode"],
        ["../x=own:make"],
        ["/x=dense"],
        ["x=dense,,other"],
        ["__saved_model_init_op=dense"],
        ["x=dense", "x=other"],
    ],
)
def test_what_is_no_signature(texts):
    with pytest.raises(UsageError, match="--signature"):
        parsed_signatures(texts)


def test_only_a_savedmodel_has_signatures(sample):
    with pytest.raises(UsageError, match="only a SavedModel"):
        convert(sample("keras-2.2.4", "lstm"), signatures=["x=lstm_1"])
