// The page: its state, the loop that trains, and what it draws.

const SIDE = 12 // of the latent grid, in tiles
const FRAME = 8, HURRY = 40 // milliseconds of training between two pictures: usually, and on the way to a link's end
const REFRESHED = 450 // codes that are computed anew in each frame while the model trains
const DRAWS = 30 // codes, or weights, from which the ELL of the drawing is computed
const POSTERIOR_MODELS = ["variational", "importance"], PRIOR_MODELS = [...POSTERIOR_MODELS, "adversarial"]
const TERMS = {nelbo: "NELBO", ell: "ELL", kl_z: "KL_z", kl_w: "KL_W",
               discriminator: "Discriminator", generator: "Generator"}
const WORDS = {kl_z: "the code is a point", kl_w: "the weights are numbers"} // in place of a curve that a model has not

const byId = id => document.getElementById(id)
const state = {settings: {}, trainer: null, running: false, request: 0, timer: 0, target: 0, codes: null, next: 0, range: 4,
               pointer: null, texts: new Map(), pixels: new Float64Array(PIXELS), drawn: false}
let images, shown, pad // the data, the test images of the strip, and the drawing pad

// Training

function start() {
  state.trainer = new Trainer(images, trainerOptions(state.settings))
  state.codes = new Float64Array(2 * images.count)
  refreshCodes(images.count)
  for (const [option, model] of Object.entries(OF_MODELS)) {
    byId("settings").elements[option].parentElement.hidden = model !== state.settings.model
  }
  nameCurves()
}

function run(running) {
  state.running = running
  const button = byId("train"), name = running ? "Pause" : "Train"
  button.toggleAttribute("data-running", running) // for the picture; the label says it in words
  button.setAttribute("aria-label", name)
  button.title = name
  cancelAnimationFrame(state.request)
  if (running) state.request = requestAnimationFrame(frame)
  else settle()
}

// Steps for a few milliseconds, then a picture; a link's training ends at its number of steps.
function frame() {
  const {trainer} = state, end = performance.now() + (state.target ? HURRY : FRAME)
  do trainer.advance(); while (performance.now() < end && trainer.step !== state.target)
  if (trainer.diverged) say("The training diverged: a term is no longer finite. A smaller learning rate helps.")
  if (trainer.diverged || trainer.step === state.target) return run(false)
  refreshCodes(REFRESHED)
  draw()
  state.request = requestAnimationFrame(frame)
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
  setText("step", state.trainer.step.toLocaleString("en"))
  setText("epoch", state.trainer.epoch.toFixed(1))
  writeTexts()
}

// Texts are written after all pictures: between them each would make the browser lay out the page once more.
function setText(id, text) { state.texts.set(id, text) }

function writeTexts() {
  for (const [id, text] of state.texts) if (byId(id).textContent !== text) byId(id).textContent = text
  state.texts.clear()
}

function drawPlanes(q) {
  const {trainer, codes, range, settings, pointer} = state, plane = new Plane(prepare(byId("plane")), range)
  plane.frame(PRIOR_MODELS.includes(settings.model))
  plane.points(codes, images.classes)
  plane.names(codes, images.classes)
  plane.posterior(q)
  const tiles = trainer.model.decode(gridCodes(range, SIDE), SIDE * SIDE)
  const grid = new Plane(paintImages(byId("grid"), tiles, SIDE, 1), range)
  if (pointer) drawPointer(plane, grid)
}

function drawPointer(...planes) {
  const {trainer, pointer, range} = state, z = Float64Array.from(pointer, share => share * range)
  for (const plane of planes) plane.pointer(z)
  byId("pointed").hidden = false
  paintImages(byId("pointed"), trainer.model.decode(z, 1), 1, 0)
  setText("place", `decoded at z = (${signed(z[0], 2)}, ${signed(z[1], 2)})`)
}

// The terms of the objective; the losses of the two players where there is no divergence.
function curveNames() {
  return ["nelbo", "ell", ...state.settings.model === "adversarial" ? ["discriminator", "generator"] : ["kl_z", "kl_w"]]
}

function drawCurves() {
  curveNames().forEach((name, place) => drawCurve(name, place))
}

function drawCurve(name, place) {
  const {history} = state.trainer, canvas = byId(`curve-${place}`)
  const curve = part => history.flatMap(point => name in point[part] ? [[point.step, point[part][name]]] : [])
  const valid = {points: curve("valid"), name: "valid"}, train = {points: curve("train"), name: "train"}
  const curves = !valid.points.length ? [train] : name === "nelbo" ? [train, valid] : [valid]
  const value = curves.at(-1).points.at(-1)?.[1] ?? NaN
  if (value === 0 && name in WORDS) paintAbsence(canvas, WORDS[name])
  else paintCurves(canvas, curves)
  setText(`value-${place}`, signed(value, 2))
}

function nameCurves() {
  curveNames().forEach((name, place) => {
    const heading = byId(`curve-${place}`).parentElement.querySelector("h2")
    heading.innerHTML = TERMS[name].replace(/_(.)/, "<sub>$1</sub>")
  })
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
  setText("q-mean", pair(q.mean))
  setText("q-sd", q.sd ? pair(q.sd) : "a point")
  setText("q-ell", signed(mean(logLikelihoods(repeat(state.pixels, copies), logits, copies)), 2))
  setText("q-kl", POSTERIOR_MODELS.includes(state.settings.model) ? signed(standardNormalKl(q), 2) : "0")
}

function standardDeviation(values) {
  const centre = mean(values)
  return Math.sqrt(mean(values.map(value => (value - centre) ** 2)))
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
  curveNames().forEach((name, place) => {
    const value = byId(`value-${place}`).textContent
    byId(`curve-${place}`).setAttribute("aria-label", `Curve of ${TERMS[name]}, now ${value} nats`)
  })
  if (trainer.diverged || !trainer.step) return
  say(`${trainer.step.toLocaleString("en")} steps: validation NELBO ${signed(valid.nelbo, 2)} nats per image.`)
}
