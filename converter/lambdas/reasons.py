"""Why an instruction has no place in an expression, in plain words."""

_REASONS = (
    (("SETUP_LOOP", "FOR_ITER", "CONTINUE_LOOP", "BREAK_LOOP"), "it has a loop"),
    (("LIST_APPEND", "SET_ADD", "MAP_ADD"), "it has a loop"),
    (
        ("SETUP_EXCEPT", "SETUP_FINALLY", "PUSH_EXC_INFO", "POP_EXCEPT", "END_FINALLY"),
        "it handles exceptions",
    ),
    (("SETUP_WITH", "BEFORE_WITH", "LOAD_SPECIAL", "WITH_"), "it has a with statement"),
    (
        ("YIELD_", "SEND", "GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "SETUP_ASYNC"),
        "it is a generator",
    ),
    (
        ("STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR", "DELETE_SLICE"),
        "it changes an item in place",
    ),
    (("STORE_ATTR", "DELETE_ATTR"), "it changes an attribute"),
    (("STORE_GLOBAL", "DELETE_"), "it sets or deletes a variable"),
    (
        ("LOAD_BUILD_CLASS", "LOAD_LOCALS", "STORE_NAME", "BUILD_CLASS"),
        "it defines a class",
    ),
    (("LOAD_SUPER_ATTR",), "it calls super()"),
    (("PRINT_",), "it prints"),
    (("RAISE_VARARGS", "RERAISE"), "it raises an exception"),
    (("MATCH_",), "it has a match statement"),
    (("IMPORT_STAR",), "it imports all of a module"),
)


def reason(instruction: str) -> str:
    """Why a function with that instruction can't be read."""
    for beginnings, text in _REASONS:
        if instruction.startswith(beginnings):
            return text
    return f"it does what has no expression ({instruction})"
