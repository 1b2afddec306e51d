// The images, and a training that depends on its settings alone, never on the speed of the computer.

const TRAIN = 1197, VALID = 200, BATCH = 64, RECORD_EVERY = 10

// The images (1797, 64) in [0, 1] and their classes, from grey values 0 … 16 as compressed bytes in base64. The order
// is the package's: 1,197 training images, 200 for validation, 400 for tests.
async function readImages(pixels, classes) {
  const bytes = Uint8Array.from(atob(pixels), character => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))
  const values = new Uint8Array(await new Response(stream).arrayBuffer())
  const grey = Float64Array.from(values, value => value / 16)
  return {pixels: grey, classes: Array.from(classes, Number), count: classes.length}
}

function imageAt(images, index) { return images.pixels.slice(index * PIXELS, (index + 1) * PIXELS) }

function gather(images, indices) {
  const x = new Float64Array(indices.length * PIXELS)
  indices.forEach((index, row) => x.set(images.pixels.subarray(index * PIXELS, (index + 1) * PIXELS), row * PIXELS))
  return x
}

// A model in training. Options: model (a key of MODELS), seed, nTrain, and those of the model.
class Trainer {
  constructor(images, options) {
    Object.assign(this, {images, options, step: 0, order: [], recent: [], history: []})
    this.model = new MODELS[options.model](options)
    this.model.reset(new SeededSource(options.seed, "weights"))
    this.orderSource = new SeededSource(options.seed, "order")
    this.noiseSource = new SeededSource(options.seed, "noise")
    this.record()
  }

  get epoch() { return this.step / Math.ceil(this.options.nTrain / BATCH) }

  // One step on the next batch; every image is used once in an epoch.
  advance() {
    if (!this.order.length) this.order = this.orderSource.permutation(this.options.nTrain)
    const batch = this.order.splice(0, BATCH)
    this.recent.push(this.model.update(gather(this.images, batch), batch.length, this.noiseSource))
    this.step += 1
    if (this.step % RECORD_EVERY === 0) this.record()
  }

  // One point of the curves: the validation terms, and the means of the latest steps' terms.
  record() {
    const names = Object.keys(this.recent[0] ?? {})
    const train = Object.fromEntries(names.map(name => [name, mean(this.recent.map(terms => terms[name]))]))
    this.history.push({step: this.step, valid: this.validate(), train})
    this.recent = []
  }

  // The noise is the same every time, so that curves do not jump because of it.
  validate() {
    const x = this.images.pixels.subarray(TRAIN * PIXELS, (TRAIN + VALID) * PIXELS)
    return this.model.validationTerms(x, VALID, new SeededSource(this.options.seed, "validation"))
  }

  get diverged() { return !Number.isFinite(this.history.at(-1).valid.nelbo) }
}
