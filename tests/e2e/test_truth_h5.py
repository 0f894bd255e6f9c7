"""Samples become ``.h5`` files that today's Keras loads and that compute what their own framework
computed."""

from pathlib import Path

import pytest

from tests.e2e.truth import Record, newest, parameters, truth_holds
from tests.sample_store import Sample

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("sample", parameters(metafunc.config, newest(), "h5"))


def test_h5_computes_what_was_recorded(
    sample: Sample, tmp_path: Path, record_property: Record
) -> None:
    truth_holds(sample, tmp_path, "h5", record_property)
