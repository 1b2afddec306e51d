"Whether `settings.ini` requires what the code imports: no less, and no more."
import ast, re, sys
from configparser import ConfigParser

import house

BASE, EXTRAS = "requirements", ("report", "dask")
MODULES = {"report": ("report.", "speed.benchmark", "testing"), "dask": ("studies.cluster",)}  # that need an extra to be imported
DEVELOPMENT = ("docs_site",)  # modules whose functions only the docs build calls
IMPORT_NAMES = {"beautifulsoup4": "bs4", "ipython": "IPython", "pillow": "PIL", "pypandoc_binary": "pypandoc",
                "pyyaml": "yaml", "scikit-learn": "sklearn", "typing-extensions": "typing_extensions"}  # distribution → import name, where they differ
NOT_IMPORTED = {  # distribution → the text of the package or of .ci that needs it all the same
    "ipykernel": '"python3"', "ruff": '"ruff"', "pagefind_bin": "pagefind", "ghapi": "nbdev"}  # ghapi: nbdev runs with some versions only


def required(group):
    "The import names of a group of requirements: the base, an extra, or dev."
    parser = ConfigParser(delimiters=["="])
    parser.read(house.ROOT / "settings.ini", encoding="utf-8")
    key = group if group == BASE else f"{group}_requirements"
    names = [re.split(r"[<>=!~\[]", entry)[0] for entry in parser["DEFAULT"][key].split()]
    return [IMPORT_NAMES.get(name, name) for name in names]


def imports(source):
    "The packages that a text of Python imports at its top level, and those it imports inside of functions."
    tree, found = ast.parse(source), [[], []]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import): names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level: names = [node.module]
        else: continue
        found[node not in tree.body].extend(name.split(".")[0] for name in names)
    return [set(names) - sys.stdlib_module_names - {house.PACKAGE} for names in found]


def undeclared():
    "Imports of the package that its requirements do not cover, and imports by name of what an extra brings."
    groups = {group: set(required(group)) for group in (BASE, *EXTRAS)}
    wrong, extras = [], set().union(*groups.values())
    for module, source in house.modules().items():
        own = [extra for extra, names in MODULES.items() if module.startswith(names)]
        allowed = groups[BASE].union(*(groups[extra] for extra in own))
        at_top, later = imports(source)
        wrong += [f"{house.PACKAGE}.{module} imports {name}: add it to the requirements, or import it inside of a function"
                  for name in sorted(at_top - allowed)]
        wrong += [f"{house.PACKAGE}.{module} imports {name}: add it to the requirements or to an extra"
                  for name in sorted(later - extras - set(required("dev") if module in DEVELOPMENT else ()))]
    return wrong


def sources(development):
    "The code that needs the requirements of the package, or those for its development."
    texts = list(house.modules().values())
    if not development: return texts
    texts += [path.read_text(encoding="utf-8") for path in (house.ROOT / ".ci").glob("*.py")]
    return texts + [text for page in house.pages() for kind, text in page.cells if kind == "code"]


def unused():
    "Requirements that nothing imports or names."
    wrong = []
    for group in (BASE, *EXTRAS, "dev"):
        text = "\n".join(sources(group == "dev"))
        for name in required(group):
            statement = rf"^\s*(import|from) ([\w., ]+, )?{re.escape(name)}\b"
            if not re.search(statement, text, re.M) and NOT_IMPORTED.get(name, "\0") not in text:
                wrong.append(f"settings.ini requires {name} ({group}), which nothing uses")
    return wrong


def named():
    "Extras whose packages `vae_nbdev.core.command` names otherwise, for the sentence about those that are missing."
    tree = ast.parse(house.modules()["core.command"])
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXTRAS"]
    stated = {name: set(packages) for value in values for name, packages in ast.literal_eval(value).items()}
    return [f"EXTRAS of {house.PACKAGE}.core.command and settings.ini differ in the extra {name}"
            for name in EXTRAS if stated.get(name) != set(required(name))]


def check(): return "\n".join(undeclared() + unused() + named())
