"""Text of a file on its way into Python source: names, comments and literals that can't break out.

Whatever a file says gets into a module by one of these functions only. Lines are broken as
formatters break them, at 88 columns.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from converter.model.description import Json

WIDTH = 88
INDENT = "    "
LONGEST_NAME = 80
"""How long a name of a file's may be in the source; longer ones are cut."""
LARGEST_LITERAL = 400
"""How many characters of a value are written."""
DEEPEST = 8
"""How many brackets a value may have inside each other."""

_TAKEN = frozenset(dir(builtins)) | {"keras", "custom_objects", "self", "cls", "config", "kwargs"}


class TooLargeError(Exception):
    """A value that is too large, or too deep, to be written."""


def is_name(text: str) -> bool:
    """Whether Python takes the text as the name of something new in a module.

    Python reads other spellings of a letter as the letter itself, so only what stays is a name.
    """
    return (
        text.isidentifier()
        and not keyword.iskeyword(text)
        and not text.startswith("__")
        and len(text) <= LONGEST_NAME
        and text not in _TAKEN
        and unicodedata.normalize("NFKC", text) == text
    )


def name_of(text: str, taken: Iterable[str] = (), otherwise: str = "item") -> str:
    """A name for Python that is as close to the text as can be, and not taken yet."""
    used = frozenset(taken)
    stem = re.sub(r"\W+", "_", text[:LONGEST_NAME], flags=re.ASCII) if not is_name(text) else text
    # What begins with two underscores means something else in a class.
    stem = re.sub(r"^_{2,}", "_", stem)
    stem = f"{otherwise}_{stem}".rstrip("_") if not re.match(r"[^\W\d]", stem) else stem
    stem = stem if is_name(stem) else f"{stem[: LONGEST_NAME - 1]}_"
    name, number = stem, 2
    while name in used or not is_name(name):
        name, number = f"{stem[: LONGEST_NAME - 8].rstrip('_')}_{number}", number + 1
    return name


def plain(text: object, longest: int = 60) -> str:
    """Text for comments and docstrings: one line that neither ends them nor escapes anything."""
    whole = str(text)
    shown = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    return "".join(each if each.isprintable() else "?" for each in shown).translate(_QUOTES)


def remark(text: str, longest: int = 400) -> str:
    """Text for comments alone, where quotes do no harm: one line, as it is."""
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(each if each.isprintable() else "?" for each in shown)


_QUOTES = str.maketrans({"\\": "/", '"': "'"})


def comment(text: str, indent: str = "") -> list[str]:
    """A comment, wrapped."""
    start = f"{indent}# "
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=start)


def paragraph(text: str, indent: str = "", hanging: str = "") -> list[str]:
    """Lines of a docstring, wrapped; all but the first with ``hanging`` in front."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def literal(value: Json) -> str:
    """A JSON value as Python writes it.

    Raises:
        TooLargeError: it would fill pages.
    """
    text = _literal(value, DEEPEST)
    if len(text) > LARGEST_LITERAL:
        raise TooLargeError
    return text


def _literal(value: Json, depth: int) -> str:
    if depth < 0 or isinstance(value, (str, list, tuple, Mapping)) and len(value) > LARGEST_LITERAL:
        raise TooLargeError
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, (list, tuple)):
        items = [_literal(each, depth - 1) for each in value]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, Mapping):
        pairs = (f"{quoted(str(k))}: {_literal(v, depth - 1)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    raise TooLargeError


def quoted(text: str) -> str:
    """A string literal, in double quotes where formatters want them."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in text else shown


def call(start: str, arguments: Iterable[str], end: str = ")", indent: str = "") -> list[str]:
    """``start`` ``arguments`` ``end``, on one line or broken as formatters do.

    Args:
        start: up to the bracket, ``self.add_weight(``.
        arguments: one after the other.
        end: what closes it.
        indent: of the first line.
    """
    return broken(f"{start}{', '.join(arguments)}{end}", indent)


def broken(statement: str, indent: str = "", more: int = 0) -> list[str]:
    """A statement in as many lines as it needs.

    Args:
        statement: on one line.
        indent: in front of it.
        more: how many characters will follow it on its last line.
    """
    if len(indent) + len(statement) + more <= WIDTH:
        return [f"{indent}{statement}"]
    bracket = _last_bracket(statement)
    if bracket is None:
        return [f"{indent}{statement}"]
    start, end = bracket
    head, body, tail = statement[: start + 1], statement[start + 1 : end], statement[end:]
    inside = indent + INDENT
    # Formatters give each item of a tuple, list or dictionary a line of its own.
    is_call = bool(re.search(r"[\w)\]]$", head[:-1]))
    fits = len(inside) + len(body) <= WIDTH and not body.endswith(",")
    if fits and (is_call or len(_split(body)) < 2):
        return [f"{indent}{head}", f"{inside}{body}", f"{indent}{tail}"]
    parts = _split(body)
    if len(parts) < 2 and not body.endswith(","):
        # A lone argument stays as it is, but may be broken itself.
        return [f"{indent}{head}", *broken(body, inside), f"{indent}{tail}"]
    lines = [line for part in parts for line in _with_comma(broken(part, inside, 1))]
    return [f"{indent}{head}", *lines, f"{indent}{tail}"]


def _with_comma(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]},"]


def _depths(text: str) -> Iterator[tuple[int, str, int]]:
    """Each character outside of strings, with its place and the brackets around it."""
    depth, quote, place = 0, "", 0
    while place < len(text):
        each = text[place]
        if quote:
            place += 1 if each == "\\" else 0
            quote = "" if each == quote else quote
        elif each in "\"'":
            quote = each
        else:
            depth -= each in ")]}"
            yield place, each, depth
            depth += each in "([{"
        place += 1


def _last_bracket(text: str) -> tuple[int, int] | None:
    """The outermost pair of brackets that closes last, if there is something in it."""
    opened, found = None, None
    for place, each, depth in _depths(text):
        if depth == 0 and each in "([{":
            opened = place
        elif depth == 0 and each in ")]}" and opened is not None and place > opened + 1:
            found = (opened, place)
    return found


def _split(text: str) -> list[str]:
    """The parts between the commas that are in no brackets."""
    places = [place for place, each, depth in _depths(text) if each == "," and depth == 0]
    starts, ends = [0, *(place + 1 for place in places)], [*places, len(text)]
    parts = [text[a:b].strip() for a, b in zip(starts, ends, strict=True)]
    return [each for each in parts if each]


def message(sentences: Iterable[str], indent: str) -> Iterator[str]:
    """A long text as string literals below each other, for a call's brackets."""
    width = WIDTH - len(indent) - 2
    lines = textwrap.wrap(" ".join(sentences), width - 1, break_on_hyphens=False)
    for index, line in enumerate(lines):
        more = " " if index < len(lines) - 1 else ""
        yield f"{indent}{quoted(line + more)}"
