"""Which Keras wrote a file, from the two texts that files carry about it."""

import re
from collections.abc import Iterable
from typing import Any

from converter.model.description import Writer


def writer_of(version: Any, backend: Any) -> Writer:
    """The writer from the stored ``keras_version`` and ``backend``, if they are text.

    ``2.2.4-tf`` and every 2.4 and later 2.x is the Keras inside TensorFlow: the stand-alone
    package ended with 2.3.
    """
    label = version.strip() if isinstance(version, str) else ""
    found = re.match(r"\d+(\.\d+)*", label)
    numbers = tuple(int(part[:9]) for part in found.group().split(".")) if found else ()
    tf_keras = label.endswith("-tf") or (2, 4) <= numbers < (3,)
    return Writer(numbers, tf_keras, backend if isinstance(backend, str) else "", label)


def backend_of(weight_names: Iterable[str]) -> str:
    """The backend of a file of Keras 1, which does not say it: TensorFlow names variables ``x:0``.

    Theano, the only other one there was, gives them no number.
    """
    numbered = {re.search(r":\d+$", name) is not None for name in weight_names}
    if len(numbered) != 1:
        return ""
    return "tensorflow" if numbered.pop() else "theano"
