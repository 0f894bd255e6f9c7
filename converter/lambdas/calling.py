"""What instructions do to the stack: calls, and functions inside the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from converter.lambdas.expressions import (
    Call,
    Constant,
    Expression,
    Function,
    Mapping,
    Sequence,
    Starred,
)
from converter.lambdas.frame import Entry, Frame, Iterated, Null, Uncalled
from converter.lambdas.instructions import ImpossibleError, Instruction
from converter.lambdas.operations import Handler, taken_in

COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
DEFAULTS, KEYWORD_DEFAULTS, ANNOTATIONS, CLOSURE, ANNOTATE = 1, 2, 4, 8, 16

FunctionOf = Callable[[Frame, Uncalled, tuple[Expression, ...]], Function]
ComprehensionOf = Callable[[Frame, Uncalled, Iterated], Expression]

Keywords = tuple[tuple[str, Expression], ...]


class Calls:
    """The instructions that need to follow another function's instructions."""

    def __init__(self, function_of: FunctionOf, comprehension_of: ComprehensionOf) -> None:
        self._function_of = function_of
        self._comprehension_of = comprehension_of
        # The names of the keywords of the next call, in 3.11 and 3.12.
        self._names: dict[int, tuple[str, ...]] = {}

    def handlers(self) -> dict[str, Handler]:
        """The instructions by name."""
        return {
            "CALL_FUNCTION": self.call_function,
            "CALL_FUNCTION_KW": self.call_named,
            "CALL_FUNCTION_VAR": self.call_starred,
            "CALL_FUNCTION_VAR_KW": self.call_starred,
            "CALL_FUNCTION_EX": self.call_expanded,
            "CALL_METHOD": self.call,
            "CALL": self.call,
            "CALL_KW": self.call_named,
            "KW_NAMES": self.names,
            "MAKE_FUNCTION": self.make,
            "MAKE_CLOSURE": self.make,
            "SET_FUNCTION_ATTRIBUTE": self.attribute,
        }

    def call_function(self, frame: Frame, instruction: Instruction) -> None:
        """Before 3.6 names and values are on the stack, after that no names are."""
        if frame.release.version >= (3, 6):
            arguments = _arguments(frame, instruction.argument)
            self._called(frame, frame.pop(), arguments, ())
            return
        keywords = _pairs(frame, instruction.argument >> 8)
        arguments = _arguments(frame, instruction.argument & 255)
        self._called(frame, frame.pop(), arguments, keywords)

    def call_named(self, frame: Frame, instruction: Instruction) -> None:
        """The names are a constant on top; Python 2 means ``**keywords`` by it."""
        if frame.release.version < (3, 6):
            self.call_starred(frame, instruction)
            return
        names = _names(frame.value())
        if instruction.name == "CALL_KW":
            self._call(frame, instruction.argument, names)
            return
        arguments, keywords = _split(_arguments(frame, instruction.argument), names)
        self._called(frame, frame.pop(), arguments, keywords)

    def call_starred(self, frame: Frame, instruction: Instruction) -> None:
        """``f(*arguments, **keywords)`` before 3.6; 3.5 has the keywords above ``*arguments``."""
        more: Keywords = ()
        starred: tuple[Expression, ...] = ()
        variadic = "VAR" in instruction.name
        if instruction.name.endswith("KW"):
            more = _expanded(frame.value())
        if variadic and frame.release.version < (3, 5):
            starred = taken_in(frame.value())
        keywords = _pairs(frame, instruction.argument >> 8)
        if variadic and frame.release.version >= (3, 5):
            starred = taken_in(frame.value())
        arguments = _arguments(frame, instruction.argument & 255)
        self._called(frame, frame.pop(), (*arguments, *starred), keywords + more)

    def call_expanded(self, frame: Frame, instruction: Instruction) -> None:
        """``f(*arguments, **keywords)`` since 3.6, from a tuple and a dictionary."""
        version = frame.release.version
        keywords: Keywords = ()
        if version >= (3, 14):
            top = frame.pop()
            if not isinstance(top, Null):
                frame.stack.append(top)
                keywords = _expanded(frame.value())
        elif instruction.argument & 1:
            keywords = _expanded(frame.value())
        arguments = taken_in(frame.value())
        function = _function_of_two(frame)[0] if version >= (3, 11) else frame.value()
        self._called(frame, function, arguments, keywords)

    def names(self, frame: Frame, instruction: Instruction) -> None:
        """The names of keywords, for the call that comes next."""
        self._names[id(frame)] = _names(Constant(frame.constant(instruction.argument)))  # type: ignore[arg-type]

    def call(self, frame: Frame, instruction: Instruction) -> None:
        """A function and its companion below the arguments."""
        self._call(frame, instruction.argument, self._names.pop(id(frame), ()))

    def _call(self, frame: Frame, count: int, names: tuple[str, ...]) -> None:
        arguments, keywords = _split(_arguments(frame, count), names)
        function, first = _function_of_two(frame)
        self._called(frame, function, (*first, *arguments), keywords)

    def _called(
        self,
        frame: Frame,
        function: Entry,
        arguments: tuple[Entry, ...],
        keywords: Keywords,
    ) -> None:
        if isinstance(function, Uncalled):
            iterated = arguments[0] if len(arguments) == 1 and not keywords else None
            if not isinstance(iterated, Iterated):
                raise ImpossibleError("a comprehension takes one thing to go through")
            frame.push(self._comprehension_of(frame, function, iterated))
            return
        given = tuple(_object(frame, argument) for argument in arguments)
        frame.push(Call(_object(frame, function), given, keywords))

    def make(self, frame: Frame, instruction: Instruction) -> None:
        """A function inside the function; comprehensions wait for their call."""
        version = frame.release.version
        if (3, 3) <= version < (3, 11):
            frame.value()
        code = frame.pop()
        if not isinstance(code, Uncalled):
            raise ImpossibleError("a function is made of no code")
        if version < (3, 6):
            defaults = _old_defaults(frame, instruction)
        elif version < (3, 13):
            defaults = _given_defaults(frame, instruction.argument)
        else:
            defaults = ()
        if code.code.name in COMPREHENSIONS:
            frame.push(code)
        else:
            frame.push(self._function_of(frame, code, defaults))

    def attribute(self, frame: Frame, instruction: Instruction) -> None:
        """Defaults and the like, set once the function is made, since 3.13."""
        function = frame.pop()
        given = frame.pop()
        if isinstance(function, Uncalled) and instruction.argument == CLOSURE:
            frame.push(function)
            return
        if not isinstance(function, Function):
            raise ImpossibleError("what gets an attribute is no function")
        if instruction.argument == DEFAULTS:
            function = replace(function, defaults=taken_in(_object(frame, given)))
        elif instruction.argument not in (CLOSURE, ANNOTATIONS, ANNOTATE):
            raise frame.unreadable("a function inside it has defaults of keywords")
        frame.push(function)


def _object(frame: Frame, entry: Entry) -> Expression:
    if isinstance(entry, Null):
        raise ImpossibleError("there is no object on the stack")
    if isinstance(entry, (Iterated, Uncalled)):
        raise frame.unreadable("it has a loop")
    return entry


def _arguments(frame: Frame, count: int) -> tuple[Entry, ...]:
    if count > len(frame.stack):
        raise ImpossibleError("the stack is too short")
    return tuple(reversed([frame.pop() for _ in range(count)]))


def _function_of_two(frame: Frame) -> tuple[Entry, tuple[Entry, ...]]:
    """A function and its companion: nothing, or the object whose method it is."""
    one, other = _arguments(frame, 2)
    if isinstance(one, Null):
        return other, ()
    return one, () if isinstance(other, Null) else (other,)


def _pairs(frame: Frame, count: int) -> Keywords:
    pairs = frame.several(2 * count)
    return tuple(
        (_keyword(name), value) for name, value in zip(pairs[::2], pairs[1::2], strict=True)
    )


def _keyword(name: Expression) -> str:
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        raise ImpossibleError("the name of a keyword is no text")
    return name.value


def _names(given: Expression) -> tuple[str, ...]:
    return tuple(_keyword(name) for name in taken_in(given))


def _split(
    arguments: tuple[Entry, ...], names: tuple[str, ...]
) -> tuple[tuple[Entry, ...], Keywords]:
    """The last arguments are those with names."""
    if len(names) > len(arguments):
        raise ImpossibleError("a call has more names than arguments")
    count = len(arguments) - len(names)
    named = arguments[count:]
    if any(isinstance(each, (Null, Iterated, Uncalled)) for each in named):
        raise ImpossibleError("a keyword has no object")
    return arguments[:count], tuple(zip(names, named, strict=True))  # type: ignore[arg-type]


def _expanded(given: Expression) -> Keywords:
    """The keywords of ``**given``: by name where they stand there, else one without a name."""
    if not isinstance(given, Mapping):
        return (("", given),)
    return tuple(
        ("", value) if isinstance(key, Starred) else (_keyword(key), value)
        for key, value in zip(given.keys, given.values, strict=True)
    )


def _old_defaults(frame: Frame, instruction: Instruction) -> tuple[Expression, ...]:
    """Defaults one by one, before 3.6."""
    if instruction.name == "MAKE_CLOSURE":
        frame.value()
    if instruction.argument >> 8:
        raise frame.unreadable("a function inside it has defaults of keywords, or annotations")
    return frame.several(instruction.argument & 255)


def _given_defaults(frame: Frame, flags: int) -> tuple[Expression, ...]:
    """Defaults as a tuple, from 3.6 to 3.12; annotations are of no use."""
    if flags & CLOSURE:
        frame.value()
    if flags & ANNOTATIONS:
        frame.value()
    if flags & KEYWORD_DEFAULTS:
        raise frame.unreadable("a function inside it has defaults of keywords")
    if not flags & DEFAULTS:
        return ()
    given = frame.value()
    if not isinstance(given, (Sequence, Constant)):
        raise ImpossibleError("defaults are no tuple")
    return taken_in(given)
