"""Edits of Python text by the places that a syntax tree gives."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of text: lines from 1, columns in bytes from 0, as ``ast`` counts them."""

    line: int
    column: int
    end_line: int
    end_column: int

    def start(self, column: int | None = None) -> Span:
        """The empty stretch where this one begins, or at a column of its line."""
        at = self.column if column is None else column
        return replace(self, column=at, end_line=self.line, end_column=at)

    def end(self) -> Span:
        """The empty stretch where this one ends."""
        return replace(self, line=self.end_line, column=self.end_column)


@dataclass(frozen=True)
class Edit:
    """A stretch of text, and what stands there instead."""

    span: Span
    text: str

    def old(self, text: str) -> str:
        """What stood there."""
        start, end = _offsets(text.encode(), self.span)
        return text.encode()[start:end].decode()


def span(node: ast.expr | ast.stmt) -> Span:
    """Where a node stands."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    return Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits, which may not overlap; an inner one gives way to an outer one."""
    content = text.encode()
    ends = len(content) + 1
    for edit in sorted(edits, key=lambda each: (each.span, -each.span.end_line), reverse=True):
        start, end = _offsets(text.encode(), edit.span)
        if end <= ends:
            content = content[:start] + edit.text.encode() + content[end:]
            ends = start
    return content.decode()


def _offsets(content: bytes, where: Span) -> tuple[int, int]:
    lines = content.splitlines(keepends=True)
    before = [0]
    for line in lines:
        before.append(before[-1] + len(line))
    start = before[where.line - 1] + where.column
    return start, before[where.end_line - 1] + where.end_column
