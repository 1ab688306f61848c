# Two commands matter: `make run` (a working system with demo data) and `make test` (every check).
# Both set up all they need; running them again picks up where they left off.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-long bench-relay check check-types check-sources check-django lock messages clean

help:
	@echo "make run        start vmcrm with demo data (DEMO=0: empty; HTTPS=1: for the local network)"
	@echo "make test       every check and test"
	@echo "make check      the checks without the tests"
	@echo "make test-long  what takes longer than make test should"
	@echo "make bench-relay  what a forwarded packet costs, ours and in Janus (ARGS=--json)"
	@echo "make setup      only prepare .venv"
	@echo "make lock       resolve requirements/*.in anew"
	@echo "make messages   collect the texts for translation"

$(UV): requirements/setup.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "vmcrm needs Python 3.11 or newer; $(PYTHON) is older or missing. Install it, or run: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "Python's venv module is missing. Install it: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
	@touch $(UV)

# The lock a venv was made from is copied beside it last: a setup that was interrupted starts again.
$(VENV)/base.lock: requirements/base.txt $(UV)
	@test -f $(VENV)/dev.lock || $(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/base.txt
	@test ! -f $(VENV)/dev.lock || $(MAKE) --no-print-directory $(VENV)/dev.lock
	@cp requirements/base.txt $@

$(VENV)/dev.lock: requirements/dev.txt $(UV)
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@cp requirements/base.txt $(VENV)/base.lock
	@cp requirements/dev.txt $@

setup: $(VENV)/base.lock

setup-dev: $(VENV)/dev.lock node_modules/.installed
	@$(BIN)/python -m vmcrm.translations

# Node comes from PyPI when the system has none.
node_modules/.installed: package-lock.json $(VENV)/dev.lock
	@PATH="$$PATH:$(CURDIR)/$(BIN)" $(BIN)/python tests/node_tool.py npm ci --silent --no-audit --no-fund
	@touch $@

run: setup
	@VMCRM_DEMO=$(or $(DEMO),1) $(if $(HTTPS),VMCRM_LOCAL_NETWORK=1) exec $(BIN)/python manage.py up

# Types take as long as all the others together: two at a time.
check: setup-dev
	@$(MAKE) --no-print-directory -j2 check-types check-sources check-django

check-types:
	$(BIN)/mypy

check-sources:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint templates --check --lint --quiet
	$(BIN)/python tests/node_tool.py tsc --noEmit -p jsconfig.json

check-django:
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py messages --check

test: check
	$(BIN)/python tests/node_tool.py node --test tests/js/*.test.js
	$(BIN)/python -m pytest -m "not long"

test-long: setup-dev
	$(BIN)/python -m pytest -m long --timeout 7200

bench-relay: setup-dev
	@$(BIN)/python -m tests.benchmarks.relay $(ARGS)

lock: $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/setup.in -o requirements/setup.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/base.in -o requirements/base.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/dev.in -c requirements/base.txt -o requirements/dev.txt

messages: setup-dev
	$(BIN)/python manage.py messages

clean:
	rm -rf node_modules .mypy_cache .ruff_cache .pytest_cache
