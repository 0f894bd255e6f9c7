"""Sources from text, and what the words meant to some writers."""

import ast

from converter.porting.dialect import Dialect
from converter.porting.source import Source

KERAS_1 = Dialect(True, True, tracks_variables=False, old_batch_dot=True, tensorflow1=True)
KERAS_2 = Dialect(False, True, tracks_variables=False, old_batch_dot=True, tensorflow1=True)
TF_1 = Dialect(old_batch_dot=True, tensorflow1=True)
TF_2 = Dialect()


def source(text: str) -> Source:
    return Source("own.py", text, ast.parse(text))
