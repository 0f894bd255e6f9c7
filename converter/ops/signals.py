"""``tf.signal``: frames, Fourier and cosine transforms."""

# The functions of the table have the names and the meaning of TensorFlow's.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

import numpy as np

from converter.model.description import Array, TensorRef
from converter.ops.complexes import OF_COMPLEX, parts, value_of
from converter.ops.elementwise import tensor
from converter.ops.nodes import Nodes, NoForm, Result, Table, function, plain, room, span

TABLE: Table = {}


def _power_of_two(length: int) -> int:
    """The smallest power of two that is not below a length."""
    return 1 << (length - 1).bit_length()


def _hann(length: int, dtype: str) -> Array:
    """Hann's window as TensorFlow has it: periodic."""
    room(length)
    if length == 1:
        return np.ones(1, dtype)
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(dtype)


def _last(g: Nodes, x: Any) -> int:
    known = g.shape(x)
    if known is None or known[-1] is None:
        raise NoForm("the length of its last axis is not known")
    return known[-1]


@function(TABLE, "signal.frame")
def frame(
    g: Nodes,
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: Any = False,
    pad_value: Any = 0,
    axis: Any = -1,
) -> Result:
    return _frames(g, signal, plain(frame_length), plain(frame_step), pad_end, pad_value, axis)


def _frames(
    g: Nodes, x: Any, length: int, step: int, padded: Any = False, value: Any = 0, axis: Any = -1
) -> TensorRef:
    x, rank = tensor(g, x), g.rank(x)
    place = plain(axis) % rank
    known = g.shape(x) or ()
    samples = known[place]
    if padded:
        x, samples = _filled_up(g, x, place, length, step, value)
    count = None if samples is None else max(0, 1 + (samples - length) // step)
    sized = (*known[:place], count, length, *known[place + 1 :])
    if place == rank - 1:
        return g.op(
            "ExtractSequences", x, sized=sized, sequence_length=length, sequence_stride=step
        )
    if count is None:
        raise NoForm("the length of the axis along which it frames is not known")
    room(count, length)
    places = np.arange(count)[:, None] * step + np.arange(length)
    return g.op("Take", x, places.astype("int32"), sized=sized, axis=place)


def _filled_up(
    g: Nodes, x: TensorRef, place: int, length: int, step: int, value: Any
) -> tuple[TensorRef, int]:
    known = list(g.shape(x) or ())
    samples = known[place]
    if samples is None:
        raise NoForm("the length of the axis along which it frames is not known")
    count = -(-samples // step)
    behind = max(0, length + step * (count - 1) - samples)
    width = [[0, behind if n == place else 0] for n in range(len(known))]
    known[place] = samples + behind
    number = g.operand(plain(value), g.dtype(x))
    filled = g.op("Pad", x, number, sized=tuple(known), pad_width=width, mode="constant")
    return filled, samples + behind


@function(TABLE, "signal.stft")
def stft(
    g: Nodes,
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    pad_end: Any = False,
) -> Result:
    """Windows of frames, transformed. Another window than Hann's can't be in a file."""
    length = plain(frame_length)
    frames = _frames(g, signals, length, plain(frame_step), pad_end)
    window = _hann(length, g.dtype(signals) or "float32")
    windowed = g.op("Multiply", frames, window, sized=g.shape(frames))
    return _rfft(g, windowed, plain(fft_length) or _power_of_two(length))


def _rfft(g: Nodes, x: TensorRef, length: int) -> Result:
    known = g.shape(x)
    sized = None if known is None else (*known[:-1], length // 2 + 1)
    node = g.op("RFFT", x, sized=sized, fft_length=length)
    return value_of(*g.outputs(node, 2))


@function(TABLE, "signal.rfft")
def rfft(g: Nodes, input_tensor: Any, fft_length: Any = None) -> Result:
    lengths = plain(fft_length)
    length = lengths[0] if isinstance(lengths, list) else _last(g, input_tensor)
    return _rfft(g, tensor(g, input_tensor), length)


def _transform(class_name: str) -> Any:
    def write(g: Nodes, input: Any) -> Result:
        given = parts(g, input)
        known = g.shape(given.real)
        node = g.op(class_name, [given.real, given.imaginary], sized=known)
        return value_of(*g.outputs(node, 2))

    return write


for _class, _name in {"FFT": "fft", "FFT2": "fft2d", "IFFT2": "ifft2d"}.items():
    TABLE[f"signal.{_name}"] = OF_COMPLEX[f"signal.{_name}"] = _transform(_class)


@function(TABLE, "signal.ifft")
def ifft(g: Nodes, input: Any) -> Result:
    """The transform of the conjugates, conjugated, over the length."""
    given = parts(g, input)
    length = float(_last(g, given.real))
    known = g.shape(given.real)
    turned = g.op("Negative", given.imaginary, sized=known)
    real, imaginary = g.outputs(g.op("FFT", [given.real, turned], sized=known), 2)
    return value_of(
        g.op("TrueDivide", real, length, sized=known),
        g.op("TrueDivide", imaginary, -length, sized=known),
    )


OF_COMPLEX["signal.ifft"] = ifft


@function(TABLE, "signal.irfft")
def irfft(g: Nodes, input_tensor: Any, fft_length: Any = None) -> Result:
    given = parts(g, input_tensor)
    lengths = plain(fft_length)
    length = lengths[0] if isinstance(lengths, list) else 2 * (_last(g, given.real) - 1)
    return _irfft(g, given.real, given.imaginary, length)


def _irfft(g: Nodes, real: TensorRef, imaginary: TensorRef, length: int) -> TensorRef:
    known = g.shape(real)
    sized = None if known is None else (*known[:-1], length)
    return g.op("IRFFT", [real, imaginary], sized=sized, fft_length=length)


OF_COMPLEX["signal.irfft"] = irfft


@function(TABLE, "signal.inverse_stft")
def inverse_stft(
    g: Nodes, stfts: Any, frame_length: Any, frame_step: Any, fft_length: Any = None
) -> Result:
    given, length = parts(g, stfts), plain(frame_length)
    whole = plain(fft_length) or _power_of_two(length)
    frames = _irfft(g, given.real, given.imaginary, whole)
    rank, sized = g.rank(frames), (*(g.shape(frames) or ())[:-1], length)
    if whole > length:
        frames = g.op("GetItem", frames, g.along(frames, -1, span(0, length)), sized=sized)
    elif whole < length:
        width = [[0, 0]] * (rank - 1) + [[0, length - whole]]
        frames = g.op("Pad", frames, sized=sized, pad_width=width, mode="constant")
    window = _hann(length, g.dtype(frames) or "float32")
    return overlap_and_add(g, g.op("Multiply", frames, window, sized=sized), frame_step)


OF_COMPLEX["signal.inverse_stft"] = inverse_stft


@function(TABLE, "signal.overlap_and_add")
def overlap_and_add(g: Nodes, signal: Any, frame_step: Any) -> Result:
    """Parts of frames as long as a step, each moved to where it belongs, and added up."""
    step, rank = plain(frame_step), g.rank(signal)
    known = g.shape(signal) or ()
    count, length = known[-2:]
    if count is None or length is None:
        raise NoForm("the number or the length of its frames is not known")
    pieces = -(-length // step)
    others = [[0, 0]] * (rank - 2)
    width = [*others, [0, 0], [0, pieces * step - length]]
    frames = g.op("Pad", tensor(g, signal), pad_width=width, mode="constant")
    outer = [-1 if each is None else each for each in known[:-2]]
    if outer.count(-1) > 1:
        raise NoForm("more than one length of its shape is known only when the model runs")
    total: TensorRef | None = None
    for piece in range(pieces):
        key = g.along(signal, -1, span(piece * step, (piece + 1) * step))
        part = g.op("GetItem", frames, key)
        rows = [*others, [piece, pieces - 1 - piece], [0, 0]]
        moved = g.op("Pad", part, pad_width=rows, mode="constant")
        total = moved if total is None else g.op("Add", total, moved)
    whole = (count + pieces - 1) * step
    line = g.op("Reshape", total, sized=(*known[:-2], whole), newshape=[*outer, whole])
    end = (count - 1) * step + length
    if end == whole:
        return line
    key = g.along(line, -1, span(0, end))
    return g.op("GetItem", line, key, sized=(*known[:-2], end))


def _cosines(kind: int, count: int, norm: Any) -> Array:
    """The matrix of a discrete cosine transform, a column for each result."""
    room(count, count)
    n, k = np.arange(count)[:, None], np.arange(count)[None]
    if kind == 1:
        if norm is not None:
            raise NoForm("it is a cosine transform of the first kind with a norm")
        ends = np.where((n == 0) | (n == count - 1), 1.0, 2.0)
        return np.asarray(ends * np.cos(np.pi * n * k / (count - 1)))
    if kind == 2:
        matrix = 2 * np.cos(np.pi * k * (2 * n + 1) / (2 * count))
        factors = np.where(k == 0, np.sqrt(1 / (4 * count)), np.sqrt(1 / (2 * count)))
        scale = np.asarray(factors)
    elif kind == 3:
        matrix = np.where(n == 0, 1.0, 2 * np.cos(np.pi * n * (2 * k + 1) / (2 * count)))
        # With a norm, the transpose of the second kind with it.
        scale = np.asarray(np.where(n == 0, np.sqrt(1 / count), np.sqrt(1 / (2 * count))))
    else:
        matrix = 2 * np.cos(np.pi * (2 * n + 1) * (2 * k + 1) / (4 * count))
        scale = np.full((1, 1), np.sqrt(1 / (2 * count)))
    return np.asarray(matrix * scale if norm == "ortho" else matrix)


@function(TABLE, "signal.dct")
def dct(
    g: Nodes, input: Any, type: Any = 2, n: Any = None, axis: Any = -1, norm: Any = None
) -> Result:
    if plain(axis) != -1:
        raise NoForm("it transforms along another axis than the last")
    x, count = tensor(g, input), _last(g, input)
    wanted = plain(n) or count
    known = g.shape(x) or ()
    if wanted < count:
        x = g.op("GetItem", x, g.along(x, -1, span(0, wanted)))
    rows = min(wanted, count)
    matrix = _cosines(plain(type), wanted, norm)[:rows].astype(g.dtype(input) or "float32")
    return g.op("Matmul", x, matrix, sized=(*known[:-1], wanted))


@function(TABLE, "signal.idct")
def idct(
    g: Nodes, input: Any, type: Any = 2, n: Any = None, axis: Any = -1, norm: Any = None
) -> Result:
    return dct(g, input, {1: 1, 2: 3, 3: 2, 4: 4}[plain(type)], n, axis, norm)


@function(TABLE, "signal.mfccs_from_log_mel_spectrograms")
def mfccs(g: Nodes, log_mel_spectrograms: Any) -> Result:
    count = _last(g, log_mel_spectrograms)
    matrix = _cosines(2, count, None) / np.sqrt(2 * count)
    constant = matrix.astype(g.dtype(log_mel_spectrograms) or "float32")
    given = tensor(g, log_mel_spectrograms)
    return g.op("Matmul", given, constant, sized=g.shape(given))


def _shift(sign: int) -> Any:
    def write(g: Nodes, x: Any, axes: Any = None) -> Result:
        known = g.shape(x) or ()
        places = plain(axes)
        places = list(range(len(known))) if places is None else places
        places = places if isinstance(places, list) else [places]
        lengths = [known[each] for each in places]
        if None in lengths:
            raise NoForm("the length of an axis is not known")
        half = [(each or 0) // 2 if sign > 0 else -((each or 0) // 2) for each in lengths]
        return g.op("Roll", tensor(g, x), sized=known, shift=half, axis=places)

    return write


TABLE["signal.fftshift"], TABLE["signal.ifftshift"] = _shift(1), _shift(-1)
