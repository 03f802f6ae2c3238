# `make demo` shows the product, `make test` tests it; both set up what they need, once.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Tests that build on each other stay together (tests/conftest.py). The longest suites come first.
# One worker more than cores: tests of the platform wait for much of their time.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PARALLEL := --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder --quiet
TESTS := tests/e2e tests/integration tests/training tests/pipeline_definition tests/unit tests/contract tests/infra tests/house
TEMPLATES := $(wildcard infra/*.yaml services/*/template.yaml)

# Byte code is kept, whatever the machine says: tests and checks start hundreds of processes of the same packages.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: check-code check-templates check-image check-packages demo-console test-browser bench-console bench-notices demo-forecast bench-forecast bench-live bench-scorecard bench-deploy bench-cli bench-peers bench-sweep bench-decide bench-serve bench-train bench-intake bench-cold sabotage sabotage-deploy help demo test unit mutate notices docs check setup setup-local setup-pipeline setup-checks audit format sbom image-size lock pipeline clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: setup-local ## The whole story on real data, in about two minutes, on this machine only
	@$(BIN)/python -m console demo

demo-console: setup-local ## The whole story, and then its pages on 127.0.0.1:8484 until Ctrl-C
	@$(BIN)/python -m console demo --keep-running
	@SOLAR_HOME=.solar/demo $(BIN)/python -m console --endpoint local console --open

demo-forecast: setup-local ## Tomorrow's power of two sites, from made-up forecasts, in two minutes
	@$(BIN)/python -m console demo --forecast

test: setup setup-pipeline ## All tests, in parallel
	@$(BIN)/python -m pytest $(PARALLEL) $(TESTS)
	@$(if $(filter command line,$(origin TESTS)),:,$(BIN)/python -m tests.aws_calls)

test-browser: setup ## The page in headless Chromium, against the demo; three minutes
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || echo "test-browser: no chromium is installed, so these tests are skipped; on Debian: apt-get install chromium" >&2
	@$(BIN)/python -m pytest --quiet --numprocesses=2 --dist=loadfile --no-loadscope-reorder tests/browser

bench-console: setup ## Server time of each page and memory, for 10,000 sites with a year of scores and a million files (SITES=, FILES=, ROUNDS=)
	@PYTHONPATH=. $(BIN)/python -m bench.console

unit: setup ## Tests of single pieces and of messages, in about a minute
	@$(BIN)/python -m pytest --numprocesses=logical --dist=worksteal --quiet tests/unit tests/contract tests/house

check: setup setup-checks ## Everything CI checks before the tests
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-code check-templates check-image check-packages

check-code:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check-templates:
	@$(BIN)/cfn-lint $(TEMPLATES)
	@.venv-checks/bin/checkov $(patsubst %,-f %,$(TEMPLATES))
	@$(BIN)/python -m infra.checks.state_machine
	@$(BIN)/python -m infra.checks.grants

check-image:
	@$(BIN)/hadolint infra/image/Dockerfile
	@$(BIN)/python -m infra.checks.image

check-packages:
	@$(BIN)/python -m infra.checks.secrets
	@$(BIN)/python -m infra.checks.licences

audit: setup setup-checks ## Known vulnerabilities of the locked packages; asks a database on the internet
	@$(BIN)/python -m infra.checks.audit

setup: ## Environment for tests and checks (.venv)
	@$(PYTHON) scripts/setup.py dev

setup-local: ## Environment for the demo and the command line (.venv)
	@$(PYTHON) scripts/setup.py local

setup-checks: ## Environment of checkov and pip-audit (.venv-checks, 260 MB)
	@$(PYTHON) scripts/setup.py checks

setup-pipeline: ## Environment that renders the pipeline definition (.venv-pipeline, 750 MB)
	@$(PYTHON) scripts/setup.py pipeline

bench-train: setup ## Rows per second from dataset to model, beside a bare LightGBM fit (SITES=1,10,100)
	@PYTHONPATH=. $(BIN)/python bench/train.py

bench-notices: setup ## How many mails a burst of 100,000 messages makes, and how soon what is critical is out
	@$(BIN)/python -m tests.unit.notifier.burst

bench-deploy: setup ## AWS calls of a sweep of the deployer, for 1, 100 and 1,000 models
	@PYTHONPATH=. $(BIN)/python bench/deploy.py

bench-scorecard: setup ## AWS calls and cost of a day's predictions and scores, for 100, 1,000 and 10,000 sites
	@PYTHONPATH=. $(BIN)/python bench/scorecard.py

bench-serve: setup ## Answers per second of an endpoint, beside the bare ONNX Runtime call
	@PYTHONPATH=. $(BIN)/python bench/serve.py

bench-peers: setup ## R² and CPU of `auto` beside AutoGluon and FLAML (DATA=folder, SECONDS=60); installs them for the run
	@PYTHONPATH=. $(BIN)/python -m bench.peers

bench-forecast: setup ## R², nMAE, pinball and coverage of forecasts beside their rivals (DATA=folder, PLANTS=, PEERS=1)
	@PYTHONPATH=. $(BIN)/python -m bench.forecast

bench-live: setup ## How soon a worse plant is found live, how often a healthy one alarms, what the adjuster gains (DATA=folder)
	@PYTHONPATH=. $(BIN)/python bench/live.py

bench-decide: setup ## Decisions per second, and AWS calls per upload
	@PYTHONPATH=. $(BIN)/python bench/decide.py

bench-intake: setup ## Files and rows per second, memory and AWS calls per upload
	@PYTHONPATH=. $(BIN)/python bench/intake.py

bench-sweep: setup ## A sweep of millions of versions in slices (VERSIONS=10000000)
	@PYTHONPATH=. $(BIN)/python bench/sweep.py

bench-cli: setup ## From Enter to the first line, for every verb of `solar`
	@PYTHONPATH=. $(BIN)/python bench/cli.py

bench-cold: setup ## From nothing to the first message, for every function
	@PYTHONPATH=. $(BIN)/python bench/cold.py

sabotage: setup ## Deploy sabotaged versions under a client, and print what each came to (KINDS="nan slow …", BAKE=1 for a canary that ends before anybody looks); four minutes
	@$(BIN)/python -m tests.integration.sabotage $(if $(KINDS),--only $(KINDS)) $(if $(BAKE),--bake $(BAKE))

sabotage-deploy: setup ## Let each resource of each stack fail in turn, and deploy again; five minutes
	@SOLAR_FAIL_EVERY=1 $(BIN)/python -m pytest --quiet --numprocesses=0 tests/integration/test_redeploy.py -k whichever

mutate: setup ## Whether the tests notice small changes of what decides (MODULES="services/deployer/domain …", SAMPLE=25)
	@$(BIN)/python scripts/mutate.py

notices: setup ## Write docs/notices.md anew: every e-mail that the system sends
	@$(BIN)/python -m tests.unit.notifier.gallery
	@$(BIN)/python -m tests.unit.notifier.test_slack_blocks
	@$(BIN)/python -m tests.unit.notifier.rendered

docs: notices ## Write docs/notices.md, docs/files.md and docs/cost.md anew: every e-mail, every reason, what it costs
	@$(BIN)/python -m tests.unit.data_watcher.files_page
	@$(BIN)/python -m infra.deploy.cost_page
	@$(BIN)/python -m infra.checks.rights_page

format: setup ## Format and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

pipeline: setup-pipeline ## Render services/trainer_trigger/pipeline.json from its definition
	@.venv-pipeline/bin/python -m services.trainer_trigger.pipeline.definition

sbom: setup-local ## What the container image is made of, as CycloneDX (build/sbom.json)
	@mkdir -p build && $(BIN)/python -m infra.deploy.sbom > build/sbom.json && echo build/sbom.json

image-size: setup ## What the image's packages weigh (LOCK=requirements/image-lambda.txt)
	@$(BIN)/python scripts/image_size.py

lock: setup ## Write requirements/*.txt anew from pyproject.toml
	@$(BIN)/python scripts/lock.py

clean: ## Remove environments and what was built
	@rm -rf .venv .venv-pipeline build .mypy_cache .ruff_cache .hypothesis
