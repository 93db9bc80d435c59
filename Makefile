# make demo      draw three synthetic hospitals, train a federation, print a table of results
# make test      everything that CI runs: style, types and tests
# make dashboard show the runs at http://127.0.0.1:8501
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test tests check dashboard phantoms clean help
help:
	@sed -n 's/^# //p' Makefile

demo: $(VENV)/.run phantoms
	$(BIN)/python -m server.simulate experiment=demo
	@echo
	@echo "These figures come from SYNTHETIC slices. Next: make dashboard"
	@echo "On your own slices: see docs/own_slices.md"

phantoms: $(VENV)/.run
	$(BIN)/python -m common.phantoms --out dataset/phantoms

dashboard: $(VENV)/.run
	$(BIN)/streamlit run dashboard/app.py

test: $(VENV)/.test
	@$(MAKE) --no-print-directory --jobs=2 check tests

tests: $(VENV)/.test
	$(BIN)/python -m tests

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing (PyTorch is large: a few minutes the first time) ..."
	$(PIP) --editable '.[dashboard]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing (PyTorch is large: a few minutes the first time) ..."
	$(PIP) --editable '.[dashboard,export,test]'
	@# a second accountant, for a test: it asks for an older attrs, and works with this one
	$(PIP) --no-deps dp-accounting==0.6.0 dm-tree==0.1.10
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache *.egg-info
