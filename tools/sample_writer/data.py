"""Seeded inputs, targets and weights.

Everything is rounded to a coarse step: a random float32 does not compress, these do.
"""

import zlib

import numpy as np

BATCH = 3
LENGTH = 6
"""Stands in for a dimension that the model leaves open."""


def seeded(*names):
    """A generator that depends on the names only, not on the process or its order of work."""
    return np.random.RandomState(zlib.crc32("/".join(names).encode("utf-8")) % (2**32))


def floats(scale=1.0):
    return lambda rng, shape: np.round(rng.normal(0.0, scale, shape) * 16) / 16


def between(low, high):
    return lambda rng, shape: np.round(rng.uniform(low, high, shape) * 16) / 16


def pictures():
    """From 0 to 1, each of another brightness, so that averages differ too."""

    def make(rng, shape):
        brightness = np.linspace(0.25, 1.0, shape[0]).reshape((-1,) + (1,) * (len(shape) - 1))
        return between(0, 1)(rng, shape) * brightness

    return make


def ids(count):
    return lambda rng, shape: rng.randint(0, count, shape)


def between_ids(low, high):
    return lambda rng, shape: rng.randint(low, high, shape)


def padded_ids(count, zero=0, step=2):
    """Ids followed by zeros, each row ``step`` shorter than the one before, as a mask sees them."""

    def make(rng, shape):
        rows = rng.randint(1, count, shape)
        for index, row in enumerate(rows):
            row[max(1, len(row) - step * index) :] = zero
        return rows

    return make


def padded_floats(value=0.0):
    """Sequences whose last steps hold only the masked value."""

    def make(rng, shape):
        rows = floats()(rng, shape)
        for index, row in enumerate(rows):
            row[max(1, len(row) - 2 * index) :] = value
        return rows

    return make


def words(*choices):
    return lambda rng, shape: np.array(choices)[rng.randint(0, len(choices), shape)]


def booleans():
    return lambda rng, shape: rng.uniform(size=shape) < 0.7


def lower_triangle():
    return lambda rng, shape: np.broadcast_to(np.tri(shape[-2], shape[-1]), shape)


def one_hot():
    def make(rng, shape):
        return np.eye(shape[-1])[rng.randint(0, shape[-1], shape[:-1])]

    return make


def _default(dtype):
    if dtype.startswith(("int", "uint")):
        return ids(4)
    return booleans() if dtype == "bool" else floats()


class Rows:
    """Rows of different lengths: all values, and where each row ends."""

    def __init__(self, values, ends):
        self.values = values
        self.ends = ends

    def __len__(self):
        return len(self.ends) - 1


def _rows(F, tensor, maker, rng):
    """A ragged array with one axis of different lengths, behind the batch."""
    ends = np.cumsum([0] + [LENGTH - 2 * row for row in range(BATCH)])
    shape = (ends[-1],) + tuple(F.shape(tensor)[2:])
    values = (maker or _default(F.dtype(tensor)))(rng, shape)
    return Rows(np.asarray(values).astype(F.dtype(tensor)), ends.astype("int64"))


def _array(F, tensor, maker, rng, batch=BATCH):
    if F.form(tensor) == "ragged":
        return _rows(F, tensor, maker, rng)
    shape, dtype = F.shape(tensor), F.dtype(tensor)
    sizes = tuple(LENGTH if size is None else size for size in shape[1:])
    values = (maker or _default(dtype))(rng, (shape[0] or batch,) + sizes)
    return values if dtype == "string" else np.asarray(values).astype(dtype)


def arrays(F, tensors, makers, name):
    """An array for each tensor of the model, in its order."""
    rng = seeded(name)
    makers = makers or [None] * len(tensors)
    return [_array(F, tensor, maker, rng) for tensor, maker in zip(tensors, makers)]


def _fan_in(shape):
    """How many terms are added up, so that no activation runs into its ends."""
    depthwise = len(shape) > 2 and shape[-1] == 1
    terms = shape[:-2] if depthwise else shape[:-1]
    return max(1, int(np.prod(terms)))


def _perturbed(name, value, rng):
    deviation = min(1.0, 1.5 / np.sqrt(_fan_in(value.shape))) if value.ndim > 1 else 0.5
    step = 2.0 ** np.round(np.log2(deviation / 4))
    noise = np.round(rng.normal(0.0, 4.0, value.shape)) * step
    if "variance" in name or "std" in name:
        return np.abs(noise) + 0.5
    return np.where((value == 0) | (value == 1), value, 0) + noise


LEARNED = ("mean", "variance", "count", "summary", "bins", "idf", "Variable")
"""Names of variables that ``adapt`` fills; the last one holds weights of tf-idf, too."""


def perturb(F, model, name):
    """Give every float weight a value of its own, so that no wrong order or default can hide.

    What ``adapt`` found stays: layers keep copies of it elsewhere. Tables are no variables.
    """
    rng = seeded(name, "weights")
    pairs, seen = [], set()
    for variable in model.weights:
        if not hasattr(variable, "name"):
            continue
        value, path = F.read(variable), F.variable_name(variable)
        if id(variable) in seen or value.dtype.kind != "f":
            continue
        seen.add(id(variable))
        leaf = path.split("/")[-1]
        if leaf not in LEARNED:
            pairs.append((variable, _perturbed(leaf, value, rng).astype(value.dtype)))
    F.write(pairs)
