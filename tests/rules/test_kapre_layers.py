"""Layers of kapre, as far as no sample shows them."""

from __future__ import annotations

import numpy as np
import pytest

from converter.layouts import kapre
from converter.model.description import Json, Layer, Model, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.graphs import called, graph
from tests.rules.upgrading import TF_2, findings

CODE = "KF187"
TF_2_4 = Writer((2, 4, 0), True, "tensorflow", "2.4.0")
STFT = {
    **{"n_fft": 8, "win_length": 8, "hop_length": 4, "window_name": None},
    **{"pad_begin": False, "pad_end": False},
    **{"input_data_format": "default", "output_data_format": "default"},
}
MEL = {"type": "mel", "data_format": "default"}


def signal() -> Layer:
    return Layer("ids", "InputLayer", {"batch_shape": [None, 40, 1], "dtype": "float32"})


def spectrogram(output: str, *behind: Layer, stft: Json = STFT, prefix: str = "") -> Model:
    return graph(
        signal(),
        called(f"{prefix}STFT", "stft", "ids", config=stft),
        called(f"{prefix}Magnitude", "magnitude", "stft"),
        *behind,
        output=output,
    )


def refused(result: Upgrade) -> list[str]:
    return [each.layer for each in findings(result, CODE) if each.severity is Severity.REFUSED]


@pytest.mark.parametrize("prefix", ["", "Kapre>"])
@pytest.mark.parametrize("writer", [TF_2_4, TF_2])
def test_with_and_without_the_name_of_the_package(prefix: str, writer: Writer) -> None:
    result = upgrade(spectrogram("magnitude", prefix=prefix), writer)
    assert not result.blockers
    assert len(findings(result, CODE)) == 2


def test_a_magnitude_of_something_else() -> None:
    model = graph(signal(), called("Magnitude", "magnitude", "ids"), output="magnitude")
    assert refused(upgrade(model, TF_2_4)) == ["magnitude"]


def test_complex_numbers_that_another_layer_gets_too() -> None:
    flat = called("Flatten", "flat", "stft")
    assert refused(upgrade(spectrogram("flat", flat), TF_2_4)) == ["stft"]


@pytest.mark.parametrize("window", ["kaiser_window", "vorbis_window"])
def test_windows_with_parameters_that_the_file_lacks(window: str) -> None:
    model = spectrogram("magnitude", stft={**STFT, "window_name": window})
    assert refused(upgrade(model, TF_2_4)) == ["stft"]


@pytest.mark.parametrize("arguments", [{"norm": 1}, {"n_bins": 3}, {"norm": "slaney", "tau": 1}])
def test_filterbanks_with_other_arguments(arguments: Json) -> None:
    kwargs = {"sample_rate": 8000, "n_freq": 5, **arguments}
    bank = called(
        "ApplyFilterbank", "bank", "magnitude", config={**MEL, "filterbank_kwargs": kwargs}
    )
    assert refused(upgrade(spectrogram("bank", bank), TF_2_4)) == ["bank"]


def test_the_users_own_stft_wins() -> None:
    result = upgrade(spectrogram("magnitude"), TF_2_4, {"STFT", "Magnitude"})
    assert not findings(result, CODE)


def test_an_stft_with_other_arguments_is_the_users() -> None:
    result = upgrade(spectrogram("magnitude", stft={"n_fft": 8, "win_length": 8}), TF_2_4)
    assert "stft" in [each.layer for each in findings(result, "KF903")]
    assert refused(result) == ["magnitude"]


def test_filterbanks() -> None:
    """Triangles of one area, or of one height; bells that sum up to one."""
    bank = kapre.mel_filterbank(16000, 257, n_mels=20, norm=None)
    assert bank.shape == (257, 20)
    assert bank.min() == 0
    assert 0.8 < bank[:, 10:].max(axis=0).min() <= bank.max() <= 1
    areas = kapre.mel_filterbank(16000, 4097, n_mels=20).sum(axis=0) * 16000 / 2 / 4096
    np.testing.assert_allclose(areas, 1, rtol=0.02)
    assert np.all(np.diff(np.argmax(bank, axis=0)) >= 0)
    notes = kapre.log_filterbank(16000, 257, n_bins=24, f_min=500.0)
    np.testing.assert_allclose(notes.sum(axis=0), 1, rtol=1e-6)
    assert not notes[0].any()


def test_windows_are_periodic_only_where_their_length_is_even() -> None:
    even, odd = kapre.window(None, 8), kapre.window("hann_window", 7)
    assert even[0] == 0 != even[-1]
    np.testing.assert_allclose(odd, odd[::-1], atol=1e-12)
    np.testing.assert_allclose(kapre.window("hamming_window", 4)[:2], [0.08, 0.54])


def test_a_spectrogram_with_other_arguments_is_the_users() -> None:
    config = {"n_dft": 16, "n_hop": 4}
    model = graph(signal(), called("Spectrogram", "it", "ids", config=config), output="it")
    assert [each.layer for each in findings(upgrade(model, TF_2_4), "KF903")] == ["it"]
