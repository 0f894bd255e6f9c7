"""What is told of an optimizer's state, and what becomes of it in each format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from converter import convert, inspect, repair
from converter.api.convert import Conversion
from converter.containers import open_model
from converter.model.findings import Finding, Severity

Copied = Callable[..., Path]


def state_of(path: Path) -> int:
    with open_model(path) as written:
        return len(written.contents.optimizer_weights)


def notice(done: Conversion, code: str) -> Finding:
    (found,) = [each for each in done.findings if each.code == code]
    assert found.severity is Severity.NOTICE
    return found


def converted(path: Path, to: str = "keras", **options: bool) -> Conversion:
    return convert(path, path.with_name(f"out.{to}"), to=to, verify=False, **options)


def test_an_archive_gets_it(sample: Copied) -> None:
    done = converted(sample("tf-2.8.0", "optimizer_adam"))
    found = notice(done, "KF502")
    assert found.message == "compile state and optimizer state (Adam, step 6)"
    assert found.remedy == "carried over"
    # Steps, rate, and two for each of six weights.
    assert state_of(done.output) == 14


def test_a_legacy_file_does_not(sample: Copied) -> None:
    done = converted(sample("tf-2.8.0", "optimizer_adam"), "h5")
    assert "left out" in notice(done, "KF502").remedy
    assert state_of(done.output) == 0
    with h5py.File(done.output) as written:
        assert "training_config" in written.attrs


@pytest.mark.parametrize("to", ["keras", "h5"])
def test_compile_state_can_be_left_out(sample: Copied, to: str) -> None:
    done = converted(sample("tf-2.8.0", "optimizer_adam"), to, compile=False)
    assert not [each for each in done.findings if each.code.startswith("KF4")]
    assert not [each for each in done.findings if each.code == "KF502"]
    with open_model(done.output) as written:
        assert written.contents.training_config is None
        assert written.contents.optimizer_weights == ()


def test_a_reason_is_given_once(sample: Copied) -> None:
    done = converted(sample("keras-2.2.4", "goes_on_scaled_gates"))
    found = notice(done, "KF420")
    assert "lstm_1/kernel" in found.message
    assert not [each for each in done.findings if each.code == "KF502"]
    assert state_of(done.output) == 0
    with open_model(done.output) as written:
        assert written.contents.training_config is not None


def test_a_custom_loss_takes_the_state_along(sample: Copied) -> None:
    done = converted(sample("tf-2.8.0", "custom_loss"))
    assert state_of(done.output) == 0
    assert notice(done, "KF418")


def test_a_repaired_archive_keeps_it(sample: Copied, tmp_path: Path) -> None:
    path = sample("tf-2.15.0", "optimizer_nadam-keras")
    done = repair(path, tmp_path / "again.keras")
    assert done.output is not None
    assert [each.remedy for each in done.findings if each.code == "KF502"] == ["carried over"]
    # Behind steps, rate and slots there is Nadam's product.
    assert state_of(done.output) == 15


def test_a_second_conversion_changes_nothing(sample: Copied, tmp_path: Path) -> None:
    first = converted(sample("keras-2.2.4", "optimizer_rmsprop"))
    again = convert(first.output, tmp_path / "again.keras", verify=False)
    with open_model(first.output) as one, open_model(again.output) as two:
        pairs = zip(one.contents.optimizer_weights, two.contents.optimizer_weights, strict=True)
        assert all((one.read(a) == two.read(b)).all() for a, b in pairs)


def test_inspection_says_the_step(sample: Copied) -> None:
    assert inspect(sample("tf-2.15.0", "optimizer_adam")).optimizer_steps == 6
    # Keras 2.2 did not save it for this optimizer.
    assert inspect(sample("keras-2.2.4", "optimizer_rmsprop")).optimizer_steps is None
    assert inspect(sample("tf-2.8.0", "lstm")).optimizer_steps is None


def test_command_line(sample: Copied, kfix: Callable[..., object], tmp_path: Path) -> None:
    path = sample("tf-2.8.0", "optimizer_adam")
    kept = kfix("convert", path, "--no-verify", "--to", "keras", "-o", tmp_path / "a.keras")
    assert "compile state and optimizer state (Adam, step 6)" in kept.out  # type: ignore[attr-defined]
    out = tmp_path / "b.keras"
    plain = kfix("convert", path, "--no-verify", "--no-compile", "--to", "keras", "-o", out)
    assert "optimizer state" not in plain.out  # type: ignore[attr-defined]
    assert "step 6" in kfix("inspect", path).out  # type: ignore[attr-defined]
