"""A batch that is killed, with files that crash or hang; tools/batch_trial.py has more of them."""

from __future__ import annotations

from tools.batch_trial import Trial, run


def test_a_killed_batch_comes_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "")
    trial = Trial(count=60, corrupt=4, crashing=2, hanging=1, timeout=8)
    done, _ = run(trial, tmp_path)
    assert 0 < done < trial.good
