"""A Bayesian autoencoder 784-256-128-2 of bayesian-torch's reparameterised dense layers: the library draws weights with
every call, so L draws are L passes. Its KL is a mean, which is turned into the sum; it is taken once per step."""
import torch
from bayesian_torch.layers import LinearReparameterization
from torch import nn
from torch.nn import functional as F

from common import N, learn_resident, looked_at, read_weights, summary


class Net(nn.Sequential):
    "Layers in order; where the job asks for it, their products are in bfloat16, and the logits in fp32 again"
    def __init__(self, job, *parts):
        super().__init__(*parts)
        self.job = job

    def forward(self, x):
        with torch.autocast(self.job["device"], torch.bfloat16, enabled=self.job.get("bf16", False)):
            return super().forward(x).float()


class BayesianTorch:
    kind = Net

    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.job, self.sizes = job, [784, *job["sizes"], *job["sizes"][-2::-1], 784]

    def layer(self, n_in, n_out):
        return LinearReparameterization(n_in, n_out, prior_variance=1., posterior_rho_init=self.job["rho"])

    def fresh(self):
        layers = [self.layer(*pair) for pair in zip(self.sizes[:-1], self.sizes[1:])]
        for layer in layers: layer.dnn_to_bnn_flag = True  # the pass returns the output only, so that it can be chained
        self.layers = layers
        code = len(self.job["sizes"]) - 1
        parts = [part for i, layer in enumerate(layers)
                 for part in ([layer] if i in (code, len(layers) - 1) else [layer, nn.Tanh()])]
        return self.kind(self.job, *parts).to(self.job["device"])

    def weight_kl(self):
        "KL(q(W) ‖ p(W)) in nats: the library's means over each tensor, times the number of weights in it"
        total = 0.
        for layer in self.layers:
            weight = layer.mu_weight, layer.rho_weight, layer.prior_weight_mu, layer.prior_weight_sigma
            bias = layer.mu_bias, layer.rho_bias, layer.prior_bias_mu, layer.prior_bias_sigma
            for mu, rho, mean, sd in (weight, bias):
                total = total + mu.numel() * layer.kl_div(mu, F.softplus(rho), mean, sd)
        return total

    def loss(self, net, x):
        misses = sum(F.binary_cross_entropy_with_logits(net(x), x, reduction="sum") for _ in range(self.job["L"]))
        return misses / (self.job["L"] * len(x)) + self.weight_kl() / self.job["n_train"]

    def train(self, epochs):
        net = self.fresh()
        return learn_resident(net, lambda x: self.loss(net, x), self.job, epochs)

    @torch.no_grad()
    def losses(self, weights, draws):
        net, x = self.fresh(), torch.from_numpy(looked_at(self.job)).to(self.job["device"])
        for layer, known in zip(self.layers, read_weights(weights), strict=True): self.fill(layer, known)
        cost = self.weight_kl() / N
        draw = lambda: F.binary_cross_entropy_with_logits(net(x), x, reduction="none").sum(1) + cost
        return summary([draw().tolist() for _ in range(draws)])

    def fill(self, layer, known):
        for name, values in known.items():
            kind, of = name.split("_")
            getattr(layer, f"{'mu' if of == 'mean' else 'rho'}_{kind}").data.copy_(torch.from_numpy(values))
