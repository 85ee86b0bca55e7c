# make build   from a bare clone to built marts on the embedded DuckDB, with the sample
# make test    every check; both do all their set-up
# make fit     fits the models of customer value to what CRM_DATABASE holds, and builds what follows from them
# make lock    renew requirements.txt from requirements.in (needs uv)
# make clean   remove what the others made
.DEFAULT_GOAL := build
.PHONY: build test fit lint lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
export DBT_PROFILES_DIR := $(CURDIR)
export DBT_PROJECT_DIR := $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# the checks have a database of their own, whatever the user's environment names
CHECKED := CRM_RAW_PATH=data/sample CRM_SCHEMA_PREFIX= CRM_DATABASE=build/test/clientele.duckdb

build: $(INSTALLED)
	@echo "Building the marts from $${CRM_RAW_PATH-data/sample}, half a minute for the sample"
	$(BIN)/dbt --log-level warn build
	$(BIN)/python scripts/show_results.py

test: $(INSTALLED) lint
	$(CHECKED) $(BIN)/dbt --quiet --warn-error parse --no-partial-parse
	$(CHECKED) $(BIN)/dbt --log-level warn build
	$(CHECKED) $(BIN)/dbt --quiet docs generate --static
	env -u CRM_RAW_PATH -u CRM_DATABASE -u CRM_SCHEMA_PREFIX $(BIN)/python -m pytest

fit: $(INSTALLED)
	$(BIN)/python scripts/fit_customer_value.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .
	@mkdir -p build/test
	$(CHECKED) $(BIN)/sqlfluff lint --disable-progress-bar

# The lock is complete, so nothing is resolved; the optional parser that dbt-core asks for is left out on purpose.
$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@touch $@

lock:
	uv pip compile requirements.in --output-file requirements.txt --universal --python-version 3.11 \
		--overrides requirements-overrides.txt --no-emit-package dbt-core-experimental-parser \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade

clean:
	rm -rf $(VENV) build target logs clientele.duckdb clientele.duckdb.wal
