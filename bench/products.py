"""Matrix products alone: what this machine can do at best, and what the products of a decoder cost without the rest."""
import time

import torch
from torch.nn import functional as F

from vae_nbdev.nn.matmul import onednn_matmul, prefers_onednn


class Products:
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.job, self.device = job, job["device"]

    def finish(self):
        if self.device == "cuda": torch.cuda.synchronize()

    def rate(self, product, operations, seconds=0.5):
        "Operations per second of a product that is repeated for some time"
        for _ in range(3): product()
        self.finish()
        start, n = time.perf_counter(), 0
        while (spent := time.perf_counter() - start) < seconds or n == 0:
            for _ in range(5): product()
            self.finish()
            n += 5
        return n * operations / spent

    @torch.no_grad()
    def peak(self, side=2048):
        "GFLOP/s of a product of two square matrices in fp32, the best of the ways of asking for it"
        a, b = torch.randn(2, side, side, device=self.device)
        out = torch.empty_like(a)
        step_fns = {"mm": lambda: torch.mm(a, b, out=out), "linear": lambda: F.linear(a, b)}
        if self.device == "cpu" and torch.backends.mkldnn.is_available(): step_fns["oneDNN"] = lambda: onednn_matmul(a, b)
        return {name: self.rate(step_fn, 2 * side**3) / 1e9 for name, step_fn in step_fns.items()}

    @torch.no_grad()
    def decoder(self, rows, chunk=2000):
        "The products of the job's decoder for as many codes as `rows`, a chunk at a time"
        sizes = self.job["decoder"]
        weights = [torch.randn(pair, device=self.device) for pair in zip(sizes[:-1], sizes[1:])]
        inputs = [torch.randn(chunk, n, device=self.device) for n in sizes[:-1]]
        outputs = [torch.empty(chunk, n, device=self.device) for n in sizes[1:]]
        for _ in range(-(-rows // chunk)):
            for x, w, y in zip(inputs, weights, outputs):
                if prefers_onednn(): onednn_matmul(x, w.mT)
                else: torch.mm(x, w, out=y)
        self.finish()
