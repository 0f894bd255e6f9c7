"""Every sample is repaired to a ``.h5`` file that today's Keras loads and that computes what its
own framework computed."""

from pathlib import Path

import pytest

from tests.e2e.truth import all_samples, assert_same, computed, converted
from tests.sample_store import Sample

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning")


@pytest.mark.parametrize("sample", all_samples())
def test_h5_computes_what_was_recorded(sample: Sample, tmp_path: Path) -> None:
    output = converted(sample, tmp_path, "h5")
    if output is None:
        return
    import keras

    keras.backend.clear_session(free_memory=False)
    model = keras.models.load_model(output)
    assert_same(computed(model, sample.inputs), sample)
