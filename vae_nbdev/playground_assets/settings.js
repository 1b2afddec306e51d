// The settings of the page as texts. They are kept in its address, so that a link shows what was seen.

function numberBetween(least, most, step = 0) {
  return text => {
    const value = Number(text)
    return text.trim() !== "" && value >= least && value <= most && (!step || Number.isInteger(value / step))
  }
}

function areHiddenSizes(text) {
  return text === "none" || /^\d{1,3}(-\d{1,3}){0,2}$/.test(text) && text.split("-").every(numberBetween(1, 256))
}

const SETTINGS = { // name → the initial value, and which values there are
  model: ["variational", text => text in MODELS],
  beta: ["1", numberBetween(0, 1000)],
  k: ["5", numberBetween(1, 50, 1)],
  corruption: ["0.3", numberBetween(0, 2)],
  hidden: ["32", areHiddenSizes],
  rate: ["0.01", numberBetween(1e-6, 1)],
  images: ["1197", numberBetween(10, TRAIN, 1)],
  seed: ["0", numberBetween(0, 999999, 1)],
  steps: ["0", numberBetween(0, 100000, 1)],
  noise: ["0", numberBetween(0, 1)],
  image: ["1203", numberBetween(0, 1796, 1)],
  drawing: ["", text => /^[0-9a-g]{64}$/.test(text)],
}
const OF_MODELS = {beta: "variational", k: "importance", corruption: "denoising"} // option → the model that has it

// The settings in an address, and the names of those that it has and that mean nothing.
function readAddress(hash) {
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, [initial]]) => [name, initial])), wrong = []
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (SETTINGS[name]?.[1](text)) settings[name] = text
    else wrong.push(name)
  }
  return {settings, wrong}
}

// The part of the address that stands for settings: those that differ from the initial ones, and mean something.
function writeAddress(settings) {
  const changed = Object.entries(settings).filter(([name, text]) =>
    name === "model" || text !== SETTINGS[name][0] && (OF_MODELS[name] ?? settings.model) === settings.model)
  return "#" + new URLSearchParams(changed)
}

function trainerOptions(settings) {
  const {model, hidden} = settings, number = name => Number(settings[name])
  return {model, hidden: hidden === "none" ? [] : hidden.split("-").map(Number), rate: number("rate"),
          beta: number("beta"), k: number("k"), corruption_level: number("corruption"), nTrain: number("images"),
          seed: number("seed")}
}

// A drawing as 64 characters, each a grey value 0 … 16, and the reverse.
function writeDrawing(pixels) { return Array.from(pixels, value => Math.round(16 * value).toString(17)).join("") }

function readDrawing(text) { return Float64Array.from(text, character => parseInt(character, 17) / 16) }
