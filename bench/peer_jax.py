"""A VAE in JAX with Optax, an epoch compiled into one program: images resident on the device, batches indexed, the
steps in a `lax.scan`."""
import os
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from common import images, looked_at, read_weights, summary


def dense(key, n_in, n_out):
    "Starting weights, uniform within 1/√n_in"
    bound = n_in ** -0.5
    return {"weight": jax.random.uniform(key, (n_in, n_out), minval=-bound, maxval=bound), "bias": jnp.zeros(n_out)}


def linear(layer, x): return x @ layer["weight"] + layer["bias"]


def image_losses(layers, key, x):
    "Negative ELBO of each image in nats, one draw of the code: (B, 784) → (B,)"
    mean, log_std = jnp.split(linear(layers[1], jax.nn.relu(linear(layers[0], x))), 2, axis=-1)
    z = mean + jnp.exp(log_std) * jax.random.normal(key, mean.shape)
    logits = linear(layers[3], jax.nn.relu(linear(layers[2], z)))
    kl = (0.5 * (mean**2 + jnp.exp(2 * log_std) - 1) - log_std).sum(-1)
    return optax.sigmoid_binary_cross_entropy(logits, x).sum(-1) + kl


class Jax:
    def __init__(self, job):
        if job["device"] == "cpu":
            jax.config.update("jax_platforms", "cpu")
            if hasattr(os, "sched_setaffinity"):  # JAX takes a thread for each processor that it may use
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:job["threads"]])
        if job["device"] == "cuda" and jax.default_backend() != "gpu":
            raise NotImplementedError("this JAX sees no GPU")
        self.job, self.optimizer = job, optax.adam(job["learning_rate"])
        self.pixels = {part: jnp.asarray(images(job, part)) for part in ("train", "t10k")}

    def fresh(self):
        hidden, latent = self.job["hidden"], self.job["latent"]
        sizes = ((784, hidden), (hidden, 2 * latent), (latent, hidden), (hidden, 784))
        layers = [dense(key, *size) for key, size in zip(jax.random.split(jax.random.key(0), 4), sizes)]
        return layers, self.optimizer.init(layers)

    def step(self, pixels, state, rows):
        (layers, moments), key = state
        key, noise = jax.random.split(key)
        loss, slope = jax.value_and_grad(lambda ls: image_losses(ls, noise, pixels[rows] / 255.).mean())(layers)
        updates, moments = self.optimizer.update(slope, moments)
        return ((optax.apply_updates(layers, updates), moments), key), loss

    @partial(jax.jit, static_argnums=0, donate_argnums=2)
    def epoch(self, pixels, state):
        "All images once, in random order; the last batch is smaller"
        model, key = state
        key, shuffle = jax.random.split(key)
        order, full = jax.random.permutation(shuffle, len(pixels)), len(pixels) // self.job["batch"] * self.job["batch"]
        step = partial(self.step, pixels)
        state, _ = jax.lax.scan(step, (model, key), order[:full].reshape(-1, self.job["batch"]))
        return step(state, order[full:])[0] if full < len(pixels) else state

    @partial(jax.jit, static_argnums=0)
    def validate(self, layers, key, pixels):
        batches = [pixels[i:i + 1000] / 255. for i in range(0, len(pixels), 1000)]
        return sum(image_losses(layers, key, x).sum() for x in batches) / len(pixels)

    def train(self, epochs):
        state = self.fresh(), jax.random.key(1)
        for number in range(epochs):
            state = self.epoch(self.pixels["train"], state)
            loss = self.validate(state[0][0], jax.random.key(number), self.pixels["t10k"]).item()
        return loss

    def losses(self, weights, draws):
        layers = [{"weight": jnp.asarray(w["weight"].T), "bias": jnp.asarray(w["bias"])} for w in read_weights(weights)]
        x, one = jnp.asarray(looked_at(self.job)), jax.jit(image_losses)
        return summary([np.asarray(one(layers, key, x)) for key in jax.random.split(jax.random.key(2), draws)])
