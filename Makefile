# `make demo` and `make test` are all that is needed: each makes .venv first, with the versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Spark needs Java: without it the extra is left out, and the Spark tests skip with that reason.
SPARK := $(shell java -version >/dev/null 2>&1 && echo ',spark')

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench rates docs clean

help:
	@echo "make demo    the article's month, before and after"
	@echo "make test    all tests (those of Spark need Java 17, those of PostgreSQL its server)"
	@echo "make lint    ruff and mypy"
	@echo "make bench   the table of docs/benchmarks.md (minutes, and 5 GB of generated logs)"
	@echo "make rates   rebuild the shipped prices and facts of models from their pinned sources"
	@echo "make docs    rebuild docs/cli.md, the formats of docs/formats.md and the pictures of docs/img"
	@echo "make clean   remove .venv, caches and generated logs"

demo: $(VENV)/run
	@$(BIN)/aggcost demo

test: $(VENV)/dev
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/bench
	@$(BIN)/python benchmarks/run.py $(ARGS)

rates: $(VENV)/dev
	$(BIN)/python -m aggcost.price_sources.build
	@rm -rf build/facts
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: --group facts --dest build/facts
	$(BIN)/python -m aggcost.price_sources.build_facts build/facts/litellm-*.whl

docs: $(VENV)/dev
	$(BIN)/python docs/build_cli.py
	$(BIN)/python docs/build_formats.py
	$(BIN)/python docs/build_pictures.py

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/data

$(VENV)/run: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 to 3.13, or say PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: Python 3.11 or newer is needed, say PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "the venv module is missing: install it (Debian and Ubuntu: python3-venv)" >&2; exit 1; }
	@echo "making $(VENV) (once, about a minute)" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(INSTALL) pip
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(INSTALL) --editable '.[postgres$(SPARK)]' --group dev
	@touch $@

$(VENV)/bench: $(VENV)/dev
	@$(INSTALL) --group bench
	@touch $@
