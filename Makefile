# `make` lists what can be done; every target says what it is for.
PYTHON ?= .venv/bin/python
.DEFAULT_GOAL := help

help: ## what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

install: ## everything for development, into .venv, with the pinned versions
	python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[all,test]'

test: ## every test of the README's second command: unit, contract, conformance, end to end, and the checks below
	$(PYTHON) -m pytest -n 2

check: ## style, types, imports, dependencies and documentation; within a minute, once its caches are warm
	$(PYTHON) -m tools.check

coverage: ## the tests once more, with the lines that they reach; slower than `make test`
	$(PYTHON) -m pytest -q -n 2 --cov --cov-report=term

arithmetic: ## the tests of floating point with one and four threads, with and without AVX-512 (an hour or more)
	$(PYTHON) -m tools.arithmetic

format: ## rewrite the code the way the checks want it
	$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

slow: ## the long forms: full fault matrix, the service killed 50 times, claims, training, benchmarks (hours)
	$(PYTHON) -m pytest -m slow

faults: ## the full fault matrix: each step of append and publish x each fault, as a table of cells and outcomes
	$(PYTHON) -m tests.log.fault_matrix

SECONDS ?= 60
fuzz: ## the parsers under atheris, SECONDS each (tests/fuzz/README.md)
	for target in note tile-path bundle proof envelope usage claim-bundle claim-audit claim-rules manifest opt-out \
		guard-policy witness-policy; do \
		$(PYTHON) -m tests.fuzz.run $$target -max_total_time=$(SECONDS) -timeout=10 || exit 1; done

bench: ## every benchmark; one JSON line per figure, compared as ratios in one run
	for file in tests/benchmarks/[a-z]*.py; do $(PYTHON) $$file || exit 1; done

demo: ## the main job on the embedded default
	$(PYTHON) -m cli.main demo

docs: ## the picture of the rooms from the code, and the documentation site into build/site, checked strictly
	$(PYTHON) -m tools.docs.rooms
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

screenshots: ## pictures of every page into build/screenshots, and those that the documentation shows
	$(PYTHON) -m tools.screenshots

wheel: ## build the wheel and test it in a clean environment
	$(PYTHON) -m pytest tests/project/test_wheel.py -q

.PHONY: help install test check coverage arithmetic format slow faults fuzz bench demo docs screenshots wheel
