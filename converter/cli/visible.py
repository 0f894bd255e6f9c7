"""Text from files on a terminal: what would steer it, hide or reorder text is shown as an escape.

Names and messages may come from a file that nobody trusts. Control characters move the cursor or
retitle the window, marks of writing direction make a name look like another one, and lone
surrogates (a path that is not UTF-8) can't be written at all.
"""

from __future__ import annotations

import re

_STEERS = (
    "\x00-\x1f\x7f-\x9f"  # control characters, C1 included: \x9b is an escape sequence in one
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags, which are never seen
    "\ud800-\udfff"
)
_UNSEEN = re.compile(f"[{_STEERS}]")
_COLOUR = r"\x1b\[(?:0|1|3[1-6])m"
"""The sequences that `render.coloured` makes."""
_PLAIN = re.compile(rf"({_COLOUR}|\n)|[{_STEERS}]")


def visible(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would act upon."""
    return _UNSEEN.sub(_escape, text)


def lines(text: str, *, colours: bool) -> str:
    """The same for finished text: its line breaks stay, and its own colours where there are any."""

    def kept(found: re.Match[str]) -> str:
        own = found[1]
        return own if own and (colours or own == "\n") else _escape(found)

    return _PLAIN.sub(kept, text)


def in_json(document: str) -> str:
    """A JSON document in which such characters, which stand in its strings, are escaped as JSON."""

    def escaped(found: re.Match[str]) -> str:
        code = ord(found[0])
        if found[0] == "\n":
            # Between the lines of the document; inside a string it is escaped already.
            return "\n"
        if code < 0x10000:
            return f"\\u{code:04x}"
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"

    return _UNSEEN.sub(escaped, document)


def _escape(found: re.Match[str]) -> str:
    """As Python writes it; a byte that is not UTF-8 as a byte."""
    code = ord(found[0][0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return "".join(each.encode("unicode_escape").decode("ascii") for each in found[0])
