# Sallyport. "make run" and "make test" are all a newcomer needs: README.md.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

UI = console/ui
UI_SOURCES := $(shell find $(UI) \( -name node_modules -o -name e2e \) -prune -o -type f -print)

.PHONY: build run cluster test test-ha console-test pictures lint bench clean

build: console/app/index.html ## the web console and the server, in bin/sallyport
	$(GO) build -o bin/sallyport ./cmd/sallyport

console/app/index.html: $(UI)/node_modules/.package-lock.json $(UI_SOURCES)
	cd $(UI) && npm run build

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json
	@command -v npm >/dev/null || { echo "The console is built with Node 20 or newer, which is missing here. Without it: go build ./cmd/sallyport" >&2; exit 1; }
	cd $(UI) && npm ci --no-audit --no-fund
	touch $@

run: build ## starts it on an embedded database in ./sallyport-data and prints what to do next
	./bin/sallyport serve

cluster: build ## three nodes behind a proxy on a replicated PostgreSQL, to kill parts of; CLUSTER=--fresh begins anew
	scripts/test-tools ha
	$(GO) build -o bin/cluster ./deploy/cluster
	@exec bin/cluster $(CLUSTER)

test: build lint ## everything; installs what the tests need and says so
	scripts/test-tools
	SALLYPORT_TEST_ALL=1 $(GO) test -race -p 4 -timeout 30m ./...
	$(MAKE) console-test
	$(GO) run ./bench -short

test-ha: build ## the tests that lose nodes and databases, which take long; installs what they need and says so
	scripts/test-tools ha
	SALLYPORT_TEST_ALL=1 SALLYPORT_TEST_HA=1 $(GO) test -race -timeout 60m ./store/... ./cmd/sallyport ./deploy/...

console-test: build ## the console: types, units, sizes, and its walks in a real browser against the real server
	cd $(UI) && npm run check && npm test && npm run size && npm run e2e

pictures: build ## takes the pictures of README.md anew, from the walk in the browser
	cd $(UI) && npm run e2e -- e2e/guide.test.ts
	cp artifacts/screenshots/users.png artifacts/screenshots/assign-authenticator-app.png artifacts/screenshots/enforce-mfa.png docs/images/

lint:
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) -C bench/rivals vet .
	$(GO) run $(STATICCHECK) ./...
	scripts/vulncheck

bench: ## prints the table of README.md
	$(GO) run ./bench

clean:
	rm -rf bin artifacts $(UI)/node_modules console/app/*
