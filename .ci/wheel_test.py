"""The wheel as a user gets it: what it holds, and a study that is run from it, in an environment and a folder of its
own. The other packages are those of this environment, so that PyTorch is not installed twice."""
import json, shutil, sys, sysconfig, tempfile
from pathlib import Path

import requirements
from common import ROOT, copy_tree, files_below, run

PACKAGE, REPORT_FILES = "vae_nbdev", "vae_nbdev/report_files"
NOT_PACKAGED = {"results"}  # folders of reports/ that only this project's own pages need
BASE_IMPORTS = "import vae_nbdev.all, vae_nbdev.commands.report, vae_nbdev.training.loop, vae_nbdev.studies.spec"
EXTRA = "vae-nbdev[report]"
WHERE = "import sys, vae_nbdev; sys.exit(not vae_nbdev.__file__.startswith(sys.prefix) and vae_nbdev.__file__)"


class WheelError(Exception): "What is wrong with the wheel"


def succeed(*command, **options):
    "Run a command and give what it printed; raises `WheelError` with that if it fails."
    status, output = run(*command, **options)
    if status: raise WheelError(f"{' '.join(map(str, command))}\n{output}")
    return output


def build(folder):
    "Build the wheel from a copy of the tree, where no earlier build has left files; its path."
    copy_tree(folder / "tree")
    succeed(sys.executable, "-m", "pip", "wheel", folder / "tree", "--no-deps", "--no-build-isolation", "--no-index",
            "--quiet", "--wheel-dir", folder)
    return next(folder.glob("*.whl"))


def packaged():
    "What a wheel should hold, except for its metadata: the package, and of `reports` all but the results."
    names = {file.relative_to(ROOT).as_posix() for file in files_below(ROOT / PACKAGE)}
    reports = {file.relative_to(ROOT / "reports") for file in files_below(ROOT / "reports")}
    return names | {f"{REPORT_FILES}/{file.as_posix()}" for file in reports if file.parts[0] not in NOT_PACKAGED}


def check_contents(root):
    "Compare what is installed below `root` with what a wheel should hold."
    expected, found = packaged(), {file.relative_to(root).as_posix() for file in files_below(root / PACKAGE)}
    wrong = [*(f"not in the wheel (name it in setup.py): {name}" for name in sorted(expected - found)),
             *(f"in the wheel, but no part of the package: {name}" for name in sorted(found - expected))]
    tops = {path.name for path in root.iterdir() if not path.name.endswith((".dist-info", ".pth")) and path.name != "__pycache__"}
    wrong += [f"in the wheel, beside the package: {name}" for name in sorted(tops - {PACKAGE})]
    if wrong: raise WheelError("\n".join(wrong))


def start(programs, *command, cwd, **options):
    "Run a command of the environment; data files of Jupyter's packages, such as page templates, are those of this one."
    data = Path(sys.prefix, "share", "jupyter")
    return run(*command, cwd=cwd, bin=programs, PYTHONPATH=None, JUPYTER_PATH=str(data), **options)


def install(wheel, folder):
    "Make an environment with the wheel and, behind it, the packages of this one; its folder of programs."
    succeed(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    succeed(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    root = Path(succeed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    check_contents(root)
    # the line adds the folder alone: the .pth files in it, such as that of this tree's own package, are not followed
    (root / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python.parent


def check_base(programs):
    "From the wheel, training and evaluation are imported without the extras, and a report names the one it lacks."
    names = [name for extra in requirements.EXTRAS for name in requirements.required(extra)]
    absent = f"import sys; sys.modules.update(dict.fromkeys({names!r})); "
    for code in (WHERE, absent + BASE_IMPORTS):
        status, output = start(programs, programs / "python", "-c", code, cwd=programs)
        if status: raise WheelError(f"{code}\n{output}")
    report = absent + "sys.argv = ['vae_report', 'quick', '--epochs', '1']; from vae_nbdev.commands.report import vae_report; vae_report()"
    status, output = start(programs, programs / "python", "-c", report, cwd=programs)
    if status != 2 or output.count("\n") != 1 or EXTRA not in output:
        raise WheelError(f"without the extra, vae_report does not name {EXTRA} in one line (status {status}): {output}")


def run_study(programs, empty, out):
    "Build the report of a short study of all architectures from an empty folder, which stays empty."
    empty.mkdir()
    shutil.rmtree(out, ignore_errors=True)
    command = programs / "vae_report", "quick", "--epochs", "1", "--out", out
    status, output = start(programs, *command, cwd=empty, timeout=1800)
    if status: raise WheelError(output or f"vae_report ended with status {status}")
    if left := [path.name for path in empty.iterdir()]: raise WheelError(f"vae_report wrote into the current folder: {left}")
    results = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in out.glob("runs/*/result.json")}
    outside = [name for name, result in results.items() if result.get("commit")]
    if outside: raise WheelError(f"not by the wheel's package, but by that of a repository: {outside}")


def check_wheel(out):
    "What is wrong with the wheel: with its contents, its imports, or the report of a study made by it in `out`."
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        try:
            programs = install(build(folder), folder / "env")
            check_base(programs)
            run_study(programs, folder / "empty", out)
        except WheelError as error: return str(error)
    return ""
