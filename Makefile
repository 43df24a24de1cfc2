# The commands of the project. `make demo` and `make test` are the two that a newcomer needs.
#
# .venv is built from a lock file with hashes whenever it is missing or older than that file.
# The demo needs the core only; everything else needs the tools and extras as well.

# The first Python of at least 3.11 that can make a virtual environment.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$p && break; done)
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes
RUN = PYTHONPATH=. .venv/bin/
PORT ?= 8080

.PHONY: demo test bench image soak mutants coverage test-all install lint lock clean

demo: .venv/core.stamp
	@$(RUN)python -m bot demo --port $(PORT)

# Most tests wait (for processes, servers, a browser), so four files at a time go well on two cores.
test: lint
	$(RUN)python -m pytest -n 4 --dist loadfile

# One table in one run, bench-results/ beside it; then its ratios beside the stored ones.
bench: .venv/full.stamp
	@$(RUN)python -m tests.bench
	@$(RUN)python -m tests.bench compare

# 300 kills under load on each database, 200 conversations through 300 power cuts with Telegram's faults on, 10,000
# hostile updates, and a million events through the engine; two hours.
soak: .venv/full.stamp
	HEARTEN_TEST_KILLS=300 HEARTEN_TEST_PEOPLE=200 $(RUN)python -m pytest --timeout 0 tests/test_bot/test_powercuts.py
	HEARTEN_TEST_HOSTILE=10000 $(RUN)python -m pytest --timeout 0 -k hostile tests/test_bot/test_receiving.py
	HEARTEN_TEST_KILLS=300 $(RUN)python -m pytest --timeout 0 tests/test_storage/test_crash.py
	HEARTEN_TEST_EXAMPLES=17000 $(RUN)python -m pytest --timeout 0 tests/test_flows/test_engine_machine.py

# Every way through flows and storage that no test takes, and 1 below 95 in 100. Not a part of `make test`: it makes those
# tests twice as slow.
coverage: .venv/full.stamp
	@rm -f .coverage .coverage.*
	$(RUN)coverage run -m pytest --timeout 600 tests/test_flows tests/test_storage
	@$(RUN)coverage combine --quiet
	@$(RUN)coverage report

# The same tests on every Python that is there, each with a .venv of its own beside ours.
test-all: test
	@for p in 3.11 3.12 3.13; do \
		if ! python$$p -c 'import venv, ensurepip' >/dev/null 2>&1; then echo "No Python $$p with venv here: left out."; continue; fi; \
		test -x .venv-$$p/bin/python || python$$p -m venv .venv-$$p || exit 1; \
		echo "Python $$p"; \
		.venv-$$p/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || exit 1; \
		PYTHONPATH=. .venv-$$p/bin/python -m pytest -n 4 --dist loadfile || exit 1; \
	done

# Small mistakes put into the engine and the sealing on purpose: how many of them would the tests notice? All of them
# take hours; SAMPLE=500 takes half of one.
SAMPLE ?= 0
mutants: .venv/full.stamp
	@$(RUN)python -m tests.mutants --sample $(SAMPLE)

# The images of the Dockerfile in clean roots, without an engine; needs root and Debian's mmdebstrap.
image: .venv/full.stamp
	@$(RUN)python -m tests.bench.image

install: .venv/full.stamp

lint: .venv/full.stamp
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports

# Choosing newer versions is a decision of its own: change pyproject.toml, run this (with uv), read the difference.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group pyproject.toml:host --constraint requirements.lock -o requirements-bot.lock
	$(LOCK) --extra dev --extra semantic --extra models --extra formats --extra ner --extra pdf --extra speech --extra cluster pyproject.toml -o requirements-dev.lock
	$(LOCK) --extra semantic --extra formats --extra ner --extra pdf --constraint requirements-dev.lock pyproject.toml -o requirements-analysis.lock

# What this makes anew, and nothing else: var holds databases and keys.
clean:
	rm -rf .venv var/demo

.venv/core.stamp: requirements.lock | .venv/bin/python
	@echo "Installing what Hearten needs into .venv (about a minute, once)."
	@$(PIP) -r requirements.lock
	@touch $@

.venv/full.stamp: requirements-dev.lock | .venv/bin/python
	@echo "Installing what Hearten and its tests need into .venv (about a minute, once)."
	@$(PIP) -r requirements-dev.lock
	@touch .venv/core.stamp $@

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Hearten needs Python 3.11 or newer with the venv module. On Debian or Ubuntu: apt install python3 python3-venv" >&2; exit 1; fi
	@$(PYTHON) -m venv .venv
