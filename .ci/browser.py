"""Pages opened in a real Chromium. Whatever is opened is watched: an error on the page or in its console, a request
that fails, and a request to anywhere but the local server each make the scenario fail that opened it."""
import os, shutil, subprocess, sys, tempfile, threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "reports" / "_build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]
PATIENCE = 60_000  # milliseconds: a machine may be busy
AGES = ("light", "dark")
LEFT = "net::ERR_ABORTED"  # what Chromium calls a picture that was still on its way when the page was left


class BrowserError(Exception): "What is wrong with a page or the browser"


def find_chromium():
    "Where a Chromium is, or None: Playwright's own, then those of the system."
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright: own = playwright.chromium.executable_path
    return own if own and Path(own).exists() else next(filter(None, map(shutil.which, NAMES)), None)


def ways_to_install():
    "Commands that bring a Chromium: Debian's for root, Playwright's download otherwise."
    if os.geteuid() == 0 and shutil.which("apt-get"):
        yield ["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]


def install_chromium():
    "Bring a Chromium where there is none; say in one sentence what to do where that cannot be done."
    if find_chromium(): return
    print("Installing Chromium for the browser checks.", flush=True)
    for commands in ways_to_install():
        with tempfile.TemporaryFile() as output:
            quiet = dict(stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=600,
                         env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
            try: worked = all(subprocess.run(command, **quiet).returncode == 0 for command in commands)
            except (OSError, subprocess.TimeoutExpired): worked = False
        if worked and find_chromium(): return
    raise BrowserError("There is no Chromium and none could be installed: install Chromium or Google Chrome, "
                       "and run make test again.")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *about): pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        "A browser that leaves a page hangs up on what was still coming; anything else is an error."
        if not isinstance(sys.exception(), ConnectionError): super().handle_error(request, client_address)


@contextmanager
def served(folder):
    "Serve a folder on a free port of this machine; gives its address."
    if not Path(folder, "index.html").exists(): raise BrowserError(f"{folder} holds no index.html")
    with Server(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try: yield f"http://127.0.0.1:{server.server_port}/"
        finally: server.shutdown()


@contextmanager
def browser():
    "A Chromium without a window, with a profile of its own that is thrown away."
    from playwright.sync_api import sync_playwright
    path = find_chromium()
    if path is None: raise BrowserError("There is no Chromium on this machine: make test installs one.")
    options = OPTIONS + ["--no-sandbox"] * (os.geteuid() == 0)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=options, timeout=PATIENCE)
        try: yield chromium
        finally: chromium.close()


def watch(page, address, wrong):
    "Write down what a page does wrong."
    page.on("console", lambda said: said.type == "error" and wrong.append(f"{page.url}: console: {said.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: error: {error}"))
    page.on("requestfailed", lambda asked: asked.failure == LEFT or
            wrong.append(f"{page.url}: failed: {asked.url} {asked.failure}"))
    page.on("response", lambda got: got.status >= 400 and wrong.append(f"{page.url}: {got.status}: {got.url}"))
    inside = (address, "data:", "blob:", "about:")
    page.on("request", lambda asked: asked.url.startswith(inside) or wrong.append(f"{page.url}: outside: {asked.url}"))


@contextmanager
def opener(chromium, address, folder=""):
    """A function that opens pages of a served folder, each in a profile of its own. At the end a picture of every page
    is kept, and what they did wrong is raised."""
    wrong, opened = [], []

    def open_page(page="", *, width=1280, dark=False, javascript=True):
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=javascript,
                                       color_scheme=AGES[dark], service_workers="block")
        context.set_default_timeout(PATIENCE)
        shown = context.new_page()
        watch(shown, address, wrong)
        shown.goto(urljoin(address, page), wait_until="load")
        opened.append(shown)
        return shown

    try: yield open_page
    finally:
        for number, page in enumerate(opened, 1): keep(page, folder, number)
    if wrong: raise BrowserError("\n".join(dict.fromkeys(wrong)))


def keep(page, folder, number):
    "A picture of what the window shows, and no more of the page."
    if page.is_closed(): return
    name = Path(urlsplit(page.url).path).stem or "index"
    path = SCREENSHOTS / folder / f"{number:02}-{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    page.context.close()


def play(scenario, folder, name):
    "Play a scenario on a served folder; raises what is wrong."
    shutil.rmtree(SCREENSHOTS / name, ignore_errors=True)
    with served(folder) as address, browser() as chromium, opener(chromium, address, name) as open_page:
        scenario(open_page)


if __name__ == "__main__":
    try: install_chromium()
    except BrowserError as error: sys.exit(str(error))
