// Layers, networks and the optimizer. A matrix is a Float64Array, row after row; `rows` is the number of images (or of
// codes) in it. A layer keeps its input for the backward pass, which adds to the gradients of its parameters and
// returns the gradient of its input. Names of parameters are those of the package.

class Parameter {
  constructor(name, size) {
    this.name = name
    this.value = new Float64Array(size)
    this.gradient = new Float64Array(size)
  }
}

// Products

// Adds a b to the result: a (rows, inner), b (inner, columns). Four terms at a time: each result is read and written
// once for them, which makes training twice as fast.
function addProduct(result, a, b, rows, inner, columns) {
  const fours = inner - inner % 4
  for (let row = 0; row < rows; row++) {
    const to = row * columns
    for (let k = 0; k < fours; k += 4) {
      const from = row * inner + k, b0 = k * columns, b1 = b0 + columns, b2 = b1 + columns, b3 = b2 + columns
      const a0 = a[from], a1 = a[from + 1], a2 = a[from + 2], a3 = a[from + 3]
      for (let j = 0; j < columns; j++) {
        result[to + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j]
      }
    }
    for (let k = fours; k < inner; k++) {
      const factor = a[row * inner + k], from = k * columns
      for (let j = 0; j < columns; j++) result[to + j] += factor * b[from + j]
    }
  }
}

function transpose(matrix, rows) {
  const columns = matrix.length / rows, result = new Float64Array(matrix.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[row * columns + column]
  }
  return result
}

// x Wᵀ + b: x (rows, nIn), weight (nOut, nIn), bias (nOut) → (rows, nOut).
function linear(x, rows, weight, bias) {
  const nOut = bias.length, y = repeat(bias, rows)
  addProduct(y, x, transpose(weight, nOut), rows, weight.length / nOut, nOut)
  return y
}

// The gradient of the input of `linear`: dy W.
function inputGradient(dy, rows, weight, nOut) {
  const nIn = weight.length / nOut, dx = new Float64Array(rows * nIn)
  addProduct(dx, dy, weight, rows, nOut, nIn)
  return dx
}

// Adds the gradients of weight and bias of `linear`: dyᵀ x, and the column sums of dy.
function addWeightGradients(dy, x, rows, weightGradient, biasGradient) {
  const nOut = biasGradient.length, ones = new Float64Array(rows).fill(1)
  addProduct(weightGradient, transpose(dy, rows), x, nOut, rows, weightGradient.length / nOut)
  addProduct(biasGradient, ones, dy, 1, rows, nOut)
}

// Layers

// Weights and biases are numbers.
class DenseLayer {
  constructor(name, nIn, nOut) {
    Object.assign(this, {nIn, nOut})
    this.weight = new Parameter(`${name}.weight`, nOut * nIn)
    this.bias = new Parameter(`${name}.bias`, nOut)
    this.parameters = [this.weight, this.bias]
  }

  // Uniform within ±1/√nIn.
  reset(source) {
    for (const parameter of this.parameters) setUniform(parameter.value, 1 / Math.sqrt(this.nIn), source)
  }

  forward(x, rows) {
    Object.assign(this, {x, rows})
    return linear(x, rows, this.weight.value, this.bias.value)
  }

  backward(dy) {
    addWeightGradients(dy, this.x, this.rows, this.weight.gradient, this.bias.gradient)
    return inputGradient(dy, this.rows, this.weight.value, this.nOut)
  }
}

// Every weight and bias has a Normal posterior N(m, s²), s = softplus(ρ), and the prior N(0, σ²), σ learned.
class BayesianLayer {
  constructor(name, nIn, nOut) {
    Object.assign(this, {nIn, nOut})
    const parameter = (part, size) => new Parameter(`${name}.${part}`, size)
    this.weightMean = parameter("weight_mean", nOut * nIn)
    this.biasMean = parameter("bias_mean", nOut)
    this.weightRho = parameter("weight_rho", nOut * nIn)
    this.biasRho = parameter("bias_rho", nOut)
    this.logPriorSd = parameter("log_prior_sd", 1)
    this.parameters = [this.weightMean, this.biasMean, this.weightRho, this.biasRho, this.logPriorSd]
    this.pairs = [[this.weightMean, this.weightRho], [this.biasMean, this.biasRho]]
  }

  // Means within Glorot's bound, s = 0.02, and the prior at its optimum.
  reset(source) {
    setUniform(this.weightMean.value, Math.sqrt(6 / (this.nIn + this.nOut)), source)
    for (const [, rho] of this.pairs) rho.value.fill(Math.log(Math.expm1(0.02)))
    const size = (this.nIn + 1) * this.nOut
    this.logPriorSd.value[0] = Math.log(sum(this.pairs.map(([mean, rho]) => sumOfSquares(mean, rho))) / size) / 2
  }

  // `W` says which weights: null for their means, a WeightSample, or a LocalReparameterization.
  forward(x, rows, W) {
    if (W instanceof LocalReparameterization) return this.forwardLocally(x, rows, W.source)
    const [weight, bias] = W ? W.values.get(this) : [this.weightMean.value, this.biasMean.value]
    return linear(x, rows, weight, bias)
  }

  // Mean and variance of every output, and noise on it (Kingma et al. 2015).
  forwardLocally(x, rows, source) {
    const squares = x.map(value => value * value)
    this.variances = this.pairs.map(([, rho]) => rho.value.map(value => softplus(value) ** 2))
    const y = linear(x, rows, this.weightMean.value, this.biasMean.value)
    const sd = linear(squares, rows, ...this.variances).map(value => Math.sqrt(Math.max(value, 1e-16)))
    const noise = source.normal(y.length)
    Object.assign(this, {x, rows, squares, sd, noise})
    return y.map((mean, i) => mean + sd[i] * noise[i])
  }

  // Backward pass of `forwardLocally`.
  backward(dy) {
    const {x, rows, squares, sd, noise} = this, [weightVariance, biasVariance] = this.variances
    const dVariance = dy.map((slope, i) => slope * noise[i] / sd[i] / 2)
    addWeightGradients(dy, x, rows, this.weightMean.gradient, this.biasMean.gradient)
    const weightSlopes = new Float64Array(weightVariance.length), biasSlopes = new Float64Array(biasVariance.length)
    addWeightGradients(dVariance, squares, rows, weightSlopes, biasSlopes)
    addRhoGradient(this.weightRho, weightSlopes)
    addRhoGradient(this.biasRho, biasSlopes)
    const dSquares = inputGradient(dVariance, rows, weightVariance, this.nOut)
    return inputGradient(dy, rows, this.weightMean.value, this.nOut).map((slope, i) => slope + 2 * x[i] * dSquares[i])
  }

  // KL(q(W) ‖ p(W)) in nats, summed over weights and biases.
  kl() {
    const logSd = this.logPriorSd.value[0], variance = Math.exp(logSd) ** 2
    return sum(this.pairs.map(([mean, rho]) => {
      const logs = sum(rho.value.map(value => Math.log(softplus(value))))
      return sumOfSquares(mean, rho) / (2 * variance) - logs + mean.value.length * (logSd - 1 / 2)
    }))
  }

  // Adds the gradient of factor · KL.
  addKlGradient(factor) {
    const variance = Math.exp(this.logPriorSd.value[0]) ** 2
    for (const [mean, rho] of this.pairs) {
      mean.value.forEach((value, i) => { mean.gradient[i] += factor * value / variance })
      rho.value.forEach((value, i) => {
        const s = softplus(value)
        rho.gradient[i] += factor * (s / variance - 1 / s) * sigmoid(value)
      })
      this.logPriorSd.gradient[0] += factor * (mean.value.length - sumOfSquares(mean, rho) / variance)
    }
  }
}

// New noise on every output of every Bayesian layer.
class LocalReparameterization {
  constructor(source) { this.source = source }
}

// One set of weights for all Bayesian layers, m + s·ε.
class WeightSample {
  constructor(layers, source) {
    const sample = ([mean, rho]) => {
      const noise = source.normal(mean.value.length)
      return mean.value.map((value, i) => value + softplus(rho.value[i]) * noise[i])
    }
    this.values = new Map(layers.map(layer => [layer, layer.pairs.map(sample)]))
  }
}

class Tanh {
  parameters = []

  forward(x) {
    this.y = x.map(Math.tanh)
    return this.y
  }

  backward(dy) { return dy.map((slope, i) => slope * (1 - this.y[i] ** 2)) }
}

class LeakyRelu {
  parameters = []

  forward(x) {
    this.x = x
    return x.map(value => value > 0 ? value : 0.2 * value)
  }

  backward(dy) { return dy.map((slope, i) => this.x[i] > 0 ? slope : 0.2 * slope) }
}

// Layers of these sizes, with an activation between them.
class Network {
  constructor(name, sizes, Layer, Activation) {
    this.modules = []
    sizes.slice(1).forEach((nOut, i) => {
      if (i > 0) this.modules.push(new Activation())
      this.modules.push(new Layer(`${name}.layers.${2 * i}`, sizes[i], nOut))
    })
    this.layers = this.modules.filter(module => module.parameters.length)
    this.parameters = this.layers.flatMap(layer => layer.parameters)
  }

  forward(x, rows, W = null) {
    return this.modules.reduce((input, module) => module.forward(input, rows, W), x)
  }

  backward(dy) {
    return this.modules.reduceRight((slope, module) => module.backward(slope), dy)
  }
}

// The optimizer

// Adam (Kingma and Ba 2015).
class Adam {
  constructor(parameters, rate, beta1 = 0.9) {
    Object.assign(this, {parameters, rate, beta1, beta2: 0.999, epsilon: 1e-8, steps: 0})
    this.means = parameters.map(({value}) => new Float64Array(value.length))
    this.squares = parameters.map(({value}) => new Float64Array(value.length))
  }

  clearGradients() {
    for (const parameter of this.parameters) parameter.gradient.fill(0)
  }

  step() {
    this.steps += 1
    this.parameters.forEach((parameter, k) => this.move(parameter, this.means[k], this.squares[k]))
  }

  move({value, gradient}, means, squares) {
    const {beta1, beta2, epsilon} = this, stepSize = this.rate / (1 - beta1 ** this.steps)
    const correction = Math.sqrt(1 - beta2 ** this.steps)
    for (let i = 0; i < value.length; i++) {
      means[i] = beta1 * means[i] + (1 - beta1) * gradient[i]
      squares[i] = beta2 * squares[i] + (1 - beta2) * gradient[i] ** 2
      value[i] -= stepSize * means[i] / (Math.sqrt(squares[i]) / correction + epsilon)
    }
  }
}

// Functions of numbers

// The same numbers several times, one copy after another.
function repeat(values, times) {
  const copies = new Float64Array(times * values.length)
  for (let copy = 0; copy < times; copy++) copies.set(values, copy * values.length)
  return copies
}

function sigmoid(x) { return 1 / (1 + Math.exp(-x)) }

// log(1 + exp(x)), for x of any size.
function softplus(x) { return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) }

function sum(values) { return values.reduce((total, value) => total + value, 0) }

function mean(values) { return sum(values) / values.length }

// Σ m² + Σ s² of a mean and its ρ.
function sumOfSquares({value}, rho) {
  return sum(value.map(m => m * m)) + sum(rho.value.map(r => softplus(r) ** 2))
}

// The gradient of ρ from that of the variance s² = softplus(ρ)².
function addRhoGradient(rho, slopes) {
  rho.value.forEach((value, i) => { rho.gradient[i] += slopes[i] * 2 * softplus(value) * sigmoid(value) })
}

function setUniform(values, bound, source) {
  source.uniform(values.length).forEach((number, i) => { values[i] = (2 * number - 1) * bound })
}
