"""Browser tests of the networks that run in the latent explorer: what the page decodes and encodes is compared with the
package, which computes the same from the same weights in half precision."""
import copy, io, math, re

import numpy as np
import torch
from PIL import Image

from browser import ROOT, BrowserError

REPORT = ROOT / "reports" / "_build" / "checked"
TOLERANCE = 1e-3  # of the probability of a pixel, and of a code
STATE = """k => {
  const {explorer} = document.querySelector(".explorer"), half = explorer.halves[k], pixels = name => [...half[name + "_pixels"].data.image[0]]
  return {place: half.sliders.filter(slider => slider.visible).map(slider => slider.value), model: half.menu.value,
          decoded: pixels("decoded"), image: pixels("image"), reconstruction: pixels("reconstruction"), note: half.note.text,
          ring: [half.ring.data.x[0], half.ring.data.y[0]], outline: [[...half.outline.data.x], [...half.outline.data.y]],
          number: explorer.image.value, message: half.message.text}
}"""
LISTEN = """() => { // how long after the message of the first half its spoken regions change
  const {explorer} = document.querySelector(".explorer"), {message} = explorer.halves[0]
  const regions = document.querySelector(".explorer section").querySelectorAll("[role=status]")
  const shadows = [...regions].flatMap(region => [...region.querySelectorAll("*")].map(part => part.shadowRoot))
  let shown = performance.now()
  window.spoken = []
  message.properties.text.change.connect(() => shown = performance.now())
  const observer = new MutationObserver(() => spoken.push(performance.now() - shown))
  for (const part of [...regions, ...shadows])
    if (part) observer.observe(part, {childList: true, characterData: true, subtree: true})
}"""
SETTLED = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  do await frame(); while (!Bokeh.documents.every(one => one.is_idle))
  await frame()
}"""
SLIDERS = """() => { // name and spoken value of each handle that is shown, and the title that is seen
  const inside = part => [...part.querySelectorAll("*")].flatMap(one => one.shadowRoot ? [one.shadowRoot, ...inside(one.shadowRoot)] : [])
  return inside(document.querySelector(".explorer")).filter(root => root.querySelector(".noUi-handle")?.checkVisibility()).map(root => {
    const handle = root.querySelector(".noUi-handle"), read = name => handle.getAttribute(name) ?? ""
    return [read("aria-label"), read("aria-valuetext"), root.querySelector(".bk-slider-title").textContent]
  })
}"""
READY = "[...document.querySelectorAll('.explorer')].some(e => e.dataset.ready)"
MADE_UP = {  # name → architecture and options: every activation, likelihood and kind of layer that runs in a page
    **{name: ("variational_autoencoder", {"activation": name}) for name in ("tanh", "relu", "leaky_relu", "softplus")},
    "gated": ("plain_autoencoder", {"network": "20-16 gated"}), "gaussian": ("plain_autoencoder", {"likelihood": "gaussian"}),
    "continuous": ("variational_autoencoder", {"likelihood": "continuous_bernoulli"}), "weights": ("bayesian_vae", {}),
    "long": ("variational_autoencoder", {"latent": 12}), "no layers": ("plain_autoencoder", {"network": "none", "latent": 4})}


def check(condition, message):
    "Raise `BrowserError` with the message if the condition does not hold."
    if not condition: raise BrowserError(message)


def check_close(numbers, expected, what):
    "Compare numbers of the page with those of the package."
    error = float((torch.as_tensor(numbers).double() - expected.double().flatten()).abs().max())
    check(error < TOLERANCE, f"{what}: the page and the package differ by {error:.2g}")


def rounded(model):
    "The model with its weights in half precision, as the page has it"
    return copy.deepcopy(model).half().double().eval()


@torch.no_grad()
def encode(model, pixels):
    "Mean, and standard deviations where there are any, of an image of the page"
    from vae_nbdev.plots.page_networks import mean_weights
    outputs = model.encoder(torch.tensor([pixels]).double(), mean_weights(model)).flatten()
    return outputs[:model.latent], outputs[model.latent:].exp()


@torch.no_grad()
def decode(model, code):
    "The image of a code (d,)"
    from vae_nbdev.plots.page_networks import mean_weights
    return model.likelihood.mean(model.decode(code[None, None], mean_weights(model)))[0, 0]


def code_at(view, number, place, code=None):
    "The code at a place on the axes, beside them that of a test image or `code`"
    base = view.codes[number].double() if code is None else code
    origin, directions = view.axes.origin.double(), view.axes.directions.double()
    return base + (torch.tensor(place).double() - (base - origin) @ directions.T) @ directions


def point(page, x, y):
    "Move the mouse over the first plane; x and y are shares of its width and height."
    plane = page.locator(".explorer .part[aria-label^=Plane]").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.evaluate(SETTLED)
    return page.evaluate(STATE, 0)


def click(page):
    "Press and release the mouse where it is; Bokeh waits whether a second click follows."
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(600)


def draw(page, *places):
    "Draw lines on the pad with the mouse; places are shares of its width and height."
    pad = page.locator(".pad canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]: page.mouse.move(*place, steps=5)
    page.mouse.up()
    page.evaluate(SETTLED)
    return page.evaluate(STATE, 0)


def check_decoder(page, name, model, view):
    "At four points of the plane the page decodes what the package decodes there."
    seen = []
    for place in ((.31, .27), (.74, .36), (.36, .71), (.63, .52)):
        state = point(page, *place)
        check_close(state["decoded"], decode(model, code_at(view, state["number"], state["place"])), f"{name}, decoded")
        seen.append(state["decoded"])
    check(np.ptp(seen, 0).max() > 10 * TOLERANCE, f"{name}: four points show the same image")


def check_encoder(page, name, model, view):
    "A drawing has the code, the ellipse and the reconstruction that the package gives it."
    state = draw(page, (.35, .25), (.65, .3), (.4, .5), (.6, .8))
    check(max(state["image"]) > .99 and min(state["image"]) == 0, f"{name}: the image is no drawing")
    code, deviations = encode(model, state["image"])
    axes = view.axes.directions[:2].double()
    check_close(state["ring"], (code - view.axes.origin.double()) @ axes.T, f"{name}, encoded")
    check_close(state["reconstruction"], decode(model, code), f"{name}, reconstruction")
    check(bool(state["outline"][0]) == bool(len(deviations)), f"{name}: an ellipse for a point, or none for a Gaussian")
    if len(deviations):
        line = torch.tensor(state["outline"]).double() - torch.tensor(state["ring"]).double()[:, None]
        squares = (line * torch.linalg.solve((axes * deviations**2) @ axes.T, line)).sum(0)  # Mahalanobis distances
        check_close(squares / (-2 * np.log(.05)), torch.ones(len(squares)), f"{name}, ellipse")
    page.get_by_role("button", name="Clear").first.click()
    page.evaluate(SETTLED)


def grid_point(view, place):
    "Number of the nearest point of the grid"
    n, ((left, right), (bottom, top)) = math.isqrt(len(view.tiles)), view.limits[:2].tolist()
    x, y = place[:2]
    return round((top - y) / (top - bottom) * (n - 1)) * n + round((x - left) / (right - left) * (n - 1))


def check_stored(page, name, view):
    "At two points the page shows the stored image of the nearest point of the grid."
    from vae_nbdev.report.explorer_views import stored_images
    images = torch.tensor(stored_images(view.tiles)).view(view.tiles.shape) / 15
    for place in ((.27, .34), (.66, .58)):
        state = point(page, *place)
        check_close(state["decoded"], images[grid_point(view, state["place"])], f"{name}, stored")


def check_loss(page, name, view):
    "The message gives the loss at the nearest point of the grid, and none where the point may lie beside the plane."
    state = point(page, .42, .61)
    said, loss = state["message"], view.loss[grid_point(view, state["place"])]
    if len(state["place"]) > 2: check("nats" not in said, f"{name}, a point beside the plane: the page says {said!r}")
    else:
        found = re.search(r"at the nearest grid point: ([\d.]+) nats", said)
        check(found and abs(float(found[1]) - loss) < .051, f"{name}: the loss is {loss:.2f}, the page says {said!r}")


def check_models(page, models, views):
    "Compare every model of the page with the package; how many have a decoder there, and how many an encoder"
    page.wait_for_function(READY)
    menu, counts = page.locator(".explorer section select").first, np.zeros(2, int)
    for name in menu.locator("option").all_inner_texts():
        menu.select_option(name)
        page.evaluate(SETTLED)
        note = page.evaluate(STATE, 0)["note"]
        runs = np.array(["run" in note, "Decoder and encoder run" in note])
        counts += runs
        check_loss(page, name, views[name])
        if runs[0]: check_decoder(page, name, models[name], views[name])
        else: check_stored(page, name, views[name])
        if runs[1]: check_encoder(page, name, models[name], views[name])
    return counts


def made_up_models():
    "Untrained models with large weights, so that their activations are far from linear"
    from vae_nbdev.nn.registry import make_model
    models = {}
    for seed, (name, (architecture, options)) in enumerate(MADE_UP.items()):
        models[name] = make_model(architecture, **{"network": "20-16", "seed": seed, **options})
        with torch.no_grad():
            for parameter in (*models[name].encoder.parameters(), *models[name].decoder.parameters()):
                if parameter.min() > -3: parameter.mul_(2) # not those of a weight's variance
    return models


def all_networks(open_page):
    "Every activation, likelihood and kind of dense layer gives the package's numbers, also with codes of twelve dimensions."
    from vae_nbdev.data.datasets import load
    from vae_nbdev.report.explorer import bokeh_library, explorer_html
    from vae_nbdev.report.explorer_views import model_view, sample_images
    digits, models = load("digits"), made_up_models()
    index = sample_images(digits.test, 40)
    x, labels = digits.test.batch(index)
    views = {name: model_view(model, x, n=5) for name, model in models.items()}
    page = open_page()
    page.set_content(f"<!doctype html><html lang=en><title>Networks</title>{bokeh_library()}{explorer_html(views, x, index, labels)}")
    counts = check_models(page, {name: rounded(model) for name, model in models.items()}, views)
    check(all(counts == len(models)), f"of {len(models)} models {counts[0]} decode and {counts[1]} encode in the page")


def report_networks(open_page):
    "The report's models decode and encode in the page as the package does."
    from vae_nbdev.data.datasets import load
    from vae_nbdev.report.explorer_views import model_view, sample_images
    from vae_nbdev.report.figures import restore_models
    from vae_nbdev.report.results import group_results, load_results, split_counterexamples
    group = group_results(split_counterexamples(load_results(REPORT)[0], REPORT)[0])[0]
    page = open_page()
    page.wait_for_function(READY)
    shown = page.locator(".explorer section select").first.locator("option").all_inner_texts()
    models = {name: model for name, model in restore_models(group.rows, REPORT)[0].items() if name in shown}
    split = load(group.dataset).test
    x, _ = split.batch(sample_images(split))
    views = {name: model_view(model, x) for name, model in models.items()}
    counts = check_models(page, {name: rounded(model) for name, model in models.items()}, views)
    check(5 <= counts[0] < len(models) and counts[1] >= 2,
          f"of {len(models)} models {counts[0]} decode and {counts[1]} encode in the report")


def check_sliders(page):
    "A screen reader says of each slider what stands above it, also after the point has moved."
    for x, y in ((.3, .3), (.6, .7)):
        point(page, x, y)
        page.wait_for_timeout(300)
        sliders = page.evaluate(SLIDERS)
        wrong = [s for s in sliders if not (s[0] and s[1]) or f"{s[0]}: {s[1]}" != " ".join(s[2].split())]
        check(len(sliders) > 2 and not wrong, f"of {len(sliders)} sliders these are not said as they are seen: {wrong}")


def check_forced_colours(page):
    "What is drawn on the pad is seen also where the system forces its colours, such as for high contrast."
    draw(page, (.3, .3), (.7, .7))
    for scheme in ("light", "dark"):
        page.emulate_media(forced_colors="active", color_scheme=scheme)
        pad = Image.open(io.BytesIO(page.locator(".pad canvas").first.screenshot())).convert("L")
        darkest, brightest = pad.crop((8, 8, pad.width - 8, pad.height - 8)).getextrema()
        check(brightest - darkest > 150, f"forced colours, {scheme}: ink and pad differ by {brightest - darkest}")


def spoken(open_page):
    "While the point moves, screen readers get nothing; at rest, what the message says; sliders have names."
    page = open_page()
    page.wait_for_function(READY)
    page.wait_for_timeout(1000)
    check_sliders(page)
    page.evaluate(LISTEN)
    for place in ((.3, .3), (.5, .4), (.6, .7), (.4, .6)): point(page, *place)
    page.wait_for_timeout(1000)
    pauses = page.evaluate("spoken")
    check(pauses and min(pauses) > 450, f"milliseconds from a message to when it is spoken: {pauses}")
    said = page.locator(".explorer section:first-child .spoken").first.text_content()
    check(said == page.evaluate(STATE, 0)["message"], f"at rest {said!r} is spoken")


def pad_keyboard(open_page):
    "The drawing pad is drawn on and cleared by keyboard, and starts from the test image; a click holds the point."
    page = open_page()
    page.wait_for_function(READY)
    before = page.evaluate(STATE, 0)
    page.locator(".pad canvas").first.focus()
    page.keyboard.down(" ")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft"): page.keyboard.press(key)
    page.keyboard.up(" ")
    page.keyboard.press("ArrowDown")
    page.evaluate(SETTLED)
    drawn = page.evaluate(STATE, 0)
    check(10 < sum(drawn["image"]) < 100 and drawn["ring"] != before["ring"], "nothing is drawn by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.evaluate(SETTLED)
    check_close(page.evaluate(STATE, 0)["image"], torch.tensor(before["image"]), "the test image on the pad")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.evaluate(SETTLED)
    check(page.evaluate(STATE, 0)["ring"] == before["ring"], "the cleared pad does not give the test image back")
    point(page, .3, .3)
    click(page)
    held = page.evaluate(STATE, 0)["place"]
    check(point(page, .6, .6)["place"] == held, "a click does not hold the point")
    click(page)
    check(point(page, .5, .4)["place"] != held, "a second click does not let the point go")
    check_forced_colours(page)


SCENARIOS = {"networks": all_networks, "report's networks": report_networks, "drawing pad": pad_keyboard,
             "spoken messages": spoken}
