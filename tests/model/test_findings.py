"""What findings say about writing."""

import pytest

from converter.model.findings import Finding, Severity


@pytest.mark.parametrize(
    ("severity", "blocks"),
    [
        (Severity.BREAKS, False),
        (Severity.SILENT, False),
        (Severity.NOTICE, False),
        (Severity.REFUSED, True),
        (Severity.CUSTOM, True),
        (Severity.UNSAFE, True),
    ],
)
def test_what_keeps_a_model_from_being_written(severity: Severity, blocks: bool) -> None:
    assert Finding("KF000", "rule", severity, "layer", "message").blocks is blocks


def test_every_severity_has_been_thought_of() -> None:
    assert {each.value for each in Severity} == {
        *("breaks", "silent", "notice", "refused", "custom", "unsafe")
    }
