"""The readers that a model can be made for."""

from __future__ import annotations

import re

from converter.errors import NotExactError, UsageError

NEWEST = "keras-3"
"""The newest Keras 3, the only reader that kfix writes for at the moment."""


def require_supported(target: str) -> None:
    """Accepts the readers that kfix can write for.

    Raises:
        UsageError: the text names no reader.
        NotExactError: a reader that exists but that kfix does not write for yet.
    """
    if target == NEWEST:
        return
    if not re.fullmatch(r"(keras|tf)-\d+(\.\d+){0,2}", target):
        raise UsageError(f"{target} is no target", f"the target is written like this: {NEWEST}")
    raise NotExactError(
        f"kfix does not write for {target} yet",
        f"{NEWEST} (the newest Keras 3) is the only target of this release",
    )
