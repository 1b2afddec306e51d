"""Pythae's VAE and BaseTrainer with the same network: its encoder and decoder are written against Pythae's interface,
everything else (loader, loop, progress bar, best model) is Pythae's own. It writes its final model, no checkpoints."""
import tempfile

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import nn

from common import images, looked_at, read_weights, summary
from peer_examples import fill


class Encoder(BaseEncoder):
    def __init__(self, hidden, latent):
        super().__init__()
        self.hidden = nn.Linear(784, hidden)
        self.mean, self.log_var = nn.Linear(hidden, latent), nn.Linear(hidden, latent)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_var(h))


class Decoder(BaseDecoder):
    def __init__(self, hidden, latent):
        super().__init__()
        self.hidden, self.pixels = nn.Linear(latent, hidden), nn.Linear(hidden, 784)

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.pixels(torch.relu(self.hidden(z)))))


class Pythae:
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.job = job
        pixels = [torch.from_numpy(images(job, part)).float() / 255 for part in ("train", "t10k")]
        self.train_data, self.valid_data = (BaseDataset(x, torch.zeros(len(x))) for x in pixels)

    def fresh(self):
        sizes = self.job["hidden"], self.job["latent"]
        config = VAEConfig(input_dim=(1, 784), latent_dim=self.job["latent"], reconstruction_loss="bce")
        return VAE(config, Encoder(*sizes), Decoder(*sizes))

    def train(self, epochs):
        with tempfile.TemporaryDirectory() as folder:
            config = BaseTrainerConfig(
                output_dir=folder, num_epochs=epochs, learning_rate=self.job["learning_rate"],
                per_device_train_batch_size=self.job["batch"], per_device_eval_batch_size=self.job["batch"],
                no_cuda=self.job["device"] == "cpu")
            trainer = BaseTrainer(self.fresh(), self.train_data, self.valid_data, config)
            trainer.train()
            return self.last(trainer)

    def last(self, trainer):
        "The validation loss of the best model, which is what Pythae keeps"
        x, model = self.valid_data.data.to(trainer.device), trainer._best_model
        with torch.no_grad(): return model({"data": x}).loss.item()

    @torch.no_grad()
    def losses(self, weights, draws):
        model, x = self.fresh().to(self.job["device"]), torch.from_numpy(looked_at(self.job)).to(self.job["device"])
        encoder, decoder = model.encoder, model.decoder
        fill([encoder.hidden, (encoder.mean, encoder.log_var), decoder.hidden, decoder.pixels], read_weights(weights))
        alone = lambda image: model({"data": image[None]}).loss.item()  # Pythae gives means over a batch
        return summary([[alone(image) for image in x] for _ in range(draws)])
