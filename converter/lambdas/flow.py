"""Follows the instructions of a function to what it returns: branches, loops, its end.

A branch is followed on both sides to where they meet, and what differs there becomes a conditional.
A comprehension is a loop whose turns each end in one more item.
"""

from __future__ import annotations

from dataclasses import dataclass

from converter.lambdas.calling import Calls
from converter.lambdas.expressions import (
    Clause,
    Compare,
    Comprehension,
    Conditional,
    Constant,
    Expression,
    Function,
    Mapping,
    Name,
    Scope,
    Sequence,
    Unary,
)
from converter.lambdas.frame import STORES, Entry, Frame, Iterated, Null, Uncalled, Work
from converter.lambdas.instructions import ImpossibleError, Instruction
from converter.lambdas.marshalled import Code
from converter.lambdas.operations import HANDLERS, constant
from converter.lambdas.reasons import reason
from converter.lambdas.releases import Release
from converter.lambdas.trees import conditional, global_names

VARIADIC, KEYWORDS, GENERATOR, COROUTINES = 4, 8, 0x20, 0x280
FUTURE_DIVISION = 0x2000
DEEPEST_FUNCTION = 6
DEEPEST_BRANCH = 40

JUMPS = frozenset({"JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST"})
FAILURES = frozenset({"RAISE_VARARGS", "RERAISE"})
TURNS = {"LIST_APPEND": "list", "SET_ADD": "set", "MAP_ADD": "dict", "YIELD_VALUE": "generator"}
AFTER_LOOP = {"END_FOR": ("POP_TOP", "POP_ITER")}

SKIPPED = Name("", Scope.LOCAL)
"""What a turn of a comprehension gives that its conditions leave out."""


@dataclass(frozen=True)
class Side:
    """How one side of a branch ends: with a result, or with a stack and variables."""

    result: Expression | None
    stack: list[Entry]
    values: dict[str, Entry]


def function_of(
    code: Code,
    release: Release,
    work: Work,
    depth: int = 0,
    defaults: tuple[Expression, ...] = (),
) -> Function:
    """What a function computes, as a release of Python would.

    Args:
        code: the function.
        release: who is taken for its writer.
        work: what may be spent.
        depth: how many functions are around it.
        defaults: of its last parameters.

    Raises:
        ImpossibleError: the release can't have compiled it.
        Unreadable: it is no plain expression.
    """
    frame = Frame(code, release, work, depth)
    if depth > DEEPEST_FUNCTION:
        raise frame.unreadable("functions are nested too deep")
    if code.flags & (GENERATOR | COROUTINES):
        raise frame.unreadable("it is a generator")
    _check_handlers(frame)
    result = _Flow(frame).run(0, -1)
    if result is None:
        raise ImpossibleError("the function does not return")
    positional = code.arguments
    names = code.variables[positional:]
    keyword_only, rest = names[: code.keyword_only], names[code.keyword_only :]
    variadic, rest = (rest[0], rest[1:]) if code.flags & VARIADIC else ("", rest)
    body = tuple(frame.body)
    return Function(
        name=code.name,
        parameters=code.variables[:positional],
        variadic=variadic,
        keywords=rest[0] if code.flags & KEYWORDS else "",
        keyword_only=keyword_only,
        body=body,
        result=result,
        globals=global_names(body, result),
        closure=code.free,
        python=() if depth else _python(code, release),
        line=code.line,
        file=code.file,
        defaults=defaults,
    )


def _check_handlers(frame: Frame) -> None:
    """Since 3.11 only what is done when an exception comes tells that one is waited for.

    Raises:
        Unreadable: the function waits for some.
    """
    names = [each.name for each in frame.instructions]
    if "PUSH_EXC_INFO" in names:
        frame.line = frame.instructions[names.index("PUSH_EXC_INFO")].line
        with_block = {"BEFORE_WITH", "LOAD_SPECIAL"} & set(names)
        raise frame.unreadable(reason("BEFORE_WITH" if with_block else "PUSH_EXC_INFO"))


def _python(code: Code, release: Release) -> tuple[int, ...]:
    """The release, as far as it matters to what is computed."""
    return (3, 0) if code.flags & FUTURE_DIVISION and release.version < (3,) else release.version


def _inner_function(frame: Frame, uncalled: Uncalled, defaults: tuple[Expression, ...]) -> Function:
    return function_of(uncalled.code, frame.release, frame.work, frame.depth + 1, defaults)


def _comprehension(frame: Frame, uncalled: Uncalled, iterated: Iterated) -> Expression:
    """A comprehension that is a function of its own, before 3.12, and generators to this day."""
    inner = Frame(uncalled.code, frame.release, frame.work, frame.depth + 1, frame)
    if inner.depth > DEEPEST_FUNCTION:
        raise frame.unreadable("comprehensions are nested too deep")
    if not uncalled.code.variables:
        raise ImpossibleError("a comprehension has nothing to go through")
    inner.values[uncalled.code.variables[0]] = iterated
    result = _Flow(inner).run(0, -1)
    if not isinstance(result, Comprehension):
        raise frame.unreadable("it has a loop")
    return result


class _Flow:
    """Follows one frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.instructions = frame.instructions
        self.joins = _joins(frame.instructions)
        calls = Calls(_inner_function, _comprehension)
        self.handlers = {**HANDLERS, **calls.handlers()}

    def run(self, at: int, stop: int) -> Expression | None:
        """Follows from an instruction up to another, or to a result."""
        frame = self.frame
        frame.at = at
        while frame.at != stop:
            place = frame.at
            if place == frame.head:
                return SKIPPED
            if place >= len(self.instructions):
                raise ImpossibleError("the function goes on after its end")
            instruction = self.instructions[place]
            frame.line = instruction.line
            frame.work.spend(1, frame.line)
            frame.at += 1
            result = self._step(place, instruction)
            if result is not None:
                return result
        return None

    def _step(self, place: int, instruction: Instruction) -> Expression | None:
        name = instruction.name
        if name in ENDS:
            return self._returned(instruction)
        if name in JUMPS:
            return self._jump(place, instruction)
        if name in TURNS and not _is_of_display(instruction):
            return self._turn(instruction)
        if name == "FOR_ITER":
            return self._loop(place, instruction)
        if _is_branch(name):
            return self._branch(place, instruction)
        handler = self.handlers.get(name)
        if handler is None:
            raise self.frame.unreadable(reason(name))
        handler(self.frame, instruction)
        return None

    def _returned(self, instruction: Instruction) -> Expression:
        frame = self.frame
        if frame.head >= 0:
            raise frame.unreadable("it has a loop")
        if instruction.name == "RETURN_CONST":
            result = constant(frame.constant(instruction.argument))
        else:
            result = frame.value()
        if frame.stack:
            raise ImpossibleError("something is left on the stack")
        return result

    def _jump(self, place: int, instruction: Instruction) -> Expression | None:
        if instruction.target <= place:
            if instruction.target == self.frame.head:
                return SKIPPED
            raise self.frame.unreadable("it has a loop")
        self.frame.at = instruction.target
        return None

    def _branch(self, place: int, instruction: Instruction) -> Expression | None:
        """Follows the sides of a jump that depends on the top of the stack."""
        frame = self.frame
        frame.peek(1)
        kept = frame.stack[-1] if instruction.name.endswith("_OR_POP") else None
        value = frame.value()
        frame.work.copied[id(value)] = value
        test, jumps_if = _test(instruction.name, value)
        ahead, target = place + 1, instruction.target
        given_up = _is_builtin(test)
        if self._fails(ahead) or (given_up and not jumps_if):
            frame.stack += [kept] if kept is not None else []
            frame.at = target
            return None
        if self._fails(target) or given_up:
            return None
        if target <= place and target != frame.head:
            self._side(ahead, -1, None)
            raise frame.unreadable("it has a loop")
        if frame.branches > DEEPEST_BRANCH:
            raise frame.unreadable("its branches are nested too deep")
        join = self.joins[place]
        jumped = self._side(target, join, kept)
        passed = self._side(ahead, join, None)
        then, otherwise = (jumped, passed) if jumps_if else (passed, jumped)
        return self._joined(test, then, otherwise, join)

    def _fails(self, place: int) -> bool:
        """Whether what begins there ends in an exception: the model that was saved never went."""
        return place < len(self.joins) and self.joins[place] < 0

    def _side(self, at: int, stop: int, kept: Entry | None) -> Side:
        """Follows one side with a stack and variables of its own."""
        frame = self.frame
        stack, values = frame.stack, frame.values
        frame.stack, frame.values = list(stack), dict(values)
        frame.stack += [kept] if kept is not None else []
        frame.branches += 1
        result = self.run(at, stop)
        side = Side(result, frame.stack, frame.values)
        frame.branches -= 1
        frame.stack, frame.values = stack, values
        return side

    def _joined(
        self, test: Expression, then: Side, otherwise: Side, join: int
    ) -> Expression | None:
        """Goes on where two sides meet, or ends where both do."""
        frame = self.frame
        if then.result is not None and otherwise.result is not None:
            return self._conditional(test, then.result, otherwise.result)
        if then.result is not None or otherwise.result is not None:
            raise ImpossibleError("one side of a branch ends, the other does not")
        if len(then.stack) != len(otherwise.stack):
            raise ImpossibleError("the sides of a branch leave different stacks")
        self._join_variables(test, then, otherwise, join)
        frame.stack = [
            self._either(test, one, other)
            for one, other in zip(then.stack, otherwise.stack, strict=True)
        ]
        frame.at = join
        return None

    def _join_variables(self, test: Expression, then: Side, otherwise: Side, join: int) -> None:
        """What the sides set, as far as it is read after them, is set on a condition."""
        frame = self.frame
        before = frame.values
        changed = [
            name
            for name in dict.fromkeys((*then.values, *otherwise.values))
            if then.values.get(name) is not before.get(name)
            or otherwise.values.get(name) is not before.get(name)
        ]
        names = [name for name in changed if self._is_read(name, join)]
        if not names:
            return
        ends = [tuple(self._variable(side, name) for name in names) for side in (then, otherwise)]
        if frame.branches or len(names) == 1:
            for name, one, other in zip(names, *ends, strict=True):
                frame.assign((name,), self._conditional(test, one, other))
            return
        one, other = (Sequence("tuple", values) for values in ends)
        frame.assign(tuple(names), self._conditional(test, one, other))

    def _variable(self, side: Side, name: str) -> Expression:
        entry = side.values.get(name) or self._before(name)
        if isinstance(entry, (Null, Iterated, Uncalled)):
            raise self.frame.unreadable("it has a loop")
        return entry

    def _before(self, name: str) -> Entry:
        """A variable as it was before a branch.

        One that was not set yet is None: nothing reads it there, or the model had not been saved.
        """
        return self.frame.load(name) if self.frame.is_set(name) else Constant(None)

    def _is_read(self, name: str, join: int) -> bool:
        """Whether a variable is read from there on; no way leads back but in a comprehension."""
        return any(
            each.name.startswith("LOAD_") and self._reads(each, name)
            for each in self.instructions[join:]
        )

    def _reads(self, instruction: Instruction, name: str) -> bool:
        is_variable = "_FAST" in instruction.name or instruction.name in (
            "LOAD_DEREF",
            "LOAD_CLOSURE",
        )
        return is_variable and self.frame.variable(instruction) == name

    def _either(self, test: Expression, one: Entry, other: Entry) -> Entry:
        if one is other:
            return one
        markers = (Null, Iterated, Uncalled)
        if isinstance(one, markers) or isinstance(other, markers):
            if one == other:
                return one
            raise ImpossibleError("the sides of a branch leave different stacks")
        return self._conditional(test, one, other)

    def _conditional(self, test: Expression, then: Expression, otherwise: Expression) -> Expression:
        work = self.frame.work
        cost = sum(work.size(node)[0] for node in (test, then, otherwise))
        work.spend(cost, self.frame.line)
        return self.frame.measured(conditional(test, then, otherwise))

    def _turn(self, instruction: Instruction) -> Expression:
        """One item more for the comprehension around."""
        frame = self.frame
        kind = TURNS[instruction.name]
        if frame.head < 0:
            raise frame.unreadable(reason(instruction.name))
        if kind != "dict":
            return Comprehension(kind, frame.value(), ())
        one, other = frame.several(2)
        key, value = (one, other) if frame.release.version >= (3, 8) else (other, one)
        return Comprehension(kind, value, (), key)

    def _loop(self, place: int, instruction: Instruction) -> Expression | None:
        """A comprehension, or one more ``for`` in it."""
        frame = self.frame
        iterated = frame.pop()
        if not isinstance(iterated, Iterated):
            raise frame.unreadable("it has a loop")
        is_inner = bool(frame.stack) and isinstance(frame.stack[-1], Iterated)
        is_generator = bool(frame.code.flags & GENERATOR) and not frame.stack
        ends = is_inner or is_generator
        begun = frame.stack[-1] if frame.stack else None
        if not ends and not _is_empty_display(begun):
            raise frame.unreadable("it has a loop")
        targets, after = self._targets()
        turn = self._one_turn(place, after, iterated, targets)
        conditions, item = _conditions(turn)
        if not isinstance(item, Comprehension) or (is_generator and item.kind != "generator"):
            raise frame.unreadable("it has a loop")
        if not ends and item.kind != _kind(begun):
            raise frame.unreadable("it has a loop")
        clause = Clause(targets, iterated.value, conditions)
        found = Comprehension(item.kind, item.element, (clause, *item.clauses), item.key)
        frame.measured(found)
        if ends:
            return found
        frame.stack[-1] = found
        frame.at = self._after_loop(instruction.target)
        return None

    def _targets(self) -> tuple[tuple[str, ...], int]:
        """The variables of a loop, and where its turn goes on."""
        frame = self.frame
        at, count = frame.at, 1
        following = self.instructions[at : at + 1]
        if following and following[0].name == "UNPACK_SEQUENCE":
            at, count = at + 1, following[0].argument
        stores = self.instructions[at : at + count]
        if len(stores) < count or any(each.name not in STORES for each in stores):
            raise frame.unreadable("it has a loop with nested variables")
        return tuple(frame.variable(each) for each in stores), at + count

    def _one_turn(
        self, head: int, after: int, iterated: Iterated, targets: tuple[str, ...]
    ) -> Expression | None:
        """Follows a turn up to its item."""
        frame = self.frame
        stack, values, around = frame.stack, frame.values, frame.head
        frame.stack, frame.values = [*stack, iterated], dict(values)
        for name in targets:
            frame.values.pop(name, None)
        frame.head = head
        frame.branches += 1
        if frame.branches > DEEPEST_BRANCH:
            raise frame.unreadable("its comprehensions are nested too deep")
        found = self.run(after, -1)
        frame.branches -= 1
        frame.stack, frame.values, frame.head = stack, values, around
        return found

    def _after_loop(self, target: int) -> int:
        """Where things go on after a loop: since 3.12 it is cleared away first."""
        names = [each.name for each in self.instructions[target : target + 2]]
        if names[:1] != ["END_FOR"]:
            return target
        return target + (2 if names[1:] in (["POP_TOP"], ["POP_ITER"]) and _clears(self) else 1)


def _clears(flow: _Flow) -> bool:
    """Whether ``END_FOR`` leaves the iterator to the next instruction."""
    return flow.frame.release.version >= (3, 13)


def _is_of_display(instruction: Instruction) -> bool:
    """Whether an item is for ``[*x, item]`` or a long display, which is right below it."""
    return instruction.argument == 1 and instruction.name in ("LIST_APPEND", "SET_ADD", "MAP_ADD")


def _kind(begun: Entry | None) -> str:
    return begun.kind if isinstance(begun, Sequence) else "dict"


def _is_empty_display(entry: Entry | None) -> bool:
    if isinstance(entry, Mapping):
        return not entry.keys
    return isinstance(entry, Sequence) and entry.kind != "tuple" and not entry.items


def _conditions(turn: Expression | None) -> tuple[tuple[Expression, ...], Expression | None]:
    """The conditions on which a turn gives its item."""
    found: list[Expression] = []
    while isinstance(turn, Conditional):
        if turn.otherwise is SKIPPED:
            found.append(turn.test)
            turn = turn.then
        elif turn.then is SKIPPED:
            found.append(Unary("not", turn.test))
            turn = turn.otherwise
        else:
            return (), None
    return tuple(found), turn


def _is_branch(name: str) -> bool:
    return "JUMP" in name and "_IF_" in name


def _test(name: str, value: Expression) -> tuple[Expression, bool]:
    """What a jump depends on, and whether it is taken when that is so."""
    if name.endswith("NONE"):
        return Compare("is", value, Constant(None)), "NOT" not in name
    return value, "TRUE" in name


def _is_builtin(test: Expression) -> bool:
    """Whether a test is whether a builtin still is what it was: 3.14 has a faster way for that.

    The other way, for when it is not, computes the same.
    """
    return (
        isinstance(test, Compare)
        and test.operator == "is"
        and isinstance(test.left, Name)
        and test.left == test.right
        and test.left.scope is Scope.GLOBAL
    )


def _joins(instructions: tuple[Instruction, ...]) -> list[int]:
    """Where all ways from an instruction meet again.

    The number after the last instruction is where the function, or a turn of a loop, ends; -1 says
    that all ways end in an exception.
    """
    end = len(instructions)
    joins = [-1] * end
    for place in reversed(range(end)):
        ways = [way for way in _ways(place, instructions[place], end) if _lives(way, joins, end)]
        if not ways:
            continue
        join = ways[0]
        for way in ways[1:]:
            join = _meeting(join, way, joins)
        joins[place] = join
    return joins


def _lives(way: int, joins: list[int], end: int) -> bool:
    return way == end or joins[way] >= 0


def _meeting(one: int, other: int, joins: list[int]) -> int:
    while one != other:
        if one < other:
            one = joins[one]
        else:
            other = joins[other]
    return one


def _ways(place: int, instruction: Instruction, end: int) -> tuple[int, ...]:
    """What may come next; ways back end a turn."""
    name = instruction.name
    if name in FAILURES:
        return ()
    if name in ENDS or (name in TURNS and not _is_of_display(instruction)):
        return (end,)
    target = instruction.target if instruction.target > place else end
    if name in JUMPS or name == "FOR_ITER":
        return (target,)
    ahead = place + 1
    return (ahead, target) if _is_branch(name) else (ahead,)
