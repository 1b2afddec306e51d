"""Tests the checks: the rules of `house.py` on small projects that break them, `notebook.py` on a wrong name, on
captions and on long cells, Ruff on code without docstrings, `generate.py` on a module without its notebook, and
`setup` while another one runs."""
import contextlib, io, json, os, shutil, subprocess, sys, tempfile
from pathlib import Path
from unittest import mock

import nbformat

import generate, house, notebook

TITLE = "# Title\n> Subtitle"
INFO_VAE = ("#| default_exp models.info_vae", "#| export\nclass InfoVAE: pass")

STYLES = ("nbs/tables.css", "nbs/styles.css", ".ci/docs/site.css", "reports/template/style.css", "reports/template/slides.css")


def write_notebook(folder, name, *sources):
    "A notebook with a title, these cells of code and a test; every cell has an id."
    cells = [("markdown", TITLE), *(("code", source) for source in sources), ("code", "assert True")]
    cells = [{"cell_type": kind, "id": f"cell-{i:03}", "source": source} for i, (kind, source) in enumerate(cells)]
    write(folder, f"nbs/{name}.ipynb", json.dumps({"cells": cells}))


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def problems(rule, pages=(), files=()):
    "What a rule finds in a project of these notebooks (name → cells) and files (name → text)."
    with tempfile.TemporaryDirectory() as name, mock.patch.object(house, "ROOT", Path(name)):
        for page, sources in dict(pages).items(): write_notebook(Path(name), page, *sources)
        for file, text in dict(files).items(): write(Path(name), file, text)
        return list(rule())


def expect(found, *expected):
    "Every problem in its order, by a part of its text."
    assert len(found) == len(expected) and all(part in text for part, text in zip(expected, found)), found


def test_readable():
    conflict = '{"cells": [\n<<<<<<< HEAD\n]}'
    files = {"nbs/a.ipynb": conflict, "nbs/b.ipynb": '{"cells": []}', "nbs/c.ipynb": "[]"}
    wrong = {"d": ("#| default_exp d", "#| export\ndef f(:")}
    module = {"vae_nbdev/d.py": "def f(:"}
    expect(problems(house.readable, wrong, files | module), "nbs/a.ipynb: not a notebook", "nbs/b.ipynb: no cells",
           "nbs/c.ipynb: not a notebook", "nbs/d.ipynb, cell 3 (cell-002): line 2: ")
    module |= {f"{name}": "" for name in ("nbs/references.bib", ".ci/banned_words.txt", "README.md", "CONTRIBUTING.md", "SECURITY.md")}
    module |= {name: "" for name in STYLES}
    module["vae_nbdev/_modidx.py"] = "d = {'syms': {}}"
    for rule in house.RULES.values():  # none of the others ends with an error
        if rule is not house.readable: problems(rule, wrong, files | module)


def test_names():
    names = house.modules_of_pages
    expect(problems(names, {"04_models/28_info_vae": INFO_VAE}))
    expect(problems(names, {"04_models/33_zoo_vae": INFO_VAE}), "33_zoo_vae.ipynb exports models.info_vae, not models.zoo_vae")
    expect(problems(names, {"04_models/28_info_vae": INFO_VAE, "04_models/33_info_vae": INFO_VAE}),
           "28_info_vae.ipynb and nbs/04_models/33_info_vae.ipynb export models.info_vae")
    classes = lambda name, text: problems(house.architecture_classes, files={f"vae_nbdev/models/{name}.py": text})
    expect(classes("info_vae", "class InfoVAE: pass"))
    expect(classes("zoo_vae", "class InfoVAE: pass"), "vae_nbdev.models.zoo_vae defines InfoVAE, and no class")
    expect(classes("empty", ""), "vae_nbdev.models.empty defines no class")


def test_cells():
    imports = problems(house.imports_alone, {"a": ("import os\nx = 1", "import os", "x = 1", "#| export\nimport os\nx = 1")})
    expect(imports, "nbs/a.ipynb, cell 2 (cell-001): put the imports")
    cell = {"cell_type": "markdown", "source": TITLE}
    twice = [{**cell, "id": "same"}, {**cell, "id": "same"}, cell]
    expect(problems(house.parent_imports, files={"vae_nbdev/nn/a.py": "from .. import models\nfrom ..core import files"}),
           "vae_nbdev.nn.a: from .. import models; write import vae_nbdev.models as models")
    expect(problems(house.cell_ids, files={"nbs/a.ipynb": json.dumps({"cells": twice})}),
           "nbs/a.ipynb, cell 3 (without an id)", "nbs/a.ipynb: two cells are called same")
    expect(problems(house.shortcodes, {"a": ("", "{{< x")}), "nbs/a.ipynb, cell 3 (cell-002)")


def test_counts():
    models = {"a": "class A: pass", "b": "class B(SampledWeights, Classifier): pass"}
    files = {f"vae_nbdev/models/{name}.py": text for name, text in models.items()}
    page = lambda text: json.dumps({"cells": [{"cell_type": "markdown", "id": "x", "source": text}]})
    expect(problems(house.counts, files=files | {"nbs/i.ipynb": page("2 architectures, 1 autoencoders")}))
    expect(problems(house.counts, files=files | {"nbs/i.ipynb": page("3 architectures, 2 autoencoders")}),
           "nbs/i.ipynb, cell 1 (x): 3 architectures; there are 2", "2 autoencoders; there are 1")


def test_outputs():
    page = lambda text: json.dumps({"cells": [{"cell_type": "code", "id": "x", "source": "", "outputs": [{"text": text}]}]})
    found = lambda text: problems(house.machine_paths, files={"nbs/a.ipynb": page(text)})
    expect(found("/tmp/tmpab12/run: going on"), "nbs/a.ipynb, cell 1 (x): a stored output names /tmp/tmpab12")
    expect(found("/usr/lib/python3/site-packages/x.py:1: Warning"), "/usr/lib/python3/site-packages")
    expect(found("run: going on"))

    shown = {"outputs": [{"data": {"text/html": '<p class="known lost">'}}], "cell_type": "code", "id": "x", "source": ""}
    files = {name: "" for name in STYLES} | {"nbs/a.ipynb": json.dumps({"cells": [shown]})}
    rules = {"reports/template/style.css": ".known { margin: 0; } .lost { margin: 0; }", ".ci/docs/site.css": ".lost {}"}
    expect(problems(house.styles, files=files | rules | {"nbs/tables.css": ".known {}"}), "nbs/a.ipynb, cell 1 (x): the class lost")


def test_captions():
    page = lambda text: [{"data": {"text/html": f'<div><p class="caption">{text}</p><table><td>1</td></table></div>'}}]
    assert not notebook.difference(page("Nats <b>per</b> image, 5"), page("Nats <b>per</b> image, 6"))
    assert "'higher is better' is what it prints now" in notebook.difference(page("the ELBO"), page("higher is better"))


def test_long_cells():
    "Cells with a flag of settings.ini are run where the flag is given; those that are not to be run never are."
    cell = lambda source: nbformat.v4.new_code_cell(source)
    assert not notebook.is_skipped(cell("1"))
    for flags, skipped in (((), True), (("slow",), False), (("cuda",), True)):
        assert notebook.is_skipped(cell("#| slow\n1"), flags) == skipped, flags
        assert notebook.is_skipped(cell("#| slow\n#| eval: false\n1"), flags), flags


def test_symbols():
    lines = "# AUTOGENERATED! DO NOT EDIT! File to edit: ../nbs/01_auto.ipynb.\n\nclass Model:\n    def fit(self): ...\n"
    files = {"vae_nbdev/auto.py": lines + "def model(): 'A `*`, `--x` and q*'\n", "vae_nbdev/_modidx.py": "d = {'syms': {'vae_nbdev.auto': {}}}"}
    expect(problems(house.anchors, files=files), "vae_nbdev.auto.Model and vae_nbdev.auto.model have one anchor")
    expect(problems(house.docstrings, files=files), "vae_nbdev.auto.model: * in its docstring")
    bare = "def f(a, b:int, *args, **kwargs): # c\n    pass\nclass C:\n    def __init__(self,\n        d, # e\n    ): pass\n"
    expect(problems(house.parameters, files={"vae_nbdev/nn/a.py": bare}), "vae_nbdev.nn.a.f: the parameter a has neither")
    link = json.dumps({"cells": [{"cell_type": "markdown", "id": "x", "source": "The [`Model.fit`](x.ipynb)"}]})
    expect(problems(house.links_on_names, files=files | {"nbs/i.ipynb": link}), "nbs/i.ipynb, cell 1 (x): [`Model.fit`](x.ipynb)")
    cell = {"cell_type": "code", "id": "x", "source": "#| export\ndef f(x): # of `Model.fit`\n    return x # `Model.fit`"}
    expect(problems(house.signature_comments, files=files | {"nbs/i.ipynb": json.dumps({"cells": [cell]})}),
           "nbs/i.ipynb, cell 1 (x): def f(x): # of `Model.fit` names a symbol")


def test_errors():
    found = lambda text: problems(house.errors, files={"vae_nbdev/nn/a.py": text})
    expect(found("def f(x):\n    'A text'\n    if x: raise argparse.ArgumentTypeError('x')\n    raise ValueError"),
           "vae_nbdev.nn.a.f: ArgumentTypeError is named neither", "vae_nbdev.nn.a.f: ValueError is named")
    expect(found("class C:\n    'Text'\n    def __init__(self):\n        raise ValueError"), "vae_nbdev.nn.a.C.__init__: ValueError")
    expect(found("class C:\n    'Text, or `ValueError`'\n    def __init__(self):\n        raise ValueError"))
    expect(found("def f(\n    x, # `ValueError` below 1\n):\n    'Text'\n    raise ValueError"))
    expect(found("def _f(): raise ValueError\ndef g(): raise NotImplementedError\ndef h(): raise make_error()"))
    expect(found("def f():\n    try: raise ValueError\n    except ValueError: pass"))


def test_settings_by_name():
    found = lambda *signatures: problems(house.settings_by_name, files={
        "vae_nbdev/evaluation/a.py": "\n".join(f"def {s}: pass" for s in signatures), "vae_nbdev/nn/b.py": "def b(x, L): pass",
        "vae_nbdev/plots/c.py": plots})
    plots = "def plot_c(self, dataset=None, *, L=10, title=''): pass\ndef draw_c(ax, title=''): pass"
    expect(found("f(k)", "_g(x, seed)", "h(x, y=1, *, L=10, n_images=5, seed=0, block=None, **options)"))
    expect(found("f(x, k=5)"), "vae_nbdev.evaluation.a.f: k by position")
    expect(found("f(x, *, seed, L)"), "vae_nbdev.evaluation.a.f: after *, L, seed come first")
    expect(found("f(x, *, block, L)"), "vae_nbdev.evaluation.a.f: after *, L come first")
    plots = "def plot_c(x, title=''): pass\ndef draw_c(ax, L=10): pass"
    expect(found(), "vae_nbdev.plots.c.plot_c: title by position", "vae_nbdev.plots.c.draw_c: L by position")


def test_named_papers():
    entry = "@article{lea2014,\n  author = {Steele, Guy and {van den Lea}, Doug},\n  year = {2014}\n}\n"
    found = lambda text: problems(house.named_papers, files={"vae_nbdev/a.py": text, "nbs/references.bib": entry})
    expect(found("'In 2015 (Steele and Lea 2014; Steele et al. (2014), section 3)'"))
    expect(found("'(Tukey 2014)'\nx = 1 # (Steele et al. 2015, section 3)"), "vae_nbdev.a: Steele 2015 is not", "Tukey 2014")


def test_missing_notebook():
    for flags in ([], ["--store"]):
        command = [sys.executable, house.ROOT / ".ci" / "notebook.py", *flags, "nbs/mistyped.ipynb"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (2, "There is no notebook nbs/mistyped.ipynb.\n"), done


def test_kernel_of_store():
    "Outputs come from the Python that stores them, whatever kernel `python3` the developer has installed."
    with tempfile.TemporaryDirectory() as name:
        folder, kernel = Path(name), {"argv": ["false"], "display_name": "another", "language": "python"}
        write(folder, "kernels/python3/kernel.json", json.dumps(kernel))
        cell = {"cell_type": "code", "execution_count": None, "id": "x", "metadata": {}, "outputs": [],
                "source": "import sys; print(sys.executable)"}
        write(folder, "a.ipynb", json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        command = [sys.executable, house.ROOT / ".ci" / "notebook.py", "--store", folder / "a.ipynb"]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"JUPYTER_PATH": name})
        assert sys.executable in (folder / "a.ipynb").read_text(encoding="utf-8"), done


def test_docstrings():
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "module.py", "class Model: pass\n\ndef build(): pass\n")
        command = [sys.executable, "-m", "ruff", "check", "--config", house.ROOT / ".ci" / "ruff.toml", folder]
        found = subprocess.run(command, capture_output=True, text=True).stdout
    assert "D101" in found and "D103" in found, found


def test_orphans():
    modules = {name: Path(f"vae_nbdev/models/{name}.py") for name in ("old", "new", "by_hand")}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as shown:
        write_notebook(Path(), "04_models/29_new")
        for name, path in modules.items():
            header = f"# AUTOGENERATED! DO NOT EDIT! File to edit: ../../nbs/04_models/29_{name}.ipynb."
            write(Path(), path, "" if name == "by_hand" else header)
        generate.remove_orphans()
        assert [path.exists() for path in modules.values()] == [False, True, True]
    assert shown.getvalue() == f"Deleted {modules['old']}, because its notebook nbs/04_models/29_old.ipynb is gone.\n"


def test_setup_lock():
    "A make does not touch an environment that another make is installing; one that was killed does not stand in the way."
    with tempfile.TemporaryDirectory() as name:
        folder, owner = Path(name), Path(name, ".venv-lock", "owner")
        for script in ("setup", "lock"):
            (folder / ".ci").mkdir(exist_ok=True)
            shutil.copy(house.ROOT / ".ci" / script, folder / ".ci")
        for python in ("python", "python3", "python3.11", "python3.12", "python3.13"):  # none that suits
            write(folder, f"bin/{python}", "#!/bin/sh\nexit 1\n")
            (folder / "bin" / python).chmod(0o755)
        for file in (".venv/.installing", ".venv-lock/x"): write(folder, file, "")
        env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        setup = lambda: subprocess.run(["sh", ".ci/setup"], cwd=folder, env=env, capture_output=True, text=True)

        owner.symlink_to(str(os.getpid()))
        done = setup()
        assert (done.returncode, done.stdout) == (2, "") and f"(process {os.getpid()})" in done.stderr, done
        assert (folder / ".venv/.installing").exists() and owner.is_symlink()

        with subprocess.Popen(["true"]) as ended: pass
        owner.unlink()
        owner.symlink_to(str(ended.pid))
        done = setup()
        assert (done.returncode, (folder / ".venv").exists()) == (1, False) and "No Python 3.11" in done.stderr, done
        assert not owner.parent.exists()


if __name__ == "__main__":
    for test in (test_readable, test_names, test_cells, test_counts, test_outputs, test_captions, test_long_cells,
                 test_symbols, test_errors, test_settings_by_name, test_named_papers, test_missing_notebook,
                 test_kernel_of_store, test_docstrings, test_orphans, test_setup_lock): test()
