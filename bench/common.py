"""What the programs share: the images, the weights to compare losses with, and a plain loop for layer libraries.
Nothing here imports torch at the top, because the JAX program must run without it."""
from pathlib import Path

import numpy as np


N = 55_000  # MNIST's training images: what the divergence of the weights is divided by where losses are compared


def images(job, part):
    "The pixels of `train` or `t10k` in the job's folder: uint8 (N, 784)"
    file = Path(job["data"], "MNIST", "raw", f"{part}-images-idx3-ubyte")
    return np.fromfile(file, np.uint8, offset=16).reshape(-1, 784)


def looked_at(job, n=16):
    "The images on which the programs' losses are compared: float (n, 784) in [0, 1]"
    return images(job, "t10k")[:n].astype(np.float32) / 255


def read_weights(path):
    "Weights as `ours.Learn.write_weights` left them: for each layer a dictionary name → array"
    layers = {}
    for name, values in np.load(path).items():
        layer, _, own = name.partition(".")
        layers.setdefault(int(layer), {})[own] = values
    return [layers[i] for i in sorted(layers)]


def summary(losses):
    "Mean and standard deviation of each image's loss over the draws: (draws, images) → two lists"
    losses = np.asarray(losses, np.float64)
    return {"mean": losses.mean(0).tolist(), "sd": losses.std(0, ddof=1).tolist()}


def learn_resident(net, loss, job, epochs):
    """Train with all images on the device, batches indexed and a fused optimizer: the fastest plain loop there is,
    so that libraries which bring only layers are not charged for a loader. Returns the last validation loss."""
    import torch
    train, valid = (torch.from_numpy(images(job, part)).to(job["device"]) for part in ("train", "t10k"))
    optimizer, total = torch.optim.Adam(net.parameters(), job["learning_rate"], fused=True), 0.
    for _ in range(epochs):
        net.train()
        for rows in torch.randperm(len(train)).to(job["device"]).split(job["batch"]):
            value = loss(train[rows].float() / 255)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            total = sum(loss(x.float() / 255) * len(x) for x in valid.split(job["batch"])).item()
    return total / len(valid)
