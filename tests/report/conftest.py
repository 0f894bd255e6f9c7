"""A run with files that ended in every way, one with a hostile name."""

from __future__ import annotations

import pytest

from converter.batch.row import Found, Row
from converter.report.summary import Run

HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}.h5"


@pytest.fixture
def run() -> Run:
    return Run(
        command="convert",
        version="1.2",
        started="2026-01-02 03:04:05+00:00",
        seconds=83.0,
        options=(("--to", "keras"),),
        not_begun=2,
    )


@pytest.fixture
def rows() -> list[Row]:
    breaks = Found("KF110", "breaks", "input", "batch_input_shape", "written as batch_shape")
    silent = Found("KF201", "silent", "lstm", "hard_sigmoid is another function", "rescaled")
    made = {"size_before": 4000, "size_after": 3000, "verified": "keras 3.15.1 against tf_keras"}
    return [
        Row("/m/a.h5", "a.h5", "/m/a.keras", writer="Keras 2.2.4", findings=(breaks,), **made),
        Row(
            "/m/b.h5",
            "b.h5",
            "/m/b.keras",
            writer="Keras 2.2.4",
            difference=2e-7,
            findings=(breaks, silent),
            **made,
        ),
        Row("/m/c.h5", "c.h5", writer="Keras 3.0.5", state="unchanged", size_before=10),
        Row("/m/d.h5", "d.h5", "/m/d.keras", writer="Keras 1", resumed=True, **made),
        Row(f"/m/{HOSTILE}", HOSTILE, state="failed", code=3, message="is empty", hint="Again."),
        Row("/m/e.bin", "e.bin", state="passed over"),
    ]
