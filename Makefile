# Commands of the project; `make` lists them. Each installs what it needs on first use.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
# Semgrep pins many packages, so it has an environment of its own.
SEMGREP := .cache/semgrep/installed
# What builds the site; the day another engine takes over, this line changes (CONTRIBUTING.md, “Another engine”).
ENGINE := mkdocs build --strict
# One process more than there are cores (tests/session.py); what is grouped (the tests that share a server) stays in one.
PYTEST := -q --numprocesses auto --dist loadgroup
# After a build that failed: the linter names the line of a broken link, which the builder does not.
EXPLAIN := $(BIN)/rumdl check --quiet .
# Material prints a notice about MkDocs 2 on each build; what it means for this site stands in CONTRIBUTING.md.
export NO_MKDOCS_2_WARNING := 1
export PYTHONDONTWRITEBYTECODE := 1

# Python looks into the root first: a module here would hide a library from everything that is run.
HIDING := $(firstword $(wildcard *.py */__init__.py))
$(if $(HIDING),$(error $(HIDING):1: a module in the root hides a library. Move it into scripts/, tests/ or snippets/))

.PHONY: help serve build check test new move retire runner runs record fix hooks audit versions portability addresses rules freeze lock clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: $(VENV)/site.installed ## Build and serve with live reload, on 127.0.0.1:8000 (PORT=… for another port)
	@$(BIN)/python -m scripts.publish.live.serve "$(PORT)"

build: $(VENV)/site.installed ## Build the complete site into site/
	@$(BIN)/python -m scripts.publish.build $(ENGINE)

check: $(VENV)/test.installed ## Check while writing: linters, types, structure, the snippets you touched
	@$(BIN)/python -m scripts.authors.check

new: $(VENV)/test.installed ## Start an answer: make new TOPIC=concurrency SLUG=await-keyword Q="What does await do?"
	@$(BIN)/python -m scripts.authors.new

move: $(VENV)/test.installed ## Move an answer, links to it included: make move FROM=topic/slug TO=topic/slug
	@$(BIN)/python -m scripts.authors.move

retire: $(VENV)/test.installed ## Let another answer replace one, which keeps its page: make retire ID=7 BY=9
	@$(BIN)/python -m scripts.authors.retire

test: export REQUIRE_SERVERS := 1
test: $(VENV)/test.installed $(VENV)/chromium.installed $(VENV)/servers.installed $(SEMGREP) runner ## Run every check; what CI runs
	@$(MAKE) --no-print-directory build || { $(EXPLAIN); exit 1; }
	@$(BIN)/python -m pytest $(PYTEST)

runner: $(VENV)/site.installed ## Make what runs programs in the browser, and with it the Run buttons; make test does it too
	@$(BIN)/python -m scripts.runner.files.build

runs: $(VENV)/test.installed runner ## Find and record again which programs run in the browser (ONLY=topic/slug for a part)
	@$(BIN)/python -m scripts.runner.record $(ONLY)

record: $(VENV)/test.installed $(VENV)/servers.installed ## Record the output of the snippets again; look at the difference before you commit it
	@$(BIN)/python -m pytest $(PYTEST) snippets --record

fix: $(VENV)/test.installed ## Repair what a machine can: format, lint, order, recorded output
	@$(BIN)/python -m scripts.authors.fix

hooks: $(VENV)/test.installed ## Run fix and check before each commit from now on
	@$(BIN)/prek install --config scripts/authors/hooks.yaml

audit: $(VENV)/test.installed $(VENV)/chromium.installed tests/audit/node_modules/.package-lock.json build ## Lighthouse and the Nu HTML checker; needs Node, npm and Java
	@$(BIN)/python -m pytest -q -s --numprocesses 0 tests/audit

versions: export REQUIRE_SERVERS := 1
versions: $(VENV)/test.installed $(VENV)/servers.installed ## Run the snippet tests on the oldest, the locked and the newest releases (ONLY="newest 3.12" for a part)
	@$(BIN)/python -m scripts.releases.run_sets $(ONLY)

portability: build ## Build with Zensical and ProperDocs too, and compare addresses, anchors and text
	@$(BIN)/python -m scripts.watch.portability

addresses: $(VENV)/site.installed ## Add the new addresses to data/published.txt, as make fix does
	@$(BIN)/python -m scripts.publish.addresses

rules: $(VENV)/test.installed $(SEMGREP) ## Try the rules for reviews on all snippets: each finds its wrong code, none right code (ONLY=snippets/topic/slug for one answer)
	@$(BIN)/python -m scripts.rules.prove $(ONLY)

freeze: $(VENV)/test.installed ## Add a dated copy of the rules for reviews, which never changes
	@$(BIN)/python -m scripts.rules.frozen

lock: | $(VENV)/test.installed ## Lock the newest versions that requirements/*.in allow
	@for name in $(basename $(wildcard requirements/*.in)); do \
	  { echo "# Locked on $$(date -u +%F) by \`make lock\`; do not edit."; \
	    $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11.5 --generate-hashes \
	      --no-header --no-annotate $$name.in; } > $$name.new && mv $$name.new $$name.txt || exit 1; \
	done

clean: ## Remove what the commands made
	@rm -rf $(VENV) .cache site site.yml .mypy_cache .pytest_cache .ruff_cache

# --- Installation: once for each lock, skipped while its stamp is newer. Once made, the environment keeps its Python.

ifneq ($(origin PYTHON),file)
ifeq ($(MAKELEVEL)$(filter clean,$(MAKECMDGOALS)),0)
OTHER := $(shell [ ! -x $(BIN)/python ] || [ "$$($(PYTHON) -V 2>&1)" = "$$($(BIN)/python -V)" ] || $(BIN)/python -V)
$(if $(OTHER),$(info PYTHON=$(PYTHON) is ignored: $(VENV) has $(OTHER). Run make clean to have another.))
endif
endif

$(BIN)/python:
	@command -v git >/dev/null || { echo "git is missing: install it, then run make again." >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11.5 or newer, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' || { echo "$(PYTHON) is older than 3.11.5: install a newer one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The venv module of $(PYTHON) is missing: install it (on Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/site.installed: requirements/site.txt | $(BIN)/python
	@$(BIN)/python -m scripts.setup.install $< "builds the site"
	@touch $@

$(VENV)/test.installed: requirements/test.txt | $(BIN)/python
	@$(BIN)/python -m scripts.setup.install $< "the checks need"
	@touch $@ $(VENV)/site.installed

$(VENV)/chromium.installed: $(VENV)/test.installed
	@$(BIN)/python -m scripts.setup.chromium
	@touch $@

$(VENV)/servers.installed: $(VENV)/test.installed
	@$(BIN)/python -m scripts.setup.servers
	@touch $@

$(SEMGREP): requirements/semgrep.txt | $(VENV)/test.installed
	@$(BIN)/python -m scripts.setup.semgrep
	@touch $@

tests/audit/node_modules/.package-lock.json: tests/audit/package-lock.json
	@echo "Installing the auditors …"
	@cd tests/audit && npm ci
	@touch $@
