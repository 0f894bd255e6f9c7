"""Variables made of several stored ones."""

import numpy as np

from converter.layouts.combining import constant, of_several
from converter.model.description import Dataset, Weight


def stored(name: str) -> Weight:
    return Weight(name, (Dataset(name, (2,), "float32"),), (2,), "float32")


def test_each_part_gets_its_own_arrays() -> None:
    both = of_several("both", [stored("a"), stored("b")], np.add, (2,))
    doubled = stored("c").map(lambda values: 2 * values)
    whole = of_several("whole", [both, doubled], np.subtract, (2,))
    assert [source.path for source in whole.sources] == ["a", "b", "c"]
    assert whole.compute is not None
    arrays = [np.full(2, value, np.float32) for value in (1, 2, 5)]
    np.testing.assert_array_equal(whole.compute(arrays), [-7, -7])


def test_a_constant_needs_no_source() -> None:
    ones = constant("gamma", 1.0, (2, 3), "float16")
    assert ones.sources == ()
    assert ones.compute is not None
    value = ones.compute([])
    assert (value.shape, value.dtype, value.min(), value.max()) == ((2, 3), np.float16, 1, 1)
