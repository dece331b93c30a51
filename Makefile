# make-style entry points: `make demo`, `make test`, `make mine CONFIG=configs/lrat.yaml`.
CONFIG ?= configs/demo.yaml
LRAT = node dist/cli/main.js
STAGES = ingest index generate filter mine weigh export train evaluate report

.PHONY: all install build run status clean demo test test-slow lint docs bench bench-gpu check-peers $(STAGES)

all: run

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	npm ci

build: install
	npm run build

run: build
	$(LRAT) run -c $(CONFIG)

$(STAGES): build
	$(LRAT) $@ -c $(CONFIG)

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

check-peers: build
	node dist/scripts/check-peers.js $(ARGS)
