# Every task has one command here; `make help` lists them. Nothing but Python 3.11 or newer and make is needed.

PYTHON ?= python3
# Tests wait more than they compute; a worker takes a file at a time, so that what a file sets up is set up once.
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
STUDY := example_notebooks/pincer_measures
FRONTEND := labextension
BUILT := jupyter_pipeline/labextension
LINK := $(VENV)/share/jupyter/labextensions/jupyter-pipeline
RELINK = rm -rf $(LINK) && mkdir -p $(dir $(LINK)) && ln -s ../../../../$(BUILT) $(LINK)
BUILT_WIDGETS := jupyter_pipeline/widgets/static
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	rm -rf $(LINK) $(BUILT)/install.json # pip would write through the link
	$(BIN)/python -m pip install --quiet --editable .
	if [ -d $(BUILT) ]; then $(RELINK); fi # in place of the copy that pip has made, which no later build would change
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

# Node comes from PyPI; where npm has been told of another registry, the front end's packages come from there too.
$(VENV)/frontend: $(VENV)/developing $(FRONTEND)/package.json $(FRONTEND)/yarn.lock
	$(BIN)/python -m pip install --quiet --group frontend
	cd $(FRONTEND) && export $(NODE) && YARN_NPM_REGISTRY_SERVER="$$(npm config get registry 2>/dev/null)" jlpm install --immutable
	touch $@

$(BUILT)/package.json: $(VENV)/frontend $(FRONTEND)/bundle.mjs $(shell find $(FRONTEND)/src $(FRONTEND)/style $(FRONTEND)/schema -type f)
	cd $(FRONTEND) && $(NODE) jlpm build
	touch $@

.PHONY: labextension
labextension: $(BUILT)/package.json ## Build the JupyterLab extension and the widgets, and link it into .venv
	$(RELINK)

.PHONY: lab
lab: labextension ## Start JupyterLab on the example studies
	cd example_notebooks && $(NODE) jupyter lab

.PHONY: wheel
wheel: labextension ## Build the wheel, with the JupyterLab extension in it, into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: test
test: labextension ## Set everything up and run all tests
	cd $(FRONTEND) && export $(NODE) && jlpm check && jlpm test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

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
	rm -rf $(VENV) $(BUILT) $(BUILT_WIDGETS) $(FRONTEND)/node_modules $(FRONTEND)/lib $(FRONTEND)/build .mypy_cache .ruff_cache .pytest_cache .hypothesis
