"What must hold in the playground, in a browser: it computes what the package computes, and everything on it works."
import html, io, re

from PIL import Image, ImageChops

from browser import ROOT, BrowserError, watch

FOLDER = ROOT / "reports" / "_build" / "playground"  # where .ci/playground_reference.py writes
MOST_BYTES, TOLERANCE, FALL = 150_000, 1e-9, 0.3
READY = "typeof state === 'object' && state.trainer && !state.running"
SAME_STEPS = """async () => {
  const largest = (found, wanted) => Math.max(...Object.keys(wanted).map(name => Math.abs(found[name] - wanted[name])))
  const replay = ({options, start, steps, validation, end}) => {
    const model = new MODELS[options.model](options)
    for (const {name, value} of model.parameters) value.set(start[name])
    const run = (method, {x, numbers}) =>
      model[method](Float64Array.from(x), x.length / PIXELS, new RecordedSource(numbers))
    const terms = steps.map(step => largest(run("update", step), step.terms))
    const weights = model.parameters.map(({name, value}) => largest(value, end[name]))
    return {model: options.model, steps: steps.length, weights: weights.length, wanted: Object.keys(end).length,
            error: {terms: Math.max(...terms), weights: Math.max(...weights),
                    validation: largest(run("validationTerms", validation), validation.terms)}}
  }
  return (await (await fetch("cases.json")).json()).map(replay)
}"""
UNNAMED = """() => [...document.querySelectorAll("button, input, select, canvas")].filter(part =>
  !(part.getAttribute("aria-label") || part.labels?.length || part.innerText)).map(part => part.outerHTML)"""
COUNT_FRAMES = """() => {
  window.framesDrawn = 0
  const count = () => { framesDrawn++; requestAnimationFrame(count) }
  count()
  return performance.now()
}"""
SHORTCUT = """plane => plane.dispatchEvent(  // false if the page keeps it from the browser
  new KeyboardEvent("keydown", {key: "ArrowLeft", altKey: true, cancelable: true}))"""
PRINTED = """() => window.addEventListener("beforeprint", () => {
  window.printed = [byId("plane").toDataURL(), getComputedStyle(document.body).color]
})"""
STATED = [("#model=variational&steps=50", "value-0", "27.22"), ("#model=variational&beta=10&steps=500", "value-2", "0.00"),
          ("#model=plain&steps=1000", "value-1", "−20.88")]  # link, place, number
THREE = [(.3, .2), (.5, .12), (.68, .25), (.5, .47), (.7, .68), (.5, .88), (.28, .8)]  # a stroke


def check(condition, message):
    "Raise `BrowserError` with the message if the condition does not hold."
    if not condition: raise BrowserError(message)


def opened(open_page, address="", **options):
    "The page, after the training that its address asks for."
    page = open_page(f"index.html{address}", **options)
    page.wait_for_function(READY)
    return page


def text(page, name): return page.locator(f"#{name}").inner_text()


def number(page, name): return float(text(page, name).replace("−", "-").replace(",", ""))


def drawn(page, name):
    "A canvas as it was drawn; a screenshot also depends on when the browser put it onto the screen."
    return page.locator(f"#{name}").evaluate("canvas => canvas.toDataURL()")


def picture(page, name): return Image.open(io.BytesIO(page.locator(f"#{name}").screenshot())).convert("L")


def brightness(page, name): return sum(picture(page, name).resize((8, 8)).tobytes()) / 64


def contrast(page, name):
    "The difference between the darkest and the brightest point of a picture, inside of its border."
    darkest, brightest = picture(page, name).crop((4, 4, 100, 100)).getextrema()
    return brightest - darkest


def changed(one, other):
    "The share of pixels that differ clearly between two pictures."
    difference = ImageChops.difference(one, other).point(lambda value: 255 * (value > 40))
    return difference.histogram()[255] / (one.width * one.height)


def same_nats(open_page):
    "From the same weights, images and random numbers: the terms of 50 steps and of validation, and every weight."
    page = opened(open_page)
    results = page.evaluate(SAME_STEPS)
    wrong = [result for result in results if result["steps"] != 50 or result["weights"] != result["wanted"]
             or not all(error <= TOLERANCE for error in result["error"].values())]
    check(len(results) == 6 and not wrong, f"not what PyTorch computes: {wrong or results}")
    largest = {result["model"]: f"{max(result['error'].values()):.0e}" for result in results}
    print(f"       playground: largest differences from PyTorch {largest}", flush=True)


def one_small_file(open_page):
    "The page is under 150 KB, loads nothing, and works when it is opened as a file without a network."
    page, wrong = opened(open_page), []
    body = page.request.get(page.url).body()
    check(len(body) < MOST_BYTES, f"the playground has {len(body):,} bytes, {MOST_BYTES:,} are allowed")
    sources = re.findall(r'(?:src|href)\s*=\s*["\']?(?!data:)[^"\'> ]+|@import[^;]+|url\([^)]*\)', body.decode())
    check(not sources, f"the playground loads {sources}")
    path = FOLDER / "index.html"
    context = page.context.browser.new_context(offline=True)
    alone = context.new_page()
    watch(alone, "file:", wrong)
    alone.goto(f"{path.as_uri()}#steps=20")
    alone.wait_for_function(READY)
    check(number(alone, "step") == 20, "opened as a file, the playground does not train")
    context.close()
    check(not wrong, "\n".join(wrong))
    print(f"       playground: {len(body) / 1000:.1f} KB", flush=True)


def learns(open_page):
    "After a click on Train, NELBO falls by 30 % in 300 steps, and plane, grid and reconstructions move."
    page = opened(open_page)
    names = ["plane", "grid", "strip", "curve-0"]
    before, start = [picture(page, name) for name in names], number(page, "value-0")
    began = page.evaluate(COUNT_FRAMES)
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("state.trainer.step >= 300")
    button = page.get_by_role("button", name="Pause")
    check(button.get_attribute("aria-pressed") is None, "the button is read as 'Pause, pressed'")
    pictures = [button.locator(f".{name}").is_visible() for name in ("play", "pause")]
    check(pictures == [False, True], "the button that pauses does not show it")
    button.click()
    rate = page.evaluate("began => framesDrawn / (performance.now() - began) * 1000", began)
    end = number(page, "value-0")
    check(end < (1 - FALL) * start, f"NELBO fell from {start} to {end}, which is less than {FALL:.0%}")
    for name, picture_before in zip(names, before):
        share = changed(picture_before, picture(page, name))
        check(share > .01, f"the training changes {share:.1%} of #{name}")
    stopped = number(page, "step")
    page.get_by_role("button", name="One step").click()
    check(number(page, "step") == stopped + 1, "the button for one step does not make one step")
    page.get_by_role("button", name="Reset").click()
    check(number(page, "step") == 0 and number(page, "value-0") == start, "Reset does not lead back to the start")
    print(f"       playground: NELBO {start} → {end} in {stopped:.0f} steps, {rate:.0f} frames a second", flush=True)


def every_model(open_page):
    "Every model of the menu trains, and a link leads to the same numbers and the same pictures again."
    page = opened(open_page)
    models = page.locator("select[name=model] option").evaluate_all("options => options.map(option => option.value)")
    check(len(models) == 6, f"models in the menu: {models}")
    for model in models:
        views = []
        for _ in range(2):
            page = opened(open_page, f"#model={model}&hidden=16&steps=40")
            terms = [text(page, f"value-{k}") for k in range(4)]
            views.append((terms, text(page, "q-mean"), drawn(page, "plane")))
        (numbers, mean, plane), (again, same_mean, same_plane) = views
        check(number(page, "step") == 40 and numbers == again and mean == same_mean, f"{model}: two trainings differ")
        check(plane == same_plane, f"{model}: two trainings draw different planes")


def drawing(open_page):
    "A drawn 3 is encoded; noise and another image move its code; the link holds the drawing."
    page = opened(open_page, "#steps=200&image=1398")  # a 0
    mean, decoded = text(page, "q-mean"), picture(page, "decoded")
    page.get_by_role("button", name="Clear").click()
    box = page.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in THREE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]: page.mouse.move(*place, steps=6)
    page.mouse.up()
    ink = page.evaluate("state.pixels.reduce((sum, value) => sum + value)")
    check(8 < ink < 45, f"the drawn 3 has an ink of {ink}")
    drawn = text(page, "q-mean")
    check(drawn != mean and changed(decoded, picture(page, "decoded")) > .05, "the drawn 3 is not encoded")
    # the address follows a pause, on a slow machine in the middle of the stroke too: wait for that of the whole drawing
    page.wait_for_function("location.hash.includes(`drawing=${state.settings.drawing}`)")
    again = opened(open_page, page.evaluate("location.hash"))
    check(text(again, "q-mean") == drawn, "the link does not hold the drawing")
    page.get_by_label("Noise added").fill("0.6")
    check(text(page, "q-mean") != drawn, "noise does not move the code")


def what_does_not_draw(open_page):
    "Another button, a second finger and a shortcut leave the pad as it is; of codes that are NaN none is nearest."
    page = opened(open_page, "#steps=20")
    pad = page.locator("#pad")
    seen = lambda: (page.evaluate("[state.drawn, state.settings.image, state.pixels.join()]"), drawn(page, "pad"))
    before = seen()
    pad.click(button="right")
    pad.dispatch_event("pointerdown", {"button": 0, "isPrimary": False, "bubbles": True})
    pad.press("Control+Space")
    pad.blur() # hides the cursor of the keyboard
    check(seen() == before, "what does not draw changes the pad or its state")
    corner = {"x": 20, "y": 20}
    page.evaluate("state.codes.fill(NaN)")
    page.locator("#plane").click(position=corner)
    check(seen() == before, f"of no finite code the page takes image {page.evaluate('state.settings.image')}")
    page.evaluate("state.codes.set([0, 0], 14)")
    page.locator("#plane").click(position=corner)
    check(page.evaluate("state.settings.image") == "7", "the only finite code is not taken")


def settings(open_page):
    "Every setting goes into the address and comes back from it; nonsense in an address is named and ignored."
    page = opened(open_page)
    choices = {"model": "denoising", "corruption": "0.5", "hidden": "32-16", "rate": "0.003", "images": "300"}
    for name, value in choices.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.locator("input[name=seed]").fill("7")
    page.locator("input[name=seed]").press("Tab")
    page.get_by_role("button", name="One step").click()
    hash = page.evaluate("location.hash")
    again = opened(open_page, hash)
    check(again.evaluate("location.hash") == hash, f"{hash} became {again.evaluate('location.hash')}")
    for part in ("model=denoising", "corruption=0.5", "hidden=32-16", "rate=0.003", "images=300", "seed=7", "steps=1"):
        check(part in hash, f"the address {hash} lacks {part}")
    check(text(again, "value-0") == text(page, "value-0"), "a link does not lead to the same NELBO")
    wrong = opened(open_page, "#model=nonsense&beta=-1&hidden=0-999&rate=x&other=1")
    check("model, beta, hidden, rate, other" in text(wrong, "status"), f"the page says {text(wrong, 'status')!r}")


def exercises(open_page):
    "The links of the exercises mean what they say, and three of their numbers are those of the playground."
    source = (ROOT / "nbs" / "playground.ipynb").read_text(encoding="utf-8")
    hashes = [html.unescape(found) for found in re.findall(r'autoencoder_playground\.html(#[^"\\]+)', source)]
    check(len(hashes) >= 20, f"only {len(hashes)} links in the exercises")
    page = opened(open_page)
    other = page.evaluate("hashes => hashes.filter(hash => writeAddress(readAddress(hash).settings) !== hash)", hashes)
    check(not other, f"links with settings that mean nothing, or that are the initial ones: {other}")
    for hash, name, value in STATED:
        check(hash in hashes, f"no exercise has the link {hash}")
        seen = text(opened(open_page, hash), name)
        check(seen == value, f"{hash} shows {seen} in #{name}, the exercise says {value}")


def phone(open_page):
    "At 390 pixels nothing scrolls sideways, and all parts are seen."
    page = opened(open_page, "#model=bayesian&steps=5", width=390)
    wide = page.evaluate("document.documentElement.scrollWidth")
    check(wide <= 390, f"the playground is {wide} pixels wide on a phone")
    small = page.locator("canvas:visible").evaluate_all("all => all.filter(c => c.clientWidth < 40).map(c => c.id)")
    check(not small, f"too small on a phone: {small}")
    context = page.context.browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    touched = context.new_page()
    touched.goto(page.url)
    touched.wait_for_function(READY)
    touched.locator("#grid").tap()
    check("z = (" in text(touched, "place"), "a tap on the grid does not decode there")
    context.close()


def old_browser(open_page):
    "Where the browser cannot unpack the images, the page says in one sentence what it needs."
    page = open_page("index.html")
    page.context.add_init_script("delete window.DecompressionStream")
    page.reload()
    check("needs a newer browser" in text(page, "status"), "an old browser is not told what is needed")
    check(not page.get_by_role("button").count(), "buttons that do nothing are shown")


def dark(open_page):
    "The page and its pictures follow the system's wish for dark."
    for name in ("plane", "grid"):
        light, night = (brightness(opened(open_page, dark=dark), name) for dark in (False, True))
        check(night < 110 < 170 < light, f"#{name} has a brightness of {light:.0f} in light and {night:.0f} in dark")


def printed(open_page):
    "On paper the dark page has the colours and pictures of the light one, and after printing its own again."
    light, page = opened(open_page), opened(open_page, dark=True)
    night = drawn(page, "plane")
    page.evaluate(PRINTED)
    page.pdf()
    picture, colour = page.evaluate("printed")
    check(picture == drawn(light, "plane"), "the pictures are not printed as on the light page")
    ink = "getComputedStyle(document.body).color"
    check(colour == light.evaluate(ink), f"the printed text is {colour}")
    page.emulate_media(media="print", color_scheme="dark")
    check(page.evaluate(ink) == colour, "without the events of printing, the text of the dark page is printed light")
    page.emulate_media(media="screen", color_scheme="dark")
    check(drawn(page, "plane") == night, "after printing the pictures are not dark again")


def forced_colours(open_page):
    "Where the system forces its colours, such as for high contrast, ink is seen on the pad."
    for dark in (False, True):
        page = opened(open_page, dark=dark)
        page.emulate_media(forced_colors="active", color_scheme="dark" if dark else "light")
        found = contrast(page, "pad")
        check(found > 150, f"forced colours, dark: {dark}: ink and pad differ by {found}")


def keyboard(open_page):
    "Tab reaches every control, with an outline; keys train, move the cursor on the plane and draw; all have names."
    page, reached = opened(open_page), set()
    check(not (unnamed := page.evaluate(UNNAMED)), f"without a name: {unnamed}")
    check(not page.locator("canvas:not([role])").count(), "a canvas has a name without a role")
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outline = page.evaluate("""() => {
          const part = document.activeElement
          return [part.id || part.name, getComputedStyle(part).outlineStyle]
        }""")
        if not name or name in reached: break
        check(outline not in ("none", ""), f"the focused {name} has no outline")
        reached.add(name)
        if name == "plane":
            page.keyboard.press("ArrowRight")
            check("z = (" in text(page, "place"), "an arrow key does not move on the plane")
            page.keyboard.press("Enter")
            check(page.locator("#plane").evaluate(SHORTCUT), "the plane keeps Alt and an arrow from the browser")
        if name == "pad":
            before = page.evaluate("state.pixels.join()")
            page.keyboard.press("Space")
            check(page.evaluate("state.pixels.join()") != before, "the space bar does not draw")
    wanted = {"reset", "train", "one", "model", "hidden", "rate", "images", "seed", "plane", "grid", "noise", "pad",
              "clear", "another", "share"}
    check(wanted <= reached, f"Tab does not reach {wanted - reached}")
    page.locator("#train").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("state.trainer.step > 0")
    page.keyboard.press("Enter")
    page.wait_for_function(READY)


SCENARIOS = {
    "the same nats and weights as PyTorch": same_nats,
    "one small file that needs no network": one_small_file,
    "a variational autoencoder learns": learns,
    "every model trains, and a link shows the same again": every_model,
    "a drawn 3 is encoded": drawing,
    "what does not draw": what_does_not_draw,
    "settings are kept in the address": settings,
    "the exercises' links and numbers": exercises,
    "on a phone nothing scrolls sideways": phone,
    "an old browser is told what is needed": old_browser,
    "dark and light": dark,
    "printed light": printed,
    "forced colours": forced_colours,
    "keyboard and names": keyboard,
}
