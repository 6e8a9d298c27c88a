# Every task has one command here; `make help` lists them. Nothing but Python 3.11 or newer and make is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY := example_notebooks/pincer_measures

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/developing: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

.PHONY: install
install: $(VENV)/installed ## Set up .venv with the program

.PHONY: develop
develop: $(VENV)/developing ## Set up .venv with the program and the tools for working on it

.PHONY: demo
demo: $(VENV)/installed ## Run the example study, from synthetic patients to its HTML reports
	cd $(STUDY) && ../../$(BIN)/jupyter-pipeline run run_all
	@echo
	@echo "The reports of the study:"
	@ls -1 $(STUDY)/output/report.html $(STUDY)/output/demographic_report.html

.PHONY: test
test: $(VENV)/developing ## Set everything up and run all tests
	$(BIN)/python -m pytest

.PHONY: check
check: $(VENV)/developing ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_architecture.py

.PHONY: format
format: $(VENV)/developing ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: benchmarks
benchmarks: $(VENV)/developing ## Measure against doit, snakemake and ninja
	$(BIN)/python -m pip install --quiet --group benchmarks
	$(BIN)/python -m tests.benchmarks.compare

.PHONY: clean
clean: ## Remove what these tasks made here; built runtimes stay in the user's cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
