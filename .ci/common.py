"Programs that the checks start, and copies of the tree that they work on."
import os, shutil, signal, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
APART = {"__pycache__", "_build", ".ipynb_checkpoints"}  # caches, and what reports have built
FOLDERS = {"nbs", "reports", "vae_nbdev", ".ci"}  # of the root: what notebooks, package and their generators need
running = set()  # ids of processes, each of which leads a group


def stop(process):
    "End a process and what it started; `process`: its id."
    try: os.killpg(process, signal.SIGKILL)
    except ProcessLookupError: pass


def environment(bin, **variables):
    "The variables for a program: one thread, the programs of an environment first; `None` for a variable: without it."
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", **variables}
    env.pop("IN_TEST", None)  # under it nbdev_export does nothing
    return {name: value for name, value in env.items() if value is not None}


def run(
    *command,  # program and arguments
    cwd=ROOT,
    timeout=600,  # seconds
    bin=BIN,  # folder of the environment whose programs come first
    **variables,  # of the environment; None: without it
) -> tuple:  # (exit status, everything printed)
    "Run a command of an environment on one thread, without input; after `timeout` it is stopped with status 124."
    env = environment(bin, **variables)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(list(map(str, command)), cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        running.add(process.pid)
        try: status, note = process.wait(timeout), ""
        except subprocess.TimeoutExpired:
            stop(process.pid)
            process.wait()
            status, note = 124, f"\nstopped after {timeout / 60:g} minutes"
        finally: running.discard(process.pid)
        output.seek(0)
        return status, output.read() + note


def check_command(*command, **options):
    "What is wrong by the word of a command: what it printed, if it failed."
    status, output = run(*command, **options)
    return output or f"exit status {status}" if status else ""


def files_below(path, pattern="*"):
    "Every file of a pattern at or below `path`, without caches and what reports have built."
    found = [path] if path.is_file() else path.rglob(pattern)
    return {file for file in found if file.is_file() and not APART & set(file.relative_to(path).parts)}


def copy_tree(target):
    "Copy the files at the root and the folders that are needed, without what was built."
    shutil.copytree(ROOT, target, ignore=lambda at, names: [
        name for name in names if name in APART
        or Path(at) == ROOT and (Path(at) / name).is_dir() and name not in FOLDERS])
