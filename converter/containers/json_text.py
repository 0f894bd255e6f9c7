"""JSON from files that nobody vouches for: parsed with a limit on its size and its nesting."""

import json

from converter.errors import NotAModelError, UnsafeContentError
from converter.model.description import Json

# The largest real configs (constants baked into op layers) are some 10 MB. A parsed value can take
# 30 times its text.
MAX_BYTES = 64 << 20
# Nested models of nested models reach about 40. Everything that walks a config later may recurse
# this deep.
MAX_DEPTH = 200


def parse(text: str | bytes, where: str) -> Json:
    """Parse JSON; ``where`` names it in messages.

    Raises:
        UnsafeContentError: too large or nested too deeply.
        NotAModelError: not UTF-8 or not JSON.
    """
    if len(text) > MAX_BYTES:
        raise UnsafeContentError(
            f"{where} is {len(text) >> 20} MB of JSON; the limit is {MAX_BYTES >> 20} MB"
        )
    try:
        value = json.loads(text)
    except RecursionError:
        raise UnsafeContentError(f"{where} is nested too deeply") from None
    except ValueError as error:
        raise NotAModelError(f"{where} is not valid JSON: {error}") from error
    if _deeper_than(value, MAX_DEPTH):
        raise UnsafeContentError(f"{where} is nested more than {MAX_DEPTH} levels deep")
    return value


def _deeper_than(value: Json, limit: int) -> bool:
    """Whether containers nest more than ``limit`` levels; goes by level, so it needs no stack."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
