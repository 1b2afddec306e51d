"""Writes the playground into a folder, and beside it what it must compute, by the package's own models in float64: for
every model its starting weights, the images and random numbers of each step, and the terms and weights that PyTorch
gets from them."""
import json, sys
from pathlib import Path

import numpy as np
import torch

from vae_nbdev.core.randomness import make_generator, random_numbers
from vae_nbdev.data.batches import Batch
from vae_nbdev.data.datasets import read_native_digits
from vae_nbdev.models.adversarial_autoencoder import AdversarialAutoencoder
from vae_nbdev.models.bayesian_autoencoder import BayesianAutoencoder
from vae_nbdev.models.denoising_autoencoder import DenoisingAutoencoder
from vae_nbdev.models.importance_weighted_autoencoder import ImportanceWeightedAutoencoder
from vae_nbdev.models.plain_autoencoder import PlainAutoencoder
from vae_nbdev.models.variational_autoencoder import VariationalAutoencoder
from vae_nbdev.playground import build_playground

STEPS, BATCH_SIZE, RATE, VALIDATION, N_TRAIN = 50, 20, 0.003, 100, 1197
MODELS = {  # name in the playground → class, and the options of both sides
    "plain": (PlainAutoencoder, {}),
    "denoising": (DenoisingAutoencoder, {"corruption_level": 0.3}),
    "variational": (VariationalAutoencoder, {"beta": 2.0}),
    "importance": (ImportanceWeightedAutoencoder, {"k": 4}),
    "bayesian": (BayesianAutoencoder, {}),
    "adversarial": (AdversarialAutoencoder, {}),
}


class NumberRecorder:
    "Stands in for a generator, and keeps the numbers of every call"
    def __init__(self, generator): self.generator, self.numbers = generator, []

    def draw(self, distribution, shape, like):
        self.numbers.append(random_numbers(distribution, shape, self.generator, like))
        return self.numbers[-1]

    def take(self):
        "The numbers of the calls since the last one, as lists"
        taken, self.numbers = [n.flatten().tolist() for n in self.numbers], []
        return taken


def weights(model): return {name: p.detach().flatten().tolist() for name, p in model.named_parameters()}


def floats(terms): return {name: float(value) for name, value in terms.items() if name != "gain"}


def bayesian_priors(model): return [m for m in model.modules() if hasattr(m, "log_prior_sd")]


def reference(
    name,  # a key of `MODELS`
    network="16-8",  # hidden sizes
):
    "A training of `STEPS` steps by PyTorch, as what goes in and what must come out."
    kind, options = MODELS[name]
    images = torch.from_numpy(read_native_digits()[0].astype(np.float64)) / 16
    model = kind(network=network, latent=2, n_pixels=64, seed=3, **options).double().train()
    model.n_train = N_TRAIN
    with torch.no_grad():  # off its optimum, where the gradient is a difference of equal numbers
        for layer in bayesian_priors(model): layer.log_prior_sd += 0.1
    optimizers, recorder = model.optimizers(RATE), NumberRecorder(make_generator(0, "playground"))
    hidden = [int(size) for size in network.split("-")]
    case = {"start": weights(model), "steps": [], "options": {
        "model": name, "hidden": hidden, "rate": RATE, "nTrain": N_TRAIN, **options}}
    for step in range(STEPS):
        x = images[step * BATCH_SIZE:][:BATCH_SIZE]
        terms = floats(model.update(Batch(x, None), optimizers, 1, recorder))
        case["steps"].append({"x": x.flatten().tolist(), "numbers": recorder.take(), "terms": terms})
    x = images[-VALIDATION:]
    with torch.no_grad(): terms = floats(model.eval().validation_terms(Batch(x, None), 1, recorder)._asdict())
    case["validation"] = {"x": x.flatten().tolist(), "numbers": recorder.take(), "terms": terms}
    return case | {"end": weights(model)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    build_playground(folder / "index.html")
    (folder / "cases.json").write_text(json.dumps([reference(name) for name in MODELS]), encoding="utf-8")
