// Networks of dense layers that run in a page; the notebook "Networks in a web page" packs them.

// Half-precision numbers from their bytes: the high bytes of all numbers, then the low bytes.
function halfFloats(bytes) {
  const n = bytes.length / 2, floats = new Float32Array(n)
  for (let i = 0; i < n; i++) {
    const exponent = bytes[i] >> 2 & 31, fraction = ((bytes[i] & 3) << 8 | bytes[n + i]) / 1024
    const size = exponent ? (1 + fraction) * 2**(exponent - 15) : fraction * 2**-14
    floats[i] = bytes[i] & 128 ? -size : size
  }
  return floats
}

function sigmoid(x) { return 1 / (1 + Math.exp(-x)) }

function activation(name) {
  return {
    identity: x => x,
    tanh: Math.tanh,
    relu: x => Math.max(x, 0),
    leaky_relu: x => x > 0 ? x : .2 * x,
    softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  }[name]
}

// A gate ("glu") multiplies the first half of the values by the sigmoid of the second half.
function activate(values, name) {
  if (name != "glu") return values.map(activation(name))
  const half = values.length / 2
  return values.slice(0, half).map((value, i) => value * sigmoid(values[half + i]))
}

// Outputs of one layer, whose weights (outputs × inputs) begin at `start`, followed by its biases.
function denseLayer(inputs, outputs, weights, start) {
  const n = inputs.length, biases = start + outputs * n, result = new Float64Array(outputs)
  for (let i = 0, at = start; i < outputs; i++) {
    let sum = weights[biases + i]
    for (let j = 0; j < n; j++) sum += weights[at++] * inputs[j]
    result[i] = sum
  }
  return result
}

// A function from inputs to outputs (Float64Array), in double precision.
// layers: [number of outputs, name of the activation] of each; bytes: of all weights, see halfFloats
function denseNetwork({layers, bytes}) {
  const weights = halfFloats(bytes)
  return inputs => {
    let values = Float64Array.from(inputs), start = 0
    for (const [outputs, name] of layers) {
      const next = start + outputs * (values.length + 1)
      values = activate(denseLayer(values, outputs, weights, start), name)
      start = next
    }
    return values
  }
}

// The expected value of a pixel, as a function of the decoder's output.
function pixelMean(likelihood) {
  const series = x => 1 / 2 + x / 12 - x**3 / 720 + x**5 / 30240 // the formula is 0/0 at 0
  return {
    bernoulli: sigmoid,
    continuous_bernoulli: x => Math.abs(x) < .05 ? series(x) : 1 / 2 + 1 / (2 * Math.tanh(x / 2)) - 1 / x,
    gaussian: x => x,
  }[likelihood]
}
