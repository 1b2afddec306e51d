"""Runs a notebook as `nbdev_test` does, and compares what its cells print with what is stored in them; or, with
`--store`, runs it in Jupyter and stores its outputs. With `--serve` it runs the notebooks that are named on its input,
each in a process of its own that need not import what most notebooks import."""
import argparse, importlib, json, os, re, sys, tempfile
from pathlib import Path

import nbdev.test
import nbformat
from execnb.shell import CaptureShell
from nbconvert.preprocessors import CellExecutionError, CoalesceStreamsPreprocessor, ExecutePreprocessor
from nbdev.config import get_config

from vae_nbdev.core.notebooks import use_own_kernel

from common import ROOT

IMPORTED_FIRST = ("torch", "torchvision", "matplotlib.pyplot", "scipy.stats", "pandas", "sklearn.datasets")  # by `--serve`
SHOWN = 60  # characters of two outputs that differ
HASH = r"(?<![a-z0-9])(?=[a-f]*\d)[0-9a-f]{6,}(?![a-z0-9])\+?"  # of a commit with changes: +
CAPTION = re.compile(r'<(?:p class="caption"|figcaption)[^>]*>(.*?)</(?:p|figcaption)>', re.S)  # of a table or a figure
# what may differ between machines and commits: addresses and hashes, numbers, space and the rules of tables
VARYING = re.compile(rf"0x[0-9a-f]+|{HASH}|[−+-]?\d[\d,.]*(e[−+-]?\d+)?|[\s|:─-]+")


class RecordingShell(CaptureShell):
    "Keeps the cells of the notebook that it runs, with their new outputs; `None` for those that are not run."
    cells = []

    def run_all(self, notebook, **options):
        RecordingShell.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in self.cells: cell.outputs = None
        super().run_all(notebook, **options)


def is_picture(output):
    "Whether an output is a picture or a page: its plain text says nothing."
    return any(kind.startswith("image/") or kind == "text/html" for kind in output.get("data", {}))


def joined(text):
    "A text that a notebook may hold as lines."
    return text if isinstance(text, str) else "".join(text)


def printed(outputs):
    "What a cell prints and shows as text, and the captions of pages; no pictures, and nothing that it writes to stderr."
    texts = []
    for output in outputs:
        data = output.get("data", {})
        texts += [re.sub("<[^>]+>", " ", caption) for caption in CAPTION.findall(joined(data.get("text/html", "")))]
        if output.get("name") != "stderr" and not is_picture(output):
            texts.append(joined(data.get("text/markdown") or data.get("text/plain") or output.get("text") or ""))
    return "".join(texts)


def words(text):
    "A text without what differs between machines: numbers, and the spaces around them."
    return " ".join(VARYING.sub(" ", text).split())


def difference(stored, new):
    "Where two outputs begin to differ in their words, or an empty text."
    old_words, new_words = words(printed(stored)), words(printed(new))
    if old_words == new_words: return ""
    pairs = enumerate(zip(old_words, new_words))
    first = next((i for i, (old, now) in pairs if old != now), min(len(old_words), len(new_words)))
    start = max(first - SHOWN // 2, 0)
    shown = [text[start:start + SHOWN] for text in (old_words, new_words)]
    return f"'{shown[0]}' is stored, '{shown[1]}' is what it prints now"


def outdated(path):
    "The cells that print other words than are stored in them, a line for each; nothing for a notebook without outputs."
    stored = {cell.id: cell.outputs for cell in nbformat.read(path, 4).cells if is_compared(cell)}
    if not any(stored.values()): return []
    ran = [cell for cell in RecordingShell.cells if cell.outputs is not None and cell.id in stored]
    found = {cell.id: difference(stored[cell.id], cell.outputs) for cell in ran}
    return [f"{name}: {text}" for name, text in found.items() if text]


def check(path, flags):
    "Run a notebook; end with status 1 if a cell fails, or prints other words than are stored in it."
    nbdev.test.nbdev_test(path=str(path), flags=flags)
    if wrong := outdated(path):
        name = path.resolve().relative_to(ROOT)
        sys.exit("\n".join([*wrong, f"store its outputs anew: make outputs NOTEBOOK={name}"]))


def is_compared(cell):
    "Whether a cell should print the same words everywhere: not with `varying`, nor with the flag of a long cell."
    return cell.cell_type == "code" and not is_skipped(cell) and not re.search(r"^#\|\s*varying\b", cell.source, re.M)


def is_skipped(cell, run_flags=()):
    "Whether a test leaves a cell out: it has a flag of settings.ini that is not to be run, or `eval: false`, or exports."
    flags = [re.escape(flag) for flag in get_config().tst_flags.split() if flag not in run_flags]
    directives = "|".join([*flags, r"eval:\s*false"])
    return bool(re.search(rf"^#\|\s*({directives})\b", cell.source, re.M)) or "nbdev_export(" in cell.source


def store_outputs(path, flags=""):
    "Run a notebook and store its outputs but stderr, which names folders; cells that tests leave out keep theirs."
    notebook = nbformat.read(path, 4)
    left_out = [cell for cell in notebook.cells if cell.cell_type == "code" and is_skipped(cell, flags.split())]
    kept = {cell.id: (cell.source, cell.outputs) for cell in left_out}
    for cell in notebook.cells:
        if cell.id in kept: cell.source = ""
    resources = {"metadata": {"path": str(path.parent)}}
    with tempfile.TemporaryDirectory() as folder:
        use_own_kernel(folder)  # and not a kernel `python3` that the developer has installed
        try: ExecutePreprocessor(timeout=None, kernel_name="python3").preprocess(notebook, resources)
        except CellExecutionError as error: sys.exit(f"{path} is left as it was: {error}")
    CoalesceStreamsPreprocessor().preprocess(notebook, resources)  # one output for the lines that a cell prints
    for cell in notebook.cells:
        if cell.cell_type == "code": cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        if cell.id in kept: cell.source, cell.outputs = kept[cell.id]
    nbformat.write(notebook, path)


def become(output):
    "In a process that was just forked: lead a group, read nothing, and write everything into a file."
    os.setsid()
    for number, name, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY), (2, output, os.O_WRONLY | os.O_APPEND)):
        opened = os.open(name, mode)
        os.dup2(opened, number)
        os.close(opened)


def serve(flags):
    "For each line `[notebook, output]` on the input: run the notebook in a fork; print its process, then its status."
    for name in IMPORTED_FIRST: importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        path, output = json.loads(line)
        if not (child := os.fork()):
            become(output)
            return check(Path(path), flags)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=Path, nargs="*", metavar="notebook")
    parser.add_argument("--serve", action="store_true", help="run those that are named on the input")
    parser.add_argument("--flags", default="", help="also run cells with these flags, such as 'slow'")
    parser.add_argument("--store", action="store_true", help="store the outputs in place of comparing them")
    args = parser.parse_args()
    for path in args.paths:
        if not path.is_file(): parser.exit(2, f"There is no notebook {path}.\n")
    nbdev.test.CaptureShell = RecordingShell
    if args.serve: serve(args.flags)
    for path in args.paths:
        if args.store: store_outputs(path, args.flags)
        else: check(path, args.flags)


if __name__ == "__main__": main()
