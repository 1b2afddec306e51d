"""This project's programs: `learn` as a user calls it, several seeds at once, and IWLL."""
import inspect, tempfile

import numpy as np
import torch

from common import N, images, looked_at, summary
from vae_nbdev.evaluation import benchmark  # noqa: F401  (it attaches `benchmark`)
from vae_nbdev.evaluation.ais import ais
from vae_nbdev.training import loop  # noqa: F401  (it attaches `learn`)
from vae_nbdev.nn.registry import make_model
from vae_nbdev.data.datasets import Dataset
from vae_nbdev.data.batches import Split
from vae_nbdev.core.randomness import make_generator
from vae_nbdev.speed.threads import choose_threads, use_threads
from vae_nbdev.nn.priors import StandardNormal
from vae_nbdev.evaluation.importance import importance_log_likelihood
from vae_nbdev.nn.layers import find_layers
from vae_nbdev.training.settings import TrainingSettings


class Learn:
    "`learn` with its defaults: progress bar, TensorBoard and checkpoints on"
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.job, self.settings = job, job.get("learn", {})
        if self.settings.get("compile"): from torch._inductor import compile_fx  # noqa: F401  (an import, and those are not timed)
        parts = [Split(torch.from_numpy(images(job, part))) for part in ("train", "t10k", "t10k")]
        self.data = Dataset("mnist", "grey", *parts)
        if missing := set(self.settings) - set(inspect.signature(self.model().learn).parameters):
            raise NotImplementedError(f"learn has no argument {', '.join(sorted(missing))}")

    def model(self, seed=0, **changes):
        return make_model(self.job["architecture"], seed=seed, **self.job["model"] | changes)

    def learn(self, model, epochs, data=None, folder=None, **changes):
        given = {"epochs": epochs, "batch_size": self.job["batch"], "learning_rate": self.job["learning_rate"],
                 "mc_samples": self.job.get("L"), "device": self.job["device"], "folder": folder}
        return model.learn(data or self.data, **given | self.settings | changes)[-1]["valid"]["nelbo"]

    def train(self, epochs):
        with tempfile.TemporaryDirectory() as folder: return self.learn(self.model(), epochs, folder=folder)

    def write_weights(self, path):
        "Starting weights, for every program to compute its loss with"
        model = self.model()
        model.init_from_data(self.data.train)
        np.savez(path, **{f"{i}.{name}": p.detach().numpy() for i, layer in enumerate(find_layers(model))
                          for name, p in layer.named_parameters()})

    @torch.no_grad()
    def losses(self, weights, draws):
        model, generator = self.model(), make_generator(0, "losses")
        model.init_from_data(self.data.train)
        model.n_train, x = N, torch.from_numpy(looked_at(self.job))
        settings = TrainingSettings(bf16=self.settings.get("bf16", False))

        def draw():
            with settings.autocast(x.device): logits, q = model.train().feedforward(x, 1, generator)
            kl_z, kl_w = model.get_kl(q)
            return (kl_z + kl_w - model.get_ll(x, logits)[0]).tolist()
        return summary([draw() for _ in range(draws)])


class Command(Learn):
    "`learn` with as many threads as `vae_train` takes"
    def train(self, epochs):
        with use_threads(choose_threads("auto", self.model().count_parameters(), self.job["batch"])):
            return super().train(epochs)


class Costs(Learn):
    "An epoch of `learn` as one number grows; it writes no files, so that the mathematics shows"
    def some(self, n):
        valid = Split(self.data.valid.images[:n // 11])
        return Dataset("mnist", "grey", Split(self.data.train.images[:n]), valid, valid)

    def width(self, x, images): self.learn(self.model(network=str(x)), 1, self.some(images))
    def draws(self, x, images): self.learn(self.model(), 1, self.some(images), mc_samples=x)
    def images(self, x): self.learn(self.model(), 1, self.some(x))


class Importance(Learn):
    "IWLL(k) of a decoder 50-200-200-784"
    def iwll(self, x, images):
        model = self.model().to(self.job["device"])
        some = Split(self.data.test.images[:images]).to(self.job["device"])
        found = importance_log_likelihood(model, some, k=x, compile=self.job.get("compile"))
        return found.log_likelihood[x].mean().item()


class Annealing(Learn):
    "AIS with a decoder 50-200-200-784"
    def ais(self, steps, images):
        model = self.model().to(self.job["device"])
        found = ais(model, self.data.test.batch(slice(0, images)).x, StandardNormal(model.latent), steps=steps,
                    compile=self.job["compile"])
        return found.estimate.mean().item()
