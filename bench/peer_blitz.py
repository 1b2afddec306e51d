"""The same Bayesian autoencoder of blitz's dense layers, with blitz's own `sample_elbo`: L passes, and for each of them
the divergence of the weights estimated from the drawn ones."""
import torch
from blitz.modules import BayesianLinear
from blitz.utils import variational_estimator
from torch.nn import functional as F

from common import N, looked_at, read_weights, summary
from peer_bayesian_torch import BayesianTorch, Net


@variational_estimator
class BlitzNet(Net): pass


def misses(logits, x):
    "Negative log-likelihood in nats, the mean over the batch"
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


class Blitz(BayesianTorch):
    kind = BlitzNet

    def layer(self, n_in, n_out):
        prior = torch.distributions.Normal(*torch.tensor([0., 1.], device=self.job["device"]))
        return BayesianLinear(n_in, n_out, prior_dist=prior, posterior_rho_init=self.job["rho"])

    def loss(self, net, x): return net.sample_elbo(x, x, misses, self.job["L"], 1 / self.job["n_train"])

    @torch.no_grad()
    def losses(self, weights, draws):
        net, x = self.fresh(), torch.from_numpy(looked_at(self.job)).to(self.job["device"])
        for layer, known in zip(self.layers, read_weights(weights), strict=True): self.fill(layer, known)
        draw = lambda: F.binary_cross_entropy_with_logits(net(x), x, reduction="none").sum(1)
        return summary([(draw() + net.nn_kl_divergence() / N).tolist() for _ in range(draws)])

    def fill(self, layer, known):
        for name, values in known.items():
            getattr(layer, name.replace("mean", "mu")).data.copy_(torch.from_numpy(values))
