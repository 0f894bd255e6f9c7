"""Samples become ``.keras`` archives that compute what their own framework computed."""

from pathlib import Path

import pytest

from tests.e2e.truth import Record, ends_and_some_between, parameters, truth_holds
from tests.sample_store import Sample

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("sample", parameters(metafunc.config, ends_and_some_between(), "keras"))


def test_archive_computes_what_was_recorded(
    sample: Sample, tmp_path: Path, record_property: Record
) -> None:
    truth_holds(sample, tmp_path, "keras", record_property)
