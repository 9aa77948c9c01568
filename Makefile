# make help

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON := .local/venv/bin/python
INSTALLED := .local/venv/installed
SPARK := .local/spark/installed
IMPACT := .local/impact/installed
EDITORS := .local/editors/installed

.PHONY: help demo test jobs-test mutants torture check fmt lint pure stacks schemas docs local-aws self-test impact editors bench clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

demo: $(INSTALLED) ## Deploy the demo into eight accounts of the local AWS, twice, say who sees what, and bring a ninth in
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	cargo build --quiet
	$(PYTHON) tests/local-aws/demo.py target/debug/meshform

test: $(INSTALLED) ## Run every test: the program's, those of the local AWS itself, and the scripts of jobs
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	cargo test
	$(PYTHON) tests/local-aws/launcher.py --self-test
	$(PYTHON) tests/local-aws/probe_calls.py
	cargo build --quiet
	python3 -m unittest discover -s tests/access
	python3 tests/access/compare.py target/debug/meshform
	python3 -m unittest discover -s tests/mutants
	python3 tests/mutants/mutants.py --applies
	python3 -m unittest discover -s benches
	$(MAKE) --no-print-directory jobs-test

jobs-test: $(SPARK) ## Run the scripts of Glue jobs by Spark on small files; needs Java 17 and a built meshform
	@$(call need,java,install a Java 17 runtime: AWS Glue runs Spark on it)
	cargo build --quiet
	.local/spark/bin/python -W ignore -m unittest discover -s tests/jobs

mutants: ## Break each rule of the evaluator of sight in turn, and expect the tests to notice; takes an hour
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	python3 tests/mutants/mutants.py

check: fmt lint test ## What CI runs: format, lints, tests (licences and generated files are among them), stacks fresh
	cargo run --quiet -- synth -e demo --check
	python3 tools/schemas.py --check

fmt:
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	cargo fmt --check

lint:
	cargo clippy --all-targets -- -D warnings
	cargo clippy --no-default-features -- -D warnings

pure: ## The quick inner loop: the pure core, without the AWS SDK
	cargo test --no-default-features

stacks: ## Synthesize the demo anew
	cargo run --quiet --no-default-features -- synth -e demo

schemas: ## Vendor AWS's resource schemas again (needs the package index)
	python3 tools/schemas.py

docs: ## Write the generated docs and JSON Schemas anew
	MESHFORM_BLESS=1 cargo test --quiet --test it fresh

local-aws: $(INSTALLED) ## Install the local AWS into .local

self-test: $(INSTALLED) ## Run every refusal of the local AWS once, and check the calls of the probes against AWS's models
	$(PYTHON) tests/local-aws/launcher.py --self-test
	$(PYTHON) tests/local-aws/probe_calls.py

# The environment of `make torture`. The demo takes an hour on two cores; MESHFORM_TORTURE_ONLY="Denied at glue" looks at some cases again.
TORTURE ?= environments/demo

torture: $(INSTALLED) ## Kill a deploy at each of its calls, and let each call meet each fault; an hour; TORTURE=tests/fixtures/valid/small
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	MESHFORM_TORTURE=$(TORTURE) cargo test --profile torture --test it -- killed_at_every_call every_fault_on --nocapture --test-threads 1

impact: $(IMPACT) ## Compare predicted replacements with cloudformation-diff, every property mutated in turn; needs Node 18
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	cargo build --quiet --no-default-features --bin meshform --example predict
	node tests/impact/compare.mjs

editors: $(EDITORS) ## Show our files to yaml-language-server, right and broken ones; needs Node 18
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	cargo build --quiet --no-default-features
	node tests/editors/editors.mjs target/debug/meshform

# Options of the measuring, as in `make bench BENCH="--sizes 3,2,2 --rounds 1 --peers none"`.
BENCH ?=

bench: ## Measure whole processes beside the floor, troposphere and CDK in one run, then the stages; BENCH="--help" has options
	@$(call need,cargo,install Rust by rustup: https://rustup.rs)
	@$(call need,python3,install Python 3.11 or newer)
	cargo build --release --no-default-features --bin meshform --example floor --example sight
	python3 benches/measure.py target/release/meshform $(BENCH)
	cargo bench --quiet --no-default-features --bench stages

clean: ## Remove what was built and installed
	rm -rf target .local

# A new virtual environment each time the pinned requirements change.
$(INSTALLED): tests/local-aws/requirements.txt
	@$(call need,python3,install Python 3.11 or newer)
	rm -rf .local/venv
	python3 -m venv .local/venv
	.local/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/local-aws/requirements.txt
	touch $@

# Spark is 320 MB; apart from the local AWS, so that neither is installed again for the other.
$(SPARK): tests/jobs/requirements.txt
	@$(call need,python3,install Python 3.11 or newer)
	rm -rf .local/spark
	python3 -m venv .local/spark
	.local/spark/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/jobs/requirements.txt
	touch $@

# Outside of the repository's tree of tests: what npm installs is no source of ours.
$(IMPACT): tests/impact/package.json tests/impact/package-lock.json
	@$(call need,npm,install Node.js 18 or newer)
	rm -rf .local/impact
	mkdir -p .local/impact
	cp $^ .local/impact
	npm ci --silent --ignore-scripts --no-audit --no-fund --prefix .local/impact
	touch $@

$(EDITORS): tests/editors/package.json tests/editors/package-lock.json
	@$(call need,npm,install Node.js 18 or newer)
	rm -rf .local/editors
	mkdir -p .local/editors
	cp $^ .local/editors
	npm ci --silent --ignore-scripts --no-audit --no-fund --prefix .local/editors
	touch $@

define need
command -v $(1) >/dev/null || { echo "$(1) is missing: $(2)" >&2; exit 1; }
endef
