// What the reader does: drawing, settings and the address, pointer and keyboard.

// The drawing pad

// An image on the pad, which the next stroke replaces.
function showOnPad(pixels) {
  pad.set(enlarge(pixels))
  state.pixels = pixels
  state.drawn = false
}

// An image of the data in place of the drawing.
function take(index) {
  showOnPad(imageAt(images, index))
  Object.assign(state.settings, {image: String(index), drawing: ""})
  update()
}

function takeNextTestImage() {
  const first = TRAIN + VALID, next = Number(state.settings.image) + 1
  take(next < first || next >= images.count ? first : next)
}

function drawingChanged(ink) {
  state.pixels = asDigit(ink)
  if (!state.drawn) return
  state.settings.drawing = writeDrawing(state.pixels)
  update()
}

// Before the first stroke: an image that was shown goes away. Other buttons, fingers and keys do not draw on the pad.
function beginDrawing(event) {
  const {type, button, isPrimary, key} = event
  const draws = type === "keydown" ? key === " " && !isShortcut(event) : button === 0 && isPrimary
  if (draws && !state.drawn) clearPad()
}

function clearPad() {
  state.drawn = true
  pad.clear()
}

// Pictures and address after something changed; while the model trains the next frame shows it. The address waits for
// the end of a stroke: browsers allow few changes of it.
function update() {
  if (state.running) return
  draw()
  clearTimeout(state.timer)
  state.timer = setTimeout(remember, 300)
}

// The address

function remember() {
  state.settings.steps = String(state.trainer.step)
  history.replaceState(null, "", writeAddress(state.settings))
}

// Show what an address stands for: its settings, and as many steps as it says.
function show(hash) {
  const {settings, wrong} = readAddress(hash)
  state.settings = settings
  say(wrong.length ? `The address has no meaning here in: ${wrong.join(", ")}.` : "")
  for (const {name} of byId("settings").elements) choose(name, settings[name])
  showNoise()
  state.target = Number(settings.steps)
  start()
  showOnPad(settings.drawing ? readDrawing(settings.drawing) : imageAt(images, Number(settings.image)))
  run(state.target > 0)
}

// Set a control to a value, which a link may have taken from outside of its list.
function choose(name, text) {
  const control = byId("settings").elements[name]
  const listed = !control.options || Array.from(control.options).some(option => option.value === text)
  if (!listed) control.add(new Option(text))
  control.value = text
}

function showNoise() {
  byId("noise").value = state.settings.noise
  byId("noise-value").textContent = `ε = ${Number(state.settings.noise).toFixed(2)}`
}

// A changed setting starts the training anew; a training that runs goes on with it.
function settingChanged(event) {
  const {name, value} = event.target
  if (!SETTINGS[name][1](value)) return choose(name, state.settings[name])
  state.settings[name] = value
  restart()
}

function restart() {
  state.target = 0
  say("")
  start()
  if (!state.running) settle()
}

// Pointer and keyboard on the planes: positions are shares of the range, from −1 to 1.
function pointAt(canvas, event) {
  const {left, top, width, height} = canvas.getBoundingClientRect()
  move(2 * (event.clientX - left) / width - 1, 1 - 2 * (event.clientY - top) / height)
}

function move(x, y) {
  const inside = share => Math.min(1, Math.max(-1, share))
  state.pointer = [inside(x), inside(y)]
  if (!state.running) draw()
}

// Whether a key belongs to the browser, such as Alt and an arrow, which goes back.
function isShortcut({ctrlKey, altKey, metaKey}) { return ctrlKey || altKey || metaKey }

function keyOnPlane(event) {
  if (isShortcut(event)) return
  const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key]
  const [x, y] = state.pointer ?? [0, 0]
  if (steps) move(x + steps[0] / 20, y + steps[1] / 20)
  else if (event.key === "Enter" && state.pointer) takeNearest()
  else return
  event.preventDefault() // otherwise the page scrolls
}

// The image whose code is nearest to the pointer becomes the drawing. After a training that diverged codes are NaN.
function takeNearest() {
  const {codes, range, pointer: [x, y]} = state
  const distances = images.classes.map((_, i) => Math.hypot(codes[2 * i] - x * range, codes[2 * i + 1] - y * range))
  const least = Math.min(...distances.filter(Number.isFinite))
  if (Number.isFinite(least)) take(distances.indexOf(least))
}

// In a page of the docs: its theme, and as much height as is needed. A page opened from a file may not look at the one
// around it: there the playground follows the system, and scrolls.

function embed() {
  const frame = window.frameElement, page = frame?.ownerDocument, content = document.querySelector("main")
  const follow = () => setTheme(themeAround(page ?? {body: document.body, documentElement: {dataset: {}}}))
  document.documentElement.classList.toggle("embedded", window.parent !== window)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow)
  window.addEventListener("beforeprint", () => setTheme("light")) // paper is white
  window.addEventListener("afterprint", follow)
  follow()
  if (!frame) return
  const observer = new MutationObserver(follow)
  observer.observe(page.documentElement, {attributeFilter: ["data-theme"]})
  observer.observe(page.body, {attributeFilter: ["class"]})
  new ResizeObserver(() => { frame.style.height = `${content.offsetHeight + 4}px` }).observe(content)
}

// The theme of the page around this one, or the system's.
function themeAround(page) {
  const {classList} = page.body, system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
  const quarto = ["dark", "light"].find(theme => classList.contains(`quarto-${theme}`))
  return page.documentElement.dataset.theme ?? quarto ?? system
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme
  colours.clear()
  if (state.trainer) draw()
}

// Listeners

function listen() {
  byId("train").addEventListener("click", () => { state.target = 0; run(!state.running) })
  byId("one").addEventListener("click", () => { state.trainer.advance(); run(false) })
  byId("reset").addEventListener("click", () => { run(false); restart() })
  byId("settings").addEventListener("change", settingChanged)
  byId("settings").addEventListener("submit", event => event.preventDefault())
  byId("noise").addEventListener("input", event => {
    state.settings.noise = event.target.value
    showNoise()
    update()
  })
  byId("clear").addEventListener("click", clearPad)
  byId("another").addEventListener("click", takeNextTestImage)
  byId("share").addEventListener("click", async () => {
    remember()
    try {
      await navigator.clipboard.writeText(location.href)
      say("The link is copied: it shows this model, trained this far, and this drawing.")
    } catch { say(`The link: ${location.href}`) }
  })
  for (const canvas of [byId("plane"), byId("grid")]) {
    for (const type of ["pointerdown", "pointermove"]) { // a finger that taps does not move
      canvas.addEventListener(type, event => pointAt(canvas, event))
    }
    canvas.addEventListener("keydown", keyOnPlane)
  }
  byId("plane").addEventListener("click", event => { pointAt(byId("plane"), event); takeNearest() })
  window.addEventListener("hashchange", () => {
    show(location.hash)
    window.frameElement?.scrollIntoView() // in a page of the docs the link stands below
  })
  window.addEventListener("resize", () => { if (!state.running) draw() })
}

function writeClasses() {
  for (let digit = 0; digit < 10; digit++) {
    const item = Object.assign(document.createElement("li"), {textContent: digit})
    item.style.setProperty("--own", `var(--class-${digit})`)
    document.querySelector(".classes").append(item)
  }
}

// Where the images cannot be unpacked, the reason stands in place of controls that would do nothing.
function giveUp() {
  document.querySelector("main").replaceChildren(document.querySelector("header"), byId("status"))
  say("The playground needs a newer browser: this one lacks DecompressionStream, which Chrome and Edge have since " +
    "version 80, Firefox since 113 and Safari since 16.4.")
}

async function main() {
  embed()
  if (!window.DecompressionStream) return giveUp()
  images = await readImages(byId("pixels").textContent, byId("classes").textContent)
  shown = Array.from({length: 10}, (_, digit) => images.classes.indexOf(digit, TRAIN + VALID))
  for (const type of ["pointerdown", "keydown"]) byId("pad").addEventListener(type, beginDrawing)
  pad = drawingPad(byId("pad"), FINE, drawingChanged)
  writeClasses()
  listen()
  show(location.hash)
}

main()
