"""Code that no compiler writes is refused, in little time and memory."""

from __future__ import annotations

import marshal
import struct
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.errors import ExitCode
from converter.lambdas.decompiling import decompiled
from converter.lambdas.errors import DamagedCode, LambdaCodeError, Unreadable, UnsafeCode
from converter.lambdas.marshalled import Layout, read_code
from converter.lambdas.text import line_of, text_of
from tests.lambdas.corpora import RELEASES, compiled

NO_LINES = b"s\x00\x00\x00\x00"


def _text(value: str) -> bytes:
    return b"z" + bytes([len(value)]) + value.encode()


def _code(instructions: bytes, constants: bytes = b")\x00", stack: int = 100) -> bytes:
    """A function of one parameter in the layout of Python 3.7."""
    head = struct.pack("<5i", 1, 0, 1, stack, 0)
    names = b")\x00" + b")\x01" + _text("x") + b")\x00" * 2 + _text("f") + _text("f")
    code = b"s" + struct.pack("<i", len(instructions)) + instructions
    return b"c" + head + code + constants + names + struct.pack("<i", 1) + NO_LINES


LOAD, ADD, TWICE, RETURN = b"\x7c\x00", b"\x17\x00", b"\x04\x00", b"\x53\x00"


def test_the_code_of_these_tests_is_sound() -> None:
    assert text_of(decompiled(_code(LOAD + TWICE + ADD + RETURN))) == "def f(x): return x + x"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        # As deep as an expression of a billion terms, in a few bytes.
        (_code(LOAD + (TWICE + ADD) * 30 + RETURN), Unreadable),
        # A sum of too many terms.
        (_code(LOAD + (LOAD + ADD) * 500 + RETURN), Unreadable),
        # Nothing on the stack, too much on it, no end, an end in the middle of nothing.
        (_code(ADD + RETURN), UnsafeCode),
        (_code(LOAD * 5 + RETURN), UnsafeCode),
        (_code(LOAD), UnsafeCode),
        (_code(b""), UnsafeCode),
        (_code(LOAD * 3 + ADD * 2 + RETURN, stack=2), UnsafeCode),
        # A variable and a constant that are not there, a jump into nothing, no instruction.
        (_code(b"\x7c\x05" + RETURN), UnsafeCode),
        (_code(b"\x64\x05" + RETURN), UnsafeCode),
        (_code(b"\x71\x63" + RETURN), UnsafeCode),
        (_code(b"\xf0\x00" + RETURN), UnsafeCode),
        # A jump to itself.
        (_code(b"\x71\x00"), Unreadable),
        # A tuple in a tuple in a tuple, and one that holds itself.
        (_code(LOAD + RETURN, b")\x01" * 200 + b"N"), UnsafeCode),
        (_code(LOAD + RETURN, b"\xa9\x01r\x00\x00\x00\x00"), UnsafeCode),
        # A number of a million digits, a length beyond the end, an unknown kind.
        (_code(LOAD + RETURN, b")\x01l" + struct.pack("<i", 10**6)), UnsafeCode),
        (_code(LOAD + RETURN, b")\x01s" + struct.pack("<i", 2**31 - 1)), DamagedCode),
        (_code(LOAD + RETURN, b")\x01s" + struct.pack("<i", -1)), DamagedCode),
        (_code(LOAD + RETURN, b"(" + struct.pack("<i", 2**31 - 1)), DamagedCode),
        (_code(LOAD + RETURN, b")\x01?"), DamagedCode),
        (_code(LOAD + RETURN, b")\x01u\x01\x00\x00\x00\xff"), DamagedCode),
        (_code(LOAD + RETURN) + b"N", DamagedCode),
        (b"N", DamagedCode),
        (b"", DamagedCode),
        (b"c" * 100, DamagedCode),
        (b"(\x02\x00\x00\x00" * 50_000, UnsafeCode),
        (bytes(2 << 20), UnsafeCode),
    ],
)
def test_code_that_no_compiler_writes(data: bytes, error: type[LambdaCodeError]) -> None:
    begun = time.process_time()
    with pytest.raises(error):
        decompiled(data)
    assert time.process_time() - begun < 2


def test_a_few_bytes_that_stand_for_gigabytes() -> None:
    # Each tuple holds the one before twice.
    value = b"\xa9\x02NN"
    for place in range(60):
        reference = b"r" + struct.pack("<i", 60 - place)
        value = b"\xa9\x02" + value + reference
    with pytest.raises(UnsafeCode, match="too many|too deep"):
        decompiled(_code(LOAD + RETURN, b")\x01" + value))


def test_what_each_error_ends_in() -> None:
    assert UnsafeCode("").exit_code == ExitCode.UNSAFE
    assert DamagedCode("").exit_code == ExitCode.NOT_A_MODEL
    assert Unreadable("").exit_code == ExitCode.NOT_EXACT


CONSTANTS = (
    *(None, True, False, ..., 0, -1, 2**31 - 1, -(2**31), 2**31, 2**62, -(2**100), 10**60),
    *(0.0, -0.0, 0.1, 1e308, float("inf"), 1j, -2.5 - 0.5j, "", "a", "a" * 300, "ü", "語" * 100),
    *("\ud800", b"", b"bytes" * 100, (), (1,), (1, (2, ("a", b"b", None))), tuple(range(300))),
)


def test_constants_are_those_that_python_wrote() -> None:
    code = (lambda: 0).__code__.replace(co_consts=CONSTANTS)
    assert sys.version_info >= (3, 11)
    found = read_code(marshal.dumps(code), Layout.LOCALS_TOGETHER)
    assert repr(found.constants) == repr(CONSTANTS)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_told_from_the_others(release: str) -> None:
    """Releases with the same instructions for a function count as the oldest of them."""
    same = {"3.7": "3.6", "3.9": "3.8", "3.12": "3.11"}
    alike = {release, same.get(release, release)}
    known = set()
    for code in compiled(release).values():
        try:
            known.add(".".join(map(str, decompiled(code).python)))
        except Unreadable:
            continue
    assert known <= alike
    assert release in known


def _mutated() -> st.SearchStrategy[bytes]:
    """Code with some bytes changed, added or taken away."""
    codes = [code for release in RELEASES for code in compiled(release).values()]
    change = st.tuples(st.integers(0, 2000), st.integers(0, 4), st.binary(max_size=4))

    def changed(code: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
        for place, length, new in changes:
            at = place % len(code) if code else 0
            code = code[:at] + new + code[at + length :]
        return code

    return st.builds(changed, st.sampled_from(codes), st.lists(change, min_size=1, max_size=6))


def _headed() -> Iterator[st.SearchStrategy[bytes]]:
    for layout in (b"c\x01\x00\x00\x00", b"\xe3\x01\x00\x00\x00\x00\x00\x00\x00"):
        yield st.binary(max_size=200).map(layout.__add__)


@settings(max_examples=1000, deadline=3000)
@given(st.one_of(_mutated(), st.binary(max_size=300), *_headed()))
def test_no_bytes_end_in_anything_but_a_function_or_its_refusal(data: bytes) -> None:
    try:
        function = decompiled(data)
    except LambdaCodeError as error:
        assert str(error)
    else:
        assert text_of(function)
        assert "\n" not in line_of(function)


@settings(max_examples=250, deadline=3000)
@given(
    st.lists(st.integers(0, 255).flatmap(lambda a: st.tuples(st.just(a), st.integers(0, 7)))),
    st.sampled_from((b")\x00", b")\x03i\x01\x00\x00\x00N)\x02NT")),
)
def test_no_instructions_end_in_anything_else(
    pairs: list[tuple[int, int]], constants: bytes
) -> None:
    instructions = LOAD * 4 + b"".join(bytes(pair) for pair in pairs[:40]) + RETURN
    try:
        assert text_of(decompiled(_code(instructions, constants)))
    except LambdaCodeError as error:
        assert str(error)
