"""Makes ``tests/lambdas/corpus``: the functions of ``sources.txt`` as each Python compiles them.

    python tools/make_lambda_corpus.py PYTHON... [--pyodide FOLDER]

Each interpreter compiles what its grammar has and marshals the code, as Keras does; what it can't
parse is left out. Python 3.14 may run in Node: FOLDER holds the npm package ``pyodide`` 314. A
release that is not named keeps its file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "lambdas" / "corpus"

# Runs on every Python from 2.7 on; `sources` stands before it.
COMPILE = """
import base64, json, marshal, sys
def compiled(source):
    try:
        text = "f = " + source if source.startswith("lambda") else source
        code = compile(text + "\\n", "s.py", "exec")
    except SyntaxError:
        return None
    inner = [
        each for each in code.co_consts
        if hasattr(each, "co_code") and each.co_name != "__annotate__"
    ]
    return base64.b64encode(marshal.dumps(inner[0])).decode("ascii")
answer = json.dumps({
    "release": "%d.%d" % sys.version_info[:2],
    "codes": [compiled(source) for source in sources],
})
"""

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
    sources = (CORPUS / "sources.txt").read_text().strip().split("\n\n")
    program = f"sources = {sources!r}\n{COMPILE}"
    for python in options.pythons:
        _keep([python, "-W", "ignore", "-c", program + "print(answer)"])
    if options.pyodide:
        module = json.dumps(str(options.pyodide.resolve() / "pyodide.mjs"))
        script = NODE.format(module=module, code=json.dumps(program + "answer"))
        _keep(["node", "--input-type=module", "-e", script])


def _keep(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    codes = [code or "" for code in answer["codes"]]
    path = CORPUS / f"{answer['release']}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(codes).encode(), mtime=0))
    print(f"{path.name}: {sum(map(bool, codes))} of {len(codes)}")


if __name__ == "__main__":
    main()
