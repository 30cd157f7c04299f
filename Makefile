# Everything a fresh machine needs: Python >= 3.11 with pip and venv, git and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast format lint types imports bench docs lock clean

demo: .venv/ready  ## one task, end to end, on this machine
	@$(BIN)/python -m local.demo

test: lint types imports  ## everything CI checks
	$(BIN)/python -m pytest

test-fast: lint types imports  ## without what takes long
	$(BIN)/python -m pytest -m "not slow"

format: .venv/dev-ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/dev-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev-ready
	$(BIN)/mypy

imports: .venv/dev-ready
	$(BIN)/lint-imports

bench: .venv/dev-ready
	$(BIN)/python -m bench

docs: .venv/ready  ## docs/commands.md and the README's commands, from --help
	$(BIN)/python -m tapit.reference README.md docs/commands.md

lock: .venv/dev-ready  ## pin every installed version
	( echo '# Every installed version, pinned; `make lock` writes it anew.'; \
	  $(BIN)/python -m pip freeze --exclude-editable ) > constraints.txt

clean:
	rm -rf .venv build dist

.venv/ready: pyproject.toml cli/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "tapit needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ./cli -e .
	@touch $@

.venv/dev-ready: .venv/ready requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $@
