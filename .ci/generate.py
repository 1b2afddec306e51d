"Writes what follows from the notebooks and nbdev cannot write alone: README.md (without Quarto) and nbs/*.yml."
import argparse, base64, json, os, posixpath, re, shutil
from itertools import groupby
from pathlib import Path

import pypandoc, yaml
from execnb.nbio import mk_cell, nb2str, read_nb
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
    Path("README.md").write_text(f"# {title}\n\n> {subtitle}\n\n{text.strip()}\n", encoding="utf-8")


def write_site():
    "nbs/nbdev.yml as nbdev writes it, and nbs/sidebar.yml: nbdev's own has no working link into a numbered folder."
    refresh_quarto_yml()
    pages = sorted(path.relative_to(NBS) for path in nbglob(NBS, as_path=True))
    contents = [str(page) for page in sorted(pages, key=lambda page: page.stem != "index") if len(page.parts) == 1]
    for folder, group in groupby([page for page in pages if len(page.parts) > 1], key=lambda page: page.parts[0]):
        title = re.sub(r"^\d+_", "", folder).replace("_", " ").capitalize()
        contents.append({"section": title, "contents": [page.as_posix() for page in group]})
    sidebar = yaml.safe_dump({"website": {"sidebar": {"contents": contents}}}, sort_keys=False)
    Path(NBS, "sidebar.yml").write_text(sidebar, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["readme", "site"], help="README.md, or nbs/sidebar.yml and nbs/nbdev.yml")
    os.chdir(ROOT)
    {"readme": write_readme, "site": write_site}[parser.parse_args().what]()
