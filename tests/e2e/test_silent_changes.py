"""Plain Keras does not compute from the samples of docs/silent-changes.md what was recorded."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.truth import assert_same, computed
from tests.rules.test_silent_changes import by_id, rows

SAMPLES = [name for row in rows() if not row.code.startswith("KF4") for name in row.samples]
"""The compile state does not change what a model predicts."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", dict.fromkeys(SAMPLES))
def test_plain_keras_fails_or_computes_something_else(name: str) -> None:
    import keras

    sample = by_id()[name]
    keras.backend.clear_session(free_memory=False)
    try:
        outputs = computed(keras.models.load_model(sample.path, compile=False), sample.inputs)
    except Exception:
        return
    with pytest.raises(AssertionError):
        assert_same(outputs, sample)
        # Integers for floats are another result, with which layers behind do something else.
        assert [each.dtype.kind for each in outputs] == [
            np.asarray(each).dtype.kind for each in sample.outputs
        ]
