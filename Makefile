# Every target sets up .venv by itself when it is missing or out of date; `make` alone lists the targets.
STUDY ?= quick
NOTEBOOK ?= nbs/index.ipynb
BIN := .venv/bin
INSTALLED := .venv/.installed
DEVICE ?= cpu
PEERS := .venv-bench
PEERS_INSTALLED := $(PEERS)/.installed-$(DEVICE)
PEERS_LISTS := bench/requirements.txt $(if $(filter cuda,$(DEVICE)),bench/requirements-cuda.txt)

.DEFAULT_GOAL := help
.PHONY: help report test test-slow bench export clean-notebooks outputs readme published zoo search docs preview chromium clean out-of-date

help: ## list the targets
	@grep -E '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | awk -F ':.* ## ' '{ printf "make %-16s %s\n", $$1, $$2 }'

report: $(INSTALLED) ## run a study into one HTML report (STUDY=quick, STUDY=mnist_quick, ...)
	@$(BIN)/vae_report $(STUDY)

test: $(INSTALLED) chromium ## run every notebook and check what is generated from them
	@$(BIN)/python .ci/checks.py

test-slow: $(INSTALLED) chromium ## the same with the cells marked slow
	@$(BIN)/python .ci/checks.py --flags slow --timeout 60

# without one the browser checks fail, and all others are run
chromium: $(INSTALLED)
	-@$(BIN)/python .ci/browser.py

bench: $(PEERS_INSTALLED) ## compare our speed with other programs' (DEVICE=cpu or cuda, ROUNDS=5, QUICK=1 for a trial)
	@$(PEERS)/bin/python bench/run.py --device $(DEVICE) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick)

export: $(INSTALLED) ## write the package and the files of the docs site from the notebooks
	@$(BIN)/nbdev_export
	@$(BIN)/python .ci/generate.py site
	@echo "Wrote vae_nbdev/, nbs/sidebar.yml and nbs/nbdev.yml."

clean-notebooks: $(INSTALLED) ## strip what changes by itself from the notebooks (counts, ids, metadata)
	@$(BIN)/nbdev_clean
	@$(BIN)/nbdev_clean --fname reports
	@echo "Cleaned the notebooks of nbs/ and reports/."

outputs: $(INSTALLED) ## run a notebook and store its outputs (NOTEBOOK=nbs/index.ipynb, FLAGS=slow for long cells too)
	@$(BIN)/python .ci/notebook.py --store $(if $(FLAGS),--flags "$(FLAGS)") $(NOTEBOOK)
	@for name in $(NOTEBOOK); do $(BIN)/nbdev_clean --fname $$name; done

readme: $(INSTALLED) ## write README.md from nbs/index.ipynb
	@$(BIN)/python .ci/generate.py readme
	@echo "Wrote README.md."

published: $(INSTALLED) ## compare the stored results with the original project's numbers
	@$(BIN)/python .ci/generate.py published
	@echo "Wrote reports/results/published_comparison.csv."

zoo: $(INSTALLED) ## the best models of a finished study in half precision (STUDY=seed_grid, ...)
	@$(BIN)/python .ci/zoo.py $(STUDY)

search: $(INSTALLED) ## choose settings of the training on validation images (study recipes; takes an hour)
	@$(BIN)/python .ci/search.py

docs: $(INSTALLED) ## build the docs site into _docs/, with Quarto where it is installed
	@$(BIN)/python .ci/docs.py

preview: $(INSTALLED) ## build the docs site and serve it on this machine
	@$(BIN)/python .ci/docs.py --preview

clean: ## remove the environments, the docs site and caches; reports/_build stays
	rm -rf .venv $(PEERS) _docs _proc build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): settings.ini setup.py constraints.txt
	@sh .ci/setup

$(PEERS_INSTALLED): $(INSTALLED) $(PEERS_LISTS) bench/setup
	@sh bench/setup $(PEERS_LISTS:%=--requirement %)
	@echo $(CURDIR) > $@

# an environment that was moved, or that lost its Python, is out of date whatever its age
ifneq ($(shell { $(BIN)/python -c '' && cat $(INSTALLED); } 2>/dev/null),$(CURDIR))
$(INSTALLED): out-of-date
endif
ifneq ($(shell { $(PEERS)/bin/python -c '' && cat $(PEERS_INSTALLED); } 2>/dev/null),$(CURDIR))
$(PEERS_INSTALLED): out-of-date
endif
