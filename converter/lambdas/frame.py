"""What is known of a function while its instructions are followed: stack, variables, work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from converter.lambdas.errors import Unreadable
from converter.lambdas.expressions import (
    Assignment,
    Comprehension,
    Constant,
    Expression,
    Name,
    Scope,
    Sequence,
    Starred,
    Subscript,
)
from converter.lambdas.instructions import ImpossibleError, Instruction, decoded
from converter.lambdas.marshalled import Code
from converter.lambdas.releases import Release
from converter.lambdas.trees import children, mentions

MOST_STEPS = 200_000
HEAVIEST = 4_000
DEEPEST = 90
"""Of one expression: in nodes, where shared ones count as often as they stand, and in levels."""

STORES = frozenset({"STORE_FAST", "STORE_DEREF"})


@dataclass(frozen=True)
class Null:
    """What stands on the stack where no object is: beside a function that is no method."""


@dataclass(frozen=True)
class Iterated:
    """What ``iter(value)`` gives to a loop."""

    value: Expression


@dataclass(frozen=True)
class Uncalled:
    """The function that a comprehension is made into before Python 3.12."""

    code: Code


Entry = Expression | Null | Iterated | Uncalled


def numbered(value: Expression) -> Expression:
    """What gives its items by number: a list for what gives them in turn only."""
    if isinstance(value, Comprehension) and value.kind == "generator":
        return replace(value, kind="list")
    return value


@dataclass
class Work:
    """What is spent on one stored function, inner functions included.

    Attributes:
        steps: how many more may be taken.
        sizes: weight and depth of expressions, by identity; the expression is kept beside them so
            that no other one gets its identity.
        copied: expressions that stand, or stood, on the stack twice.
        pushed: in which order expressions came to stand on a stack, by identity.
    """

    steps: int = MOST_STEPS
    sizes: dict[int, tuple[Expression, int, int]] = field(default_factory=dict)
    copied: dict[int, Entry] = field(default_factory=dict)
    pushed: dict[int, int] = field(default_factory=dict)

    def spend(self, steps: int, line: int = 0) -> None:
        """Takes steps.

        Raises:
            Unreadable: too many were taken.
        """
        self.steps -= steps
        if self.steps < 0:
            raise Unreadable("it is too long", line=line)

    def size(self, node: Expression) -> tuple[int, int]:
        """The weight and the depth of an expression."""
        known = self.sizes.get(id(node))
        if known is None:
            inner = [self.size(child) for child in children(node)]
            weight = 1 + sum(weight for weight, _ in inner)
            depth = 1 + max((depth for _, depth in inner), default=0)
            known = self.sizes[id(node)] = node, weight, depth
        return known[1:]


class Frame:
    """One function while it is followed.

    Attributes:
        outer: the function around a comprehension, whose variables are this one's.
        stack: the last is the top.
        body: the assignments so far.
        values: variables that stand for an expression, since a branch or a comprehension set them.
        branches: how many branches and comprehensions are around; in them nothing is assigned.
        head: the place of the loop around, -1 outside of loops.
        at: the place of the next instruction.
    """

    def __init__(
        self, code: Code, release: Release, work: Work, depth: int = 0, outer: Frame | None = None
    ) -> None:
        self.code = code
        self.release = release
        self.work = work
        self.depth = depth
        self.outer = outer
        self.instructions = decoded(code, release)
        self.stack: list[Entry] = []
        self.body: list[Assignment] = []
        self.values: dict[str, Entry] = {}
        self.branches = 0 if outer is None else 1
        self.head = -1
        self.at = 0
        self.line = code.line

    def push(self, entry: Entry) -> None:
        """Puts an entry on the stack.

        Raises:
            Unreadable: an expression that no author would have written.
        """
        if not isinstance(entry, (Null, Iterated, Uncalled)):
            self.measured(entry)
            self.work.pushed.setdefault(id(entry), len(self.work.pushed))
        self.stack.append(entry)
        if len(self.stack) > self.code.stack_size:
            raise ImpossibleError("the stack is deeper than the function says")

    def measured(self, node: Expression) -> Expression:
        """An expression, whose size is held against the limits."""
        weight, depth = self.work.size(node)
        if weight > HEAVIEST or depth > DEEPEST:
            raise self.unreadable("an expression in it is too large")
        return node

    def pop(self) -> Entry:
        """Takes the top."""
        if not self.stack:
            raise ImpossibleError("the stack is empty")
        return self.stack.pop()

    def value(self) -> Expression:
        """Takes the top, which is an object."""
        entry = self.pop()
        if isinstance(entry, Null):
            raise ImpossibleError("there is no object on the stack")
        if isinstance(entry, (Iterated, Uncalled)):
            raise self.unreadable("it has a loop")
        return entry

    def several(self, count: int) -> tuple[Expression, ...]:
        """Takes so many objects, the lowest first."""
        if count > len(self.stack):
            raise ImpossibleError("the stack is too short")
        return tuple(reversed([self.value() for _ in range(count)]))

    def peek(self, depth: int) -> Entry:
        """The entry so far down, 1 for the top."""
        if not 1 <= depth <= len(self.stack):
            raise ImpossibleError("the stack is too short")
        return self.stack[-depth]

    def copy(self, depth: int) -> None:
        """Puts an entry of the stack on its top, too."""
        entry = self.peek(depth)
        self.work.copied[id(entry)] = entry
        self.push(entry)

    def unreadable(self, reason: str) -> Unreadable:
        """The error that says why, and on which line."""
        return Unreadable(reason, line=self.line)

    def constant(self, place: int) -> object:
        """A constant as it is stored."""
        if not 0 <= place < len(self.code.constants):
            raise ImpossibleError("there is no such constant")
        return self.code.constants[place]

    def name(self, place: int) -> str:
        """A name of a global, an attribute or a module."""
        if not 0 <= place < len(self.code.names):
            raise ImpossibleError("there is no such name")
        return self.code.names[place]

    def variable(self, instruction: Instruction) -> str:
        """The variable of an instruction; those of closures are counted apart before 3.11."""
        code = self.code
        if self.release.version >= (3, 11):
            names = code.variables + code.cells + code.free
        elif instruction.name.endswith("_FAST"):
            names = code.variables
        else:
            names = code.cells + code.free
        if instruction.argument >= len(names):
            raise ImpossibleError("there is no such variable")
        return names[instruction.argument]

    def load(self, name: str) -> Entry:
        """What a variable stands for."""
        if name in self.values:
            return self.values[name]
        if name not in self.code.free:
            return Name(name, Scope.LOCAL)
        return self.outer.load(name) if self.outer else Name(name, Scope.CLOSURE)

    def is_set(self, name: str) -> bool:
        """Whether a variable has a value: a parameter, or one that was assigned."""
        code = self.code
        given = code.arguments + code.keyword_only + bool(code.flags & 4) + bool(code.flags & 8)
        if name in self.values or name in code.variables[:given] or name in code.free:
            return True
        return any(name in each.names for each in self.body)

    def store(self, instruction: Instruction) -> None:
        """Assigns the top of the stack to a variable."""
        name = self.variable(instruction)
        if isinstance(self.peek(1), Null):
            # After a comprehension of 3.12, its variable gets back what it had before.
            self.pop()
            return
        value = self.value()
        others = self._stored_next(name, value)
        if others:
            self._store_several({name: value, **others})
            return
        self.assign((name,), value)
        kept = Name(name, Scope.LOCAL)
        if not self.branches:
            self.stack = [kept if entry is value else entry for entry in self.stack]

    def _stored_next(self, name: str, value: Expression) -> dict[str, Expression]:
        """The variables that take what is next on the stack, as in ``a, b = f(x), g(x)``."""
        found: dict[str, Expression] = {}
        if self.branches:
            return found
        following = self.instructions[self.at : self.at + len(self.stack)]
        for instruction, entry in zip(following, reversed(self.stack), strict=False):
            if instruction.name not in STORES or isinstance(entry, (Null, Iterated, Uncalled)):
                break
            next_name = self.variable(instruction)
            if next_name == name or next_name in found or entry is value:
                break
            found[next_name] = entry
        return found

    def _store_several(self, values: dict[str, Expression]) -> None:
        """Assigns what was computed before, in the order in which it was."""
        for _ in range(len(values) - 1):
            self.pop()
        self.at += len(values) - 1
        order = sorted(values, key=lambda name: self.work.pushed.get(id(values[name]), 0))
        self.assign(tuple(order), Sequence("tuple", tuple(values[name] for name in order)))

    def assign(self, names: tuple[str, ...], value: Expression) -> None:
        """Assigns to variables, or computes a value for its effect where there are none.

        In a branch nothing is assigned: the variable stands for the value from there on.
        """
        if self.branches:
            self._remember(names, value)
            return
        self._protect(frozenset(names))
        self.body.append(Assignment(names, self.measured(value), self.line))
        for name in names:
            self.values.pop(name, None)

    def _remember(self, names: tuple[str, ...], value: Expression) -> None:
        shared = set(names) & {*self.code.cells, *self.code.free}
        if not names:
            raise self.unreadable("a branch of it calls something for its effect")
        if shared:
            raise self.unreadable(f"a branch of it sets {min(shared)!r} for an inner function")
        if len(names) == 1:
            self.values[names[0]] = value
        else:
            self.values.update(zip(names, self.items(value, len(names)), strict=True))

    def items(self, value: Expression, count: int) -> tuple[Expression, ...]:
        """The items of a sequence of that length."""
        if isinstance(value, Sequence) and value.kind in ("tuple", "list"):
            plain = not any(isinstance(item, Starred) for item in value.items)
            if plain and len(value.items) == count:
                return value.items
        self.work.spend(count, self.line)
        value = numbered(value)
        return tuple(self.measured(Subscript(value, Constant(place))) for place in range(count))

    def _mentioned(self, names: frozenset[str]) -> bool:
        return not self.branches and any(
            mentions(node, names) for node in map(self._expression, self.stack) if node
        )

    def _expression(self, entry: Entry) -> Expression | None:
        if isinstance(entry, (Null, Uncalled)):
            return None
        node = entry.value if isinstance(entry, Iterated) else entry
        self.work.spend(self.work.size(node)[0], self.line)
        return node

    def _protect(self, names: frozenset[str]) -> None:
        """What is on the stack was computed before variables change: it gets a name of its own."""
        if not self._mentioned(names):
            return
        for place, entry in enumerate(self.stack):
            node = self._expression(entry)
            if node is not None and mentions(node, names):
                kept = self.kept(node)
                self.stack[place] = Iterated(kept) if isinstance(entry, Iterated) else kept

    def kept(self, value: Expression) -> Name:
        """A new variable that holds a value."""
        taken = {*self.code.variables, *self.code.cells, *self.code.free}
        taken |= {name for each in self.body for name in each.names}
        number = 1
        while f"value_{number}" in taken:
            number += 1
        name = f"value_{number}"
        self.body.append(Assignment((name,), value, self.line))
        return Name(name, Scope.LOCAL)
