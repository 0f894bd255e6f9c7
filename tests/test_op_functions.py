"""The page of TensorFlow's functions says what the tables hold, and each is in some sample."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / "tools"


def test_the_page_is_current(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("op_functions", TOOLS / "op_functions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("frameworks", None)
    assert module.PAGE.read_text() == module.page(), "run python tools/op_functions.py"
