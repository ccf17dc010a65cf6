# make help lists the targets: the ones with a text after ##
PYTHON ?= python3
BIN := .venv/bin
# What the scripts of the pages are made from.
PAGES := web/build.sh web/package.json web/package-lock.json web/tsconfig.json $(wildcard web/src/*.ts)

.PHONY: help setup serve test lint unit long pages fast format docs check-all bench fuzz attacks conformance supply-chain lock clean
.DEFAULT_GOAL := setup

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/.ready ## install what is needed into .venv

.venv/.ready: requirements.lock pyproject.toml $(PAGES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv, once: from some seconds to some minutes, as fast as packages arrive; pip says nothing meanwhile."
	@$(PYTHON) -m venv .venv || { echo "venv is missing; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh web/build.sh $(BIN)/python
	@echo "Installed."
	@touch $@

serve: setup ## serve on http://127.0.0.1:8000 (PORT=…): the bundled sample at once, the facts of all of ESCO soon after
	@$(BIN)/ccsi serve $(if $(PORT),--port $(PORT))

test: lint unit ## run every check of the code and every test that can run here

lint: setup ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

# What computes comes first, then what mostly waits, two files at once each; what measures time comes last, one test after
# another. Releases that all three read are loaded once. CCSI_ESCO_DATA brings the tests on full ESCO.
unit: export TEST_RELEASES := $(CURDIR)/build/test-releases
unit: setup ## run the tests alone: some 25 minutes with full ESCO, less without; skipped ones say why at the end
	@rm -rf $(TEST_RELEASES) && mkdir -p $(TEST_RELEASES)
	$(BIN)/pytest -n 2 --dist loadfile -rs -m "not waiting and not alone and not long"
	$(BIN)/pytest -n 2 --dist loadfile -rs -m "waiting and not long"
	$(BIN)/pytest -rs -m "alone and not long"
	@rm -rf $(TEST_RELEASES)

long: setup ## run the tests that take minutes each
	$(BIN)/pytest -rs --timeout 3000 -m long

pages: setup ## try the pages in real browsers, which takes minutes; SCREENSHOTS=DIR keeps pictures
	$(BIN)/pytest -rs --timeout 3000 -m long tests/site

# Functions, queries and the API in process: what starts no server, no browser and no other program to speak of.
FAST := tests/analysis tests/queries tests/loaders/test_ntriples.py tests/sparql/test_guard.py tests/sparql/test_guard_refusals.py \
	tests/api/test_contract.py tests/api/test_lists.py tests/api/test_bodies.py tests/test_project.py
fast: setup ## run the quick tests, in under a minute; left out: loads, servers, workers, documents, pages, full ESCO
	$(BIN)/pytest -m "not full and not containers and not long" -k "not (oxigraph or virtuoso or incoming or outgoing)" $(FAST)

format: setup ## put code into shape, and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The variable keeps Material for MkDocs from announcing its end, May 2027; its successor, Zensical, reads mkdocs.yml too.
docs: setup ## build the documentation as a site, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: setup ## measure, beside peers
	$(BIN)/python -m bench.load
	$(BIN)/python -m bench.serve
	$(BIN)/python -m bench.workers
	$(BIN)/python -m bench.linked
	$(BIN)/python -m bench.profiles
	$(BIN)/python -m bench.sparql
	$(BIN)/python -m bench.hostile
	$(BIN)/python -m bench.fuzz
	$(BIN)/python -m bench.workshop

fuzz: setup ## try the SPARQL guard with 200,000 texts of each of four generators, and servers behind it
	$(BIN)/python -m bench.guard_fuzz --servers

# Half an hour on the sample; `python -m bench.attacks --data DIR` takes a folder with all of ESCO.
attacks: setup ## attack a service that is started for it, and see what others notice; then 50,000 mixed requests
	$(BIN)/python -m bench.attacks
	$(BIN)/python -m bench.soak

# Every kind of check there is. Tests say what is missing for those that are skipped: `.ci/run` installs it where it can.
check-all: test long supply-chain conformance fuzz bench attacks ## all of it: tests, containers, browser, servers, supply chain, fuzz, bench

supply-chain: setup ## licences, SBOM and known vulnerabilities of what the image installs, into build/
	sh deploy/supply_chain.sh $(BIN) build

# The W3C SPARQL 1.1 Protocol tests; CCSI_ESCO_DATA names the folder that holds w3c-sparql11-protocol.
conformance: setup ## score the W3C SPARQL tests: 1.1 Protocol, 1.0 and 1.1 syntax
	$(BIN)/python -m tools.conformance

# Renew the locks from pyproject.toml: of everything, and of that what the container image takes. They hold names, versions
# and hashes, no addresses.
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command "make lock" --quiet
lock: ## renew the locks from pyproject.toml
	$(COMPILE) --group dev --output-file requirements.lock
	$(COMPILE) --group build --constraint requirements.lock --output-file deploy/requirements.lock

clean: ## remove what was installed and made
	rm -rf .venv build web/node_modules app/html/built .mypy_cache .ruff_cache .pytest_cache
