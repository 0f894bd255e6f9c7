"""Who may judge a conversion, and how strictly."""

import pytest

from converter.api.verification import reference_of, tolerance_of
from converter.containers import open_model
from converter.engines import Tolerance
from converter.model.description import Layer, Model
from converter.model.findings import Finding, Severity
from converter.rules.apply import Upgrade
from tests.sample_store import samples


def reference(writer: str, *findings: Finding) -> tuple[str, str]:
    path = next(each.path for each in samples(writer) if each.name == "dense")
    with open_model(path) as source:
        return reference_of(source.contents, Upgrade(model_of(Layer("it", "Dense")), findings))


def model_of(*layers: Layer) -> Model:
    return Model("top", "sequential", layers)


def finding(code: str, severity: Severity) -> Finding:
    return Finding(code, "some-rule", severity, "it", "what there is")


@pytest.mark.parametrize(
    ("writer", "reader"), [("tf-2.8.0", "tf_keras"), ("keras-3.15.1", "keras")]
)
def test_the_library_of_the_generation_judges(writer: str, reader: str) -> None:
    assert reference(writer) == (reader, "")
    assert reference(writer, finding("KF101", Severity.BREAKS)) == (reader, "")


def test_tf_keras_does_not_judge_what_it_computes_otherwise() -> None:
    reader, why = reference("keras-2.3.1", finding("KF204", Severity.SILENT))
    assert reader == ""
    assert "tf_keras computes something else than the writer" in why


def test_a_notice_of_such_a_rule_keeps_the_judge() -> None:
    assert reference("tf-1.13.1", finding("KF203", Severity.NOTICE)) == ("tf_keras", "")


def test_keras_does_not_judge_a_source_that_it_misreads() -> None:
    reader, why = reference("keras-3.15.1", finding("KF209", Severity.SILENT))
    assert reader == ""
    assert why == "today's Keras misreads the source: what there is"


@pytest.mark.parametrize("policy", ["mixed_float16", {"config": {"name": "mixed_float16"}}])
def test_half_precision_is_given_more_room(policy: object) -> None:
    inside = model_of(Layer("it", "Dense", {"dtype": policy}))
    nested = Layer("inner", "Sequential", model=inside, module="keras")
    assert tolerance_of(model_of(nested)).rtol > 10 * Tolerance().rtol
    assert tolerance_of(model_of(Layer("it", "Dense", {"dtype": "float32"}))) == Tolerance()


def test_bfloat16_is_given_still_more() -> None:
    half, brain = (
        tolerance_of(model_of(Layer("it", "Dense", {"dtype": dtype})))
        for dtype in ("float16", "bfloat16")
    )
    assert brain.rtol > half.rtol
