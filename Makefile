# evalkit: everything a newcomer needs is `make findings` and `make test`. Needs Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin
QUIET := --quiet --disable-pip-version-check
PROGRAMMES ?=

.PHONY: help setup findings test lab lint bench docs-data lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready ## make .venv with evalkit in it
test lint: .venv/.ready-dev
lab: .venv/.ready-lab

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Needed: Python 3.11 or newer. What to do: install it, or make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V). Needed: Python 3.11 or newer. What to do: make PYTHON=python3.11"; exit 1; }
	@echo "set-up 1/3: a virtual environment in .venv"
	@$(PYTHON) -m venv .venv

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "set-up 2/3: installing $$(grep -c '==' requirements.lock) pinned packages (some minutes on a slow line)"
	@$(BIN)/python -m pip install $(QUIET) --require-hashes --only-binary :all: -r requirements.lock
	@echo "set-up 3/3: installing evalkit"
	@$(BIN)/python -m pip install $(QUIET) --no-deps --editable .
	@$(BIN)/python -m compileall -q -j 0 .venv/lib evalkit >/dev/null 2>&1 || true
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@echo "set-up: installing what tests and checks need ($$(grep -c '==' requirements-dev.lock) pinned packages)"
	@$(BIN)/python -m pip install $(QUIET) --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

.venv/.ready-lab: .venv/.ready requirements-lab.lock
	@echo "set-up: installing JupyterLab"
	@$(BIN)/python -m pip install $(QUIET) --require-hashes --only-binary :all: -r requirements-lab.lock
	@$(BIN)/python -m ipykernel install --sys-prefix --name evalkit --display-name evalkit
	@touch $@

findings: setup ## run the notebooks on data_raw/ and write findings/index.html
	@$(BIN)/evalkit run $(PROGRAMMES)

test: ## run the tests
	@$(BIN)/python -m pytest -n 2 -q

lab: ## open JupyterLab on the notebooks that the batch runs
	@$(BIN)/jupyter lab notebooks

lint: ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup ## start-up and speed, peers beside where they are installed
	@for script in benchmarks/*.py; do $(BIN)/python $$script; done

lock: ## write the locks anew (needs uv)
	@.ci/lock.sh

clean: ## remove what was made: .venv, findings, .cache
	rm -rf .venv findings .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
