# One command for everything: make check && make test. Needs Python 3.11 or later, make and a C compiler.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell $(name) -c 'print("$(name)")' 2>/dev/null)))
endif
UV ?= uv
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
BENCHMARKS := $(patsubst benchmarks/%.py,%,$(filter-out benchmarks/_%,$(wildcard benchmarks/*.py))) \
  $(patsubst benchmarks/%/__main__.py,%,$(wildcard benchmarks/*/__main__.py))
COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make requirements'

.PHONY: help setup check test coverage demo bench neo4j requirements clean

help:  ## list the targets
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 14

setup: $(RUNTIME)  ## install the runtime into .venv; the command is .venv/bin/ringsight

check: $(DEV)  ## format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(DEV)  ## all tests, with a real Neo4j where Java and Maven are installed
	@if command -v java >/dev/null && command -v mvn >/dev/null; then $(BIN)/python -m deploy.neo4j_local --fetch-only >/dev/null; fi
	$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

coverage: $(DEV)  ## the tests again under coverage, which doubles their time; the floor is in pyproject.toml
	$(BIN)/pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term $(ARGS)

demo: setup  ## a sample book from file to ring, then API and dashboard (ARGS=--no-serve ends after the sweep)
	$(BIN)/ringsight demo $(ARGS)

bench: $(DEV)  ## run every benchmark; BENCHMARKS=name runs one
	@test -n "$(BENCHMARKS)" || { echo "benchmarks/ holds no benchmark" >&2; exit 1; }
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(ARGS); done

neo4j:  ## a real Neo4j on loopback without Docker, in the foreground (needs Java 17 or 21, and Maven)
	$(PYTHON) -m deploy.neo4j_local $(ARGS)

requirements:  ## pin the dependencies of pyproject.toml again, with hashes (needs uv)
	$(COMPILE) pyproject.toml --extra neo4j -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --extra dev -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt

clean:  ## remove what the tools cache; .venv, .ringsight and .neo4j stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
	find $(wildcard api benchmarks casework dashboard deploy detectors graph ingest tests) -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Ringsight needs Python 3.11 or later: install it, or name it with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make virtual environments. Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Hash mode refuses editable installs, so our own package goes in by itself, built by what build.txt pins. What is never
# imported need not be compiled: that halves the processor time of an install.
$(RUNTIME): requirements/runtime.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing Ringsight and what it needs into $(VENV); the first time takes a minute or two ..."
	@$(PIP) install --no-compile --require-hashes --no-deps -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

$(DEV): requirements/dev.txt $(RUNTIME)
	@echo "Installing the development tools ..."
	@$(PIP) install --no-compile --require-hashes --no-deps -r requirements/dev.txt
	@touch $@
