"""Functions that have no exact form, with the reason."""

from __future__ import annotations

LOST = "the file does not hold all of its tensors"
RANDOM = "it draws random numbers"
DATA = "the shape of its result depends on what is in its tensors"

REASONS: dict[str, str] = {
    "__operators__.eq": "the file does not hold what it compares with",
    "__operators__.ne": "the file does not hold what it compares with",
    "einsum": LOST,
    "meshgrid": LOST,
    "boolean_mask": DATA,
    "compat.v1.boolean_mask": DATA,
    "unique": DATA,
    "unique_with_counts": DATA,
    "dynamic_partition": DATA,
    "compat.v1.where": "it chooses whole rows where its condition is a vector",
    "random.normal": RANDOM,
    "random.uniform": RANDOM,
    "random.truncated_normal": RANDOM,
    "random.shuffle": RANDOM,
    "nn.dropout": RANDOM,
    "compat.v1.nn.dropout": RANDOM,
    "py_function": "it calls a function of Python",
    "numpy_function": "it calls a function of Python",
    "compat.v1.py_func": "it calls a function of Python",
    "print": "it prints",
}
