"""`make bench`: this project's training and evaluation against other programs, interleaved in one run. The measuring
loop and what the results mean are explained in nbs/13_evidence/04_speed.ipynb, which reads the file written here."""
import argparse, json, os, subprocess, sys, tempfile, time
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # so that it also runs where the project is not installed

from plan import plan
from vae_nbdev.core.files import InputError, write_json
from vae_nbdev.data.datasets import DATASETS, load
from vae_nbdev.speed.benchmark import FORMAT, Program, ProgramFailed, disagreement, interleave, ratios, median_and_range
from vae_nbdev.speed.threads import count_cores
from vae_nbdev.core.provenance import provenance
from vae_nbdev.training.settings import pick_device

PEERS = ("pythae", "bayesian-torch", "blitz-bayesian-pytorch", "jax", "jaxlib", "optax")


class Bench:
    "Starts the programs of a run, with the data they need, in one temporary folder"
    def __init__(self, args, folder):
        self.args, self.folder, self.data = args, Path(folder), load(args.dataset, data_dir=args.data_dir)
        self.started = 0

    def images(self, n):
        "The folder of a data set with n training and n/11 validation images, in the layout of torchvision"
        train, valid = self.data.train.images[:n], self.data.valid.images[:max(n // 11, 32)]
        if len(train) < n:
            raise InputError(f"{self.args.dataset} has {len(train):,} training images, {n:,} are needed: use mnist.")
        folder = self.folder / f"images-{n}"
        raw = folder / "MNIST" / "raw"
        if raw.exists(): return folder
        raw.mkdir(parents=True)
        for name, part in (("train", train), ("t10k", valid)):
            sizes = b"".join(size.to_bytes(4, "big") for size in (len(part), 28, 28))
            (raw / f"{name}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + sizes + part.numpy().tobytes())
            labels = len(part).to_bytes(4, "big") + bytes(len(part))
            (raw / f"{name}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + labels)
        return folder

    def start(self, program, job):
        "A program in a new process, with caches of its own: what one compiled, no other finds"
        self.started += 1
        module, name = program.split(":")
        job = {"batch": 128, "learning_rate": 1e-3, "device": self.args.device, "threads": self.args.threads,
               "data": str(self.images(job["n_train"])), **job}
        variables = job.pop("variables", {})
        caches = {name: str(self.folder / f"cache-{self.started}" / name)
                  for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")}
        threads = {name: str(job["threads"]) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))
        return Program([sys.executable, HERE / "worker.py", module, name, json.dumps(job)],
                       {**caches, **threads, **variables, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore",
                        "XLA_PYTHON_CLIENT_PREALLOCATE": "false"})  # JAX would reserve three quarters of a GPU


def say(*words): print(*words, flush=True)


def check_losses(group, programs, folder, draws=200):
    "Give the programs of a group the same weights and images, and stop if their losses differ in distribution"
    names = [name for name in group.check if name in programs]
    if len(names) < 2: return {}
    weights = str(folder / "weights.npz")
    programs[group.ours].call("write_weights", path=weights)
    losses = {name: programs[name].call("losses", weights=weights, draws=draws)["value"] for name in names}
    found = {name: disagreement(losses[group.ours], losses[name], draws) for name in names if name != group.ours}
    for name, apart in found.items():
        say(f"  {name}: same loss (largest difference {apart['z']:.1f} standard errors, spread × {apart['sd']:.2f})")
        if apart["z"] > 5 or not 0.8 < apart["sd"] < 1.25:
            raise ProgramFailed(f"{name} does not compute the same loss as {group.ours}: there is nothing to compare.")
    return found


@contextmanager
def busy_process():
    "Within the block, another process keeps a core busy"
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try: yield
    finally:
        process.kill()
        process.wait()


def asked(bench, group, spec, program):
    "Ask a program for its part of a round; its seconds are for the whole work"
    with busy_process() if spec.busy else nullcontext():
        if not spec.fresh: answer = program.call(spec.method, **spec.arguments)
        else:
            start = time.perf_counter()
            with bench.start(spec.program, group.job | spec.job) as alone:
                answer = alone.call(spec.method, **spec.arguments)
                if spec.imports: answer["seconds"] = time.perf_counter() - start
    return answer | {"seconds": answer["seconds"] * spec.scale}


def run_group(bench, group, rounds):
    "Measure a group: start its programs, compare their losses, warm up, then the rounds"
    say(f"\n{group.title}: {group.work}")
    with ExitStack() as stack:
        programs = {name: stack.enter_context(bench.start(spec.program, group.job | spec.job))
                    for name, spec in group.programs.items()}
        absent = {name: program.absent for name, program in programs.items() if program.absent}
        for name, why in absent.items(): say(f"  {name}: not measured ({why})")
        programs = {name: program for name, program in programs.items() if name not in absent}
        check = check_losses(group, programs, bench.folder)
        for name, program in programs.items():
            if group.programs[name].warm: program.call(group.programs[name].method, **group.programs[name].arguments)
        tasks = {name: lambda name=name: asked(bench, group, group.programs[name], programs[name]) for name in programs}
        answers = interleave(tasks, rounds, lambda number, name, answer: say(
            f"  round {number + 1} of {rounds}  {name:<17} {answer['seconds']:9.3f} s"))
    return as_record(group, answers, absent, check)


def as_record(group, answers, absent, check):
    "A group as it stands in the result"
    programs = {}
    for name, spec in group.programs.items():
        programs[name] = {"label": spec.label}
        if name in absent: programs[name]["absent"] = absent[name]
        else:
            programs[name] |= {"seconds": [round(a["seconds"], 5) for a in answers[name]], "scale": spec.scale,
                               "value": [a["value"] for a in answers[name]], "bytes": answers[name][-1]["bytes"]}
            if spec.quiet: programs[name]["quiet"] = spec.quiet
            if group.ours in answers: programs[name]["ratio"] = ratio_of(answers, name, group.ours)
    return {"title": group.title, "work": group.work, "ours": group.ours, "operations": group.operations,
            "images": group.images, "check": check, "programs": programs}


def ratio_of(answers, name, ours):
    "How many times as long as ours: every round, and their spread"
    found = ratios(*([answer["seconds"] for answer in answers[n]] for n in (name, ours)))
    return {**median_and_range(found), "rounds": found}


def run_curve(bench, curve, rounds):
    "Measure one program at every point, round by round"
    say(f"\n{curve.title}: {', '.join(f'{x:,}' for x in curve.points)}")
    with bench.start(curve.program, curve.job) as program:
        if program.absent:
            say(f"  not measured ({program.absent})")
            return {"title": curve.title, "absent": program.absent}
        ask = lambda x: program.call(curve.method, **{curve.argument: x}, **curve.arguments)
        ask(curve.points[0])
        answers = interleave({x: lambda x=x: ask(x) for x in curve.points}, rounds, lambda number, x, answer: say(
            f"  round {number + 1} of {rounds}  {x:>8,} {answer['seconds']:9.3f} s"))
    seconds = [[round(answer["seconds"], 5) for answer in answers[x]] for x in curve.points]
    return {"title": curve.title, "x": curve.points, "seconds": seconds,
            "bytes": answers[curve.points[-1]][-1]["bytes"]}


def peer_versions():
    found = {}
    for name in PEERS:
        try: found[name] = version(name)
        except PackageNotFoundError: found[name] = None
    return found


def measure(args, folder):
    "The whole run, as it is written"
    device = pick_device(args.device)
    bench, (groups, lines) = Bench(args, folder), plan(args.device, args.quick)
    expected = args.only.split(",") if args.only else [*groups, *lines]
    if unknown := set(expected) - {*groups, *lines}:
        raise InputError(f"nothing is called {', '.join(unknown)} here: there are {', '.join([*groups, *lines])}.")
    about = provenance(device.type)
    about["versions"] |= peer_versions()
    result = {"format": FORMAT, "device": args.device, "date": date.today().isoformat(), **about,
              "threads": args.threads, "dataset": args.dataset, "rounds": args.rounds, "quick": args.quick}
    say(f"{about['hardware']}, {args.threads} threads, {args.rounds} rounds of {', '.join(expected)}")
    result["groups"] = {key: run_group(bench, group, args.rounds) for key, group in groups.items() if key in expected}
    result["curves"] = {key: run_curve(bench, curve, args.rounds) for key, curve in lines.items() if key in expected}
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, help="default: 5, with --quick 2")
    parser.add_argument("--quick", action="store_true", help="a trial with little data, to see that everything works")
    parser.add_argument("--only", help="groups and curves to measure, separated by commas (default: all)")
    parser.add_argument("--dataset", choices=DATASETS, default="mnist")
    parser.add_argument("--data-dir", help="where its files lie; then $VAE_NBDEV_DATA, the user's cache, a download")
    parser.add_argument("--threads", type=int, default=count_cores(), help="default: all that this process may use")
    parser.add_argument("--out", help="default: reports/results/speed_DEVICE.json, of a trial in reports/_build")
    args = parser.parse_args()
    args.rounds = args.rounds or (2 if args.quick else 5)
    place = "_build" if args.quick or args.only else "results"
    args.out = Path(args.out or HERE.parent / "reports" / place / f"speed_{args.device}.json")
    return args


def main():
    args, start = arguments(), time.monotonic()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder: result = measure(args, folder)
        result["minutes"] = round((time.monotonic() - start) / 60, 1)
        write_json(args.out, result)
    except InputError as error: sys.exit(f"bench: {error}")
    except ProgramFailed as error: sys.exit(f"bench: {error}\nNothing was written.")
    except KeyboardInterrupt: sys.exit("bench: stopped. Nothing was written.")
    say(f"\nWrote {args.out} after {result['minutes']} minutes.")


if __name__ == "__main__": main()
