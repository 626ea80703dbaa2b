# Everything a fresh machine needs is brought by these targets: only python3, make and git must be there.

SHELL := /bin/sh
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := $(UV) run --frozen
LAB := .lab

.PHONY: help install demo test crash-test lint lab down enrol doctor rehearse

help:
	@echo "make demo   install, start a company on this machine, and carry three releases through it"
	@echo "make test   run every test"
	@echo "make install   install what uv.lock names into .venv, as the other targets do by themselves"
	@echo "make crash-test   kill each kind of release at every row of its record, in two labs at once; EVERY=9 plays each ninth point"
	@echo "make lint   check style, types and the direction of imports"
	@echo "make lab    start the company, Prefect and a worker, and keep them running; SERVERS=3 PRODUCT=../greeter: your own"
	@echo "make rehearse DAY=eight-percent   a bad day in the lab, with you deciding; without DAY the days are listed"
	@echo "make down   stop them and leave nothing behind"
	@echo "make doctor   on the worker: reach every system of the settings and say what is wrong and what to do; changes nothing"
	@echo "make enrol NAME='Tomas Lima'   give a person of the roster one-time codes, on the worker"

install: .venv/.installed
	@echo "Everything that uv.lock names is in .venv; to use it in this shell: . .venv/bin/activate"

demo: .venv/.installed
	@$(RUN) python -m lab.demo --home $(LAB)

test: .venv/.installed
	@$(RUN) pytest -n auto --maxprocesses 4 --dist worksteal

crash-test: .venv/.installed
	@$(RUN) python -m tests.crash --labs 2 --every $(or $(EVERY),1)

lint: .venv/.installed
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

lab: .venv/.installed
	@$(RUN) python -m lab.stay --home $(LAB) --servers $(or $(SERVERS),2) $(if $(PRODUCT),--product $(PRODUCT))

rehearse: .venv/.installed
	@$(RUN) python -m lab.rehearse $(DAY) --answer "$(ANSWER)" --home $(LAB)-rehearsal

down:
	@if [ -x $(UV) ] && [ -d .venv ]; then $(RUN) python -m lab down --home $(LAB) --purge; $(RUN) python -m lab down --home $(LAB)-rehearsal --purge; fi

enrol: .venv/.installed
	@$(RUN) python -m deployments.enrol "$(NAME)" $(if $(AGAIN),--again)

doctor: .venv/.installed
	@$(RUN) python -m deployments.doctor

.venv/.installed: pyproject.toml uv.lock | $(UV)
	@echo "Installing what uv.lock names (once)"
	@$(UV) sync --frozen --quiet
	@touch $@

$(UV):
	@echo "Fetching uv $(UV_VERSION) (once)"
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
