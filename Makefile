# Two commands matter: `make demo` and `make test`. Each makes its own environment; only Python 3.11+ with venv is needed.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/run
TEST := $(VENV)/test
AUDIT := $(VENV)/audit
PINS := requirements/run.txt requirements/dev.txt requirements/audit.txt
PIP_FLAGS := --disable-pip-version-check -qq

.PHONY: demo test lint types contracts tests nightly audit wheel lock words clean

demo: $(RUN)/.ready ## the main job on this machine alone: feeds, mail and webhook on loopback
	@$(RUN)/bin/reformwatch demo $(DEMO)

test: lint types contracts tests ## all that a change must pass

lint: $(TEST)/.ready
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/ruff check .

types: $(TEST)/.ready
	$(TEST)/bin/mypy

contracts: $(TEST)/.ready
	$(TEST)/bin/lint-imports

tests: $(TEST)/.ready
	$(TEST)/bin/pytest -n 2 --dist worksteal $(ARGS)

nightly: $(TEST)/.ready ## a quarter of an hour: property tests with new examples, then the mutations; SEED=... tries examples again
	$(TEST)/bin/python tests/nightly.py $(SEED)

audit: $(AUDIT)/.ready ## known vulnerabilities of the pinned versions; ADVISORIES=file, folder or zip in the OSV format: offline
	@$(AUDIT)/bin/python packaging/audit.py $(if $(ADVISORIES),--advisories "$(ADVISORIES)") $(PINS)

wheel: $(TEST)/.ready ## the wheel and the source distribution, and beside them the bill of materials (CycloneDX)
	$(TEST)/bin/python -m build --no-isolation --outdir dist .
	$(TEST)/bin/python packaging/sbom.py dist

$(RUN)/.ready: requirements/run.txt pyproject.toml
	@echo "installing into $(RUN) ..."
	@$(PYTHON) -m venv --clear $(RUN)
	@$(RUN)/bin/pip install $(PIP_FLAGS) --require-hashes -r requirements/run.txt
	@$(RUN)/bin/pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST)/.ready: requirements/dev.txt pyproject.toml
	@echo "installing into $(TEST) ..."
	@$(PYTHON) -m venv --clear $(TEST)
	@$(TEST)/bin/pip install $(PIP_FLAGS) --require-hashes -r requirements/dev.txt
	@$(TEST)/bin/pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(AUDIT)/.ready: requirements/audit.txt
	@echo "installing into $(AUDIT) ..."
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/pip install $(PIP_FLAGS) --require-hashes -r requirements/audit.txt
	@touch $@

# Needs uv. The files hold exact versions and hashes and no address of an index.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock: ## pin the dependencies anew
	$(LOCK) --extra postgresql --group build pyproject.toml -o requirements/run.txt
	$(LOCK) --extra postgresql --extra apprise --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	$(LOCK) --group pyproject.toml:audit -c requirements/dev.txt -o requirements/audit.txt

LOCALE := src/reformwatch/messages/locale
words: $(TEST)/.ready ## bring the texts of the program into the catalogues; what is new there waits for a translation
	@mkdir -p build
	$(TEST)/bin/pybabel -q extract -F pyproject.toml -k msg -k counted:1,2 --no-location --omit-header --width 120 -o build/words.pot .
	for language in $(basename $(notdir $(wildcard $(LOCALE)/*.po))); do $(TEST)/bin/pybabel -q update -l $$language --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120 -i build/words.pot -o $(LOCALE)/$$language.po; done

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
