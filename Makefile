# evalkit: everything a newcomer needs is `make findings` and `make test`. Needs Python 3.11 or newer and make.

PYTHON ?=
BIN := .venv/bin
PROGRAMMES ?=

.PHONY: help setup findings test lab docs lint bench branches mutants lock wheelhouse release clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /#/' | sort | awk -F'#' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready ## make .venv with evalkit in it
	@:

.venv/bin/pip:
	@python=$$(sh .ci/find_python.sh $(PYTHON)) && sh .ci/make_venv.sh "$$python"

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/pip
	@$(BIN)/python .ci/install.py requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q evalkit
	@touch $@
	@echo "set-up: evalkit is installed in .venv"

.venv/.ready-dev: requirements-dev.lock | .venv/.ready
	@$(BIN)/python .ci/install.py requirements-dev.lock
	@touch $@

.venv/.ready-lab: requirements-lab.lock | .venv/.ready
	@$(BIN)/python .ci/install.py requirements-lab.lock
	@$(BIN)/python -m ipykernel install --sys-prefix --name evalkit --display-name evalkit
	@touch $@

.venv/.ready-docs: requirements-docs.lock | .venv/.ready
	@$(BIN)/python .ci/install.py requirements-docs.lock
	@touch $@

findings: .venv/.ready ## run the notebooks on data_raw/ and write findings/index.html
	@$(BIN)/evalkit run $(PROGRAMMES)

test: .venv/.ready .venv/.ready-dev ## run the tests
	@$(BIN)/python -m pytest -n 2 --junit-xml=.cache/tests.xml
	@echo "All tests passed; each with its time: .cache/tests.xml"

lab: .venv/.ready .venv/.ready-lab ## open JupyterLab on the notebooks that the batch runs
	@$(BIN)/jupyter lab notebooks

docs: .venv/.ready .venv/.ready-docs ## build the documents in site/, readable and searchable without a network
	@$(BIN)/python -m docs.making --out site

lint: .venv/.ready .venv/.ready-dev ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: .venv/.ready .venv/.ready-dev ## start-up and speed, peers beside them
	@for script in $(filter-out benchmarks/chaos.py benchmarks/coverage.py benchmarks/recovery.py benchmarks/two_way.py, $(wildcard benchmarks/*.py)); do \
		case $$script in */kernels.py) large=--large;; *) large=;; esac; $(BIN)/python $$script $$large || exit 1; done

COVERAGE := .cache/coverage-tool
$(COVERAGE)/.ready: .venv/.ready-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(COVERAGE) coverage==7.17.3
	@touch $@

branches: $(COVERAGE)/.ready ## branches that tests take in moments, estimators, inference, disclosure
	@PYTHONPATH=$(CURDIR)/$(COVERAGE) $(BIN)/python .ci/branches.py

SAMPLE ?= 400
SEED ?= 1
mutants: $(COVERAGE)/.ready ## change SAMPLE things there, one at a time, and see whether a test notices
	@PYTHONPATH=$(CURDIR)/$(COVERAGE) $(BIN)/python .ci/mutants.py --sample $(SAMPLE) --seed $(SEED)

LOCKS ?= requirements.lock
wheelhouse: .venv/bin/pip ## fill wheelhouse/ with the packages of LOCKS, for a machine without a network
	@for lock in $(LOCKS); do $(BIN)/python -m pip download --disable-pip-version-check --progress-bar off --quiet \
		--require-hashes --only-binary :all: --dest wheelhouse --requirement $$lock || exit 1; done
	@echo "wheelhouse: $$(ls wheelhouse | wc -l) packages for $$($(BIN)/python -V) on $$(uname -sm); copy the project's folder with it, and run make setup there"

lock: ## write the locks and environment.yml anew (needs uv)
	@sh .ci/lock.sh
	@$(BIN)/python .ci/environment_yml.py

release: .venv/.ready ## set VERSION, date the changes, build dist/, commit and tag; sends nothing
	@$(BIN)/python .ci/release.py $(VERSION)

clean: ## remove what was made: .venv, findings, .cache
	rm -rf .venv findings site dist build .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis evalkit.egg-info
