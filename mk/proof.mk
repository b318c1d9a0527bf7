# The proof of the concurrency: see proof/README.md and model/README.md.

.PHONY: explore explore-quick model model-quick mutants mutants-sample test-386 test-arm64 proof-ci

MODULES += proof

# Hours of it: make explore FOR=8h SEED=2
SEED = 1
explore:
	go run ./proof/explore -for $(FOR) -seed $(SEED)

explore-quick:
	go run ./proof/explore -for 100s -v=false

# All states of the small sizes, and mutations of the model; wants spin and a C compiler.
model-quick:
	model/run.sh small

model:
	model/run.sh large
	model/mutate.sh

# Hours on two cores, and fewer with more of them. It goes on where it was cut off.
MUTANTS = tmp/mutants.jsonl
mutants:
	mkdir -p $(dir $(MUTANTS))
	go run ./proof/mutants -results $(MUTANTS)

# Others each day, or those of SAMPLE=n.
mutants-sample:
	go run ./proof/mutants -sample 4 -explore 16s $(if $(SAMPLE),-seed $(SAMPLE))

# Natively. Where the kernel runs no 32-bit programs it says so, and only compiles and vets
# them: under qemu-i386 programs of Go end in "bad g in signal handler".
test-386:
	@export GOARCH=386 CGO_ENABLED=0; \
	if go test -run '^$$' ./internal/shard >/dev/null 2>&1; then go test -short ./...; \
	else go vet ./... && echo "test-386: compiled only, as this kernel runs no 32-bit programs"; fi

# Wants qemu-aarch64 (Debian's qemu-user) or qemu-aarch64-static (its qemu-user-static).
test-arm64:
	@qemu=$$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || \
		{ echo "test-arm64: there is no qemu-aarch64 (apt-get install qemu-user)"; exit 1; }; \
	export GOARCH=arm64 CGO_ENABLED=0; go test -short -exec $$qemu ./internal/shard ./resourcepool && \
	go test -short -run 'TestProbe$$|TestWatcher|FD' -exec $$qemu ./internal/sysnet

proof-ci: explore-quick model-quick mutants-sample test-386 test-arm64
