"""What instructions do to the stack: loads, operators, displays, texts, imports.

Calls and functions are in `calling`, jumps and loops in `flow`.
"""

from __future__ import annotations

from collections.abc import Callable

from converter.lambdas.expressions import (
    Attribute,
    Binary,
    Call,
    Compare,
    Constant,
    Expression,
    FormattedValue,
    Import,
    JoinedStr,
    Mapping,
    Name,
    Scope,
    Sequence,
    Slice,
    Starred,
    Subscript,
    Unary,
)
from converter.lambdas.frame import STORES, Frame, Iterated, Null, Uncalled, numbered
from converter.lambdas.instructions import ImpossibleError, Instruction
from converter.lambdas.marshalled import Code, SliceValue

Handler = Callable[[Frame, Instruction], None]

UNARY = {
    "UNARY_NEGATIVE": "-",
    "UNARY_POSITIVE": "+",
    "UNARY_INVERT": "~",
    "UNARY_NOT": "not",
}
BINARY = {
    "POWER": "**",
    "MULTIPLY": "*",
    "MATRIX_MULTIPLY": "@",
    "DIVIDE": "/",
    "TRUE_DIVIDE": "/",
    "FLOOR_DIVIDE": "//",
    "MODULO": "%",
    "ADD": "+",
    "SUBTRACT": "-",
    "LSHIFT": "<<",
    "RSHIFT": ">>",
    "AND": "&",
    "XOR": "^",
    "OR": "|",
}
DISPLAYS = {"TUPLE": "tuple", "LIST": "list", "SET": "set"}
EXPECTED = (2, 10, 8, 7, 4, 12)
"""What a comparison may find, by bits: 1 no order, 2 less, 4 greater, 8 equal."""

CONVERSIONS = ("", "s", "r", "a")
NOTHING = frozenset(
    {
        *("NOP", "RESUME", "PRECALL", "COPY_FREE_VARS", "MAKE_CELL", "NOT_TAKEN"),
        *("TO_BOOL", "GEN_START", "DELETE_FAST", "PRINT_NEWLINE"),
    }
)
UNNOTICED = (Constant, Name, Attribute, Import)
"""What can be computed and dropped without a trace."""


def constant(value: object) -> Expression:
    """A stored constant as an expression; slices and sets have one of their own."""
    if isinstance(value, SliceValue):
        ends = (value.lower, value.upper, value.step)
        lower, upper, step = (None if end is None else constant(end) for end in ends)
        return Slice(lower, upper, step)
    if isinstance(value, frozenset):
        return Sequence("set", tuple(constant(item) for item in sorted(value, key=repr)))
    if isinstance(value, tuple) and any(_has_a_form(item) for item in value):
        return Sequence("tuple", tuple(constant(item) for item in value))
    if isinstance(value, Code):
        raise ImpossibleError("a function stands for a value")
    return Constant(value)  # type: ignore[arg-type]  # all that marshal has beside those above


def _has_a_form(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_a_form(item) for item in value)
    return isinstance(value, (SliceValue, frozenset, Code))


def pushed(frame: Frame, found: Expression, *, with_null: bool) -> None:
    """An object that is called next; the releases differ in where its companion stands."""
    nulls_first = frame.release.version < (3, 13)
    if with_null and nulls_first:
        frame.push(Null())
    frame.push(found)
    if with_null and not nulls_first:
        frame.push(Null())


def load_constant(frame: Frame, instruction: Instruction) -> None:
    """A constant; the code of a function waits for being made one."""
    frame.work.spend(1)
    value = frame.constant(instruction.argument)
    if isinstance(value, Code):
        frame.push(Uncalled(value))
    else:
        frame.push(constant(value))


def load_variable(frame: Frame, instruction: Instruction) -> None:
    """A local variable, or one of an enclosing function."""
    frame.push(frame.load(frame.variable(instruction)))


def load_and_clear(frame: Frame, instruction: Instruction) -> None:
    """What a variable was before a comprehension uses its name, to be put back after."""
    frame.variable(instruction)
    frame.push(Null())


def load_global(frame: Frame, instruction: Instruction) -> None:
    """A global; since 3.11 the lowest bit asks for the companion of a function."""
    place, with_null = instruction.argument, False
    if frame.release.version >= (3, 11) and instruction.name == "LOAD_GLOBAL":
        place, with_null = place >> 1, bool(place & 1)
    pushed(frame, Name(frame.name(place), Scope.GLOBAL), with_null=with_null)


def load_attribute(frame: Frame, instruction: Instruction) -> None:
    """An attribute; since 3.12 the lowest bit says that it is called next."""
    place, is_method = instruction.argument, instruction.name == "LOAD_METHOD"
    if frame.release.version >= (3, 12):
        place, is_method = place >> 1, bool(place & 1)
    found = Attribute(frame.value(), frame.name(place))
    pushed(frame, found, with_null=is_method)


def load_common(frame: Frame, instruction: Instruction) -> None:
    """A builtin that the interpreter knows by number."""
    known = frame.release.constants
    if instruction.argument >= len(known):
        raise ImpossibleError("there is no such builtin")
    frame.push(Name(known[instruction.argument], Scope.GLOBAL))


def drop(frame: Frame, instruction: Instruction) -> None:
    """What is computed and not used: for its effect, unless it stands elsewhere too."""
    entry = frame.pop()
    if isinstance(entry, (Null, Iterated)) or id(entry) in frame.work.copied:
        return
    frame.stack.append(entry)
    value = frame.value()
    if not isinstance(value, UNNOTICED):
        frame.assign((), value)


def swap(frame: Frame, depth: int) -> None:
    """The top and an entry further down change places."""
    other = frame.peek(depth)
    frame.stack[-depth], frame.stack[-1] = frame.stack[-1], other


def rotate(frame: Frame, depth: int) -> None:
    """The top goes down, what was above it there comes up."""
    frame.peek(depth)
    frame.stack.insert(len(frame.stack) - depth, frame.stack.pop())


def copy_several(frame: Frame, count: int) -> None:
    """The topmost entries once more, in the same order."""
    frame.peek(max(count, 1))
    for _ in range(count):
        frame.copy(count)


def binary(frame: Frame, operator: str) -> None:
    """``left operator right``; also where the result takes the left one's place."""
    left, right = frame.several(2)
    if operator == "[]":
        frame.push(Subscript(left, right))
    else:
        frame.push(Binary(operator.removesuffix("="), left, right))


def binary_by_number(frame: Frame, instruction: Instruction) -> None:
    """Operators since 3.11."""
    known = frame.release.binary
    if instruction.argument >= len(known):
        raise ImpossibleError("there is no such operator")
    binary(frame, known[instruction.argument])


def compare(frame: Frame, instruction: Instruction) -> None:
    """Comparisons; since 3.12 the lowest bits say what the interpreter expects."""
    version, place = frame.release.version, instruction.argument
    if version >= (3, 12):
        place >>= 4 if version < (3, 13) else 5
        if place < len(EXPECTED) and instruction.argument & 15 != EXPECTED[place]:
            raise ImpossibleError("a comparison expects what it can't give")
    if place >= len(frame.release.compare):
        raise ImpossibleError("there is no such comparison")
    left, right = frame.several(2)
    frame.push(Compare(frame.release.compare[place], left, right))


def tested(frame: Frame, instruction: Instruction) -> None:
    """``in`` and ``is``, which are apart from comparisons since 3.9."""
    operator, opposite = ("is", "is not") if instruction.name == "IS_OP" else ("in", "not in")
    left, right = frame.several(2)
    frame.push(Compare(opposite if instruction.argument & 1 else operator, left, right))


def subscript(frame: Frame, instruction: Instruction) -> None:
    """``value[index]``."""
    frame.push(Subscript(*frame.several(2)))


def subscript_slice(frame: Frame, instruction: Instruction) -> None:
    """``value[lower:upper]`` in one instruction, since 3.12."""
    value, lower, upper = frame.several(3)
    frame.push(Subscript(value, Slice(_end(lower), _end(upper))))


def python2_slice(frame: Frame, instruction: Instruction) -> None:
    """``value[lower:upper]`` of Python 2, the number says which ends are there."""
    kind = int(instruction.name[-1])
    upper = frame.value() if kind & 2 else None
    lower = frame.value() if kind & 1 else None
    frame.push(Subscript(frame.value(), Slice(lower, upper)))


def build_slice(frame: Frame, instruction: Instruction) -> None:
    """A slice from two or three ends."""
    if instruction.argument not in (2, 3):
        raise ImpossibleError("a slice has two or three ends")
    frame.push(Slice(*(_end(end) for end in frame.several(instruction.argument))))


def _end(node: Expression) -> Expression | None:
    return None if node == Constant(None) else node


def build(frame: Frame, instruction: Instruction) -> None:
    """A tuple, a list or a set from what is on the stack."""
    kind = DISPLAYS[instruction.name.removeprefix("BUILD_")]
    frame.push(Sequence(kind, frame.several(instruction.argument)))


def build_joined(frame: Frame, instruction: Instruction) -> None:
    """``[*a, *b]`` before 3.9."""
    kind = DISPLAYS[instruction.name.split("_")[1]]
    parts = frame.several(instruction.argument)
    frame.push(Sequence(kind, tuple(item for part in parts for item in taken_in(part))))


def taken_in(node: Expression) -> tuple[Expression, ...]:
    """The items of ``*node``, which are known where a tuple or a list stands there."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Constant) and isinstance(node.value, tuple):
        return tuple(Constant(item) for item in node.value)
    return (Starred(node),)


def append(frame: Frame, instruction: Instruction) -> None:
    """One more item for a list or a set that is being built."""
    begun, item = frame.several(2)
    if not isinstance(begun, Sequence) or begun.kind == "tuple":
        raise ImpossibleError("what gets an item is no display")
    frame.push(Sequence(begun.kind, (*begun.items, item)))


def extend(frame: Frame, instruction: Instruction) -> None:
    """More items for a list or a set that is being built."""
    kind = instruction.name.partition("_")[0].lower()
    if instruction.argument != 1:
        raise ImpossibleError("what is extended is not below")
    begun, more = frame.several(2)
    if not isinstance(begun, Sequence) or begun.kind != kind:
        raise ImpossibleError("what is extended is no display")
    frame.push(Sequence(kind, begun.items + taken_in(more)))


def as_tuple(frame: Frame, instruction: Instruction) -> None:
    """A list that was built becomes the tuple that was meant."""
    begun = frame.value()
    if not isinstance(begun, Sequence):
        raise ImpossibleError("what becomes a tuple is no display")
    frame.push(Sequence("tuple", begun.items))


def build_mapping(frame: Frame, instruction: Instruction) -> None:
    """A dictionary from pairs; before 3.5 it begins with an empty one."""
    if frame.release.version < (3, 5):
        frame.push(Mapping((), ()))
        return
    pairs = frame.several(2 * instruction.argument)
    frame.push(Mapping(pairs[::2], pairs[1::2]))


def store_pair(frame: Frame, instruction: Instruction) -> None:
    """One more pair for a dictionary before 3.5; the key is on top."""
    begun, value, key = frame.several(3)
    if not isinstance(begun, Mapping):
        raise ImpossibleError("what takes a pair is no dictionary")
    frame.push(Mapping((*begun.keys, key), (*begun.values, value)))


def add_pair(frame: Frame, instruction: Instruction) -> None:
    """One more pair for a long dictionary; the value is on top."""
    begun, key, value = frame.several(3)
    if not isinstance(begun, Mapping):
        raise ImpossibleError("what takes a pair is no dictionary")
    frame.push(Mapping((*begun.keys, key), (*begun.values, value)))


def build_named_mapping(frame: Frame, instruction: Instruction) -> None:
    """A dictionary whose keys are constants."""
    keys = taken_in(frame.value())
    values = frame.several(instruction.argument)
    if len(keys) != len(values):
        raise ImpossibleError("a dictionary has more keys than values")
    frame.push(Mapping(keys, values))


def update(frame: Frame, instruction: Instruction) -> None:
    """``**more`` for a dictionary that is being built."""
    if instruction.argument != 1:
        raise ImpossibleError("what is updated is not below")
    begun, more = frame.several(2)
    if not isinstance(begun, Mapping):
        raise ImpossibleError("what is updated is no dictionary")
    frame.push(joined(begun, more))


def build_joined_mapping(frame: Frame, instruction: Instruction) -> None:
    """``{**a, **b}`` before 3.9; for a call the function is counted in the upper bits."""
    found = Mapping((), ())
    for part in frame.several(instruction.argument & 255):
        found = joined(found, part)
    frame.push(found)


def joined(begun: Mapping, more: Expression) -> Mapping:
    """A dictionary with all of another."""
    if isinstance(more, Mapping):
        return Mapping(begun.keys + more.keys, begun.values + more.values)
    return Mapping((*begun.keys, Starred(more)), (*begun.values, more))


def unpack(frame: Frame, instruction: Instruction) -> None:
    """``a, b = value``; what else takes items gets each by its number."""
    count = instruction.argument
    if count > len(frame.instructions):
        raise ImpossibleError("more variables than instructions")
    value = frame.value()
    following = frame.instructions[frame.at : frame.at + count]
    if len(following) == count and all(each.name in STORES for each in following):
        frame.at += count
        names = tuple(frame.variable(each) for each in following)
        if len(set(names)) == count:
            frame.assign(names, value)
            return
        frame.at -= count
    for item in reversed(frame.items(_held(frame, value), count)):
        frame.push(item)


def unpack_rest(frame: Frame, instruction: Instruction) -> None:
    """``a, *b, c = value``."""
    before, after = instruction.argument & 255, instruction.argument >> 8
    if before + after > len(frame.instructions):
        raise ImpossibleError("more variables than instructions")
    value = _held(frame, frame.value())
    for place in range(after, 0, -1):
        frame.push(Subscript(value, Constant(place - after - 1)))
    upper = Constant(-after) if after else None
    rest = Subscript(value, Slice(Constant(before) if before else None, upper))
    frame.push(Sequence("list", (Starred(rest),)))
    for place in reversed(range(before)):
        frame.push(Subscript(value, Constant(place)))


def _held(frame: Frame, value: Expression) -> Expression:
    """A value that is used several times, in a variable unless it is a simple one."""
    value = numbered(value)
    if frame.branches or isinstance(value, (Constant, Name, Sequence)):
        return value
    return frame.kept(value)


def import_module(frame: Frame, instruction: Instruction) -> None:
    """``import a.b`` gives ``a``, and ``from a.b import …`` gives ``a.b`` to take names from."""
    level, names = frame.several(2)
    if level not in (Constant(0), Constant(-1)):
        raise frame.unreadable("it imports from its own package")
    module = frame.name(instruction.argument)
    frame.push(Import(module.partition(".")[0] if names == Constant(None) else module))


def import_from(frame: Frame, instruction: Instruction) -> None:
    """A name of the module, which stays on the stack."""
    module = frame.peek(1)
    if not isinstance(module, (Import, Attribute)):
        raise ImpossibleError("names come from no module")
    frame.push(Attribute(module, frame.name(instruction.argument)))


def format_value(frame: Frame, instruction: Instruction) -> None:
    """``{value}`` in a text, before 3.13."""
    specified = frame.value() if instruction.argument & 4 else None
    conversion = CONVERSIONS[instruction.argument & 3]
    frame.push(JoinedStr((FormattedValue(frame.value(), conversion, specified),)))


def convert_value(frame: Frame, instruction: Instruction) -> None:
    """``{value!r}`` since 3.13; its text is made next."""
    if instruction.argument >= len(CONVERSIONS):
        raise ImpossibleError("there is no such conversion")
    frame.push(FormattedValue(frame.value(), CONVERSIONS[instruction.argument]))


def format_simple(frame: Frame, instruction: Instruction) -> None:
    """``{value}`` or ``{value:format}`` since 3.13."""
    specified = frame.value() if instruction.name == "FORMAT_WITH_SPEC" else None
    found = frame.value()
    value, conversion = found, ""
    if isinstance(found, FormattedValue):
        value, conversion = found.value, found.conversion
    frame.push(JoinedStr((FormattedValue(value, conversion, specified),)))


def build_text(frame: Frame, instruction: Instruction) -> None:
    """A text with values in it."""
    parts = frame.several(instruction.argument)
    texts = (part.values if isinstance(part, JoinedStr) else (part,) for part in parts)
    frame.push(JoinedStr(tuple(value for values in texts for value in values)))


def python2_print(frame: Frame, instruction: Instruction) -> None:
    """The statement of Python 2."""
    frame.assign((), Call(Name("print", Scope.GLOBAL), (frame.value(),)))


def intrinsic(frame: Frame, instruction: Instruction) -> None:
    """Seldom operations since 3.12."""
    known = frame.release.intrinsics
    name = known[instruction.argument] if instruction.argument < len(known) else ""
    if name == "INTRINSIC_LIST_TO_TUPLE":
        as_tuple(frame, instruction)
    elif name == "INTRINSIC_UNARY_POSITIVE":
        frame.push(Unary("+", frame.value()))
    else:
        raise frame.unreadable(f"it does what has no expression ({name or 'unknown'})")


def iterate(frame: Frame, instruction: Instruction) -> None:
    """``iter(value)``; since 3.14 generators ask once more for what is one already."""
    if not isinstance(frame.peek(1), Iterated):
        frame.push(Iterated(frame.value()))


HANDLERS: dict[str, Handler] = {
    **{name: lambda frame, instruction: None for name in NOTHING},
    **{
        name: lambda frame, instruction, operator=operator: frame.push(  # type: ignore[misc]
            Unary(operator, frame.value())
        )
        for name, operator in UNARY.items()
    },
    **{
        prefix + name: lambda frame, instruction, operator=operator: binary(  # type: ignore[misc]
            frame, operator
        )
        for name, operator in BINARY.items()
        for prefix in ("BINARY_", "INPLACE_")
    },
    "LOAD_CONST": load_constant,
    "LOAD_SMALL_INT": lambda frame, each: frame.push(Constant(each.argument)),
    "LOAD_COMMON_CONSTANT": load_common,
    "LOAD_ASSERTION_ERROR": lambda frame, each: frame.push(Name("AssertionError", Scope.GLOBAL)),
    **dict.fromkeys(("LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK"), load_variable),
    **dict.fromkeys(("LOAD_DEREF", "LOAD_CLOSURE"), load_variable),
    "LOAD_FAST_AND_CLEAR": load_and_clear,
    "LOAD_GLOBAL": load_global,
    "LOAD_NAME": load_global,
    "LOAD_ATTR": load_attribute,
    "LOAD_METHOD": load_attribute,
    "PUSH_NULL": lambda frame, each: frame.push(Null()),
    "RETURN_GENERATOR": lambda frame, each: frame.push(Null()),
    "STORE_FAST": lambda frame, each: frame.store(each),
    "STORE_DEREF": lambda frame, each: frame.store(each),
    "POP_TOP": drop,
    "DUP_TOP": lambda frame, each: frame.copy(1),
    "DUP_TOP_TWO": lambda frame, each: copy_several(frame, 2),
    "DUP_TOPX": lambda frame, each: copy_several(frame, each.argument),
    "COPY": lambda frame, each: frame.copy(each.argument),
    "SWAP": lambda frame, each: swap(frame, each.argument),
    "ROT_TWO": lambda frame, each: rotate(frame, 2),
    "ROT_THREE": lambda frame, each: rotate(frame, 3),
    "ROT_FOUR": lambda frame, each: rotate(frame, 4),
    "ROT_N": lambda frame, each: rotate(frame, each.argument),
    "BINARY_OP": binary_by_number,
    "BINARY_SUBSCR": subscript,
    "BINARY_SLICE": subscript_slice,
    **{f"SLICE+{kind}": python2_slice for kind in range(4)},
    "BUILD_SLICE": build_slice,
    "COMPARE_OP": compare,
    "IS_OP": tested,
    "CONTAINS_OP": tested,
    **{f"BUILD_{kind}": build for kind in DISPLAYS},
    **{f"BUILD_{kind}_UNPACK": build_joined for kind in DISPLAYS},
    "BUILD_TUPLE_UNPACK_WITH_CALL": build_joined,
    "LIST_APPEND": append,
    "SET_ADD": append,
    "MAP_ADD": add_pair,
    "LIST_EXTEND": extend,
    "SET_UPDATE": extend,
    "LIST_TO_TUPLE": as_tuple,
    "BUILD_MAP": build_mapping,
    "STORE_MAP": store_pair,
    "BUILD_CONST_KEY_MAP": build_named_mapping,
    "BUILD_MAP_UNPACK": build_joined_mapping,
    "BUILD_MAP_UNPACK_WITH_CALL": build_joined_mapping,
    "DICT_UPDATE": update,
    "DICT_MERGE": update,
    "UNPACK_SEQUENCE": unpack,
    "UNPACK_EX": unpack_rest,
    "IMPORT_NAME": import_module,
    "IMPORT_FROM": import_from,
    "FORMAT_VALUE": format_value,
    "CONVERT_VALUE": convert_value,
    "FORMAT_SIMPLE": format_simple,
    "FORMAT_WITH_SPEC": format_simple,
    "BUILD_STRING": build_text,
    "CALL_INTRINSIC_1": intrinsic,
    "PRINT_ITEM": python2_print,
    "GET_ITER": iterate,
}
