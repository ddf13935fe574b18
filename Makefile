# Everything that is done to this repository, by one name each. CI runs the same.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOFUMPT_VERSION := v0.12.0
LINT_VERSION    := v2.15.0
TOOLS := $(CURDIR)/.tools
FUZZTIME ?= 10s

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ui ## bin/yagura, one static program, with the web page where npm is there to build it
	CGO_ENABLED=0 go build -trimpath -o bin/yagura ./cmd/yagura

run: build ## start on http://127.0.0.1:8484 with the demo night, data in .yagura-demo
	YAGURA_DATA=$${YAGURA_DATA:-.yagura-demo} ./bin/yagura demo

ui: ## the web page, into ui/dist/app, where its sources changed
	@.ci/ui build

test: ui ## all tests, the web page's too; prints what failed and what was skipped
	@.ci/ui test
	go test -v -timeout 20m ./... 2>&1 | awk -f .ci/report.awk

test-long: ui ## all tests with the race detector, and the many rounds that CI does few of
	YAGURA_LONG=1 CGO_ENABLED=1 go test -race -v -timeout 60m ./... 2>&1 | awk -f .ci/report.awk

check: check-modules check-format check-vet check-lint check-arch check-docs check-ui ## format, vet, lint, rooms and imports, docs up to date

check-format: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)
	@files=$$($(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -l .); \
	if [ -n "$$files" ]; then echo "not formatted; run make format:"; echo "$$files"; exit 1; fi

check-modules:
	go mod tidy -diff

check-vet:
	go vet ./...

check-lint: $(TOOLS)/golangci-lint-$(LINT_VERSION)
	$(TOOLS)/golangci-lint-$(LINT_VERSION) run ./...

check-arch:
	go test ./test/arch

check-docs:
	go test ./docs/...
	go run ./docs/gen -check

check-ui: ## lint, format and types of the web page
	@.ci/ui check

format: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION) ## write every file in our format
	$(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -w .
	@if [ -d ui/node_modules ]; then cd ui && npm run --silent format -- --log-level warn; fi

docs: ## write docs/reference from the code
	go run ./docs/gen

bench: build ## the figures, beside the machine's own limits: about 25 minutes, of which storing a million alerts takes most
	go run ./test/load -program bin/yagura $(BENCH)

bench-postgres: build ## the same on PostgreSQL; DATABASE=postgres://…
	go run ./test/load -program bin/yagura -database "$(DATABASE)" $(BENCH)

bench-code: ## benchmarks of single steps
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME (10s) each
	@grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=node_modules . | sort | while read -r file; do \
		for target in $$(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | cut -d' ' -f2); do \
			echo "$$target in $$(dirname "$$file")"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
		done; \
	done

clean: ## remove what was built, and the demo's data
	rm -rf bin .tools .yagura-demo ui/dist/app ui/node_modules

# Tools stand outside go.mod: theirs are hundreds of modules that we do not need.
$(TOOLS)/gofumpt-$(GOFUMPT_VERSION):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	@mv $(TOOLS)/gofumpt $@

$(TOOLS)/golangci-lint-$(LINT_VERSION):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv $(TOOLS)/golangci-lint $@

.PHONY: help build ui run test test-long check check-ui check-modules check-format check-vet check-lint check-arch check-docs format docs bench fuzz clean
