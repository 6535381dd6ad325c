# make wss             serve the sites of inventory/ as wss, and prove it
# make wss ARGS='-i my-inventory --check --diff'
# make test            everything; `make lint unit sanity integration archive molecule`: one part each
# make test-all        the same, with every scenario on every host, which takes an hour; writes docs/platforms.md
# make molecule-sites  one scenario; with WSS_HOSTS=wss on every host, as a part of test-all again
# make bench-certificates   beside community.crypto (benchmarks/certificates/README.md); wants a quiet machine
SHELL := /bin/bash
PYTHON ?= python3
ARGS ?= -i inventory

wss: .venv collections
	.venv/bin/ansible-playbook playbooks/wss.yml $(ARGS)

.venv:
	@requirements/venv .venv $(PYTHON) requirements/wss.txt

# The checkout under the name by which Ansible looks for it.
collections:
	@mkdir -p build/collections/ansible_collections/wss
	@ln -sfn ../../../.. build/collections/ansible_collections/wss/edge

test: collections
	@$(PYTHON) tests/run.py

test-all: export WSS_HOSTS = wss
test-all: test

lint unit sanity integration archive molecule: collections
	@$(PYTHON) tests/run.py $@

molecule-%: collections
	@$(PYTHON) tests/run.py hosts $@ platforms no-hosts

bench-certificates: collections
	@$(PYTHON) benchmarks/certificates/run.py

clean:
	rm -rf .venv .cache build

.PHONY: wss .venv collections test test-all lint unit sanity integration archive molecule bench-certificates clean
