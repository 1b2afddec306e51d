"""What the benchmark measures: groups of programs that do the same work, and curves of how one program's cost grows."""
import math
from dataclasses import dataclass, field, replace

from vae_nbdev.report.findings import count_noun

# makes `learn` compile its step, whatever it would decide by itself
COMPILED = {"learn": {"compile": True}}
# the same with matrix products in bfloat16, and the loss in fp32
BF16 = {"learn": {"compile": True, "bf16": True}}
# threads sleep while they wait, as those of the commands do
SLEEPING = {"variables": {"OMP_WAIT_POLICY": "PASSIVE"}}


@dataclass
class Spec:
    "A program of a group, and what it is asked in each round"
    label: str  # what a reader of the table sees
    program: str  # module:class in this folder
    arguments: dict  # of the method that is timed
    method: str = "train"
    job: dict = field(default_factory=dict)  # changes to the group's job
    scale: float = 1.  # seconds are multiplied by this where it does a part of the group's work
    fresh: bool = False  # a new process, with nothing compiled yet, in each round
    warm: bool = True  # asked once before the clock starts
    imports: bool = False  # the clock starts with the process, before its imports; only with `fresh`
    busy: bool = False  # beside another process that keeps a core busy
    quiet: str = ""  # the name of the same program under usual conditions, by whose time this one's is divided


@dataclass
class Group:
    "Programs that do the same work; `ours` is the one that the others are divided by"
    title: str
    work: str  # what each of them does in a round
    job: dict
    ours: str
    programs: dict  # name → Spec
    operations: float = None  # in fp32 products, of the whole work: for the share of the peak
    check: tuple = ()  # the programs whose losses must agree before anything is measured
    images: int = None  # images trained on in a round, for µs per image


@dataclass
class Curve:
    "How the cost of one program grows with one argument of its method"
    title: str
    program: str
    method: str
    points: tuple
    job: dict
    arguments: dict = field(default_factory=dict)  # the others
    argument: str = "x"


def vae_job(n, hidden=400, latent=20, **more):
    "The VAE 784-`hidden`-`latent`-`hidden`-784 on n training images"
    return {"architecture": "variational_autoencoder", "hidden": hidden, "latent": latent, "n_train": n,
            "model": {"network": str(hidden), "latent": latent, "activation": "relu"}, **more}


def vae_operations(n, epochs, hidden=400, latent=20):
    "For each weight 6 for a training image (2 forward, 4 backward), and 2 for each of the n/11 validation images"
    weights = 784 * hidden + hidden * 2 * latent + latent * hidden + hidden * 784
    return epochs * weights * (6 * n + 2 * (n // 11))


PEAK = Spec("2048³ matrix products", "products:Products", {}, method="peak")


def dense(n, epochs):
    once = {"epochs": epochs}
    return Group(
        "VAE 784-400-20-400-784", f"{count_noun(epochs, 'epoch')} of {n:,} images, each followed by {n // 11:,} validation images",
        vae_job(n), "learn", {
            "peak": PEAK,
            "learn": Spec("learn, default settings", "ours:Learn", once),
            "compiled": Spec("learn, compiled before the clock", "ours:Learn", once, job=COMPILED),
            "bf16": Spec("learn, compiled, products in bfloat16", "ours:Learn", once, job=BF16),
            "examples": Spec("pytorch/examples recipe", "peer_examples:Recipe", once),
            "pythae": Spec("Pythae BaseTrainer", "peer_pythae:Pythae", once),
            "jax": Spec("JAX and Optax, an epoch in one jit", "peer_jax:Jax", once)},
        vae_operations(n, epochs), ("learn", "bf16", "examples", "pythae", "jax"), epochs * n)


def conditions(title, n, epochs, name, words, **changes):
    "Each program under usual conditions and under others, `changes` of its Spec"
    once = {"epochs": epochs}
    usual = {
        "command": Spec("learn as vae_train calls it", "ours:Command", once, job=SLEEPING),
        "learn": Spec("learn, threads as PyTorch has them", "ours:Learn", once),
        "examples": Spec("pytorch/examples recipe", "peer_examples:Recipe", once),
        "pythae": Spec("Pythae BaseTrainer", "peer_pythae:Pythae", once),
        "jax": Spec("JAX and Optax, an epoch in one jit", "peer_jax:Jax", once)}
    job = changes.pop("job", {})
    others = {f"{key}_{name}": replace(spec, label=f"{spec.label}, {words}", quiet=key, job=spec.job | job, **changes)
              for key, spec in usual.items()}
    return Group(title, f"VAE 784-400-20-400-784, {count_noun(epochs, 'epoch')} of {n:,} images", vae_job(n), "command",
                 {key: program for pair in zip(usual.items(), others.items()) for key, program in pair},
                 None, (), epochs * n)


def busy(n, epochs):
    return conditions("Beside a busy process", n, epochs, "busy", "beside a busy process", busy=True)


def one_core(n, epochs):
    return conditions("One core", n, epochs, "one", "one core", job={"cores": 1, "threads": 1})


def start(n):
    alone = {"fresh": True, "warm": False, "imports": True}
    one = {"epochs": 1}
    return Group(
        "Start-up", f"a new process, its imports, and 1 epoch of {n:,} images", vae_job(n), "command", {
            "command": Spec("learn as vae_train calls it", "ours:Command", one, job=SLEEPING, **alone),
            "examples": Spec("pytorch/examples recipe", "peer_examples:Recipe", one, **alone),
            "pythae": Spec("Pythae BaseTrainer", "peer_pythae:Pythae", one, **alone),
            "jax": Spec("JAX and Optax, an epoch in one jit", "peer_jax:Jax", one, **alone)},
        None, (), n)


def long(n, epochs):
    one = {"epochs": 1}
    return Group(
        "The same over many epochs, compilation included",
        f"{epochs} epochs; programs that do not compile train 1 epoch, and their time counts {epochs} times",
        vae_job(n), "compiled", {
            "peak": PEAK,
            "compiled": Spec(f"learn, compiling, {epochs} epochs from a cold start", "ours:Learn", {"epochs": epochs},
                             job=COMPILED, fresh=True, warm=False),
            "examples": Spec("pytorch/examples recipe", "peer_examples:Recipe", one, scale=epochs),
            "pythae": Spec("Pythae BaseTrainer", "peer_pythae:Pythae", one, scale=epochs),
            "jax": Spec(f"JAX and Optax, {epochs} epochs from a cold start", "peer_jax:Jax", {"epochs": epochs},
                        fresh=True, warm=False)},
        vae_operations(n, epochs), (), epochs * n)


def bayesian(n, L):
    options = {"network": "256-128", "latent": 2, "constant_prior": True, "prior_sd": 1., "initial_sd": 0.02}
    job = {"architecture": "bayesian_autoencoder", "model": options, "sizes": [256, 128, 2], "L": L, "n_train": n,
           "rho": math.log(math.expm1(0.02))}
    once, mixed, rounded = {"epochs": 1}, {"model": options | {"estimator": "mixed"}}, {"bf16": True}
    return Group(
        f"Bayesian autoencoder 784-256-128-2, L = {L}",
        f"1 epoch of {n:,} images with {L} draws of the weights in each step", job, "learn", {
            "learn": Spec("learn, default settings", "ours:Learn", once),
            "compiled": Spec("learn, compiled before the clock", "ours:Learn", once, job=COMPILED),
            "mixed": Spec("learn, compiled, estimator=\"mixed\"", "ours:Learn", once, job=COMPILED | mixed),
            "bf16": Spec("learn, compiled, mixed, products in bfloat16", "ours:Learn", once, job=BF16 | mixed),
            "bayesian_torch": Spec("bayesian-torch layers, plain loop", "peer_bayesian_torch:BayesianTorch", once),
            "bayesian_torch_bf16": Spec("bayesian-torch, products in bfloat16", "peer_bayesian_torch:BayesianTorch", once, job=rounded),
            "blitz": Spec("blitz layers, plain loop", "peer_blitz:Blitz", once),
            "blitz_bf16": Spec("blitz, products in bfloat16", "peer_blitz:Blitz", once, job=rounded)},
        None, ("learn", "mixed", "bf16", "bayesian_torch", "bayesian_torch_bf16", "blitz", "blitz_bf16"), n)


def conv(n, epochs):
    job = {"architecture": "variational_conv_autoencoder", "model": {"network": "10-10-10", "latent": 2},
           "hidden": 10, "latent": 2, "n_train": n}
    once = {"epochs": epochs}
    return Group(
        "Convolutional VAE, 10-10-10 maps, d = 2", f"{count_noun(epochs, 'epoch')} of {n:,} images", job, "learn", {
            "learn": Spec("learn, default settings", "ours:Learn", once),
            "examples": Spec("pytorch/examples recipe, same network", "peer_examples:Recipe", once)},
        None, ("learn", "examples"), epochs * n)


def seeds(n, epochs, S):
    job = {"architecture": "variational_autoencoder", "model": {"network": "128-64", "latent": 2}, "n_train": n}
    all_of_them = {"seeds": S, "epochs": epochs}
    return Group(
        f"{S} seeds of the VAE 784-128-64-2", f"{S} models, {count_noun(epochs, 'epoch')} of {n:,} images each", job, "batch_seeds", {
            "batch_seeds": Spec("as one batched model", "ours_seeds:Seeds", all_of_them, "batch_seeds"),
            "in_turn": Spec("one after the other", "ours_seeds:Seeds", all_of_them, "in_turn"),
            "compiled": Spec("as one batched model, compiled before the clock", "ours_seeds:Seeds", all_of_them, "batch_seeds", COMPILED),
            "in_turn_compiled": Spec("one after the other, compiled before the clock", "ours_seeds:Seeds", all_of_them,
                                     "in_turn", COMPILED),
            "two_processes": Spec("in two processes of one thread", "ours_seeds:Processes", all_of_them, "in_turn")},
        None, (), S * epochs * n)


DECODER = (50, 200, 200, 784)
IWAE = {"architecture": "variational_autoencoder", "model": {"network": "200-200", "latent": 50}, "decoder": DECODER,
        "n_train": 5500}


def importance(images, k):
    operations = images * k * 2 * sum(a * b for a, b in zip(DECODER[:-1], DECODER[1:]))
    return Group(
        f"IWLL({k:,}) of a VAE 784-200-200-50", f"{images:,} test images, {k:,} samples of the code for each",
        IWAE, "iwll", {
            "peak": PEAK,
            "iwll": Spec("importance_log_likelihood, compiled before the clock, as it is for all images", "ours:Importance",
                         {"x": k, "images": images}, "iwll", {"compile": True}),
            "plain": Spec("the same, not compiled", "ours:Importance", {"x": k, "images": images}, "iwll"),
            "products": Spec("its decoder's products alone", "products:Products", {"rows": images * k}, "decoder")},
        operations)


CHAINS, LEAPFROGS, LEAST_PILOT = 16, 10, 50  # as `Annealing` has them


def annealing(images, steps):
    "Each look at a code and its slope takes every product twice, forward and backward"
    looks = images * CHAINS * LEAPFROGS * (steps + max(LEAST_PILOT, steps // 4))
    arguments = {"steps": steps, "images": images}
    return Group(
        "AIS of a VAE 784-200-200-50", f"{images:,} test images, {CHAINS} chains of {steps} temperatures", IWAE, "ais", {
            "peak": PEAK,
            "ais": Spec("ais, compiled before the clock, as it is for many images", "ours:Annealing", arguments, "ais", {"compile": True}),
            "eager": Spec("the same, eager, as for few images", "ours:Annealing", arguments, "ais", {"compile": False})},
        looks * 4 * sum(a * b for a, b in zip(DECODER[:-1], DECODER[1:])))


def curves(few, n, quick):
    some = lambda *points: points[:3] if quick else points
    bayes = {"architecture": "bayesian_autoencoder", "model": {"network": "256-128"}, "n_train": n}
    several = {"architecture": "variational_autoencoder", "model": {"network": "128-64", "latent": 2}, "n_train": few}
    return {
        "width": Curve("hidden units H of a VAE 784-H-20-H-784", "ours:Costs", "width",
                       some(100, 200, 400, 800, 1600, 3200), vae_job(n), {"images": few}),
        "L": Curve("draws L of a Bayesian autoencoder 784-256-128-2", "ours:Costs", "draws",
                   some(1, 2, 5, 10, 20), bayes, {"images": few}),
        "images": Curve("training images of the VAE 784-400-20-400-784", "ours:Costs", "images",
                        some(*(n // part for part in (16, 8, 4, 2, 1))), vae_job(n)),
        "S": Curve("seeds S of the VAE 784-128-64-2 as one batched model", "ours_seeds:Seeds", "batch_seeds",
                   some(1, 2, 4, 8, 16), several, {"epochs": 1}, "seeds"),
        "k": Curve("samples k of IWLL(k), VAE 784-200-200-50, 20 images", "ours:Importance", "iwll",
                   some(50, 500, 5000, 50_000), IWAE, {"images": 20})}


def plan(device, quick):
    "The groups and the curves for a device; `quick` proves that every program works"
    gpu = device == "cuda"
    if quick:
        groups = (dense(5500, 1), long(5500, 2), bayesian(1280, 10), conv(5500, 1), seeds(5500, 1, 8),
                  importance(20, 5000), annealing(20, 4), busy(5500, 1), one_core(5500, 1), start(5500))
    else:
        groups = (dense(55_000, 2), long(55_000, 20), bayesian(55_000 if gpu else 12_800, 10), conv(55_000, 1),
                  seeds(55_000 if gpu else 11_000, 2, 8), importance(1000 if gpu else 200, 5000),
                  annealing(1000 if gpu else 83, 20), busy(55_000, 1), one_core(55_000, 1), start(55_000))
    few, n = (1100, 5500) if quick else (55_000, 55_000) if gpu else (5500, 55_000)
    names = ("dense", "long", "bayesian", "conv", "seeds", "importance", "annealing", "busy", "one_core", "start")
    return dict(zip(names, groups)), curves(few, n, quick)
