"""Makes ``converter/lambdas/opcodes.json``: the instructions of each Python, by its own word.

    python tools/opcode_tables.py PYTHON... [--pyodide FOLDER]

asks each interpreter's ``opcode`` module. Python 3.14 may be asked in Node: FOLDER holds the npm
package ``pyodide`` 314. Python 3.5 has 3.6's numbers but for what `BEFORE_36` says, and 3.4 those
of 3.5 but for `BEFORE_35`, both taken from ``Lib/opcode.py`` of CPython. Releases that are not
asked keep their table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent.parent / "converter" / "lambdas" / "opcodes.json"

# Runs on every Python from 2.7 on.
ASK = """
import json, opcode, sys
caches = getattr(opcode, "_inline_cache_entries", {})
if isinstance(caches, list):
    caches = dict((opcode.opname[at], size) for at, size in enumerate(caches) if size)
names = dict(
    (name, number) for name, number in opcode.opmap.items()
    if number < 256 and not name.startswith(("INSTRUMENTED_", "ENTER_EXECUTOR", "<"))
)
jumps = dict((opcode.opname[at], "absolute") for at in opcode.hasjabs if at < 256)
jumps.update((opcode.opname[at], "relative") for at in opcode.hasjrel if at < 256)
answer = json.dumps({
    "release": "%d.%d" % sys.version_info[:2],
    "names": names,
    "argument_from": opcode.HAVE_ARGUMENT,
    "caches": dict((name, size) for name, size in caches.items() if name in names and size),
    "jumps": dict((name, kind) for name, kind in jumps.items() if name in names),
    "compare": [name for name in opcode.cmp_op if name not in ("BAD", "exception match")],
    "binary": [each[1] for each in getattr(opcode, "_nb_ops", [])],
    "constants": [
        getattr(each, "__name__", repr(each)) for each in getattr(opcode, "_common_constants", [])
    ],
    "intrinsics": list(getattr(opcode, "_intrinsic_1_descs", [])),
})
"""

BEFORE_36: dict[str, Any] = {
    "added": {"CALL_FUNCTION_VAR": 140, "CALL_FUNCTION_VAR_KW": 142, "MAKE_CLOSURE": 134},
    "gone": (
        "CALL_FUNCTION_EX",
        "SETUP_ANNOTATIONS",
        "STORE_ANNOTATION",
        "FORMAT_VALUE",
        "BUILD_CONST_KEY_MAP",
        "BUILD_STRING",
        "BUILD_TUPLE_UNPACK_WITH_CALL",
    ),
}

BEFORE_35: dict[str, Any] = {
    "added": {"STORE_MAP": 54, "WITH_CLEANUP": 81},
    "gone": (
        "BINARY_MATRIX_MULTIPLY",
        "INPLACE_MATRIX_MULTIPLY",
        "GET_AITER",
        "GET_ANEXT",
        "BEFORE_ASYNC_WITH",
        "GET_YIELD_FROM_ITER",
        "GET_AWAITABLE",
        "WITH_CLEANUP_START",
        "WITH_CLEANUP_FINISH",
        "BUILD_LIST_UNPACK",
        "BUILD_MAP_UNPACK",
        "BUILD_MAP_UNPACK_WITH_CALL",
        "BUILD_TUPLE_UNPACK",
        "BUILD_SET_UNPACK",
        "SETUP_ASYNC_WITH",
    ),
}

NODE = """
import {{ loadPyodide }} from {module};
const python = await loadPyodide();
console.log(python.runPython({code}));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pythons", nargs="*")
    parser.add_argument("--pyodide", type=Path)
    options = parser.parse_args()
    tables = json.loads(TABLES.read_text()) if TABLES.exists() else {}
    answers = [_asked([python, "-c", ASK + "print(answer)"]) for python in options.pythons]
    if options.pyodide:
        answers.append(_asked_in_node(options.pyodide))
    for answer in answers:
        release = answer.pop("release")
        tables[release] = _compact(answer)
    if "3.6" in tables:
        tables["3.5"] = _changed(tables["3.6"], **BEFORE_36)
        tables["3.4"] = _changed(tables["3.5"], **BEFORE_35)
    ordered = {name: tables[name] for name in sorted(tables, key=_numbers)}
    TABLES.write_text(json.dumps(ordered, indent=1) + "\n")


def _asked(command: list[str]) -> dict[str, Any]:
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def _asked_in_node(folder: Path) -> dict[str, Any]:
    module = json.dumps(str(folder.resolve() / "pyodide.mjs"))
    script = NODE.format(module=module, code=json.dumps(ASK + "answer"))
    return _asked(["node", "--input-type=module", "-e", script])


def _compact(answer: dict[str, Any]) -> dict[str, Any]:
    by_number = sorted(answer.pop("names").items(), key=lambda item: (item[1], item[0]))
    return {
        "names": " ".join(f"{name}={number}" for name, number in by_number),
        **{key: value for key, value in answer.items() if value},
    }


def _changed(table: dict[str, Any], added: dict[str, int], gone: tuple[str, ...]) -> dict[str, Any]:
    names = dict(item.split("=") for item in table["names"].split())
    names = {name: number for name, number in names.items() if name not in gone}
    names.update({name: str(number) for name, number in added.items()})
    ordered = sorted(names.items(), key=lambda item: int(item[1]))
    return {**table, "names": " ".join(f"{name}={number}" for name, number in ordered)}


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


if __name__ == "__main__":
    main()
