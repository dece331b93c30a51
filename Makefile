# make-style entry points: `make demo`, `make test`, `make mine CONFIG=configs/lrat.yaml`.
CONFIG ?= configs/demo.yaml
LRAT = node dist/cli/main.js

.PHONY: all install build run status clean demo test test-slow lint docs bench bench-gpu torture check-peers

all: run

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	npm ci

build: install
	npm run build

run: build
	$(LRAT) run -c $(CONFIG)

status: build
	$(LRAT) status -c $(CONFIG)

clean: build
	$(LRAT) clean -c $(CONFIG) --yes

demo: install
	npm run demo

test: install
	npm test

test-slow: install
	npm run test:slow

lint: install
	npm run typecheck
	npm run lint

docs: install
	npm run docs

bench: build
	node dist/scripts/bench-mine.js

bench-gpu: build
	node dist/scripts/bench-gpu.js $(ARGS)

torture: build
	node dist/scripts/torture.js $(ARGS)

check-peers: build
	node dist/scripts/check-peers.js $(ARGS)

# Any other target is a command of lrat with a configuration: make mine, make status.
Makefile package-lock.json: ;

%: build
	$(LRAT) $@ -c $(CONFIG)
