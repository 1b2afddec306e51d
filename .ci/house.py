"""The rules that keep the project readable, each as a function that lists what breaks it. `.ci/checks.py` runs them;
`python .ci/house.py` prints the figures. The rules are explained in CONTRIBUTING.md."""
import ast, json, re, sys
from collections import defaultdict
from pathlib import Path

from fastcore.basics import camel2snake

from vae_nbdev.docs_site import complete_index

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "vae_nbdev"
MODULE_LINES, CELL_LINES, LINE_LENGTH = 300, 25, 120
CITATION, ENTRY = re.compile(r"(?<!\w)@(\w+)"), re.compile(r"^@\w+\{(\w+),\n(.*?)^\}", re.M | re.S)
NAMED = re.compile(r"([A-Z][\w-]*)(?: et al\.)? \(?((?:19|20)\d\d)(?=[,;)])")  # a paper in plain words: an author and the year
WITHOUT_ADDRESS = {"banerjee1960", "banerjee1961", "brown1984", "kish1965", "miyasawa1961", "tukey1953"}  # printed on paper only
ONLY_REPORT = {"scroll", "white"}  # classes: the site scrolls tables without it, and does not invert figures in the dark
UNTYPED = {"self", "cls", "args", "ctx", "info"}  # parameters that need none; the last two are PyTorch's own
UNSAID = {"NotImplementedError", "SystemExit"}  # raised by what a subclass must define, and by the commands
SETTINGS = "L", "k", "n_images", "n_train", "n_mmd", "seed"  # how something is measured, in the order of arguments
LINK = re.compile(r"\[([^][]*)\]\([^)\s]*\)")
ASSERTS = re.compile(r"\bassert\b|\btest_\w+\(|assert_close\(")


class Page:
    "A notebook: its path from `nbs`, its cells as (kind, text), and the module that it exports"
    def __init__(self, path):
        self.path = path.relative_to(ROOT)
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        self.cells = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
        self.ids = [cell.get("id") for cell in cells]
        self.outputs = [json.dumps(cell.get("outputs", [])) for cell in cells]
        names = [re.search(r"^#\|\s*default_exp (\S+)", text, re.M) for _, text in self.cells]
        self.module = next((name[1] for name in names if name), None)

    def exported(self):
        "Number and text of the exported cells"
        return [(i, text) for i, (_, text) in enumerate(self.cells) if re.search(r"^#\|\s*exports?\b", text, re.M)]

    def at(self, i):
        "Where the cell of an index is, in words: its number as nbdev counts, from 1, and its id"
        return f"{self.path}, cell {i + 1} ({self.ids[i] or 'without an id'})"


def read(path):
    "The page of a notebook, and what is wrong with the file; one of them is `None`"
    try: page = Page(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error: return None, f"not a notebook: {error!r}"
    return (page, None) if page.cells else (None, "no cells")


def notebook_paths(folder):
    "All notebooks of a folder in the order of their numbers, without hidden ones"
    paths = sorted((ROOT / folder).glob("**/*.ipynb"))
    return [path for path in paths if not any(part.startswith((".", "_")) for part in path.relative_to(ROOT).parts)]


def pages(folder="nbs"):
    "The pages of all notebooks of a folder that can be read; `readable` lists the others"
    return [page for path in notebook_paths(folder) if (page := read(path)[0])]


def syntax_error(source):
    "What keeps a text from being Python, or `None`"
    try: ast.parse(source)
    except SyntaxError as error: return f"line {error.lineno}: {error.msg}"


def code_lines(text):
    "The lines of code in a text, without blank lines, comments and what nbdev writes"
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def modules():
    "Name → source of every exported module that is Python; `readable` lists the cells that are not"
    paths = sorted((ROOT / PACKAGE).rglob("*.py"))
    names = {".".join(path.relative_to(ROOT / PACKAGE).with_suffix("").parts): path for path in paths}
    sources = {name: path.read_text(encoding="utf-8") for name, path in names.items() if not name.endswith(("_modidx", "__init__"))}
    return {name: source for name, source in sources.items() if not syntax_error(source)}


def imported(name, source, known):
    "The modules of the package that a module imports anywhere at its top level"
    found, parts = set(), name.split(".")
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ImportFrom) or not node.level: continue
        base = ".".join([*parts[:len(parts) - node.level], *filter(None, [node.module])])
        found |= {base} & known | {f"{base}.{alias.name}".lstrip(".") for alias in node.names} & known
    return found


def readable():
    "Notebooks that cannot be read, such as those with the marks of a conflict, and exported cells that are no Python"
    folders = "nbs", "reports"
    wrong = [f"{path.relative_to(ROOT)}: {problem}" for folder in folders for path in notebook_paths(folder) if (problem := read(path)[1])]
    return wrong + [f"{page.at(i)}: {problem}" for folder in folders for page in pages(folder)
                    for i, text in page.exported() if (problem := syntax_error(text))]


def modules_of_pages():
    "Notebooks whose folder and file, without numbers, are not their module, and modules that two notebooks export"
    wrong, owners = [], defaultdict(list)
    for page in pages():
        if not page.module: continue
        owners[page.module].append(str(page.path))
        parts = [re.sub(r"^\d+_", "", part) for part in page.path.with_suffix("").parts[1:]]
        if parts != page.module.split("."): wrong.append(f"{page.path} exports {page.module}, not {'.'.join(parts)}")
    return wrong + [f"{' and '.join(paths)} export {module}" for module, paths in owners.items() if len(paths) > 1]


def architecture_classes():
    "Modules of architectures without a class of their name: `models.info_vae` must define `InfoVAE` or `InfoVae`"
    for name, source in modules().items():
        if not name.startswith("models."): continue
        classes = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        if name.removeprefix("models.") not in map(camel2snake, classes):
            yield f"{PACKAGE}.{name} defines {', '.join(classes) or 'no class'}, and no class whose name in snake case is its own"


def order():
    "Exported imports from a later notebook, and circles"
    place = {page.module: i for i, page in enumerate(pages()) if page.module}
    sources = modules()
    uses = {name: imported(name, source, set(sources)) for name, source in sources.items()}
    return [f"{PACKAGE}.{name} imports the later {PACKAGE}.{other}" for name, others in uses.items() for other in sorted(others)
            if place.get(other, -1) >= place.get(name, len(place))]


def parent_imports():
    "Imports of a subpackage as a name, which nbdev_update would write back with the wrong package"
    return [f"{PACKAGE}.{name}: from .. import {alias.name}; write import {PACKAGE}.{alias.name} as {alias.name} in its notebook"
            for name, source in modules().items() for node in ast.parse(source).body
            if isinstance(node, ast.ImportFrom) and node.level > 1 and not node.module for alias in node.names]


def sizes():
    "Modules, exported cells and lines of code that are too long"
    wrong = []
    for name, source in modules().items():
        lines = [line for line in source.splitlines() if line.strip() and not line.startswith(("# %%", "# AUTOGENERATED"))]
        if len(lines) > MODULE_LINES: wrong.append(f"{PACKAGE}.{name}: {len(lines)} lines, at most {MODULE_LINES}")
    for page in [*pages(), *pages("reports")]:
        for i, text in page.exported():
            if (n := len(code_lines(text))) > CELL_LINES: wrong.append(f"{page.at(i)}: {n} lines, at most {CELL_LINES}")
        for i, (kind, text) in enumerate(page.cells):
            longest = max(map(len, text.splitlines()), default=0) if kind == "code" else 0
            if longest > LINE_LENGTH: wrong.append(f"{page.at(i)}: a line of {longest} characters, at most {LINE_LENGTH}")
    return wrong


def public_names():
    "Public names that two modules define: `vae_nbdev.all` would hide one, and the docs would link both to one page"
    owners, sources = defaultdict(list), modules()
    for name in sorted(set(sources) - {"all"}): # which has no names of its own
        for node in ast.parse(sources[name]).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                for public in ast.literal_eval(node.value): owners[public].append(name)
    return [f"{public}: {', '.join(names)}" for public, names in owners.items() if len(names) > 1]


def words():
    "Words of `.ci/banned_words.txt`, each with what to write in its place"
    lines = (ROOT / ".ci" / "banned_words.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" -> ") for line in lines if " -> " in line and not line.startswith("#")]
    texts = [(page.path, "\n".join(text for _, text in page.cells)) for page in [*pages(), *pages("reports")]]
    texts += [(Path(name), (ROOT / name).read_text(encoding="utf-8")) for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [f"{path}: '{word}'; write: {better}" for path, text in texts for word, better in pairs
            if re.search(rf"(?<!\w){re.escape(word)}", text, re.I)]


def shape():
    "Notebooks without a title and a subtitle, or without a cell that asserts something"
    wrong = []
    for page in pages():
        kind, first = page.cells[0]
        if kind != "markdown" or not re.match(r"# .+\n+> .+", first): wrong.append(f"{page.path}: no title and subtitle in its first cell")
        tests = [text for kind, text in page.cells if kind == "code" and not re.search(r"^#\|\s*exports?\b", text, re.M)]
        if not any(map(ASSERTS.search, tests)): wrong.append(f"{page.path}: no cell asserts anything")
    return wrong


def headings():
    "Headings that skip a level: a table of contents, and a reader who listens, would miss what lies between"
    for page in pages():
        level = 1
        for i, (kind, text) in enumerate(page.cells):
            if kind != "markdown": continue
            for marks in re.findall(r"^(#+) ", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M):
                if len(marks) > level + 1: yield f"{page.at(i)}: a heading of level {len(marks)} after level {level}"
                level = len(marks)


def imports_alone():
    "Cells that import and do something else: the docs build runs every cell with an import, with all that it does"
    for page in pages():
        for i, (kind, text) in enumerate(page.cells):
            if kind != "code" or "nbdev_export(" in text or re.search(r"^#\|\s*(exports?|eval:\s*false)\b", text, re.M): continue
            text = re.sub(r"^\s*[%!].*", "", text, flags=re.M)
            nodes = [] if syntax_error(text) else list(ast.walk(ast.parse(text)))
            imports, others = (any(isinstance(node, kinds) for node in nodes)
                               for kinds in ((ast.Import, ast.ImportFrom), (ast.Expr, ast.Assign)))
            if imports and others: yield f"{page.at(i)}: put the imports into a cell of their own"


def counts():
    "Numbers of architectures and of autoencoders in prose that are not those of the package"
    models = [source for name, source in modules().items() if name.startswith("models.")]
    classifiers = sum(bool(re.search(r"^class \w+\(.*\bClassifier\b", source, re.M)) for source in models)
    number = {"architectures": len(models), "autoencoders": len(models) - classifiers}
    return [f"{page.at(i)}: {found[0]}; there are {number[found[2]]}" for page in pages()
            for i, (kind, text) in enumerate(page.cells) if kind == "markdown"
            for found in re.finditer(r"\b(\d+) (architectures|autoencoders)\b", text) if int(found[1]) != number[found[2]]]


def shortcodes():
    "Signs in notebooks that Quarto would read as a command, and lose the rest of the page"
    return [f"{page.at(i)}: {{{{<; write {{{{ <" for page in pages()
            for i, (_, text) in enumerate(page.cells) if "{{<" in text]


def symbol_index():
    "nbdev's index of the package as the docs build has it: module → full name → (page and anchor, path of the module)"
    tree = ast.parse((ROOT / PACKAGE / "_modidx.py").read_text(encoding="utf-8"))
    symbols = ast.literal_eval(tree.body[0].value)["syms"]
    complete_index(symbols, ROOT)
    return symbols


def exported_names():
    "What nbdev links by itself where it stands in backticks: every exported symbol, with its class and without its module"
    return {name.removeprefix(f"{module}.") for module, names in symbol_index().items() for name in names}


def anchors():
    "Symbols of one page that differ in their capitals only: both would have one anchor"
    owners = defaultdict(list)
    for entries in symbol_index().values():
        for name, (place, _) in entries.items(): owners[place].append(name)
    return [f"{' and '.join(names)} have one anchor" for names in owners.values() if len(names) > 1]


def docstrings():
    "Exported docstrings with a bare * or -- in their first line, which the site sets in italics: the sign would be lost"
    kinds = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
    for module, source in modules().items():
        for node in ast.parse(source).body:
            if not isinstance(node, kinds) or node.name.startswith("_"): continue
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            if sign := re.search(r"\*|--", re.sub(r"`[^`]*`", "", first)):
                yield f"{PACKAGE}.{module}.{node.name}: {sign[0]} in its docstring; put the word into backticks"


def public_functions(body, owner=""):
    "The public functions and methods of a module, and the constructors of its public classes, as (name, node)"
    for node in body:
        if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or owner and node.name == "__init__"):
            yield owner + node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{node.name}.")


def parameters():
    "Public parameters with neither a type nor a comment"
    for module, source in modules().items():
        lines = source.splitlines()
        for name, node in public_functions(ast.parse(source).body):
            for p in filter(None, [*node.args.posonlyargs, *node.args.args, node.args.vararg, *node.args.kwonlyargs]):
                line = lines[p.lineno - 1]  # behind a signature of one line, a comment is about what is returned
                comment = re.search(r",\s*#", line) or "#" in line and p.lineno > node.lineno
                if not (p.annotation or comment or p.arg in UNTYPED):
                    yield f"{PACKAGE}.{module}.{name}: the parameter {p.arg} has neither a type nor a comment"


def raised(node):
    "The errors that leave a function by a `raise` of its own, without those within a `try` that handles some"
    handled = {part for block in ast.walk(node) if isinstance(block, ast.Try) and block.handlers
               for statement in block.body for part in ast.walk(statement)}
    raises = [part.exc for part in ast.walk(node) if isinstance(part, ast.Raise) and part.exc and part not in handled]
    names = {ast.unparse(error.func if isinstance(error, ast.Call) else error).rpartition(".")[2] for error in raises}
    return sorted(name for name in names - UNSAID if name[0].isupper())  # others are variables, or functions that make one


def errors():
    "Public functions whose docstring and comments do not name an error that they raise; a class may say it for its methods"
    for module, source in modules().items():
        lines, tree = source.splitlines(), ast.parse(source)
        classes = {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.ClassDef)}
        for name, node in public_functions(tree.body):
            signature = lines[node.lineno - 1:node.body[0].lineno - 1]
            text = "\n".join([*signature, ast.get_docstring(node) or "", classes.get(name.partition(".")[0], "")])
            for error in raised(node):
                if error not in text: yield f"{PACKAGE}.{module}.{name}: {error} is named neither in its docstring nor in a comment"


def settings_by_name():
    "Public functions of evaluation and plots that take a setting by position, or in another order; one that takes nothing else may"
    for module, source in modules().items():
        if not module.startswith(("evaluation.", "plots.")): continue
        for name, node in public_functions(ast.parse(source).body):
            named, keywords = [arg.arg for arg in node.args.args], [arg.arg for arg in node.args.kwonlyargs]
            wrong = [arg for arg in named if arg in SETTINGS] if len(named) > 1 or keywords else []
            if name.startswith("plot_") and node.args.defaults:  # what is shown by position, and how by name
                wrong += [arg for arg in named[-len(node.args.defaults):] if arg not in {*wrong, "dataset"}]
            first = [name for name in SETTINGS if name in keywords]
            if wrong: yield f"{PACKAGE}.{module}.{name}: {', '.join(wrong)} by position; put * in front"
            if keywords[:len(first)] != first: yield f"{PACKAGE}.{module}.{name}: after *, {', '.join(first)} come first, in this order"


def links_on_names():
    "Links by hand on exported names: nbdev links the name again, and the page shows the Markdown of two nested links"
    names = exported_names()
    return [f"{page.at(i)}: {link[0]} links an exported name; leave out the link, or the backticks" for page in pages()
            for i, (kind, text) in enumerate(page.cells) if kind == "markdown" for link in LINK.finditer(text)
            if names & {name.removesuffix("()") for name in re.findall(r"`([^`\s]+)`", link[1])}]


def signature_comments():
    "Exported names in backticks behind a signature of one line: nbdev makes an address of them within the code it shows"
    names = exported_names()
    return [f"{page.at(i)}: {line.strip()} names a symbol in backticks; leave them out" for page in pages()
            for i, text in page.exported() for line in text.splitlines()
            if re.match(r"\s*def .*:( return .*)?  ?#", line) and names & {*re.findall(r"`([^`\s]+)`", line.partition("#")[2])}]


def cell_ids():
    "Notebooks in which a cell has no id, or two cells share one, which the format of notebooks does not allow"
    both = [*pages(), *pages("reports")]
    return [page.at(i) for page in both for i, name in enumerate(page.ids) if not name] + [
        f"{page.path}: two cells are called {name}" for page in both
        for name in sorted(filter(None, set(page.ids))) if page.ids.count(name) > 1]


def machine_paths():
    "Stored outputs that name where Python's packages or temporary files lie on some machine, as messages do"
    return [f"{page.at(i)}: a stored output names {found[0]}" for page in [*pages(), *pages("reports")]
            for i, text in enumerate(page.outputs) if (found := re.search(r"/[\w./-]+/site-packages\b|/tmp/tmp\w+", text))]


def styles():
    "Classes in stored outputs that a report or its slides have a style for, and the docs site has not, with Quarto or without"
    classes = lambda *paths: set(re.findall(r"\.([a-z][\w-]*)", "".join((ROOT / path).read_text(encoding="utf-8") for path in paths)))
    site = classes("nbs/tables.css", "nbs/styles.css") & classes("nbs/tables.css", ".ci/docs/site.css")
    lost = classes("reports/template/style.css", "reports/template/slides.css") - site - ONLY_REPORT
    for page in pages():
        for i, text in enumerate(page.outputs):
            html = "".join("".join(output.get("data", {}).get("text/html", "")) for output in json.loads(text))
            names, own = set(" ".join(re.findall(r'class="([^"]*)"', html)).split()), "".join(re.findall(r"<style>.*?</style>", html, re.S))
            for name in sorted(name for name in lost & names if f".{name}" not in own):
                yield f"{page.at(i)}: the class {name} has no style on the site; move it to reports/template/tables.css"


def citations():
    "Citations without an entry in the bibliography, and entries that are not cited, out of order or without an address"
    entries = ENTRY.findall((ROOT / "nbs" / "references.bib").read_text(encoding="utf-8"))
    keys = [key for key, _ in entries]
    prose = [(page.path, page.at(i), re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)) for page in pages()
             for i, (kind, text) in enumerate(page.cells) if kind == "markdown"]
    cited = [(path, place, key) for path, place, text in prose for key in CITATION.findall(text)]
    wrong = [f"{place}: @{key} is not in references.bib" for _, place, key in cited if key not in keys]
    wrong += [f"{place}: @{key}; README.md has no references" for path, place, key in cited if path.stem == "index"]
    wrong += [f"references.bib: {key} is cited nowhere" for key in keys if key not in {name for *_, name in cited}]
    wrong += [f"references.bib: {key} comes after {before}" for before, key in zip(keys, keys[1:]) if key <= before]
    return wrong + [f"references.bib: {key} has neither doi nor url" for key, fields in entries
                    if key not in WITHOUT_ADDRESS and not re.search(r"^ *(doi|url) = ", fields, re.M)]


def named_papers():
    "Papers that the package names by author and year, in docstrings and comments, and that the bibliography has not"
    papers = [fields for _, fields in ENTRY.findall((ROOT / "nbs" / "references.bib").read_text(encoding="utf-8"))]
    return [f"{PACKAGE}.{module}: {name} {year} is not in references.bib" for module, source in modules().items()
            for name, year in sorted(set(NAMED.findall(source)))
            if not any(re.search(rf"^ *author = .*\b{name}\b", fields, re.M) and f"year = {{{year}}}" in fields for fields in papers)]


RULES = {"notebooks and exported cells can be read": readable, "a notebook has the name of its module": modules_of_pages,
         "an architecture has the name of its module": architecture_classes,
         "imports follow the order of the notebooks": order, "imports survive nbdev_update": parent_imports,
         "modules, cells and lines are short": sizes, "no public name twice": public_names, "standard terms": words,
         "title, subtitle and a test on every page": shape, "headings skip no level": headings,
         "architectures are counted": counts, "no shortcodes of Quarto": shortcodes,
         "imports have cells of their own": imports_alone,
         "no two exported names share an anchor": anchors, "docstrings show their signs": docstrings,
         "public parameters have a type or a comment": parameters,
         "public functions name the errors that they raise": errors,
         "evaluation and plots take their settings by name": settings_by_name,
         "outputs have a style on the site": styles,
         "no link by hand on an exported name": links_on_names, "no link in a signature": signature_comments, "every cell has an id of its own": cell_ids,
         "no path of a machine in an output": machine_paths, "citations and bibliography agree": citations,
         "papers in docstrings are in the bibliography": named_papers}


def figures():
    "The largest module, exported cell and line, in words"
    lines = {name: len([l for l in s.splitlines() if l.strip() and not l.startswith(("# %%", "# AUTO"))]) for name, s in modules().items()}
    cells = {f"{p.at(i)}": len(code_lines(t)) for p in pages() for i, t in p.exported()}
    width = max(len(line) for p in pages() for kind, t in p.cells if kind == "code" for line in t.splitlines())
    big, long = max(lines, key=lines.get), max(cells, key=cells.get)
    return (f"{len(lines)} modules, the largest {big} with {lines[big]} lines; {len(cells)} exported cells, the longest "
            f"{long} with {cells[long]} lines; the longest line of code has {width} characters")


if __name__ == "__main__":
    problems = [f"{title}: {text}" for title, rule in RULES.items() for text in rule()]
    print(*problems, figures(), sep="\n")
    sys.exit(bool(problems))
