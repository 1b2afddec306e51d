// The page: its state, its controls, and the loop that trains and draws.

const SIDE = 12 // of the latent grid, in tiles
const FRAME = 9, HURRY = 40 // milliseconds of training for each picture: while one watches, and on the way to a link's end
const REFRESHED = 450 // codes that are computed anew in each frame while the model trains
const DRAWS = 30 // codes, or weights, from which the ELL of the drawing is computed
const POSTERIOR_MODELS = ["variational", "importance"], PRIOR_MODELS = [...POSTERIOR_MODELS, "adversarial"]
const TERMS = {nelbo: "NELBO", ell: "ELL", kl_z: "KLz", kl_w: "KLW", discriminator: "Discriminator", generator: "Generator"}
const WORDS = {kl_z: "the code is a point", kl_w: "the weights are numbers"} // in place of a curve that a model has not

const byId = id => document.getElementById(id)
const state = {settings: {}, trainer: null, running: false, target: 0, codes: null, next: 0, range: 4, pointer: null,
               pixels: new Float64Array(PIXELS), drawn: false}
let images, shown, pad // the data, the test images of the strip, and the drawing pad

// Training

function start() {
  state.trainer = new Trainer(images, trainerOptions(state.settings))
  state.codes = new Float64Array(2 * images.count)
  refreshCodes(images.count)
  for (const [option, model] of Object.entries(OF_MODELS)) {
    byId("settings").elements[option].parentElement.hidden = model !== state.settings.model
  }
}

function run(running) {
  state.running = running
  const button = byId("train"), name = running ? "Pause" : "Train"
  button.setAttribute("aria-pressed", running)
  button.setAttribute("aria-label", name)
  button.title = name
  if (running) requestAnimationFrame(frame)
  else settle()
}

// Steps for a few milliseconds, then a picture; a link's training ends at its number of steps.
function frame() {
  if (!state.running) return
  const {trainer} = state, end = performance.now() + (state.target ? HURRY : FRAME)
  do trainer.advance(); while (performance.now() < end && trainer.step !== state.target)
  if (trainer.diverged) say("The training diverged: a term is no longer finite. A smaller learning rate helps.")
  if (trainer.diverged || trainer.step === state.target) return run(false)
  refreshCodes(REFRESHED)
  draw()
  requestAnimationFrame(frame)
}

// After training: every code is up to date, and the address stands for what is seen.
function settle() {
  refreshCodes(images.count)
  draw()
  describe()
  remember()
}

// The next codes of the plane, and its range.
function refreshCodes(count) {
  const {trainer, codes} = state
  const indices = Array.from({length: Math.min(count, images.count)}, (_, i) => (state.next + i) % images.count)
  const means = trainer.model.posterior(gather(images, indices), indices.length).mean
  indices.forEach((index, i) => codes.set(means.subarray(2 * i, 2 * i + 2), 2 * index))
  state.next = (state.next + count) % images.count
  state.range = rangeOf(codes)
}

// Pictures

function draw() {
  const drawing = encodeDrawing()
  drawPlanes(drawing.q)
  drawCurves()
  drawStrip()
  drawDrawing(drawing)
  byId("step").textContent = state.trainer.step.toLocaleString("en")
  byId("epoch").textContent = state.trainer.epoch.toFixed(1)
}

function drawPlanes(q) {
  const {trainer, codes, range, settings, pointer} = state, plane = new Plane(byId("plane"), range)
  plane.frame(PRIOR_MODELS.includes(settings.model))
  plane.points(codes, images.classes)
  plane.names(codes, images.classes)
  plane.posterior(q)
  paintImages(byId("grid"), trainer.model.decode(gridCodes(range, SIDE), SIDE * SIDE), SIDE, 1)
  if (pointer) drawPointer(plane)
}

function drawPointer(plane) {
  const {trainer, pointer, range} = state, z = Float64Array.from(pointer, share => share * range)
  plane.pointer(z)
  const grid = byId("grid").getContext("2d"), other = Object.assign(Object.create(plane), {context: grid})
  other.width = byId("grid").clientWidth
  other.height = byId("grid").clientHeight
  other.pointer(z)
  byId("pointed").hidden = false
  paintImages(byId("pointed"), trainer.model.decode(z, 1), 1, 0)
  byId("place").textContent = `decoded at z = (${signed(z[0], 2)}, ${signed(z[1], 2)})`
}

// Four curves: the terms of the objective, or the losses of the two players where there is no divergence.
function drawCurves() {
  const adversarial = state.settings.model === "adversarial"
  const names = ["nelbo", "ell", ...adversarial ? ["discriminator", "generator"] : ["kl_z", "kl_w"]]
  names.forEach((name, place) => drawCurve(name, byId(`curve-${place}`), byId(`value-${place}`)))
}

function drawCurve(name, canvas, output) {
  const {history} = state.trainer
  const curve = part => history.flatMap(point => name in point[part] ? [[point.step, point[part][name]]] : [])
  const valid = {points: curve("valid"), name: "valid"}, train = {points: curve("train"), name: "train"}
  const curves = !valid.points.length ? [train] : name === "nelbo" ? [train, valid] : [valid]
  const value = curves.at(-1).points.at(-1)?.[1] ?? NaN, absent = value === 0 && WORDS[name]
  if (absent) paintAbsence(canvas, absent)
  else paintCurves(canvas, curves)
  output.textContent = signed(value, 2)
  canvas.previousElementSibling.querySelector("h2").innerHTML = TERMS[name].replace(/^KL(.)/, "KL<sub>$1</sub>")
  canvas.setAttribute("aria-label", absent || `Curve of ${TERMS[name]}, now ${signed(value, 2)} nats`)
}

function noisy(pixels, purpose) {
  const {noise, seed} = state.settings
  return addNoise(pixels, Number(noise), new SeededSource(seed, purpose).normal(pixels.length))
}

function drawStrip() {
  const {model} = state.trainer, seen = noisy(gather(images, shown), "noise on test images")
  const decoded = model.decode(model.posterior(seen, shown.length).mean, shown.length)
  paintImages(byId("strip"), Float64Array.of(...seen, ...decoded), shown.length, 1)
}

// The drawing

// What the encoder sees of the drawing, draws of what comes out, and q(z|x): its mean and standard deviation.
function encodeDrawing() {
  const {model} = state.trainer, {settings} = state, seen = noisy(state.pixels, "noise on the drawing")
  const {codes, logits} = model.drawsOf(seen, DRAWS, new SeededSource(settings.seed, "draws"))
  if (settings.model !== "bayesian") return {seen, logits, q: model.posterior(seen, 1)}
  const axes = [0, 1].map(axis => codes.filter((_, i) => i % LATENT === axis))
  return {seen, logits, q: {mean: Float64Array.from(axes, mean), sd: axes.map(standardDeviation)}}
}

function drawDrawing({seen, logits, q}) {
  const copies = logits.length / PIXELS, pair = values => Array.from(values, value => signed(value, 2)).join(", ")
  paintImages(byId("seen"), seen, 1, 0)
  paintImages(byId("decoded"), state.trainer.model.decode(q.mean, 1), 1, 0)
  byId("q-mean").textContent = pair(q.mean)
  byId("q-sd").textContent = q.sd ? pair(q.sd) : "a point"
  byId("q-ell").textContent = signed(mean(logLikelihoods(repeat(state.pixels, copies), logits, copies)), 2)
  byId("q-kl").textContent = POSTERIOR_MODELS.includes(state.settings.model) ? signed(standardNormalKl(q), 2) : "0"
}

function standardDeviation(values) {
  const centre = mean(values)
  return Math.sqrt(mean(values.map(value => (value - centre) ** 2)))
}

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

// Before the first stroke: an image that was shown goes away.
function beginDrawing(event) {
  if (state.drawn || event.type === "keydown" && event.key !== " ") return
  pad.clear()
  state.drawn = true
}

function clearPad() {
  state.drawn = true
  pad.clear()
}

// Pictures and address after something changed; while the model trains the next frame shows it.
function update() {
  if (state.running) return
  draw()
  remember()
}

// Words

function say(text) { byId("status").textContent = text }

// Texts for those who do not see the pictures.
function describe() {
  const {trainer, range} = state, {valid} = trainer.history.at(-1), steps = `after ${trainer.step} steps`
  byId("plane").setAttribute("aria-label",
    `Latent plane: codes of 1,797 images ${steps}, both coordinates from −${range} to ${range}; ` +
    `the drawing is at ${byId("q-mean").textContent}`)
  byId("grid").setAttribute("aria-label", `Latent grid: ${SIDE} × ${SIDE} images decoded from the same plane ${steps}`)
  byId("strip").setAttribute("aria-label", `Ten test images and their reconstructions ${steps}`)
  byId("decoded").setAttribute("aria-label", "The image decoded from the drawing's code")
  if (!trainer.diverged && trainer.step) say(`${trainer.step.toLocaleString("en")} steps: validation NELBO ${signed(valid.nelbo, 2)} nats per image.`)
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
  for (const name of ["model", "beta", "k", "corruption", "hidden", "rate", "images", "seed"]) choose(name, settings[name])
  showNoise()
  state.target = Number(settings.steps)
  state.running = false
  start()
  showOnPad(settings.drawing ? readDrawing(settings.drawing) : imageAt(images, Number(settings.image)))
  run(state.target > 0)
}

// Set a control to a value, which a link may have taken from outside of its list.
function choose(name, text) {
  const control = byId("settings").elements[name]
  if (control.options && !Array.from(control.options, option => option.value).includes(text)) control.add(new Option(text))
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

function keyOnPlane(event) {
  const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key]
  const [x, y] = state.pointer ?? [0, 0]
  if (steps) move(x + steps[0] / 20, y + steps[1] / 20)
  else if (event.key === "Enter" && state.pointer) takeNearest()
  else return
  event.preventDefault() // otherwise the page scrolls
}

// The image whose code is nearest to the pointer becomes the drawing.
function takeNearest() {
  const {codes, range, pointer: [x, y]} = state
  const distances = images.classes.map((_, i) => Math.hypot(codes[2 * i] - x * range, codes[2 * i + 1] - y * range))
  take(distances.indexOf(Math.min(...distances)))
}

// In a page of the docs: its theme, and as much height as is needed. A page opened from a file may not look at the one
// around it: there the playground follows the system, and scrolls.

function embed() {
  const frame = window.frameElement, page = frame?.ownerDocument, content = document.querySelector("main")
  const follow = () => setTheme(page ?? {body: document.body, documentElement: {dataset: {}}})
  document.documentElement.classList.toggle("embedded", window.parent !== window)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow)
  follow()
  if (!frame) return
  const observer = new MutationObserver(follow)
  observer.observe(page.documentElement, {attributeFilter: ["data-theme"]})
  observer.observe(page.body, {attributeFilter: ["class"]})
  new ResizeObserver(() => { frame.style.height = `${content.offsetHeight + 4}px` }).observe(content)
}

// The theme of the page around this one, or the system's.
function setTheme(page) {
  const {classList} = page.body, system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
  const quarto = ["dark", "light"].find(theme => classList.contains(`quarto-${theme}`))
  document.documentElement.dataset.theme = page.documentElement.dataset.theme ?? quarto ?? system
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
    canvas.addEventListener("pointermove", event => pointAt(canvas, event))
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

async function main() {
  images = await readImages(byId("pixels").textContent, byId("classes").textContent)
  shown = Array.from({length: 10}, (_, digit) => images.classes.indexOf(digit, TRAIN + VALID))
  for (const type of ["pointerdown", "keydown"]) byId("pad").addEventListener(type, beginDrawing)
  pad = drawingPad(byId("pad"), FINE, drawingChanged)
  writeClasses()
  listen()
  embed()
  show(location.hash)
}

main()
