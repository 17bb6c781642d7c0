# Everything here needs Go and make only; `make test` installs the rest.
# Recipes that need a C compiler or the network beyond Go modules say so.

GO            ?= go
TEST_TIMEOUT  ?= 12m
PACKAGES      ?= ./...
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS         := bin/tools

# The binary is static, and tests meet it as it ships.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help

##@ Help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Every day

.PHONY: demo
demo: ## Play every documented request against a gateway of its own and show the outcomes
	$(GO) run ./cmd/passerelle demo

.PHONY: dev
dev: ## Run a gateway with its sandbox to work against, on 127.0.0.1:8080
	$(GO) run ./cmd/passerelle dev

.PHONY: build
build: ## Build the static binary bin/passerelle
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/passerelle ./cmd/passerelle

# go test stands last, so that its verdict is the last thing to be read.
# `sqlc diff` is left to `make verify`: building sqlc takes over a minute the
# first time, more than the tests that would tell a stale query package.
.PHONY: test
test: test-deps tidy-check fmt-check $(TOOLS)/sqlc ## Install what tests need (Debian, as root), then vet and run everything
	$(TOOLS)/sqlc diff
	$(GO) vet $(PACKAGES)
	$(GO) test -count=1 -timeout $(TEST_TIMEOUT) $(PACKAGES)

.PHONY: test-deps
test-deps: ## Install the programs that tests need, or print the command that does
	@scripts/test-deps.sh

.PHONY: race
race: export CGO_ENABLED = 1
race: test-deps ## Run the tests under the race detector (needs gcc)
	$(GO) test -race -count=1 -timeout $(TEST_TIMEOUT) $(PACKAGES)

# Minutes: whole life cycles at full load and at 190 payments/s with a slow
# provider, then the parts by themselves and the start, each on both stores.
.PHONY: bench
bench: test-deps build ## Measure life cycles, floor, parts and start on both stores, write docs/performance.md
	@set -e; for store in sqlite postgres; do \
		bin/passerelle bench --store $$store --report docs $(BENCH_FLAGS); \
		bin/passerelle bench --store $$store --rate 190 --provider-latency lognormal --report docs $(BENCH_FLAGS); \
		for mode in ledger webhooks sandbox start; do bin/passerelle bench --store $$store --mode $$mode --report docs $(BENCH_FLAGS); done; \
	done

# The databases of all sizes stand side by side: some 60 GB per store for ten
# million payments. A size that would leave less than 10 GB is left out.
GROWTH_SIZES ?= 1000,10000,1000000,10000000
.PHONY: growth
growth: test-deps build ## Measure requests with up to 10 million payments stored, write docs/growth.md
	@set -e; for store in sqlite postgres; do \
		bin/passerelle bench --mode growth --store $$store --sizes $(GROWTH_SIZES) --report docs; \
	done

.PHONY: gobench
gobench: test-deps ## Run the Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m $(PACKAGES)

# The test binaries are run without `go test`, so that their summary is the last
# line. A seed that fails is played again, with its timelines: make sim SEED=7 SEEDS=1
SEEDS ?= 200
SEED  ?= 1
.PHONY: sim
sim: ## Play SEEDS seeds of the simulation: the whole gateway, lying networks, restarts
	$(GO) test -c -o bin/sim.test ./internal/simtest
	@cd internal/simtest && SEEDS=$(SEEDS) SEED=$(SEED) ../../bin/sim.test -test.timeout 24h

KILLS ?= 200
.PHONY: crash
crash: test-deps ## Kill the gateway and PostgreSQL KILLS times under load and compare the books of all sides
	$(GO) test -c -o bin/crash.test ./e2e/crash
	@cd e2e/crash && ../../bin/crash.test -kills $(KILLS) -test.timeout 4h

# Each target by itself, as `go test -fuzz` takes one at a time.
FUZZTIME ?= 10s
.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME: parsers, signatures, amounts
	@set -e; grep -rl '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$$file"); do \
			echo "$$target in $$(dirname "$$file")"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
		done; \
	done

# Minutes: nodes are killed and restarted, PostgreSQL fails over, clocks differ.
.PHONY: cluster
cluster: test-deps ## Run three nodes on one PostgreSQL, make parts fail, measure them, write docs/performance.md
	$(GO) test -c -o bin/cluster.test ./e2e/cluster
	@cd e2e/cluster && ../../bin/cluster.test -whole -report ../../docs -test.timeout 30m

.PHONY: matrix
matrix: ## Play every front by every rail, print the table and write docs/matrix.md
	$(GO) -C e2e test -run '^TestAnyFrontLeavesByAnyRail$$' -count=1 -update

##@ Before a commit

# golangci-lint includes gofumpt, vet and staticcheck; .golangci.yml holds the
# import rules, which internal/archtest enforces with more detail.
.PHONY: check
check: fmt-check $(TOOLS)/golangci-lint ## Lint: gofumpt, vet, staticcheck, import rules (first build takes minutes)
	$(GO) vet $(PACKAGES)
	$(TOOLS)/golangci-lint run $(PACKAGES)

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint ## Format the source with gofumpt
	$(TOOLS)/golangci-lint fmt

.PHONY: generate
generate: $(TOOLS)/sqlc ## Write the generated files: queries, OpenAPI, table of dialects
	$(TOOLS)/sqlc generate
	$(if $(wildcard internal/api),$(GO) test ./internal/api -run TestOpenAPI -count=1 -update)
	$(GO) test ./cmd/passerelle -run TestDialectsAreDocumented -count=1 -update

.PHONY: verify
verify: tidy-check fmt-check $(TOOLS)/sqlc ## Check that generated files, go.mod and formatting are up to date
	$(TOOLS)/sqlc diff
	$(if $(wildcard internal/api),$(GO) test ./internal/api -run TestOpenAPI -count=1)
	$(GO) test ./cmd/passerelle -run TestDialectsAreDocumented -count=1

.PHONY: tidy-check
tidy-check:
	$(GO) mod tidy -diff

.PHONY: fmt-check
fmt-check:
	@unformatted=$$(gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "Not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin

# Tools are modules of their own, so that their dependencies stay out of ours
# and out of each other's.
$(TOOLS)/sqlc: tools/go.mod tools/go.sum
	@echo "building sqlc (a minute or two, once)"
	$(GO) -C tools build -o ../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

$(TOOLS)/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	@echo "building golangci-lint (a minute or two, once)"
	$(GO) -C tools/lint build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
