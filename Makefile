# Sallyport. "make run" and "make test" are all a newcomer needs: README.md.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build run test lint bench clean

build: ## the server, in bin/sallyport
	$(GO) build -o bin/sallyport ./cmd/sallyport

run: build ## starts it on an embedded database in ./sallyport-data and prints what to do next
	./bin/sallyport serve

test: lint ## everything; installs what the tests need and says so
	scripts/test-tools
	SALLYPORT_TEST_ALL=1 $(GO) test -race ./...
	$(GO) run ./bench -short

lint:
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	scripts/vulncheck

bench: ## prints the table of README.md
	$(GO) run ./bench

clean:
	rm -rf bin
