# The one entry to everything: each target installs what it needs on a machine with Go and Node.

VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
EXAMPLE ?= chat
GO_BUILD := go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

# What `make pack` makes programs for, named as Node names them. `PLATFORMS=host` is this machine's alone.
PLATFORMS ?= linux-x64 linux-arm64 darwin-x64 darwin-arm64 win32-x64 win32-arm64
TARGETS := $(if $(filter host,$(PLATFORMS)),$(shell node -p 'process.platform + "-" + process.arch'),$(PLATFORMS))
# Where the tarballs go; those of an earlier run are removed.
OUT ?= dist-npm

.PHONY: build binary packages dev test test-go test-ts test-e2e pack bench golden clean

build: binary packages

binary:
	$(GO_BUILD) -o bin/eclipsa ./cmd/eclipsa

# Without cgo a program needs no library of the machine it runs on (glibc or musl), and no compiler of the machine it is made on.
binary-%:
	CGO_ENABLED=0 GOOS=$(subst win32,windows,$(word 1,$(subst -, ,$*))) GOARCH=$(subst x64,amd64,$(word 2,$(subst -, ,$*))) \
		$(GO_BUILD) -o bin/$*/eclipsa$(if $(filter win32-%,$*),.exe) ./cmd/eclipsa

packages: node_modules/.installed
	npx --no-install tsc -p .
	npx --no-install tsc -p nodeadapter
	node scripts/bundle-node.mjs
	npx --no-install tsc -p vite-plugin
	npx --no-install tsc -p create

node_modules/.installed: package.json package-lock.json nodeadapter/package.json create/package.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

dev: build
	cd examples/$(EXAMPLE) && ../../bin/eclipsa dev

test: build test-go test-ts test-e2e

# The nested module is named: ./... skips it silently.
test-go: packages
	go vet ./... && go vet github.com/evanw/esbuild/esbuildast/...
	@test -z "$$(gofmt -l app build cmd devserver nodeadapter service transform)" || { gofmt -l app build cmd devserver nodeadapter service transform; echo "run gofmt -w on these files"; exit 1; }
	go test ./app/... ./build/... ./cmd/... ./transform/... github.com/evanw/esbuild/esbuildast/...
	go test -race ./devserver/... ./nodeadapter/... ./service/...

test-ts: build
	npx --no-install tsc --noEmit -p tests/types
	for example in examples/* testdata/fixtures/apps/e2e testdata/fixtures/apps/adapter testdata/fixtures/apps/hot testdata/fixtures/apps/refresh; do npx --no-install tsc --noEmit -p $$example || exit 1; done
	rm -rf lib-test nodeadapter/lib-test
	npx --no-install tsc -p runtime/tsconfig.test.json && node --experimental-vm-modules --no-warnings --test lib-test/
	npx --no-install tsc -p nodeadapter/tsconfig.test.json && node --test nodeadapter/lib-test/
	rm -rf create/lib-test && npx --no-install tsc -p create/tsconfig.test.json && node --test create/lib-test/
	rm -rf lib-test-vite && npx --no-install tsc -p vite-plugin/tsconfig.test.json && node --test lib-test-vite/

# Sessions over raw sockets and pages in Chromium, against `eclipsa dev`, `vite` and what both build, as installed from tarballs.
test-e2e: build
	tests/install-chromium.sh
	node tests/with-packages.mjs node --test --test-concurrency=1 tests/sessions/*.test.mjs tests/e2e/*.test.mjs

# Installable tarballs in dist-npm/; docs/packages.md says which.
pack: packages $(TARGETS:%=binary-%)
	node scripts/pack.mjs $(OUT) $(TARGETS)

# Both sides of each comparison in one run, interleaved; docs/benchmarks.md keeps the results.
bench: build
	npm ci --prefix bench --no-audit --no-fund --loglevel=error
	go test ./transform -run '^$$' -bench Transform -count 5
	node bench/build.mjs 100 1000 5000
	tests/install-chromium.sh
	node bench/dev.mjs 1000
	node bench/dev-scale.mjs 100 5000
	node bench/dev-sessions.mjs 1000

golden:
	go test ./transform -update

clean:
	rm -rf bin lib nodeadapter/lib create/lib lib-test lib-test-vite nodeadapter/lib-test create/lib-test dist-npm examples/*/dist examples/*/node_modules/.eclipsa
