"""Tests the project: runs every notebook, and checks that what is generated from the notebooks is up to date.
Prints one line for each check as it ends and closes with `N passed, N failed`; the exit status is 1 if any failed."""
import argparse, filecmp, importlib, json, re, signal, subprocess, sys, tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import browser, browser_playground, house, requirements, wheel_test
from common import BIN, ROOT, check_command, copy_tree, environment, files_below, run, running, stop

PACKAGE = "vae-nbdev"
OF_THREAD = threading.local()  # its notebook server
TAIL = 60  # lines shown of what a failed check printed


class NotebookServer:
    "A process that runs one notebook at a time, each in a fork: what most of them import is imported once."
    def __init__(self, flags):
        self.process = subprocess.Popen(
            [sys.executable, ".ci/notebook.py", "--serve", "--flags", flags], cwd=ROOT, env=environment(BIN),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        running.add(self.process.pid)

    def answer(self):
        line = self.process.stdout.readline()
        if line: return int(line)
        self.process.wait()
        raise RuntimeError("the process that starts notebooks has ended")

    def run(self, path, timeout):
        "The exit status of a notebook, and everything it printed; after `timeout` seconds it is stopped."
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as output:
            print(json.dumps([str(path), output.name]), file=self.process.stdin, flush=True)
            child = self.answer()
            running.add(child)
            timer = threading.Timer(timeout, stop, [child])
            timer.start()
            status = self.answer()
            note = "" if timer.is_alive() else f"\nstopped after {timeout / 60:g} minutes"
            timer.cancel()
            running.discard(child)
            return status, output.read() + note


def check_notebook(path, flags, timeout):
    "What is wrong with a notebook: its error, or outputs stored by an older version. `nbdev_test` says 'Success.' at its end."
    server = getattr(OF_THREAD, "server", None)
    if not server or server.process.poll() is not None: server = OF_THREAD.server = NotebookServer(flags)
    status, output = server.run(path, timeout)
    # on a line of its own, not at the end: PyTorch may warn about the machine (a CUDA toolkit without a GPU) after it
    if status == 0 and "Success." in output.splitlines(): return ""
    return f"{output}\nnbdev_test and the comparison of outputs ended with status {status}"


def check_generated(
    targets,  # paths in the tree that the commands write
    commands,  # what writes them, each a list of arguments
    remedy,  # what to run when they differ
    from_nothing=True,  # delete the targets first, so that left-over files are found
    pattern="*",  # which files of a folder are generated
):
    "What is wrong with generated files: those that differ when they are generated anew, on a copy of the tree."
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        copy_tree(copy)
        for target in [copy / target for target in targets if from_nothing and (copy / target).exists()]:
            for file in files_below(target, pattern): file.unlink()
        for command in commands:
            status, output = run(*command, cwd=copy)
            if status: return f"{output}\n{' '.join(command)} failed"
        old, new = ({file.relative_to(at) for target in targets for file in files_below(at / target, pattern)}
                    for at in (ROOT, copy))
        changed = {file for file in old & new if not filecmp.cmp(ROOT / file, copy / file, shallow=False)}
    wrong = [*(f"out of date: {file}" for file in sorted(changed)),
             *(f"not there: {file}" for file in sorted(new - old)),
             *(f"made by no notebook (delete it): {file}" for file in sorted(old - new))]
    return "\n".join([*wrong, f"run: {remedy}"]) if wrong else ""


def installed(
    requirement,  # of a package and its extras
    found,  # name → version or None, filled in
    seen,
):
    "Follow a requirement through the metadata of what is installed."
    name, extras = canonicalize_name(requirement.name), requirement.extras | {""}
    if (name, frozenset(extras)) in seen: return
    seen.add((name, frozenset(extras)))
    try: distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        found[name] = None
        return
    found[name] = distribution.version
    for needed in map(Requirement, distribution.requires or []):
        if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            installed(needed, found, seen)


def check_packages():
    "What is wrong with the packages: where those that the project needs are not exactly those of constraints.txt."
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins
              if not pin.marker or pin.marker.evaluate()}
    found = {}
    installed(Requirement(f"{PACKAGE}[dev]"), found, set())
    if found.pop(PACKAGE) is None: return f"{PACKAGE} is not installed; run: make test"
    return "\n".join(f"{name}: installed {found.get(name) or 'no'}, in constraints.txt {pinned.get(name) or 'no'}"
                     for name in sorted(found | pinned) if found.get(name) != pinned.get(name))


def check_workflows():
    "What is wrong with the files for GitHub: those that are no YAML, and actions that are not pinned to a commit."
    wrong = []
    for path in sorted((ROOT / ".github").rglob("*.y*ml")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        try: yaml.safe_load(text)
        except yaml.YAMLError as error: wrong.append(f"{name}: {error}")
        for action in re.findall(r"^\s*-?\s*uses: (.+)", text, re.M):
            if not re.fullmatch(r"\./\S+|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action):
                wrong.append(f"{name}: {action}: name the commit of a release, and its version in a comment")
    return "\n".join(wrong)


def check_citation():
    "What is wrong with the citations: another version than that of the package, or another date than in CHANGELOG.md."
    cited = {"CITATION.cff": lambda text: text, "_quarto.yml": lambda text: text["citation"]}
    cited = {name: part(yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))) for name, part in cited.items()}
    version, released = metadata.version(PACKAGE), cited["CITATION.cff"]["date-released"]
    problems = [f"{name} cites version {found['version']}, and settings.ini has {version}: change it"
                for name, found in cited.items() if found["version"] != version]
    heading = f"## {version} ({released})"
    if heading not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines():
        problems.append(f"CHANGELOG.md has no section '{heading}', as CITATION.cff dates it: change one")
    return "\n".join(problems)


def check_rule(rule):
    "What breaks a rule of the house, a line for each place."
    return "\n".join(rule())


def check_imports():
    "What is wrong with the imports: the package and its commands answer fast only as long as they do not load torch."
    code = "import sys, vae_nbdev, vae_nbdev.commands.train, vae_nbdev.commands.report; sys.exit('they import torch' if 'torch' in sys.modules else 0)"
    return check_command(sys.executable, "-c", code)


def once(check):
    "A check that is made once, whoever asks for it first: a build and the scenarios that need it."
    lock, found = threading.Lock(), []

    def wrong():
        with lock:
            if not found: found.append(check())
        return found[0]
    return wrong


def check_scenario(name, scenario, build, folder, plots):
    "What is wrong with built pages in a browser; a build that failed fails its scenarios."
    if build(): return "not tried: the build failed"
    browser.play(scenario, folder, f"{plots}/{name.replace(' ', '-')}")
    return ""


def browser_checks():
    "Name → check for the built docs, the built report of a study, and the playground."
    python, report = sys.executable, ROOT / "reports" / "_build" / "checked"
    playground = browser_playground.FOLDER
    parts = [("docs", "builds", once(lambda: check_command(python, ".ci/docs.py")), ROOT / "_docs"),
             ("report", "a study builds from the wheel", once(lambda: wheel_test.check_wheel(report)), report),
             ("playground", "builds", once(lambda: check_command(python, ".ci/playground_reference.py", playground)), playground)]
    checks = {f"{kind}: {title}": build for kind, title, build, _ in parts}
    for kind, _, build, folder in parts:
        for name, scenario in importlib.import_module(f"browser_{kind}").SCENARIOS.items():
            checks[f"{kind}: {name}"] = partial(check_scenario, name, scenario, build, folder, kind)
    return checks


def notebooks(folder, recursive):
    "The notebooks that `nbdev_test` would run in a folder."
    hidden = lambda path: any(part.startswith(("_", ".")) for part in path.relative_to(ROOT).parts)
    return sorted(path for path in (ROOT / folder).glob("**/*.ipynb" if recursive else "*.ipynb") if not hidden(path))


def all_checks(flags, timeout):
    "Name → function that gives what is wrong, or an empty text."
    python, generate = sys.executable, ".ci/generate.py"
    checks = {
        "vae_nbdev: as exported from the notebooks": lambda: check_generated(
            ["vae_nbdev"], [["nbdev_export"]], "make export", pattern="*.py"),
        "notebooks: as nbdev_clean leaves them": lambda: check_generated(
            ["nbs", "reports"], [["nbdev_clean"], ["nbdev_clean", "--fname", "reports"]], "make clean-notebooks",
            from_nothing=False),
        "README.md: as nbs/index.ipynb gives it": lambda: check_generated(
            ["README.md", "index_files"], [[python, generate, "readme"]], "make readme"),
        "published_comparison.csv: as the stored results give it": lambda: check_generated(
            ["reports/results/published_comparison.csv"], [[python, generate, "published"]], "make published"),
        "nbs/*.yml, nbs/reference.qmd, nbs/tables.css: current": lambda: check_generated(
            [f"nbs/{name}" for name in ("sidebar.yml", "nbdev.yml", "reference.qmd", "tables.css")],
            [[python, generate, "site"]], "make export"),
        "packages: exactly constraints.txt": check_packages,
        "packages: as imported": requirements.check,
        "packages: pip check": lambda: check_command(python, "-m", "pip", "check"),
        "imports: no torch before it is needed": check_imports,
        ".github: valid, actions pinned": check_workflows,
        "CITATION.cff and _quarto.yml: version and date of the package": check_citation,
        "vae_nbdev: ruff": lambda: check_command(python, "-m", "ruff", "check", "--config", ".ci/ruff.toml", "vae_nbdev"),
    }
    checks["checks: find what is wrong"] = lambda: check_command(python, ".ci/self_test.py")
    checks |= {f"house: {title}": partial(check_rule, rule) for title, rule in house.RULES.items()}
    for folder, recursive in [("nbs", True), ("reports", False)]:
        found = notebooks(folder, recursive)
        if not found: checks[f"{folder}: has notebooks"] = lambda at=folder: f"there is no notebook in {at}/"
        for path in found:
            checks[str(path.relative_to(ROOT))] = lambda path=path: check_notebook(path, flags, timeout)
    return checks | browser_checks()


def timed(check):
    "Run a check: what is wrong, and the seconds it took."
    start = time.monotonic()
    try: wrong = check()
    except Exception as error: wrong = f"{type(error).__name__}: {error}"
    return wrong, time.monotonic() - start


def run_checks(checks, workers):
    "Run the checks, a line for each as it ends; the number that failed."
    failed = 0
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(timed, check): name for name, check in checks.items()}
        try:
            for future in as_completed(futures):
                wrong, seconds = future.result()
                failed += bool(wrong)
                print(f"{'FAIL' if wrong else 'PASS'} {seconds:5.1f}s {futures[future]}", flush=True)
                if wrong: print(*(f"    {line}" for line in wrong.rstrip().splitlines()[-TAIL:]), sep="\n", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running): stop(process)
            raise
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only the checks with TEXT in their printed name")
    parser.add_argument("--flags", default="", help="also run cells with these flags, such as 'slow' or 'slow cuda'")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="checks run at a time (default: 2)")
    parser.add_argument("--timeout", type=float, default=15, help="minutes a notebook may take (default: 15)")
    args = parser.parse_args()
    checks = {name: check for name, check in all_checks(args.flags, args.timeout * 60).items() if args.only in name}
    if not checks: checks = {"checks": lambda: f"no check has '{args.only}' in its name"}
    failed = run_checks(checks, args.jobs)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return int(failed > 0)


def handle_signals():
    "End at SIGINT, SIGTERM and SIGHUP. Tests inherit what is ignored, and some send it: a SIGHUP ignored by nohup is caught."
    hangup_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        ignore = number == signal.SIGHUP and hangup_ignored
        signal.signal(number, lambda number, _, ignore=ignore: None if ignore else sys.exit(128 + number))


if __name__ == "__main__":
    handle_signals()
    sys.exit(main())
