"""Which functions of TensorFlow there is a form for, by the names that files have for them."""

from __future__ import annotations

from importlib import import_module

from converter.ops import complexes
from converter.ops.complexes import BOTH, both
from converter.ops.nodes import Function, Table

FAMILIES = (
    *("elementwise", "reductions", "shapes", "constants", "slicing", "indices", "segments", "nn"),
    *("convolutions", "losses", "linalg", "images", "resizing", "signals", "complexes"),
)
"""The modules that have a table."""

TABLES: dict[str, Table] = {name: import_module(f"converter.ops.{name}").TABLE for name in FAMILIES}

FUNCTIONS: Table = {name: entry for table in TABLES.values() for name, entry in table.items()}

OF_COMPLEX: dict[Function, Function] = {
    FUNCTIONS[name]: write
    for name, write in {
        **{name: both(FUNCTIONS[name]) for name in BOTH.split()},
        **complexes.OF_COMPLEX,
    }.items()
}
"""What functions do when one of their arguments is complex."""
