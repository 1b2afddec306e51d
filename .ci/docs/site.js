// Theme and search. Without JavaScript the pages are whole, and follow the theme of the system.
const memory = { // a browser may forbid storage
  get theme() { try { return localStorage.getItem("theme") } catch { return null } },
  set theme(value) { try { localStorage.setItem("theme", value) } catch {} },
}
const page = document.documentElement
page.classList.add("scripted")
if (memory.theme) page.dataset.theme = memory.theme

function switchTheme() {
  const dark = getComputedStyle(page).getPropertyValue("--dark").trim() === "1"
  page.dataset.theme = memory.theme = dark ? "light" : "dark"
}

// Pagefind's own search box, loaded when it is first asked for.
let box
function load() {
  const root = new URL(page.dataset.root + "/", location)
  const style = Object.assign(document.createElement("link"), {rel: "stylesheet", href: new URL("pagefind/pagefind-ui.css", root)})
  const script = Object.assign(document.createElement("script"), {src: new URL("pagefind/pagefind-ui.js", root)})
  document.head.append(style, script)
  return new Promise((resolve, reject) => { script.onload = resolve; script.onerror = reject }).then(() =>
    new PagefindUI({element: "#hits", showSubResults: true, showImages: false, pageSize: 8, autofocus: true,
                    baseUrl: root.pathname, bundlePath: new URL("pagefind/", root).pathname}))
}

function openSearch() {
  const dialog = document.getElementById("search")
  if (!dialog.open) dialog.showModal()
  box ??= load().catch(() => {
    document.getElementById("hits").textContent = "The search needs the pages to come from a server: make preview."
  })
  box.then(() => dialog.querySelector("input")?.focus())
}

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme").addEventListener("click", switchTheme)
  document.getElementById("find").addEventListener("click", openSearch)
  const dialog = document.getElementById("search")
  dialog.addEventListener("click", event => { if (event.target === dialog || event.target.closest("a")) dialog.close() })
  document.addEventListener("keydown", event => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]")
    if (event.key === "/" && !typing || event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      openSearch()
    }
  })
  document.querySelector(".all [aria-current]")?.scrollIntoView({block: "nearest"})
  followContents()
})

// The entry of the section that is being read stands out.
function followContents() {
  const address = link => decodeURIComponent(link.hash.slice(1)) // as ids are written: "fréchet-distance"
  const links = new Map([...document.querySelectorAll("aside nav a")].map(link => [address(link), link]))
  const watch = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) if (isIntersecting) {
      document.querySelector("aside a.here")?.classList.remove("here")
      links.get(target.id).classList.add("here")
    }
  }, {rootMargin: "-10% 0px -75% 0px"})
  for (const id of links.keys()) watch.observe(document.getElementById(id))
}
