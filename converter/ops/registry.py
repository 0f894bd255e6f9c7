"""Which functions of TensorFlow there is a form for, by the names that files have for them."""

from __future__ import annotations

from importlib import import_module

from converter.ops.nodes import Table

FAMILIES = ("elementwise", "reductions", "shapes", "slicing", "indices", "nn", "linalg", "images")
"""The modules that have a table."""

TABLES: dict[str, Table] = {name: import_module(f"converter.ops.{name}").TABLE for name in FAMILIES}

FUNCTIONS: Table = {name: entry for table in TABLES.values() for name, entry in table.items()}
