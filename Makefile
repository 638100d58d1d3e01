# What people do here. `make` alone lists it.

CARGO ?= cargo
PYTHON ?= python3
# Where `make demo` puts its run; what was there is replaced.
DEMO ?= runs/demo

.PHONY: help demo test lint fmt bench bench-all families families-speed doctor-page fuzz memory-page kernels instructions docs arm64 ci clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## train the reference autoencoder on Fashion-MNIST, 20 epochs, and write its report
	@scripts/get-data.sh >/dev/null
	$(CARGO) build --release --locked --package tenun-cli
	$(CARGO) run --release --locked --quiet --package tenun-cli --bin tenun -- \
		train fashion-mnist --preset cae --epochs 20 --out $(DEMO) --overwrite
	@echo "report: $(DEMO)/report.html"

test: ## all tests, documentation examples included
	$(CARGO) test --workspace --locked

lint: ## formatting, spelling, shell scripts, clippy, documentation: warnings are errors
	scripts/ci/lint.sh

fmt: ## format the code
	$(CARGO) fmt --all
	rustfmt --edition 2024 crates/tenun-engine/src/layer/*.rs

bench: ## measure tenun beside PyTorch, Keras, JAX and onnxruntime: half an hour, 8 GB; ARGUMENTS=--quick, --help
	$(PYTHON) scripts/bench/bench.py $(ARGUMENTS)

bench-all: ## the same with Burn, which builds for minutes, and torch.compile
	$(PYTHON) scripts/bench/bench.py --burn --compile $(ARGUMENTS)

families: ## train every preset with three seeds, and write docs/families.md; ARGUMENTS=--epochs 20, --help
	$(CARGO) build --release --locked --package tenun-cli
	scripts/families.py $(ARGUMENTS)

families-speed: ## measure how fast every preset trains for its multiply-adds, and write docs/families-speed.md
	$(CARGO) build --release --locked --package tenun-cli
	scripts/families_speed.py $(ARGUMENTS)

doctor-page: ## provoke every rule of the doctor, and write docs/doctor.md
	scripts/doctor_page.py

fuzz: ## fuzz every parser with libFuzzer, on stable; RUNS=1000000, SECONDS_EACH=120, ARGUMENTS="npy model"
	scripts/fuzz.sh $(ARGUMENTS)

memory-page: ## compare the memory of runs with what was said of it, and write docs/memory.md
	$(CARGO) build --release --locked --package tenun-cli
	scripts/memory.py --write $(ARGUMENTS)

kernels: ## measure single kernels with every register width; ARGUMENTS=conv some of them
	$(CARGO) bench --locked --package tenun-engine --bench kernels -- $(ARGUMENTS)

instructions: ## compare the instructions of a training step with the recorded ones; ARGUMENTS=--record accepts
	scripts/ci/instructions.py $(ARGUMENTS)

docs: ## the library's documentation, into target/doc
	$(CARGO) doc --workspace --locked --no-deps --lib
	@echo "documentation: target/doc/tenun/index.html"

arm64: ## the engine's tests on an emulated 64-bit ARM processor (Debian)
	scripts/ci/arm64.sh

ci: ## everything a change has to pass
	.ci/run

clean: ## remove what was built
	$(CARGO) clean
