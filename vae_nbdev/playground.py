from importlib import resources
from importlib.util import find_spec
from pathlib import Path
import numpy as np, torch
from .core.randomness import make_generator
def read_native_digits():
    file = Path(find_spec("sklearn").origin).parent/"datasets"/"data"/"digits.csv.gz"
    rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    rows = rows[torch.randperm(len(rows), generator=make_generator(0, "digits", "permutation"))]
    return rows[:, :64], rows[:, 64]
import base64, zlib
def pack_pixels(values): return base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()
SCRIPTS = ("random", "network", "models", "training", "settings", "drawing", "pictures", "page")
def build_playground(path):
    def read(name): return (resources.files("vae_nbdev") / name).read_text(encoding="utf-8")
    images, classes = read_native_digits()
    scripts = [read("web_assets/drawing_pad.js"), *(read(f"playground_assets/{s}.js") for s in SCRIPTS)]
    parts = {"styles": read("playground_assets/page.css"), "pixels": pack_pixels(images), "classes": "".join(map(str, classes)),
             "scripts": "\n".join(scripts)}
    html = read("playground_assets/page.html")
    for name, text in parts.items(): html = html.replace(f"@@{name}@@", text.strip())
    Path(path).write_text(html, encoding="utf-8")
    return Path(path)
