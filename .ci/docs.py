"""Builds the docs site into _docs/: through nbdev and Quarto where Quarto is on the PATH, and otherwise through nbdev's
own processors, pandoc, a template of our own and Pagefind's search. The names of the pages are the same."""
import argparse, base64, json, os, posixpath, re, shutil, subprocess, sys, tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pypandoc, yaml
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from nbdev.config import get_config
from PIL import Image


ROOT = Path(__file__).resolve().parent.parent
LOOK = ROOT / ".ci" / "docs"  # template, style and script
PROCESSED, SITE = ROOT / "_proc", ROOT / "_docs"
BIBLIOGRAPHY = PROCESSED / "references.bib"  # copied there by nbdev; _quarto.yml names it for Quarto
READER = "markdown+autolink_bare_uris+emoji"  # what Quarto reads
NAMES = {"console": "bash"}  # languages that pandoc's highlighter knows under another name


# Pages

def read_page(path):
    "What a page says of itself, and its cells. A .qmd is a page of Markdown alone."
    if path.suffix == ".ipynb": cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    else:
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        cells = [{"cell_type": "raw", "source": f"---\n{head}---"}, {"cell_type": "markdown", "source": body}]
    about = yaml.safe_load(source_of(cells[0]).strip().removeprefix("---").removesuffix("---"))
    name = about.get("output-file", f"{path.stem}.html")
    folder = path.parent.relative_to(PROCESSED).as_posix()
    return {"path": path, "cells": cells[1:], "title": about["title"], "subtitle": about.get("description", ""),
            "source": path.relative_to(PROCESSED).as_posix(), "name": posixpath.normpath(posixpath.join(folder, name))}


def source_of(cell): return "".join(cell["source"])


def sidebar_of(pages):
    "The sidebar of nbs/sidebar.yml: pages, and sections as (title, what is in it)."
    by_source = {page["source"]: page for page in pages}
    entry = lambda part: (part["section"], [entry(p) for p in part["contents"]]) if isinstance(part, dict) else by_source[part]
    contents = yaml.safe_load((PROCESSED / "sidebar.yml").read_text(encoding="utf-8"))["website"]["sidebar"]["contents"]
    return [entry(part) for part in contents]


def pages_of(sidebar):
    "All pages of a sidebar, from top to bottom."
    return [page for entry in sidebar for page in (pages_of(entry[1]) if isinstance(entry, tuple) else [entry])]


# Cells to Markdown

def raw(html): return f"\n`````{{=html}}\n{html}\n`````\n"


def directives(source):
    "Quarto's directives of a cell as name → value, and the source without them."
    found = dict(re.findall(r"^#\|\s*([\w-]+)\s*:\s*(.*?)\s*$", source, re.M))
    return found, re.sub(r"^#\|.*\n?", "", source, flags=re.M).strip("\n")


def code_of(source, about):
    "A cell's code, in a fold where the directives say so."
    if about.get("echo") == "false" or not source: return ""
    block = f"\n`````{{.python .cell-code}}\n{source}\n`````\n"
    if "code-fold" not in about: return block
    summary = escape(about.get("code-summary", "Code").strip('"'))
    return raw(f'<details class="fold"{" open" if about["code-fold"] == "show" else ""}><summary>{summary}</summary>') \
        + block + raw("</details>")


def picture_of(data, name, alt):
    "A figure: its file, and the HTML that shows it."
    path = SITE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode("".join(data)))
    address = posixpath.join(path.parent.parent.name, path.parent.name, path.name)
    with Image.open(path) as image: width, height = image.size # so that links to headings below land before it loads
    return raw(f'<figure><img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}" loading="lazy"></figure>')


def output_of(output, about, name, alt):
    "What a cell prints or shows, in the richest form that it has."
    if output["output_type"] == "stream": text, data = "".join(output["text"]), {}
    else: text, data = "".join(output.get("data", {}).get("text/plain", "")), output.get("data", {})
    if "image/png" in data: return picture_of(data["image/png"], name, alt)
    if "text/html" in data: return raw(f'<div class="shown">{"".join(data["text/html"])}</div>')
    if "text/markdown" in data:
        kind = "api" if about.get("output") == "asis" else "shown"
        return f"\n:::::::: {{.{kind}}}\n{''.join(data['text/markdown'])}\n::::::::\n"
    return raw(f'<pre class="printed"><code>{escape(text.rstrip())}</code></pre>') if text.strip() else ""


def cell_of(cell, place, page):
    "Markdown for one cell; `place` is its number in the page."
    if cell["cell_type"] == "markdown": return source_of(cell)
    about, source = directives(source_of(cell))
    if cell["cell_type"] != "code" or about.get("include") == "false": return ""
    last = source.splitlines()[-1] if source else page["title"]
    alt = about.get("fig-alt", f"Figure made by {last}").strip('"')
    stem = posixpath.join(page["name"].removesuffix(".html") + "_files", "figure-html")
    shown = [] if about.get("output") == "false" else cell.get("outputs", [])
    outputs = [output_of(output, about, f"{stem}/cell-{place}-output-{k}.png", alt)
               for k, output in enumerate(shown, 1)]
    return code_of(source, about) + "".join(outputs)


def markdown_of(page):
    "A page as Markdown, in which blocks of code carry names that the highlighter knows."
    text = "\n\n".join(cell_of(cell, place, page) for place, cell in enumerate(page["cells"], 1))
    return re.sub(r"^(`{3,}) ?(\w+)$", lambda m: f"{m[1]} {NAMES.get(m[2], m[2])}", text, flags=re.M)


# HTML

def relative(name, page): return posixpath.relpath(name, posixpath.dirname(page["name"]) or ".")


def new_address(
    address,  # of a link in a notebook
    page,  # where it stands
    names,  # source → name of the page that is made from it
    host,  # the site's address, which nbdev writes before the pages it links to
):
    "The same link in the built site: to pages, not to notebooks, and without the host."
    path, mark, fragment = address.partition("#")
    if path.startswith(host): return relative(path.removeprefix(host).lstrip("/"), page) + mark + fragment
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page["source"]), path))
    return relative(names[target], page) + mark + fragment if target in names else address


def mend_links(soup, page, names, host):
    for tag, key in (("a", "href"), ("img", "src")):
        for found in soup.find_all(tag, attrs={key: True}): found[key] = new_address(found[key], page, names, host)


def mend_headings(soup):
    "Headings get a link to themselves; their (level, address, text) are the table of contents."
    contents, seen = [], set()
    for heading in soup.find_all(["h2", "h3"], id=True):
        text = heading.get_text()
        if text.rpartition(".")[2] not in seen: contents.append((heading.name, heading["id"], text))
        seen.add(text)
        link = soup.new_tag("a", href=f"#{heading['id']}", **{"class": "mark", "aria-label": f"Link to {text}"})
        heading.append(link)
    return contents


def mend_blocks(soup):
    "What is too wide scrolls by itself, and can be scrolled by keyboard."
    counts = Counter()
    for table in soup.find_all("table"):
        heading = table.find_previous(["h2", "h3", "h4"])
        counts[name := f"Table: {heading.get_text()}" if heading else "Table"] += 1
        name += f", number {counts[name]}" if counts[name] > 1 else ""
        table.wrap(soup.new_tag("div", tabindex="0", role="region", **{"class": "wide", "aria-label": name}))
    for block in [*soup.find_all("pre"), *soup.find_all("math", display="block")]: block["tabindex"] = "0"
    for rule in soup.select(".api hr"): rule.decompose()
    for image in soup.find_all("img", alt=False): image["alt"] = ""


def head_references(soup):
    "The list of what a page cites gets a heading, as Quarto gives it one."
    references = soup.find(id="refs")
    if not references: return
    heading = soup.new_tag("h2", id="references")
    heading.string = "References"
    references.insert_before(heading)


def html_of(page, names, host):
    "The inside of a page and its table of contents."
    options = ["--mathml", "--wrap=preserve", "--citeproc", f"--bibliography={BIBLIOGRAPHY}", "--metadata=link-citations"]
    html = pypandoc.convert_text(markdown_of(page), "html5", format=READER, extra_args=options)
    soup = BeautifulSoup(html, "html.parser")
    head_references(soup)
    mend_links(soup, page, names, host)
    mend_blocks(soup)
    contents = mend_headings(soup)
    return str(soup), contents


def spans_of_code(text):
    "A line of Markdown as HTML, with code where it has backticks."
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def write_page(page, order, sidebar, template, settings):
    "One page of the site."
    names, host = {other["source"]: other["name"] for other in order}, settings.doc_host + settings.doc_baseurl
    body, contents = html_of(page, names, host)
    place = order.index(page)
    html = template.render(
        page=page, body=body, contents=contents, sidebar=sidebar, settings=settings, to=partial(relative, page=page),
        pages_of=pages_of,
        before=order[place - 1] if place else None, after=order[place + 1] if place + 1 < len(order) else None)
    path = SITE / page["name"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


# For programs that read

def printed_text(output):
    "What an output says in words; an empty text for pictures and HTML."
    data = output.get("data", {})
    if output["output_type"] == "stream": return "".join(output["text"])
    if "text/markdown" in data: return "".join(data["text/markdown"])
    return "" if {"image/png", "text/html"} & data.keys() else "".join(data.get("text/plain", ""))


@cache
def literature():
    "What a list of references says of each entry of references.bib, as key → text."
    entries = json.loads(pypandoc.convert_file(str(PROCESSED / "references.bib"), "csljson", format="biblatex"))
    names = lambda entry: ", ".join(name.get("family") or name.get("literal", "") for name in entry.get("author", []))
    place = lambda entry: f"https://doi.org/{entry['DOI']}" if "DOI" in entry else entry.get("URL", "")
    return {entry["id"]: f"{names(entry)} ({entry['issued']['date-parts'][0][0]}). {entry['title']}. {place(entry)}".strip()
            for entry in entries}


def references_of(markdown):
    "The list of what a text cites with @key; no lines without citations."
    keys = [key for key in sorted(literature()) if re.search(rf"@{key}\b", markdown)]
    return ["## References", *(f"- @{key}: {literature()[key]}" for key in keys)] if keys else []


LINK = re.compile(r"(?<=\]\()[^()\s]+(?=\))")  # the address of a link in Markdown


def twin_links(text, page, names, host):
    "A text whose links to pages lead to the Markdown files beside them."
    def twin(match):
        path, mark, fragment = new_address(match[0], page, names, host).partition("#")
        return path + (".md" if path.endswith(".html") and "://" not in path else "") + mark + fragment
    return LINK.sub(twin, text)


def plain_markdown(page, names, host):
    "A page as plain Markdown: texts, code and what it prints, without pictures."
    parts = [f"# {page['title']}", f"> {page['subtitle']}"]
    for cell in page["cells"]:
        about, source = directives(source_of(cell))
        if cell["cell_type"] == "markdown": parts.append(twin_links(source_of(cell), page, names, host))
        if cell["cell_type"] != "code" or about.get("include") == "false": continue
        if source and about.get("echo") != "false": parts.append(f"```python\n{source}\n```")
        text = "\n".join(printed_text(output) for output in cell.get("outputs", [])).strip()
        if text and about.get("output") == "asis": parts.append(twin_links(text, page, names, host))
        elif text: parts.append(f"```\n{text}\n```")
    return "\n\n".join(parts + references_of("\n".join(parts))) + "\n"


def write_for_programs(pages, sidebar):
    "A Markdown file beside each page, and llms.txt, the list of them (https://llmstxt.org)."
    settings = get_config()
    host = settings.doc_host + settings.doc_baseurl
    names = {page["source"]: page["name"] for page in pages}
    for page in pages:
        (SITE / f"{page['name']}.md").write_text(plain_markdown(page, names, host), encoding="utf-8")
    lines = [f"# {settings.title}", "", f"> {settings.description}"]
    for title, part in [(entry[0], entry) if isinstance(entry, tuple) else (entry["title"], entry) for entry in sidebar]:
        lines += ["", f"## {title}", ""]
        lines += [f"- [{page['title']}]({host}/{page['name']}.md): {page['subtitle']}" for page in pages_of([part])]
    (SITE / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


# The site

def read_site():
    "The pages that nbdev has prepared, and the sidebar."
    pages = [read_page(path) for path in sorted(PROCESSED.rglob("*")) if path.suffix in (".ipynb", ".qmd")]
    return pages, sidebar_of(pages)


def process():
    "Nbdev's processors, in a process of its own: its workers start by reading the file that started them."
    shutil.rmtree(PROCESSED, ignore_errors=True)  # nbdev looks at times of notebooks only, not at what processors read
    code = "from nbdev.serve import proc_nbs\nif __name__ == '__main__': proc_nbs(n_workers=2)\n"
    with tempfile.TemporaryDirectory() as folder:
        runner = Path(folder) / "process.py"
        runner.write_text(code, encoding="utf-8")
        subprocess.run([sys.executable, str(runner)], check=True, cwd=ROOT)


def search():
    "The index of the search, over what stands in the pages; a name such as `get_nelbo` is one word."
    subprocess.run([sys.executable, "-m", "pagefind_bin", "--site", str(SITE), "--include-characters", "_",
                    "--silent"], check=True)


def build():
    "The site without Quarto."
    process()
    shutil.rmtree(SITE, ignore_errors=True)
    _, sidebar = read_site()
    order = pages_of(sidebar)
    environment = Environment(loader=FileSystemLoader(LOOK), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["spans_of_code"] = spans_of_code
    write = partial(write_page, order=order, sidebar=sidebar, settings=get_config(),
                    template=environment.get_template("page.html"))
    with ThreadPoolExecutor(2) as pool: list(pool.map(write, order))
    for name in ("images", "fonts"): shutil.copytree(PROCESSED / name, SITE / name)
    for name in ("autoencoder_playground.html", "tables.css", "math.css"): shutil.copy(PROCESSED / name, SITE)
    for name in ("site.css", "site.js"): shutil.copy(LOOK / name, SITE / name)
    search()


CDN_SCRIPTS = re.compile(  # what Quarto adds to pages with HTML outputs, which need none of it
    r"""<script[^>]*src="https?://[^"]*(?:jquery|require)[^"]*"[^>]*></script>\s*|"""
    r"""<script[^>]*>\s*define\('jquery'[^<]*</script>\s*""")


def build_with_quarto():
    "The site as nbdev and Quarto make it, without scripts from other servers; a warning that loses text is an error."
    shutil.rmtree(PROCESSED, ignore_errors=True)
    (ROOT / "README.md").touch()  # nbdev_docs rewrites one that is older than its notebook
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["nbdev_docs"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env={**os.environ, "PATH": programs})
    print(done.stdout, flush=True)
    lost = [line for line in done.stdout.splitlines() if "unclosed" in line.lower() or "shortcode" in line.lower()]
    if done.returncode or lost: sys.exit("\n".join([f"nbdev_docs ended with status {done.returncode}", *lost]))
    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if CDN_SCRIPTS.search(text): path.write_text(CDN_SCRIPTS.sub("", text), encoding="utf-8")


SIGNS = (  # of faults in the text of a page
    ("address in memory", " at 0x"), ("shortcode", "{{<"), ("warning", "Warning:"), ("path of a machine", "site-packages"),
    ("element without its name", "functools.partial("))


def page_faults(html):
    "What a reader of a built page would miss or meet, as (what, where)."
    soup = BeautifulSoup(html, "html.parser")
    main = soup.find("main") or soup
    found = [("picture without a text", str(image)[:80]) for image in main.find_all("img") if not image.get("alt")]
    sources = [tag.get("src") or tag.get("href") for tag in soup.select("script[src], img[src], link[rel=stylesheet][href]")]
    found += [("request to another server", source) for source in sources if re.match(r"(https?:)?//", source)]
    found += [("script that needs RequireJS", script.get_text().strip()[:80]) for script in soup.find_all("script")
              if script.get_text().lstrip().startswith("define(")]
    headings = [heading.get_text().strip("# ") for heading in main.find_all(["h2", "h3"])]
    found += [("heading that stands twice", text) for text in sorted(set(headings)) if headings.count(text) > 1]
    found += [("citation without an entry in references.bib", cited.get_text()) for cited in main.select(".citation")
              if "@" in cited.get_text() or any(name.get_text().endswith("?") for name in cited.find_all("strong"))]
    for script in main.find_all("script"): script.decompose()
    text = main.get_text()
    found += [(what, sign) for what, sign in SIGNS if sign in text]
    for code in main.find_all("code"): code.decompose()
    return found + [("link that shows its Markdown", around) for around in re.findall(r".{0,40}\]\(http.{0,40}", main.get_text())]


def dead_links(path):
    "The links of a Markdown file beside a page that lead to no other such file."
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    addresses = [address.partition("#")[0] for address in LINK.findall(text)]
    return [address for address in addresses if address.endswith((".ipynb", ".html", ".html.md"))
            and "://" not in address and not (path.parent / address).exists()]


def check_site(strict):
    "Print what is wrong with the built pages; if `strict`, end with status 1 if there is anything."
    faults = [(path.relative_to(SITE), *fault) for path in sorted(SITE.rglob("*.html"))
              for fault in page_faults(path.read_text(encoding="utf-8"))]
    faults += [(path.relative_to(SITE), "link to nothing", address) for path in sorted(SITE.rglob("*.html.md"))
               for address in dead_links(path)]
    for fault in faults: print(*fault, sep=": ")
    if faults and strict: sys.exit(f"{len(faults)} faults in the pages of {SITE}")


def serve(port):
    "Show the site until it is interrupted."
    handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"The docs: http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try: server.serve_forever()
        except KeyboardInterrupt: print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preview", action="store_true", help="serve the site once it is built")
    parser.add_argument("--port", type=int, default=0, help="of the preview (default: one that is free)")
    args = parser.parse_args()
    os.chdir(ROOT)
    with_quarto = bool(shutil.which("quarto"))
    (build_with_quarto if with_quarto else build)()
    write_for_programs(*read_site())
    check_site(strict=not with_quarto)  # what Quarto makes of a page cannot be tested without it: there faults are only printed
    print(f"Docs: {SITE / 'index.html'}", flush=True)
    if args.preview: serve(args.port)


if __name__ == "__main__": main()
