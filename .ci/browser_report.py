"Browser tests of a study's report and of its presentation."
import io, re
from urllib.parse import unquote, urldefrag, urljoin

from PIL import Image, ImageChops

import browser_explorer
from browser import BrowserError

SLIDES_PAGE = "presentation.html"
READY = "document.querySelectorAll('.explorer').length && [...document.querySelectorAll('.explorer')].every(e => e.dataset.ready)"
STILL = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  do await frame(); while (!Bokeh.documents.every(one => one.is_idle))
  await new Promise(done => setTimeout(done, 150))
  await frame()
}"""
COLUMN = """([table, name]) => {
  const heads = [...table.tHead.rows[0].cells], k = heads.findIndex(h => h.textContent.trim() == name)
  return {sort: heads[k].ariaSort ?? heads[k].getAttribute("aria-sort"),
          values: [...table.tBodies[0].rows].map(r => r.cells[k].dataset.sort)}
}"""
FIGURES = """() => [...document.querySelectorAll("main img")].map(i => ({alt: i.alt, loaded: i.complete && i.naturalWidth > 0,
                                                             seen: i.getClientRects().length > 0}))"""
LIGHT = """() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
}"""


def check(condition, message):
    "Raise `BrowserError` with the message if the condition does not hold."
    if not condition: raise BrowserError(message)


def screenshot(element):
    "A grey-level image of a part of the page."
    return Image.open(io.BytesIO(element.screenshot())).convert("L")


def differ(a, b):
    "Whether two images differ by more than rounding."
    if a.size != b.size: b = b.resize(a.size)
    return ImageChops.difference(a, b).point(lambda value: 255 * (value > 24)).getbbox() is not None


# The table

def column(page, name):
    "The direction and the sort values of a column of the first table."
    return page.locator("table.sortable").first.evaluate("(table, name) => (" + COLUMN + ")([table, name])", name)


def check_sorted(page, name, rising):
    "A column is in order, with empty cells at its end."
    page.wait_for_timeout(100)
    state = column(page, name)
    numbers = [float(value) for value in state["values"] if value]
    check(numbers == sorted(numbers, reverse=not rising), f"{name} is not in order: {state['values']}")
    check(not any(state["values"][len(numbers):]), f"{name} has values after empty cells: {state['values']}")
    check(state["sort"] == ("ascending" if rising else "descending"), f"{name} is marked as sorted {state['sort']}")


def table_sorts(open_page):
    "A click on a heading sorts by numbers, another one the other way, and rows stay whole."
    page = open_page()
    table = page.locator("table.sortable").first
    rows = lambda: table.evaluate("t => [...t.tBodies[0].rows].map(r => r.textContent)")
    before = rows()
    check(len(before) > 2, f"only {len(before)} rows to sort")
    for name in ("ELL", "IWLL(100)"):
        for rising in (False, True):
            table.locator("th button").filter(has_text=re.compile(f"^{re.escape(name)}$")).click()
            check_sorted(page, name, rising)
    check(rows() != before, "sorting did not change the order of the rows")
    check(sorted(rows()) == sorted(before), "sorting changed the contents of the rows")


def keyboard(open_page):
    "Tab reaches the headings of the table, Enter sorts, and the focused heading has an outline."
    page = open_page()
    for _ in range(300):
        page.keyboard.press("Tab")
        at = page.evaluate("""() => {
          const e = document.activeElement, style = getComputedStyle(e)
          return {name: e.textContent.trim(), head: !!e.closest("table.sortable th"), outline: style.outlineStyle}
        }""")
        if at["head"] and at["name"] == "ELL": break
    else: raise BrowserError("Tab does not reach the heading ELL of the table")
    check(at["outline"] not in ("none", ""), "the focused heading has no outline")
    page.keyboard.press("Enter")
    check_sorted(page, "ELL", rising=False)


# The explorer

def explored(open_page, **options):
    "The report, scrolled to its explorer, which is drawn and ready."
    page = open_page(**options)
    page.wait_for_function(READY)
    page.locator(".explorer .halves").first.scroll_into_view_if_needed()
    page.evaluate(STILL)
    return page


def part(page, half, name):
    "A part of the explorer: the plane of a half, or one of its three tiles."
    tiles = {"here": 1, "image": 2, "made": 3}
    inside = f".tiles > div:nth-child({tiles[name]}) .part" if name in tiles else ".part[aria-label^=Plane]"
    return page.locator(f".explorer section:nth-of-type({half}) {inside}").first


def walk(page, x, y):
    "Move the mouse over the first plane; x and y are shares of its width and height."
    plane = part(page, 1, "plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.evaluate(STILL)


def explorer_walks(open_page):
    "Different points of the plane show different decoded images, test images and reconstructions."
    page, seen = explored(open_page), []
    for place in ((.2, .25), (.75, .3), (.3, .8), (.8, .8)):
        walk(page, *place)
        seen.append([screenshot(part(page, 1, name)) for name in ("here", "image", "made")])
    for k, name in enumerate(("decoded image", "test image", "reconstruction")):
        new = sum(all(differ(a[k], b[k]) for b in seen[:i]) for i, a in enumerate(seen))
        check(new >= 3, f"four points of the plane show {new} different images of the {name}")


def explorer_links(open_page):
    "The second model follows the first: the same test image, in its own place, with its own reconstruction."
    page = explored(open_page)
    walk(page, .2, .25)
    before = {name: screenshot(part(page, 2, name)) for name in ("plane", "image", "made")}
    walk(page, .8, .7)
    for name, image in before.items(): check(differ(image, screenshot(part(page, 2, name))),
                                               f"the second model's {name} does not follow")
    page.mouse.move(2, 2)
    check(not differ(screenshot(part(page, 1, "image")), screenshot(part(page, 2, "image"))), "the two models show different test images")


def explorer_menus(open_page):
    "Every model has its own plane, and every option of 'Background' changes it."
    page = explored(open_page)
    menu, planes = page.locator(".explorer section:nth-of-type(2) select").first, []
    for name in menu.locator("option").all_inner_texts():
        menu.select_option(name)
        page.evaluate(STILL)
        planes.append(screenshot(part(page, 2, "plane")))
    check(len(planes) > 1 and all(differ(a, b) for i, a in enumerate(planes) for b in planes[:i]), "two models show the same plane")
    behind = page.get_by_label("Background").first
    grounds = []
    for name in behind.locator("option").all_inner_texts():
        behind.select_option(name)
        page.evaluate(STILL)
        grounds.append(screenshot(part(page, 1, "plane")))
        check(all(differ(grounds[-1], ground) for ground in grounds[:-1]), f"'{name}' does not change the plane")


# The page

def check_figures(page, where):
    "All images are loaded, visible, and have an alternative text."
    figures = page.evaluate(FIGURES)
    check(len(figures) > 5, f"only {len(figures)} images {where}")
    without_alt = sum(not figure["alt"].strip() for figure in figures)
    check(not without_alt, f"{without_alt} images without alternative text {where}")
    invisible = [figure["alt"] for figure in figures if not (figure["loaded"] and figure["seen"])]
    check(not invisible, f"invisible images {where}: {invisible}")


def phone(open_page):
    "At 390 pixels the page does not scroll sideways, and all images are visible."
    page = explored(open_page, width=390)
    check(page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the report scrolls sideways at 390 pixels")
    check_figures(page, "at 390 pixels")


def dark(open_page):
    "The background and the images follow the light and the dark scheme."
    light_page, dark_page = open_page(), open_page(dark=True)
    light, dim = light_page.evaluate(LIGHT), dark_page.evaluate(LIGHT)
    check(light > .9, f"the background of the light page has luminance {light:.2f}")
    check(dim < .1, f"the background of the dark page has luminance {dim:.2f}")
    check_figures(dark_page, "in the dark scheme")
    for place in (".paper img", ".pixels"):
        corner = lambda page: screenshot(page.locator(f"main {place}").first).getpixel((1, 1))
        check(corner(light_page) > 200 and corner(dark_page) < 70, f"the background of {place} does not follow the colour scheme")


def without_scripts(open_page):
    "Tables, figures and the explorer's heat maps are shown without JavaScript."
    page, scripted = open_page(javascript=False), open_page()
    rows = "table.sortable >> nth=0 >> tbody tr"
    check(page.locator(rows).count() == scripted.locator(rows).count() > 2, "the table lacks rows without JavaScript")
    alts = page.locator("main img").evaluate_all("all => all.map(i => [i.alt.trim(), i.getClientRects().length > 0])")
    check(len(alts) > 5 and all(alt and seen for alt, seen in alts), "images are invisible or have no alternative text without JavaScript")
    heat = [alt for alt, _ in alts if alt.startswith("Heat map")]
    models = scripted.locator(".explorer section").first.locator("select option").count()
    check(len(heat) == models, f"{len(heat)} heat maps for the {models} models of the explorer without JavaScript")
    check(not page.locator(".explorer").first.is_visible(), "the explorer is shown without JavaScript, where it cannot work")


def links(open_page):
    "Every link and anchor inside the report has its target, and every id is unique."
    page = open_page()
    start, waiting, seen = page.url, [page.url], {}
    while waiting:
        address = waiting.pop()
        if address in seen: continue
        page.goto(address, wait_until="domcontentloaded")
        seen[address] = page.evaluate("""() => ({ids: [...document.querySelectorAll("[id]")].map(e => e.id),
                                           links: [...document.querySelectorAll("a[href]")].map(a => a.href)})""")
        inside = {urldefrag(link).url for link in seen[address]["links"] if link.startswith(urljoin(start, "."))}
        if address == start: waiting += [link for link in inside if link.endswith(".html")]
        for link in inside - {start}:
            if not link.endswith(".html"): check(page.request.head(link).ok, f"{address}: dead link {link}")
    check(len(seen) > 2, "the report links to no page of a run")
    for address, page_parts in seen.items():
        check(len(set(page_parts["ids"])) == len(page_parts["ids"]), f"{address}: an id occurs twice")
        for link in page_parts["links"]:
            target, anchor = urldefrag(link)
            if target in seen and anchor: check(unquote(anchor) in seen[target]["ids"], f"{address}: {link} has no target")


# The slides

def slides(open_page):
    "There are at least ten slides, arrow keys move, everything fits, and images have an alternative text."
    page = open_page(SLIDES_PAGE)
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    total, at = page.evaluate("Reveal.getTotalSlides()"), lambda: page.evaluate("Reveal.getIndices().h")
    check(total >= 10, f"only {total} slides")
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", total - 1), ("Home", 0)):
        page.keyboard.press(key)
        page.wait_for_function("place => Reveal.getIndices().h == place", arg=place, timeout=5000)
    for k in range(total):
        page.evaluate("k => Reveal.slide(k)", k)
        page.wait_for_timeout(50)
        title, over = page.evaluate("""() => { const slide = Reveal.getCurrentSlide()
          return [slide.querySelector("h1, h2")?.textContent, Math.max(slide.scrollHeight - 720, slide.scrollWidth - 1280)] }""")
        check(title and over <= 0, f"slide {k + 1}, {title!r}, does not fit by {over} pixels")
        check(at() == k, f"slide {k + 1} cannot be reached")
    without_alt = page.locator(".slides img").evaluate_all("all => all.filter(i => !i.alt.trim()).length")
    check(page.locator(".slides img").count() > 5, "the slides have fewer than six images")
    check(not without_alt, f"{without_alt} images of the slides have no alternative text")
    speaker_view(page, total)


def speaker_view(page, total):
    "Every slide has a note, which the slides hide and the speaker's view shows."
    notes = page.locator("aside.notes")
    check(notes.count() == total, f"{notes.count()} of {total} slides have a note for the speaker")
    check(not notes.first.is_visible(), "the audience sees the notes")
    page.evaluate("Reveal.slide(1)")
    with page.expect_popup() as popup: page.keyboard.press("s")
    text = notes.nth(1).text_content().strip()[:40]
    popup.value.wait_for_function("text => document.body.textContent.includes(text)", arg=text, timeout=10000)


def slides_elsewhere(open_page):
    "The slides are shown on a narrow screen, in the dark scheme and without JavaScript."
    page = open_page(SLIDES_PAGE, width=390, dark=True)
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    check(page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the slides scroll sideways at 390 pixels")
    check(page.evaluate(LIGHT) < .1, "the slides are not dark in the dark scheme")
    page = open_page(SLIDES_PAGE, javascript=False)
    tops = page.locator(".slides > section").evaluate_all("all => all.map(s => [s.getBoundingClientRect().top, s.offsetHeight])")
    check(len(tops) >= 10 and all(height > 50 for _, height in tops), "slides are missing without JavaScript")
    check(all(b[0] >= a[0] + a[1] - 1 for a, b in zip(tops, tops[1:])), "slides overlap without JavaScript")


SCENARIOS = {"table": table_sorts, "keyboard": keyboard, "walk": explorer_walks, "linked": explorer_links, "menus": explorer_menus,
             "phone": phone, "dark": dark, "without scripts": without_scripts, "links": links, "slides": slides,
             "slides elsewhere": slides_elsewhere, **browser_explorer.SCENARIOS}
