# Needs nothing but make and Python 3.11 or newer; everything else goes into $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.ready
DEMO = demo-output
DEMO_SAMPLE = crnn

kfix = printf '\n$$ kfix %s\n' '$(1)'; $(BIN)/kfix $(1)

.PHONY: demo test truth lint types samples knowledge bench clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("kfix needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# A model of Keras 2.2.4. Keras 3 does not load it, and its gates' hard_sigmoid is another function today.
demo: $(STAMP)
	rm -rf $(DEMO)
	$(BIN)/python -m tarfile -e samples/keras-2.2.4.tar.xz $(DEMO)/samples
	cp $(DEMO)/samples/$(DEMO_SAMPLE).h5 $(DEMO)/model.h5
	@$(call kfix,inspect $(DEMO)/model.h5)
	@$(call kfix,check $(DEMO)/model.h5) || test $$? -eq 1
	@$(call kfix,convert $(DEMO)/model.h5 --to savedmodel)
	@$(call kfix,convert $(DEMO)/model.h5 --to keras)
	@$(call kfix,verify $(DEMO)/model.h5 $(DEMO)/model.keras)
	@echo; ls -d $(DEMO)/model*

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

# Every sample to every format (half an hour on two cores), and the table in the README.
truth: $(STAMP)
	$(BIN)/python -m pytest tests/e2e -k truth --every-sample --truth-table .truth.json -n auto --dist loadgroup
	$(BIN)/python tools/truth_table.py .truth.json

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

# Needs the original frameworks, see tools/frameworks.py.
samples: $(STAMP)
	$(BIN)/python tools/make_samples.py

# What every release of Keras takes: downloads the releases once, and reads them without running any.
knowledge: $(STAMP)
	$(BIN)/python tools/knowledge_of_releases.py

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov
