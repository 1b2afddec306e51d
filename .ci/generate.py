"""Writes what follows from the notebooks and nbdev cannot write alone: README.md (without Quarto), nbs/*.yml, and
the comparison of the stored results with published numbers."""
import argparse, ast, base64, json, os, posixpath, re, shutil
from pathlib import Path

import pypandoc, yaml
from execnb.nbio import mk_cell, nb2str, read_nb
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.processors import FilterDefaults
from nbdev.quarto import refresh_quarto_yml

ROOT = Path(__file__).resolve().parent.parent
NBS, PICTURES = "nbs", "index_files"
NOTEBOOK = "ipynb+fenced_divs+footnotes+header_attributes+link_attributes"
MARKDOWN = ("commonmark+autolink_bare_uris+emoji+footnotes+gfm_auto_identifiers"
            "+pipe_tables+strikeout+task_lists+tex_math_dollars")


def from_root(
    url: str,  # a link as it stands in nbs/index.ipynb
) -> str:  # the same link as it must stand in README.md
    "Carry a relative link from the notebook's folder to the root; one that leads nowhere is an error."
    if re.match(r"[a-z]+:|[#/]", url): return url
    path, *fragment = posixpath.normpath(posixpath.join(NBS, url)).split("#")
    if not Path(path).exists():
        raise SystemExit(f"README.md: {NBS}/index.ipynb shows or links to '{url}', which does not exist. "
                         f"Pictures must be files under {NBS}/images.")
    return "#".join([path, *fragment])


def is_a(kind, node):
    "Is this part of pandoc's document tree of that kind?"
    return isinstance(node, dict) and node.get("t") == kind


def adapt(
    node,  # a part of pandoc's document tree
):
    "The same part with links that hold from the root, without empty code and the boxes that stand for cells."
    if isinstance(node, list):
        parts = [adapt(part) for part in node]
        return [block for part in parts for block in (part["c"][1] if is_a("Div", part) else [part])
                if not (is_a("CodeBlock", block) and not block["c"][1])]
    if not isinstance(node, dict): return node
    node = {key: adapt(value) for key, value in node.items()}
    if is_a("Link", node) or is_a("Image", node): node["c"][2][0] = from_root(node["c"][2][0])
    if is_a("RawBlock", node) or is_a("RawInline", node):
        node["c"][1] = re.sub(r'\b(src|href)="([^"]*)"', lambda m: f'{m[1]}="{from_root(m[2])}"', node["c"][1])
    return node


def reading(
    cell,  # of a notebook, with nbdev's directives
) -> list:  # of cells
    "What pandoc should read for a cell: the source unless it says `echo: false`, what it prints, then what it shows."
    if cell.cell_type != "code": return [cell]
    echo = cell.directives_.get("echo:") != ["false"]
    cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M) if echo else ""
    shown = [output.data for output in cell.outputs if {"image/png", "text/markdown"} & set(output.get("data", {}))]
    cell.outputs = [output for output in cell.outputs if output.get("data") not in shown]
    for output in cell.outputs:
        if "execution_count" in output: output["execution_count"] = 0  # nbdev_clean left none, pandoc wants one
    return [cell, *(mk_cell(as_markdown(data, f"{cell.id}-{i}"), "markdown") for i, data in enumerate(shown))]


def as_markdown(data, name):
    "Markdown for an output; a picture becomes a file."
    if "text/markdown" in data: return "".join(data["text/markdown"])
    picture = Path(PICTURES, f"{name}.png")
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(base64.b64decode("".join(data["image/png"])))
    return f"![output](../{picture.as_posix()})"


def write_readme():
    "README.md from nbs/index.ipynb, through nbdev's processors and pandoc, as `nbdev_readme` does it with Quarto."
    nb = read_nb(f"{NBS}/index.ipynb")
    os.environ["IN_TEST"] = "1"  # as nbdev does while it prepares pages: the last cell must not export
    FilterDefaults()(nb)
    shutil.rmtree(PICTURES, ignore_errors=True)
    nb.cells = [part for cell in nb.cells for part in reading(cell)]
    tree = adapt(json.loads(pypandoc.convert_text(nb2str(nb), "json", format=NOTEBOOK)))
    text = pypandoc.convert_text(json.dumps(tree), MARKDOWN, format="json", extra_args=["--wrap=preserve"])
    title, subtitle = (nb.frontmatter_[key] for key in ("title", "description"))
    Path("README.md").write_text(f"# {title}\n\n> {subtitle}\n\n{badges()}\n\n{text.strip()}\n", encoding="utf-8")


def badges():
    "What GitHub says of the tests and of the docs site; only in README.md, because pages load nothing from elsewhere."
    settings = get_config()
    place, site = f"{settings.git_url}/actions/workflows", settings.doc_host + settings.doc_baseurl
    return f"[![tests and docs]({place}/docs.yml/badge.svg)]({place}/docs.yml) [docs]({site})"


def page_of(
    path,  # of a module of the package
) -> str:  # the notebook that it is exported from, from nbs/; or an empty text
    "Where a module is explained."
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^# AUTOGENERATED! .* File to edit: (?:\.\./)+nbs/(\S+?\.ipynb)\.", text, re.M)
    return found[1] if found else ""


def remove_orphans():
    "Delete modules whose notebook is gone, and say so: an architecture's old module would break the registry."
    for path in sorted(Path("vae_nbdev").rglob("*.py")):
        if (page := page_of(path)) and not Path(NBS, page).exists():
            path.unlink()
            print(f"Deleted {path}, because its notebook {NBS}/{page} is gone.")


def anchors_of(page):
    "The anchors that headings of a notebook give, and those of the symbols that nbdev documents there by itself."
    cells = json.loads(Path(NBS, page).read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {heading.strip("` ").lower() for heading in re.findall(r"^#{2,4} (.*)$", text, re.M)}


def symbols_of(path):
    "Name → first line of the docstring, for what a module exports: its functions and classes, and methods it adds."
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"): continue
        function = isinstance(node, ast.FunctionDef)
        patched = function and any("patch" in ast.unparse(decorator) for decorator in node.decorator_list)
        owner = ast.unparse(node.args.args[0].annotation).split("|")[0].strip() if patched else ""
        yield f"{owner}.{node.name}" if owner else node.name, (ast.get_docstring(node) or "").partition("\n")[0]


def entry_of(name, words, page, anchors):
    "One line of the reference: the name, linked to where it is explained, and what it is."
    own = name.lower()  # the anchor that nbdev's heading gives
    anchor = next((a for a in (own, own.rpartition(".")[2]) if a in anchors), own)
    parts = words.replace("|", "\\|").split("`")  # every second one is code
    parts[::2] = [re.sub(r"([*_<>\[\]$~^@]|-(?=-))", r"\\\1", part) for part in parts[::2]]
    return f"| [`{name}`]({page}#{anchor}) | {'`'.join(parts) or '–'} |"


def write_reference():
    "nbs/reference.qmd: every exported name with the first line of its docstring and a link to its page."
    parts = ["---", "title: Reference", "description: Every exported name, module by module, and where it is explained",
             "---", "", "<!-- Written by `make export` from the package. -->"]
    found = [(page, path) for path in Path("vae_nbdev").rglob("*.py") if (page := page_of(path))]
    for page, path in sorted(found):
        if not (symbols := dict(symbols_of(path))): continue
        module, anchors = ".".join(path.with_suffix("").parts), anchors_of(page)
        parts += ["", f"## `{module}`", "", "| name | what it is |", "|:-----|:---------------|",
                  *(entry_of(name, words, page, anchors) for name, words in symbols.items())]
    Path(NBS, "reference.qmd").write_text("\n".join(parts) + "\n", encoding="utf-8")


FIRST = ("index", "00_tour", "playground", "gallery")  # pages above all sections, by the stems of their notebooks
SECTIONS = {  # title of a section → its folders and single pages, in the reader's order
    "Architectures": ("04_models",), "Foundations": ("02_data", "03_nn"),
    "Experiments": ("06_training", "07_evaluation", "08_plots", "09_studies", "10_report", "11_commands"),
    "Evidence": ("13_evidence",), "Under the hood": ("01_core", "05_speed", "12_all", "14_testing", "15_docs_site")}
TITLES = {"02_data": "Data", "03_nn": "Neural networks", "01_core": "Core"}  # of folders; others by their names


def entries(place, pages):
    "What the sidebar shows for a folder or for a single page of `nbs`."
    inside = [page.as_posix() for page in pages if page.parts[0] == place]
    if not inside: return [page.as_posix() for page in pages if page.stem == place]
    return [{"section": TITLES.get(place, place[3:].capitalize()), "contents": inside}]


def sidebar_contents(pages):
    "The pages in the reader's order: the first ones, sections with one folder flat, sections with several nested."
    contents = [page.as_posix() for stem in FIRST for page in pages if page.parts == (f"{stem}.ipynb",)]
    for title, places in SECTIONS.items():
        parts = [entry for place in places for entry in entries(place, pages)]
        flat = parts[0]["contents"] if len(parts) == 1 and isinstance(parts[0], dict) else parts
        contents.append({"section": title, "contents": flat})
    contents += ["reference.qmd", "glossary.ipynb"]
    shown = set(re.findall(r"[\w/.-]+\.ipynb", json.dumps(contents)))
    if lost := {page.as_posix() for page in pages} - shown:
        raise SystemExit(f"the sidebar has no place for {', '.join(sorted(lost))}: add its folder to SECTIONS in .ci/generate.py.")
    return contents


def write_site():
    """nbs/nbdev.yml as nbdev writes it; nbs/sidebar.yml, because nbdev's own has no link that works into a numbered
    folder and follows the order of the files, not the reader's; the reference; and the report's style of tables."""
    remove_orphans()
    refresh_quarto_yml()
    write_reference()
    shutil.copyfile("reports/template/tables.css", Path(NBS, "tables.css"))
    pages = sorted(path.relative_to(NBS) for path in nbglob(NBS, as_path=True))
    sidebar = yaml.safe_dump({"website": {"sidebar": {"contents": sidebar_contents(pages)}}}, sort_keys=False)
    Path(NBS, "sidebar.yml").write_text(sidebar, encoding="utf-8")


def write_published():
    "reports/results/published_comparison.csv, from the results files beside it and reports/reference.csv."
    from vae_nbdev.report.published_comparison import write_comparison
    write_comparison("reports/results", "reports/reference.csv")


WRITERS = {"readme": write_readme, "site": write_site, "published": write_published}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=WRITERS, help="README.md, the files of the docs site in nbs/, or the comparison")
    os.chdir(ROOT)
    WRITERS[parser.parse_args().what]()
