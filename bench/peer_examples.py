"""The recipe of pytorch/examples (vae/main.py): torchvision's ToTensor, a DataLoader, eager steps with Adam, and the
loss read after every step. Its likelihood is the cross-entropy of all programs here; it saves no pictures."""
import torch
from torch import nn, optim
from torch.nn import functional as F
from torchvision import datasets, transforms

from common import looked_at, read_weights, summary


class DenseVAE(nn.Module):
    "784-400-20-400-784, ReLU"
    def __init__(self, hidden, latent):
        super().__init__()
        self.fc1 = nn.Linear(784, hidden)
        self.fc21, self.fc22 = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.fc3, self.fc4 = nn.Linear(latent, hidden), nn.Linear(hidden, 784)

    def body(self): return [self.fc1, (self.fc21, self.fc22), self.fc3, self.fc4]

    def encode(self, x):
        h = F.relu(self.fc1(x.view(-1, 784)))
        return self.fc21(h), self.fc22(h)

    def decode(self, z): return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)), mu, logvar


class ConvVAE(DenseVAE):
    "Three 3×3 convolutions of 10 maps with stride 2 (28 → 14 → 7 → 4), and the same back; leaky ReLU"
    def __init__(self, hidden, latent):
        nn.Module.__init__(self)
        act = nn.LeakyReLU(0.2)
        self.down = nn.Sequential(nn.Conv2d(1, hidden, 3, 2, 1), act, nn.Conv2d(hidden, hidden, 3, 2, 1), act,
                                  nn.Conv2d(hidden, hidden, 3, 2, 1), act, nn.Flatten())
        self.fc21, self.fc22 = nn.Linear(16 * hidden, latent), nn.Linear(16 * hidden, latent)
        up = [nn.ConvTranspose2d(hidden, n, 3, 2, 1, output_padding=extra)
              for n, extra in ((hidden, 0), (hidden, 1), (1, 1))]
        self.up = nn.Sequential(nn.Linear(latent, 16 * hidden), act, nn.Unflatten(1, (hidden, 4, 4)),
                                up[0], act, up[1], act, up[2], nn.Flatten())

    def body(self): return [*self.down[:5:2], (self.fc21, self.fc22), self.up[0], *self.up[3:8:2]]

    def encode(self, x):
        h = self.down(x.view(-1, 1, 28, 28))
        return self.fc21(h), self.fc22(h)

    def decode(self, z): return torch.sigmoid(self.up(z))


def loss_function(recon_x, x, mu, logvar, reduction="sum"):
    bce = F.binary_cross_entropy(recon_x, x.view(-1, 784), reduction=reduction)
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld.sum() if reduction == "sum" else bce.sum(1) + kld.sum(1)


class Recipe:
    kinds = {"variational_autoencoder": DenseVAE, "variational_conv_autoencoder": ConvVAE}

    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.job, self.device = job, torch.device(job["device"])
        kwargs = {"num_workers": 1, "pin_memory": True} if job["device"] == "cuda" else {}
        self.loaders = [torch.utils.data.DataLoader(
            datasets.MNIST(job["data"], train=train, transform=transforms.ToTensor()),
            batch_size=job["batch"], shuffle=True, **kwargs) for train in (True, False)]

    def fresh(self): return self.kinds[self.job["architecture"]](self.job["hidden"], self.job["latent"]).to(self.device)

    def train(self, epochs):
        model, (train_loader, test_loader) = self.fresh(), self.loaders
        optimizer = optim.Adam(model.parameters(), lr=self.job["learning_rate"])
        for epoch in range(1, epochs + 1):
            model.train()
            train_loss = 0
            for batch_idx, (data, _) in enumerate(train_loader):
                data = data.to(self.device)
                optimizer.zero_grad()
                loss = loss_function(*self.with_input(model, data))
                loss.backward()
                train_loss += loss.item()
                optimizer.step()
                if batch_idx % 10 == 0: print(f"Epoch {epoch} [{batch_idx}] {loss.item() / len(data):.4f}")
            model.eval()
            with torch.no_grad():
                test_loss = sum(loss_function(*self.with_input(model, data.to(self.device))).item()
                                for data, _ in test_loader) / len(test_loader.dataset)
            print(f"Epoch {epoch} {train_loss / len(train_loader.dataset):.4f} {test_loss:.4f}")
        return test_loss

    def with_input(self, model, data):
        recon, mu, logvar = model(data)
        return recon, data, mu, logvar

    @torch.no_grad()
    def losses(self, weights, draws):
        model, x = self.fresh(), torch.from_numpy(looked_at(self.job)).to(self.device)
        fill(model.body(), read_weights(weights))
        return summary([loss_function(*self.with_input(model, x), reduction="none").tolist() for _ in range(draws)])


def fill(layers, weights):
    "Give torch layers our weights; a pair of layers gets the halves of one of ours, log σ doubled to log σ²"
    for layer, known in zip(layers, weights, strict=True):
        weight, bias = (torch.from_numpy(known[name]) for name in ("weight", "bias"))
        if isinstance(layer, tuple):
            for one, w, b, factor in zip(layer, weight.chunk(2), bias.chunk(2), (1, 2)):
                one.weight.data.copy_(factor * w), one.bias.data.copy_(factor * b)
        else: layer.weight.data.copy_(weight), layer.bias.data.copy_(bias)
