# make serve   install what is needed and serve on http://127.0.0.1:8000
# make test    install what is needed and run every check
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup serve test lint unit bench conformance lock clean
.DEFAULT_GOAL := setup

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "venv is missing; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

serve: setup
	$(BIN)/ccsi serve

test: lint unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: setup
	$(BIN)/pytest

bench: setup
	$(BIN)/python -m bench.load
	$(BIN)/python -m bench.serve
	$(BIN)/python -m bench.workers
	$(BIN)/python -m bench.linked
	$(BIN)/python -m bench.profiles
	$(BIN)/python -m bench.sparql
	$(BIN)/python -m bench.hostile
	$(BIN)/python -m bench.fuzz

# The W3C SPARQL 1.1 Protocol tests; CCSI_ESCO_DATA names the folder that holds w3c-sparql11-protocol.
conformance: setup
	$(BIN)/python -m app.sparql.conformance

# Renew the locks from pyproject.toml: of everything, and of that what the container image takes. They hold names, versions
# and hashes, no addresses.
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command "make lock" --quiet
lock:
	$(COMPILE) --group dev --output-file requirements.lock
	$(COMPILE) --group build --constraint requirements.lock --output-file deploy/requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
