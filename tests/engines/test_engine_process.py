"""The child process itself: what happens when it is slow, dies, prints, or fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from converter.engines import Engine, EngineError
from converter.errors import ExitCode, KfixError, MissingObjectError, NotAModelError, UsageError

ROOT = Path(__file__).resolve().parents[2]
SLOW = "import time\ntime.sleep(60)\n"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True
    )


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_the_parent_imports_nothing_heavy():
    code = (
        "import sys; from converter.engines import Engine, InputSpec; "
        "heavy = {'tensorflow', 'keras', 'tf_keras', 'h5py', 'numpy'} & set(sys.modules); "
        "sys.exit(' '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_typed_errors_come_back_with_the_childs_traceback(tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(b"no model")
    with Engine(timeout=120) as engine:
        with pytest.raises(NotAModelError, match="x.h5 holds no model config") as caught:
            engine.predict(path, reader="tf_keras")
        assert any("gate.py" in note for note in caught.value.__notes__)
        with pytest.raises(UsageError, match="'torch' is no reader"):
            engine.predict(path, reader="torch")
        with pytest.raises(KfixError, match="KeyError: 'nonsense'"):
            engine.request("nonsense")


def test_scratch_is_removed_and_a_given_one_is_kept(tmp_path):
    with Engine() as engine:
        own = engine.scratch
        assert own.is_dir()
    assert not own.exists()
    with Engine(scratch=tmp_path / "given"):
        pass
    assert (tmp_path / "given").is_dir()


def test_a_slow_child_is_stopped(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    with Engine(timeout=1.0) as engine:
        pid = engine.pid
        with pytest.raises(EngineError, match="did not finish 'predict' within 1 s") as caught:
            engine.predict(tmp_path / "m.keras", custom=[str(tmp_path / "slow.py")])
        assert caught.value.exit_code is ExitCode.NOT_EXACT
        assert not alive(pid)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import os; os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
        ("import os; os._exit(3)", "it left with exit code 3"),
    ],
)
def test_a_dying_child_is_told_with_its_last_words(tmp_path, code, cause):
    (tmp_path / "bad.py").write_text(f"print('last words', flush=True)\n{code}\n")
    with Engine(timeout=120) as engine:
        with pytest.raises(EngineError, match=cause) as caught:
            engine.predict(tmp_path / "m.keras", custom=[str(tmp_path / "bad.py")])
        assert any("last words" in note for note in caught.value.__notes__)
        with pytest.raises(EngineError, match=cause):
            engine.predict(tmp_path / "m.keras")


def test_a_child_that_was_killed_probably_lacked_memory():
    with Engine(timeout=120) as engine:
        os.kill(engine.pid, 9)
        with pytest.raises(EngineError, match="killed by SIGKILL") as caught:
            engine.request("predict")
        assert caught.value.hint.startswith("It may have run out of memory.")


def test_a_child_does_not_outlive_a_killed_parent(tmp_path):
    code = (
        "import os; from converter.engines import Engine; engine = Engine(); "
        "print(engine.pid, engine.scratch, flush=True); os.kill(os.getpid(), 9)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    pid, scratch = output.split()
    assert until(lambda: not alive(int(pid)))
    assert until(lambda: not Path(scratch).exists())


def test_an_interrupt_ends_the_child():
    with pytest.raises(KeyboardInterrupt), Engine() as engine:
        pid, scratch = engine.pid, engine.scratch
        raise KeyboardInterrupt
    assert not alive(pid)
    assert not scratch.exists()


def test_the_working_folder_cannot_replace_a_library(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "converter.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    with Engine(timeout=60) as engine, pytest.raises(KfixError, match="KeyError: 'nonsense'"):
        engine.request("nonsense")


def test_a_missing_library_says_how_to_get_it(tmp_path):
    (tmp_path / "keras.py").write_text("raise ImportError('half installed')")
    with Engine(timeout=60, environment={"PYTHONPATH": str(tmp_path)}) as engine:
        with pytest.raises(MissingObjectError, match="keras cannot be imported: half") as caught:
            engine.predict(tmp_path / "m.keras")
        assert caught.value.hint.startswith("pip install keras")


def test_missing_custom_files_are_told_before_anything_is_imported(tmp_path):
    with Engine(timeout=60) as engine, pytest.raises(UsageError, match="no such file"):
        engine.predict(tmp_path / "m.keras", custom=[str(tmp_path / "nowhere.py")])
