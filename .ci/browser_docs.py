"What must hold on the docs site, in a browser."
import io
from collections import deque
from urllib.parse import unquote, urldefrag, urljoin

from bs4 import BeautifulSoup
from PIL import Image, ImageChops

from browser import BrowserError

ARCHITECTURE = "04_models/variational_autoencoder.html"
ABOUT = """() => ({
  title: document.title, headings: document.querySelectorAll("h1").length,
  bare: [...document.querySelectorAll("img:not([alt])")].map(image => image.src.slice(0, 100)),
  addresses: [...document.querySelectorAll("span.co")].map(comment => comment.textContent).filter(said => said.includes("`](http")),
})"""


def every_page(open_page):
    "Every page of the sidebar loads, has a title and one main heading, words for its pictures, and no address in a comment."
    page, wrong = open_page(), []
    addresses = page.evaluate('[...document.querySelectorAll(".all a")].map(link => link.href)')
    if len(addresses) < 40: wrong.append(f"the sidebar has only {len(addresses)} pages")
    for address in addresses:
        page.goto(address, wait_until="load")
        about = page.evaluate(ABOUT)
        if about["headings"] != 1 or not about["title"] or about["bare"] or about["addresses"]: wrong.append(f"{address}: {about}")
    if wrong: raise BrowserError("\n".join(wrong))


def links(open_page):
    "No link inside the site is dead, nor any anchor; no notebook and no other host stands where a page should."
    page = open_page()
    start, held = page.url, {}
    waiting = deque([start])
    while waiting:
        address = waiting.popleft()
        if address in held: continue
        got = page.request.get(address)
        soup = BeautifulSoup(got.text() if got.ok else "", "html.parser")
        hrefs = [urljoin(address, link["href"]) for link in soup.find_all("a", href=True)]
        held[address] = got.ok, {part["id"] for part in soup.find_all(id=True)}, hrefs
        waiting.extend(urldefrag(href).url for href in hrefs if href.startswith(start))
    wrong = [f"{address}: dead link {href}" for address, (_, _, hrefs) in held.items() for href in hrefs
             if is_dead(href, start, held)]
    if wrong: raise BrowserError("\n".join(wrong))


def is_dead(href, start, held):
    "Does a link lead nowhere? `held`: address → is it there, its anchors, its links."
    target, anchor = urldefrag(href)
    if not href.startswith(start): return ".github.io/" in href or not href.startswith(("https://", "mailto:"))
    there, anchors, _ = held[target]
    if target.endswith("/autoencoder_playground.html"): return not there  # what follows the # are settings
    return not there or target.endswith(".ipynb") or bool(anchor) and unquote(anchor) not in anchors


def search(open_page):
    "The search finds `get_nelbo`; its best hit opens the page and the place that explain it."
    page = open_page()
    page.keyboard.press("/")
    page.locator("#search input").fill("get_nelbo")
    page.locator(".pagefind-ui__result").first.wait_for()
    hit = page.locator('.pagefind-ui__result a[href*="/autoencoder.html#"][href*="get_nelbo"]').first
    hit.wait_for()
    hit.click()
    page.wait_for_url("**/03_nn/autoencoder.html#*get_nelbo*")
    target = page.locator(f'[id="{unquote(urldefrag(page.url).fragment)}"]')
    if not target.is_visible() or "get_nelbo" not in target.inner_text():
        raise BrowserError(f"{page.url} does not show get_nelbo")


CUT_OFF = '[...document.querySelectorAll("article :is(pre.sourceCode, pre.printed)")].filter(block => block.scrollWidth > block.clientWidth).length'


def phone(open_page):
    "On a phone no page scrolls sideways, no code is cut off, and the menu of pages opens."
    page, wrong = open_page(width=390), []
    for address in page.evaluate('[...document.querySelectorAll(".all a")].map(a => a.href)'):
        page.goto(address, wait_until="load")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 390: wrong.append(f"{address}: {wide} pixels wide")
        if cut := page.evaluate(CUT_OFF): wrong.append(f"{address}: {cut} blocks of code are cut off")
    page.locator(".menu > summary").click()
    if not page.locator(".menu a").last.is_visible(): wrong.append("the menu of pages does not open")
    if wrong: raise BrowserError("\n".join(wrong))


def brightness(page):
    "Of what the window shows, from 0 to 255."
    return sum(Image.open(io.BytesIO(page.screenshot())).convert("L").resize((8, 8)).tobytes()) / 64


def dark(open_page):
    "The system's wish for dark is followed, and so is the button; the next page remembers it. Paper stays light."
    page, light = open_page(ARCHITECTURE, dark=True), open_page(ARCHITECTURE)
    if not brightness(page) < 90 < 180 < brightness(light): raise BrowserError("dark and light are not told apart")
    light.locator("#theme").click()
    light.locator('a[rel="next"]').click()
    light.wait_for_load_state()
    if brightness(light) > 90: raise BrowserError(f"{light.url} is light after a click for dark")
    light.emulate_media(media="print")
    printed = light.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--dark").trim()')
    if printed != "0": raise BrowserError(f"{light.url} is printed in the colours of the dark")


def contents(open_page):
    "The entry of the section that is read stands out, also where its heading has letters beyond ASCII."
    page = open_page("07_evaluation/sample_quality.html")
    page.locator("#fréchet-distance").evaluate("heading => { heading.scrollIntoView(); scrollBy(0, -100) }")
    page.locator("aside a.here", has_text="Fréchet distance").wait_for()


def without_javascript(open_page):
    "Without JavaScript text, formulas, figures and the sidebar are there, and the sidebar leads on."
    page = open_page(javascript=False)
    page.locator(".all a", has_text="Variational autoencoder").first.click()
    page.wait_for_url(f"**/{ARCHITECTURE}")
    for part in ("article math", "article figure img", "article code.python", ".all [aria-current]", "aside nav a"):
        if not page.locator(part).first.is_visible(): raise BrowserError(f"without JavaScript there is no {part}")
    for part in ("#find", "#theme"):
        if page.locator(part).is_visible(): raise BrowserError(f"without JavaScript {part} does nothing")


SPACE = """() => {  // of the first "log p" of a page, in pixels
  const name = [...document.querySelectorAll("article mi")].find(part => part.textContent === "log" && part.parentElement.nextElementSibling.textContent === "p");
  return name.parentElement.nextElementSibling.getBoundingClientRect().left - name.getBoundingClientRect().right;
}"""


FONT = """[...document.fonts].some(font => font.family.includes("STIX Two Math") && font.status === "loaded")"""  # and used


def architecture(open_page):
    "A page of an architecture shows its formulas as MathML in their font, with a space in \"log p\", and its code in colours."
    page = open_page(ARCHITECTURE)
    for part in ('article math[display="block"] mo', "article .fold code.python .kw", "article .api code.python"):
        if not page.locator(part).first.is_visible(): raise BrowserError(f"{page.url} shows no {part}")
    page.wait_for_function(FONT)
    if page.evaluate(SPACE) < 1: raise BrowserError(f"{page.url} shows \"log p\" as \"logp\"")
    if "class VariationalAutoencoder" not in page.locator("article .fold").first.inner_text():
        raise BrowserError(f"{page.url} does not show the code of its class")
    if "\\mathcal" in page.locator("article").inner_text(): raise BrowserError(f"{page.url} shows LaTeX")


def seen_at(page, plane, tile, x, y):
    "What the explorer decodes where the pointer rests, as a picture."
    box = plane.bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
    page.wait_for_timeout(500)
    return Image.open(io.BytesIO(tile.screenshot())).convert("L")


def explorer(open_page):
    "The gallery's explorer decodes different digits at different places, and the same digit at the same place."
    page = open_page("gallery.html")
    plane = page.locator('[aria-label^="Plane"]').first
    plane.scroll_into_view_if_needed()
    plane.locator("canvas").first.wait_for()
    tile = page.locator(".explorer .tiles .part").first
    places = [(.3, .4), (.65, .65), (.4, .75)]
    seen = [seen_at(page, plane, tile, *place) for place in [*places, places[0]]]
    if min(image.getextrema()[1] - image.getextrema()[0] for image in seen) < 100:
        raise BrowserError("the explorer shows an empty image")
    if ImageChops.difference(seen[0], seen[3]).getbbox(): raise BrowserError("one place shows two different images")
    for one, other in ((0, 1), (1, 2), (0, 2)):
        changed = ImageChops.difference(seen[one], seen[other]).point(lambda value: 255 * (value > 60)).histogram()[255]
        if changed < .03 * seen[0].width * seen[0].height:
            raise BrowserError(f"the places {places[one]} and {places[other]} show the same image")


def playground(open_page):
    "The playground trains in its page, takes the settings of an exercise, and follows the page's theme."
    page = open_page("playground.html")
    frame = page.frame_locator("iframe[name=playground]")
    frame.get_by_role("button", name="Train").click()
    frame.get_by_role("button", name="Pause").click()
    if frame.locator("#step").inner_text() == "0": raise BrowserError("the playground does not train in its page")
    page.locator('a[target="playground"]', has_text="Step 50").click()
    frame.get_by_text("50 steps: validation NELBO").wait_for()
    before = brightness(page)
    page.locator("#theme").click()
    page.wait_for_timeout(500)
    if not brightness(page) < 100 < 150 < before: raise BrowserError("the playground does not follow the page's theme")


SCENARIOS = {
    "every page loads, quietly and from this site alone": every_page,
    "no dead link, no dead anchor": links,
    "the search finds get_nelbo and opens it": search,
    "on a phone nothing scrolls sideways": phone,
    "dark and light": dark,
    "the section that is read stands out in the contents": contents,
    "whole without JavaScript": without_javascript,
    "an architecture shows formulas and code": architecture,
    "the playground trains in its page": playground,
    "the gallery's explorer decodes what lies under the pointer": explorer,
}
