# The two commands a newcomer needs are `make lab` and `make test`. `make` alone lists all.
#
# PYTHON       the Python that makes the environment        make PYTHON=python3.12 lab
# LAB_ARGS     more options for JupyterLab                  make lab LAB_ARGS=--no-browser
# PYTEST_ARGS  more options for pytest                      make pytest PYTEST_ARGS="tests/runs -x"
# WORKERS      how many processes share the tests           make pytest WORKERS=0 PYTEST_ARGS="tests/runs --pdb"
# NBTRACK_BROWSER  the browser that the tests drive         make test NBTRACK_BROWSER=/path/to/chrome
# BENCH_ARGS   more options for the benchmark               make bench BENCH_ARGS="--only panel"
# SOAK_ARGS    more options for the faults              make soak SOAK_ARGS="--only kills"
# FUZZ_ARGS    more options for the fuzzing             make fuzz FUZZ_ARGS="--minutes 1"
# RUNS         how many runs `make seed` makes
# SEED_DIR     the project folder it makes them in

PYTHON   ?= python3
VENV     ?= .venv
WORKERS  ?= 2
SEED_DIR ?= .venv/seeded
RUNS     ?= 100000
BENCH    := .venv-bench
PY       := $(VENV)/bin/python
LOGS     := $(VENV)/logs
PANEL    := $(PY) hatch_build.py
CHECKS   := lint style types layers js-lint js-types
RUNNERS  := $(CHECKS) js-test pytest notebooks-test

.DEFAULT_GOAL := help
.PHONY: help lab test check format ui contract browser bench soak fuzz seed clean $(RUNNERS)
.NOTPARALLEL: # two installers in one environment would get in each other's way

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# ---- environments ------------------------------------------------------------------------------------------------
# A stamp file per set of extras, newer than pyproject.toml when all is installed: a second call is quick.
# Installing nbtrack builds the panel. Where the machine has no Node, `needs` names the package that brings one.

LAB_READY   := $(VENV)/.lab-ready
TEST_READY  := $(VENV)/.test-ready
BENCH_READY := $(BENCH)/.bench-ready

# $(call make_venv,FOLDER): an environment, or one clear sentence about what is missing. Debian and Ubuntu ship Python
# without ensurepip, which venv needs: as root it is installed, else the command to type is named.
define make_venv
	@command -v $(PYTHON) >/dev/null || { \
	  echo "nbtrack needs Python 3.10 or newer; '$(PYTHON)' was not found. Name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "nbtrack needs Python 3.10 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1) at $$(command -v $(PYTHON))." \
	       "Name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making $(1) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv --clear $(1) >/dev/null 2>&1 || { \
	  package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  rm -rf $(1); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "'$(PYTHON) -m venv' failed; installing $$package with apt …"; \
	    apt-get update -qq </dev/null; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$package </dev/null >/dev/null; \
	  elif command -v apt-get >/dev/null; then \
	    echo "'$(PYTHON) -m venv' failed. Install what it needs: sudo apt install $$package" >&2; exit 1; \
	  fi; \
	  $(PYTHON) -m venv --clear $(1) || { rm -rf $(1); exit 1; }; }
endef

$(PY):
	$(call make_venv,$(VENV))

$(BENCH)/bin/python:
	$(call make_venv,$(BENCH))

$(LAB_READY): pyproject.toml | $(PY)
	@echo "Installing nbtrack, JupyterLab and what the notebooks use into $(VENV); a minute or two the first time …"
	@$(PY) -m pip install --quiet --disable-pip-version-check -e ".[lab]" $$($(PANEL) needs)
	@touch $@

$(TEST_READY): pyproject.toml | $(PY)
	@echo "Installing nbtrack, JupyterLab and the test tools into $(VENV); a minute or two the first time …"
	@$(PY) -m pip install --quiet --disable-pip-version-check -e ".[lab,test]" $$($(PANEL) needs)
	@touch $@ $(LAB_READY)

# What is measured stands in an environment of its own, which the tools of the tests do not change.
$(BENCH_READY): pyproject.toml | $(BENCH)/bin/python
	@echo "Installing nbtrack, JupyterLab and other trackers into $(BENCH); about five minutes the first time …"
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[bench]" \
	  $$($(BENCH)/bin/python hatch_build.py needs)
	@touch $@

# ---- what people call --------------------------------------------------------------------------------------------

# JupyterLab refuses to start as root unless told, which is the ordinary user in a container.
lab: $(LAB_READY) ui ## open JupyterLab on the quickstart
	@root=; [ "$$(id -u)" != 0 ] || root=--allow-root; \
	  PATH="$(CURDIR)/$(VENV)/bin:$$PATH" exec $(PY) -m jupyterlab $$root --ServerApp.root_dir="$(CURDIR)" $(LAB_ARGS) notebooks/01_quickstart.ipynb

test: $(TEST_READY) ## every check and every test
	@$(call run_all,$(RUNNERS))

check: $(TEST_READY) ## the checks that run nothing: ruff, mypy, import-linter, biome, tsc
	@$(call run_all,$(CHECKS))

format: $(TEST_READY) ## mend what ruff and biome can mend
	@$(PY) -m ruff check --fix-only --quiet
	@$(PY) -m ruff format
	@$(PANEL) run format

ui: $(LAB_READY) ## build the panel, if its sources have changed
	@$(PANEL)

contract: $(LAB_READY) ## make the TypeScript types of the wire anew
	@$(PY) -m nbtrack.api.typescript

browser: $(TEST_READY) ## see that the tests have a browser, and install one if not
	@$(PY) tests/ui/browser.py

bench: $(BENCH_READY) ## measure beside sqlite3 and five trackers, and the panel in a browser; an hour at most
	@$(BENCH)/bin/python hatch_build.py
	@$(BENCH)/bin/python tests/ui/browser.py
	@$(BENCH)/bin/python tests/benchmarks/bench.py $(BENCH_ARGS)

soak: $(TEST_READY) ## every fault many times: kills, power cuts, full disks, flipped bits; an hour at most
	@$(PY) tests/faults/soak.py $(SOAK_ARGS)

fuzz: $(TEST_READY) ## bad input for the filter, importers, backups, the journal, the wire; half an hour each
	@$(PY) tests/fuzz/fuzz.py $(FUZZ_ARGS)

seed: $(LAB_READY) ## fill a project with made-up runs, to try things at size
	@$(PY) tests/benchmarks/seed.py --runs $(RUNS) $(SEED_DIR)

clean: ## remove what make made: environments, builds, caches (not your runs)
	rm -rf $(VENV) $(BENCH) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf js/node_modules js/*/node_modules nbtrack/widget/static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- runners, each of which can be called alone --------------------------------------------------------------------

# $(call run_all,NAMES): run all, go on past a failure, end with the closing line of each, fail if any failed.
# The log sits in a file so that its last line can be repeated; the status sits in another, because sh has no pipefail.
define run_all
mkdir -p $(LOGS); failed=; \
for name in $(1); do \
  echo "== $$name"; \
  { $(MAKE) --no-print-directory $$name </dev/null 2>&1; echo $$? >$(LOGS)/$$name.status; } | tee $(LOGS)/$$name.log; \
  [ "$$(cat $(LOGS)/$$name.status)" = 0 ] || failed="$$failed $$name"; \
done; \
echo; echo "== closing lines"; \
for name in $(1); do \
  printf '%-15s %s\n' "$$name" "$$(grep -vE '^make| (Start at|Duration) |^\s*$$' $(LOGS)/$$name.log | tail -n 1)"; \
done; \
if [ -n "$$failed" ]; then echo "FAILED:$$failed"; exit 1; fi; \
echo "All passed: $(1)"
endef

# A home for Jupyter and IPython, so that neither your settings change a test nor a test your settings.
# LOKY_MAX_CPU_COUNT: joblib warns on standard error where the machine does not tell its physical cores.
# JUPYTER_PLATFORM_DIRS: jupyter_core warns that this will be the default, and warnings are errors here.
# PYTHONDONTWRITEBYTECODE: some containers set it; each kernel that a test starts would then compile nbtrack anew.
define in_a_clean_home
home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
  env -u NBTRACK_DIR -u PYTHONDONTWRITEBYTECODE IPYTHONDIR="$$home/ipython" JUPYTER_CONFIG_DIR="$$home/config" JUPYTER_DATA_DIR="$$home/data" \
      JUPYTER_RUNTIME_DIR="$$home/runtime" JUPYTER_PLATFORM_DIRS=1 LOKY_MAX_CPU_COUNT=2 MPLCONFIGDIR="$$home/matplotlib"
endef

lint: $(TEST_READY) ## ruff
	@$(PY) -m ruff check

style: $(TEST_READY) ## ruff's formatter
	@$(PY) -m ruff format --check

types: $(TEST_READY) ## mypy
	@$(PY) -m mypy

layers: $(TEST_READY) ## import-linter: who may import whom
	@$(VENV)/bin/lint-imports

js-lint: $(TEST_READY) ## biome, over js/
	@$(PANEL) run lint

js-types: $(TEST_READY) ## tsc
	@$(PANEL) run types && echo "tsc: no errors"

js-test: $(TEST_READY) ## vitest: the tests in js/
	@NO_COLOR=1 $(PANEL) run test

pytest: $(TEST_READY) ui browser ## the tests in tests/
	@$(in_a_clean_home) $(PY) -m pytest -q -n $(WORKERS) $(PYTEST_ARGS)

# Their runs go to a new folder each time: the manual starts from nothing, and your own runs stay as they are.
notebooks-test: $(TEST_READY) ui ## the notebooks give the outputs they show
	@$(in_a_clean_home) NBTRACK_DIR="$$home" $(PY) -m pytest -q --nbval --nbval-current-env --timeout=300 \
	  --nbval-sanitize-with tests/nbval_sanitize.cfg notebooks
