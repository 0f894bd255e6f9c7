"""The windows and filterbanks of kapre, which its layers compute anew from their arguments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from converter.model.description import Array, Json

SLANEY_STEP = 200.0 / 3
"""Hertz for each mel below 1000 Hz, where the scale is linear."""
SLANEY_LINEAR = 1000.0
SLANEY_LOG_STEP = np.log(6.4) / 27.0
LOWEST = 32.70319566
"""The note C1, where a logarithmic filterbank begins by default."""

COSINES: Mapping[Json, tuple[float, float]] = {
    None: (0.5, 0.5),
    "hann_window": (0.5, 0.5),
    "hamming_window": (0.54, 0.46),
}
"""Windows by name: a constant less a cosine."""


def window(name: Json, length: int) -> Array:
    """A window of TensorFlow; one of odd length is symmetric there, one of even length periodic."""
    constant, cosine = COSINES[name]
    steps = np.arange(length) / (length - length % 2 if length > 1 else 1)
    values: Array = constant - cosine * np.cos(2 * np.pi * steps)
    return values if length > 1 else np.ones(1)


def _to_mel(hertz: Array, htk: bool) -> Array:
    if htk:
        return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))
    linear = hertz / SLANEY_STEP
    above = np.log(np.maximum(hertz, SLANEY_LINEAR) / SLANEY_LINEAR) / SLANEY_LOG_STEP
    return np.where(hertz >= SLANEY_LINEAR, SLANEY_LINEAR / SLANEY_STEP + above, linear)


def _to_hertz(mel: Array, htk: bool) -> Array:
    if htk:
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    bound = SLANEY_LINEAR / SLANEY_STEP
    above = SLANEY_LINEAR * np.exp(SLANEY_LOG_STEP * (np.maximum(mel, bound) - bound))
    return np.where(mel >= bound, above, mel * SLANEY_STEP)


def mel_filterbank(
    sample_rate: float,
    n_freq: int,
    n_mels: int = 128,
    f_min: float = 0.0,
    f_max: float | None = None,
    htk: bool = False,
    norm: str | None = "slaney",
) -> Array:
    """Triangles on the mel scale, as librosa makes them; a column for each.

    Args:
        sample_rate: of the signal.
        n_freq: of the spectrum.
        n_mels: how many triangles.
        f_min: where the first one begins.
        f_max: where the last one ends; by default at half the sample rate.
        htk: whether the scale is that of HTK, or Slaney's.
        norm: ``slaney`` for triangles of one area, None for such of one height.
    """
    ends = np.array([f_min, sample_rate / 2 if f_max is None else f_max])
    frequencies = np.linspace(0, sample_rate / 2, n_freq)
    first, last = (float(each) for each in _to_mel(ends, htk))
    corners = _to_hertz(np.linspace(first, last, n_mels + 2), htk)
    widths = np.diff(corners)
    slopes = corners[:, None] - frequencies
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    bank = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        bank *= 2.0 / (corners[2:] - corners[:-2])[:, None]
    return bank.T


def log_filterbank(
    sample_rate: float,
    n_freq: int,
    n_bins: int = 84,
    bins_per_octave: int = 12,
    f_min: float | None = None,
    spread: float = 0.125,
) -> Array:
    """Bells on the scale of notes; a column for each, which sums up to one.

    Args:
        sample_rate: of the signal.
        n_freq: of the spectrum.
        n_bins: how many bells.
        bins_per_octave: how many of them to an octave.
        f_min: the middle of the first one.
        spread: their width, as a share of the distance between them.
    """
    sigma = float(spread) / bins_per_octave
    lowest = LOWEST if f_min is None else f_min
    logs = np.log2(np.linspace(0, sample_rate / 2, n_freq)[1:])
    middles = np.log2(lowest * 2.0 ** (np.arange(n_bins) / bins_per_octave))
    bells = np.exp(-0.5 * ((logs - middles[:, None]) / sigma) ** 2 - np.log2(sigma) - logs)
    sums = bells.sum(axis=1, keepdims=True)
    bells /= np.where(sums < np.finfo(bells.dtype).tiny, 1.0, sums)
    return np.pad(bells, ((0, 0), (1, 0))).T
