"""Several seeds of one architecture: together in one batched model, one after the other, or in two processes."""
import json, sys, tempfile
from pathlib import Path

from ours import Learn
from vae_nbdev.speed.benchmark import Program
from vae_nbdev.training.loop import train_seeds


class Seeds(Learn):
    def batch_seeds(self, seeds, epochs):
        models = [self.model(seed) for seed in range(seeds)]
        settings = {"epochs": epochs, "batch_size": self.job["batch"], "device": self.job["device"], **self.settings}
        with tempfile.TemporaryDirectory() as folder:
            folders = [Path(folder, str(seed)) for seed in range(seeds)]
            return train_seeds(models, self.data, folders=folders, **settings)[-1][-1]["valid"]["nelbo"]

    def in_turn(self, seeds, epochs, first=0):
        for seed in range(first, first + seeds):
            with tempfile.TemporaryDirectory() as folder:
                loss = self.learn(self.model(seed), epochs, folder=folder, seed=seed)
        return loss


class Processes:
    "Half of the seeds in each of two processes of one thread"
    def __init__(self, job):
        worker = Path(__file__).with_name("worker.py")
        command = [sys.executable, worker, "ours_seeds", "Seeds", json.dumps(job | {"threads": 1})]
        self.programs = [Program(command, {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}) for _ in range(2)]

    def in_turn(self, seeds, epochs):
        half = seeds // 2
        for number, program in enumerate(self.programs):
            program.send("in_turn", seeds=half, epochs=epochs, first=half * number)
        return max(program.receive()["value"] for program in self.programs)
