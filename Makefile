# `make demo` shows the pool at work, `make test` tests all of it.
# All targets need Go, git and make alone; what else a target can use, it says.

.PHONY: demo test integration race stress fuzz lint portable soak eviction \
	bench bench-quick bench-metrics bench-compare bench-reference bench-reference-quick release ci

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES = . bench cmd/soak metrics/slotprom metrics/slototel
include mk/proof.mk
LINTED = $(MODULES) integration
PLATFORMS = linux/amd64 linux/arm64 linux/386 linux/riscv64 darwin/arm64 freebsd/amd64 windows/amd64

# Go's own 10 minutes for a package can be over on a machine that others load as well.
PATIENT = -timeout 30m

# make demo ARGS="-http localhost:8080 -duration 1m" serves a page meanwhile.
demo:
	go run ./cmd/demo $(ARGS)

test:
	set -e; for m in $(MODULES); do go -C $$m test $(PATIENT) ./...; done

# Wants redis-server, PostgreSQL and nginx; a test without its server is skipped and says so.
integration:
	go -C integration test -count 1 -v ./...

# The race detector needs a C compiler.
race:
	go test -race -short $(PATIENT) ./...
	go -C cmd/soak test -race -short $(PATIENT) ./...

# Hours of it: make stress FOR=8h
FOR = 10m
stress:
	SLOTPOOL_STRESS=$(FOR) go test -race -timeout 0 -run 'Stress|NeverRefused|Starve|Herd|MemoryFollowsUse' -v ./resourcepool ./connpool

fuzz:
	go test -run '^$$' -fuzz FuzzModel -fuzztime $(FUZZTIME) ./resourcepool
	for f in FuzzLists FuzzChains FuzzEras; do go test -run '^$$' -fuzz $$f -fuzztime $(FUZZTIME_LISTS) ./internal/evict || exit 1; done
FUZZTIME = 5m
FUZZTIME_LISTS = $(FUZZTIME)

lint:
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not formatted: $$out"; exit 1; }
	@out=$$(go list -f '{{$$p := .ImportPath}}{{range .Imports}}{{if eq . "golang.org/x/sys/unix"}}{{$$p}} {{end}}{{end}}' ./... \
		| grep -v '/internal/sysnet ' | grep . ); \
		test -z "$$out" || { echo "golang.org/x/sys/unix is for internal/sysnet alone, not for $$out"; exit 1; }
	@out=$$(GOWORK=off go list -m all | grep -v -e '^github.com/slotpool/slotpool$$' -e '^golang.org/x/sys ' -e '^github.com/cespare/xxhash/v2 '); \
		test -z "$$out" || { echo "the root module may not need $$out"; exit 1; }
	set -e; for m in $(LINTED); do go -C $$m vet ./...; (cd $$m && $(STATICCHECK) ./...); done

# The bench module asks Linux's amd64 and arm64 kernels directly.
portable:
	set -e; for p in $(PLATFORMS); do export GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0; \
		go build -o /dev/null ./...; go vet ./...; go -C cmd/soak build -o /dev/null ./...; done
	set -e; for m in metrics/slotprom metrics/slototel; do \
		GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go -C $$m build -o /dev/null ./...; done
	set -e; for a in amd64 arm64; do \
		GOOS=linux GOARCH=$$a CGO_ENABLED=0 go -C bench build -o /dev/null ./...; done

soak:
	go run ./cmd/soak

# Prints and plots the dials of each rule on each kind of traffic, and on real traces if
# they are in ../shared/traces or, with ARGS="-traces DIRECTORY", elsewhere. With
# ARGS="-first 0" these are run in full, which takes some minutes longer.
eviction:
	go run ./bench/eviction -plot bench/eviction/eviction.svg $(ARGS)

bench:
	cd bench && go test -run '^$$' -bench . -benchtime 200ms . ./crowd

bench-quick:
	cd bench && go test -run '^$$' -bench . -benchtime 5ms . ./crowd
	cd bench && go test -run '^$$' -bench 'DeadHosts/users/slots=20$$/a/h/t/r/dead=50ms' -benchtime 1x ./dead
	cd bench/reference && GOWORK=off go test -modfile=standin.mod -run '^$$' -bench . -benchtime 1x .
	cd metrics/slotprom && go test -run '^$$' -bench '^BenchmarkScrape' -benchtime 5ms .
	cd metrics/slototel && go test -run '^$$' -bench '^BenchmarkCollect' -benchtime 5ms .
	go test -run '^$$' -bench HoldWarning -benchtime 5ms ./connpool

# What it costs to look, as docs/metrics.md has it: some minutes and two gigabytes.
bench-metrics:
	go test -run '^$$' -bench HoldWarning ./connpool
	cd metrics/slotprom && go test -run '^$$' -bench '^BenchmarkScrape' -cpu 1,2 .
	cd metrics/slototel && go test -run '^$$' -bench '^BenchmarkCollect' .
	go test -run '^$$' -bench BesideStats -benchtime 5x ./resourcepool
	cd metrics/slotprom && go test -run '^$$' -bench Beside -benchtime 5x .
	cd metrics/slototel && go test -run '^$$' -bench Beside -benchtime 5x .
	go test -run '^$$' -bench BesideLooks -benchtime 5x ./slotdebug

# Writes bench/RESULTS.md, bench/results/ and bench/results.svg; wants a quiet machine and ulimit -n 16000.
bench-compare:
	cd bench && go run ./cmd/results -count 10 -benchtime 100ms

bench-reference:
	@cd bench/reference && GOWORK=off go mod download || { \
		echo "bench-reference: github.com/Cloud-Foundations/Dominator v0.3.4 cannot be had from the module proxy; nothing was run"; exit 1; }
	cd bench/reference && GOWORK=off go test -run '^$$' -bench . -benchtime 200ms .

# The same, each once, to see that it runs with the real module.
bench-reference-quick:
	@cd bench/reference && if GOWORK=off go mod download; then \
		GOWORK=off go test -run '^$$' -bench . -benchtime 1x .; \
	else echo "bench-reference: github.com/Cloud-Foundations/Dominator v0.3.4 cannot be had from the module proxy; nothing was run"; fi

# Checks that this commit can be tagged: make release VERSION=v0.1.0. It tags nothing.
release:
	mk/release.sh $(VERSION)

ci:
	.ci/run
