"""Training goes on after a conversion: the next ten losses are those of the original framework."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter import convert
from converter.api.convert import Conversion
from converter.model.findings import Severity
from tests.sample_store import Sample, Training, samples

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning")

NEAR = 1e-4
"""How far a loss may be from the recorded one: as a part of it, or at all."""

SAID = ("KF413", "KF420", "KF421")
"""Notices that training goes on differently, or starts with a fresh optimizer."""

IN_HALF_PRECISION = "optimizer_loss_scale"
LARGE_EPSILON = "optimizer_rmsprop_epsilon"
OTHER_FIRST_LOSS = "goes_on_activity_regularized"

UNORDERED = ("keras-2.0.0", "keras-2.0.6", "keras-2.3.1")
"""Writers whose steps read and assigned in any order while they were recorded, as Keras does in
graphs of TensorFlow 1: a second record is another one. Only the first loss can be held against."""


@cache
def recorded() -> tuple[Sample, ...]:
    """The samples with a record of training."""
    named = (each for each in samples() if re.match("optimizer_|goes_on_|trained_", each.name))
    return tuple(each for each in named if each.kind in ("full", "keras") and each.training)


def _release(sample: Sample) -> list[int]:
    return [int(number) for number in sample.writer.split("-")[1].split(".")]


def every_third_of_the_newest() -> list[Sample]:
    """Each model in turn from one generation of writers and another, from the newest of each."""
    newest: dict[tuple[str, str, str], Sample] = {}
    for sample in sorted(recorded(), key=_release):
        family = sample.writer.split(".")[0] + ("-theano" if "theano" in sample.writer else "")
        newest[sample.name, family, sample.kind] = sample
    return [newest[key] for key in sorted(newest)][::3]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--every-sample")
    chosen = recorded() if every else every_third_of_the_newest()
    metafunc.parametrize("sample", chosen, ids=lambda each: f"{each.id}-{each.kind}")


def notices(done: Conversion) -> set[str]:
    return {each.code for each in done.findings if each.severity is Severity.NOTICE}


def test_the_next_ten_losses_are_those_of_the_writer(sample: Sample, tmp_path: Path) -> None:
    training = sample.training
    assert training is not None
    output = tmp_path / "model.keras"
    done = convert(sample.path, output, verify=False)
    if "KF419" in notices(done):
        pytest.skip("the writer lost the optimizer")
    if sample.writer in UNORDERED:
        training = replace(training, losses=training.losses[:1])
    found, skipped = losses(output, training)
    off = distance(found, training.losses)
    is_said = not notices(done).isdisjoint(SAID) or sample.name in (
        LARGE_EPSILON,
        IN_HALF_PRECISION,
    )
    if not is_said:
        assert not skipped
        assert off.max() < NEAR
    elif sample.name not in (OTHER_FIRST_LOSS, IN_HALF_PRECISION):
        # What is said to be different is the optimizer, not the model.
        assert off[0] < NEAR


def losses(path: Path, training: Training) -> tuple[np.ndarray, bool]:
    """The losses of a converted model on recorded batches, and whether Keras left its state out."""
    import keras

    keras.backend.clear_session(free_memory=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = keras.models.load_model(path)
    # The same step, many times faster for ten of them than tracing it.
    model.run_eagerly = True
    found = []
    for index in range(len(training.losses)):
        batch = [
            _one([each[index] for each in side]) for side in (training.inputs, training.targets)
        ]
        # Else the loss is the mean since the beginning.
        model.reset_metrics()
        found.append(float(np.ravel(model.train_on_batch(*batch))[0]))
    return np.array(found), any("Skipping" in str(each.message) for each in caught)


def _one(arrays: list[np.ndarray]) -> Any:
    return arrays[0] if len(arrays) == 1 else arrays


def distance(found: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    apart = np.abs(found - recorded)
    return np.minimum(apart, apart / np.maximum(np.abs(recorded), 1e-30))


CARRIED = {
    "keras-1.2.2": "optimizer_adam optimizer_sgd_decay goes_on_k1_recurrent",
    "keras-2.2.4": "optimizer_adam optimizer_rmsprop goes_on_odd_names goes_on_bidirectional",
    "tf-2.8.0": "optimizer_adam_amsgrad goes_on_nested_frozen goes_on_nested optimizer_ftrl",
    "tf-2.15.0": "optimizer_nadam optimizer_adafactor optimizer_adam_overwritten optimizer_legacy",
    "keras-3.15.1": "optimizer_muon optimizer_nadam optimizer_lion goes_on_attention",
}
"""Models whose optimizer's state has to be carried over, whatever is said of others."""

STEPS_UNKNOWN = ("optimizer_rmsprop", "optimizer_muon")
"""Keras 2.2 does not save the number for RMSprop; Muon's variables are taken as they are."""


@pytest.mark.parametrize(
    ("writer", "name"),
    [(writer, each) for writer, names in CARRIED.items() for each in names.split()],
)
def test_state_is_carried_over(writer: str, name: str, tmp_path: Path) -> None:
    """The test above would be content with a notice; here there must be none."""
    sample = next(each for each in samples(writer) if each.name == name)
    done = convert(sample.path, tmp_path / "model.keras", verify=False)
    assert notices(done).isdisjoint(SAID)
    (state,) = [each for each in done.findings if each.code == "KF502"]
    assert state.remedy == "carried over"
    assert "step 6" in state.message or name in STEPS_UNKNOWN
