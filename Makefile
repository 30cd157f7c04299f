# Everything a fresh machine needs: Python >= 3.11 with pip and venv, git and make.
PYTHON ?= python3
BIN := .venv/bin

ARCH ?= arm64
# What `make deploy` may be told beside STAGE; what is left out keeps its value, or its default.
export CLUSTERS PASSABLE_ROLES LOG_GROUPS EXISTING_TABLE ACCESS_LOGS

.PHONY: same-python demo test test-elsewhere test-in-process test-typed test-here test-fast fuzz vulnerabilities format lint types imports bench docs wheels lock clean package deploy destroy first-token redrive

demo: .venv/ready  ## one task, end to end, on this machine
	@$(BIN)/python -m local.demo

package: .venv/deploy-ready same-python  ## build/arm64 (or ARCH=x86_64): the zip and the template
	@$(BIN)/python -m deploy package --arch $(ARCH)

deploy: .venv/deploy-ready same-python  ## put a stage on AWS, or bring it up to date: make deploy STAGE=dev
	@$(BIN)/python -m deploy deploy --stage "$(STAGE)" --arch $(ARCH)

VERSION_OF = -c 'import sys; print("%d.%d" % sys.version_info[:2])'
same-python: .venv/deploy-ready  # functions run on the Python of the .venv, whichever was asked for since
	@test "$(origin PYTHON)" = file || test "$$($(PYTHON) $(VERSION_OF))" = "$$($(BIN)/python $(VERSION_OF))" || \
	  { echo "The .venv here has Python $$($(BIN)/python $(VERSION_OF)). Make it anew: make clean, then this again." >&2; exit 1; }

destroy: .venv/deploy-ready  ## take a stage down; its table stays unless TABLE=delete
	@$(BIN)/python -m deploy destroy --stage "$(STAGE)" --table "$(or $(TABLE),keep)"

first-token: .venv/deploy-ready  ## make an admin token: make first-token STAGE=dev [NAME=alice]
	@$(BIN)/python -m deploy first-token --stage "$(STAGE)" --name "$(or $(NAME),admin)"

redrive: .venv/deploy-ready  ## hand what is in the dead-letter queue over again
	@$(BIN)/python -m deploy redrive --stage "$(STAGE)"

# Tests wait most of the time, and these four parts have nothing in common: so they run side by side. Whatever opens
# sessions of ECS is in one of them, since a watchdog sees the sessions of the whole machine.
ELSEWHERE := tests/aws tests/containers tests/deploy
IN_PROCESS := tests/aws_adapters tests/contract tests/unit
TYPED := tests/cli tests/sessions
SYNC := $(if $(filter output-sync,$(.FEATURES)),-Otarget)

OF_PROPERTIES := $$(grep -rlE "^(from|import) hypothesis" tests --include='test_*.py')

test: lint types imports .venv/lint/ready .venv/lambda/ready .venv/aws/ready  ## everything CI checks
	@echo "All tests, in four parts side by side; each is shown when it is over (some minutes) ..."
	@$(MAKE) --no-print-directory -j4 $(SYNC) test-elsewhere test-in-process test-typed test-here

test-elsewhere:
	@$(BIN)/python -m pytest $(ELSEWHERE)

test-in-process:
	@$(BIN)/python -m pytest $(IN_PROCESS)

test-typed:
	@$(BIN)/python -m pytest $(TYPED)

test-here:
	@$(BIN)/python -m pytest $(addprefix --ignore=,$(ELSEWHERE) $(IN_PROCESS) $(TYPED))

LOCK_FILES := constraints.txt requirements-lambda.txt requirements-lint.txt requirements-audit.txt tests/aws/requirements-emulator.txt

vulnerabilities: .venv/audit/ready  ## ask the package index (so online) which pinned versions have known holes
	@status=0; for file in $(LOCK_FILES); do echo "$$file:"; \
	  .venv/audit/bin/pip-audit --strict --progress-spinner off --no-deps --disable-pip -r $$file || status=1; \
	done; exit $$status

fuzz: .venv/dev-ready  ## the same properties with many more examples, and the API asked for longer: many minutes
	$(BIN)/python -m pytest --hypothesis-profile=long $(OF_PROPERTIES)

test-fast: lint types imports .venv/lint/ready .venv/lambda/ready  ## without what takes long
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

bench: .venv/dev-ready .venv/lambda/ready
	$(BIN)/python -m bench

docs: .venv/ready  ## docs/commands.md and the README's commands, from --help; the JSON Schema of events, from the model
	$(BIN)/python -m tapit.help.reference README.md docs/commands.md
	$(BIN)/python -m chalicelib.http.event_schema docs/events/event.schema.json

wheels: .venv/dev-ready  ## dist/: both distributions, as archives and wheels
	$(BIN)/python -m build --outdir dist cli
	$(BIN)/python -m build --outdir dist .

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

.venv/dev-ready: .venv/ready .venv/deploy-ready requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $@

.venv/deploy-ready: .venv/ready requirements-deploy.txt requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-deploy.txt -r requirements.txt
	@touch $@

# cfn-lint needs another pydantic than the program, and the Lambda runtime has a boto3 of its own.
.venv/lint/ready .venv/lambda/ready .venv/audit/ready: .venv/%/ready: .venv/ready requirements-%.txt
	@test -x .venv/$*/bin/python || $(PYTHON) -m venv .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-$*.txt
	@touch $@

.venv/aws/ready: .venv/ready tests/aws/requirements-emulator.txt  ## an emulated AWS, for tests/aws
	@test -x .venv/aws/bin/python || $(PYTHON) -m venv .venv/aws
	@.venv/aws/bin/python -m pip install --quiet --disable-pip-version-check -r tests/aws/requirements-emulator.txt
	@touch $@
