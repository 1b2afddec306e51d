// The six models: what each minimises, and its gradient. All terms are in nats per image. A pass of a model holds its
// terms and what the backward pass needs.

const PIXELS = 64, LATENT = 2

// Encoder and decoder; the code of an image is a point. Options: hidden (sizes), rate, nTrain.
class PlainAutoencoder {
  static heads = 1 // outputs of the encoder for each dimension of the code
  static Layer = DenseLayer

  constructor(options) {
    const {heads, Layer} = this.constructor, {hidden} = options
    this.options = options
    this.encoder = new Network("encoder", [PIXELS, ...hidden, heads * LATENT], Layer, Tanh)
    this.decoder = new Network("decoder", [LATENT, ...[...hidden].reverse(), PIXELS], Layer, Tanh)
    this.networks = [this.encoder, this.decoder]
    this.optimizers = [new Adam(this.parameters, options.rate)]
  }

  get parameters() { return this.networks.flatMap(network => network.parameters) }

  get layers() { return this.networks.flatMap(network => network.layers) }

  reset(source) {
    for (const layer of this.layers) layer.reset(source)
  }

  // One step on images x (rows, 64); returns the terms of the objective before the step.
  update(x, rows, source) {
    const [optimizer] = this.optimizers
    optimizer.clearGradients()
    const pass = this.forward(x, rows, source, true)
    this.backward(pass)
    optimizer.step()
    return pass.terms
  }

  // The terms for images that are not trained on.
  validationTerms(x, rows, source) { return this.forward(x, rows, source, false).terms }

  forward(x, rows) {
    const logits = this.decoder.forward(this.encoder.forward(x, rows), rows)
    return reconstruction(x, logits, rows)
  }

  backward({x, logits, rows}) {
    this.encoder.backward(this.decoder.backward(nelboGradient(x, logits, rows)))
  }

  // What the model says about images, for the plots: mean and standard deviation of q(z|x); the latter may be null.
  posterior(x, rows) { return {mean: this.encoder.forward(x, rows), sd: null} }

  // Draws of one image: its codes (n, 2) and what is decoded from them, logits (n, 64). A point code needs one draw.
  drawsOf(x) {
    const codes = this.encoder.forward(x, 1)
    return {codes, logits: this.decoder.forward(codes, 1)}
  }

  // Grey values of codes (rows, 2).
  decode(z, rows) { return this.decoder.forward(z, rows).map(sigmoid) }
}

// The encoder sees images with noise, the objective scores the clean ones (Vincent et al. 2008). Option:
// corruption_level, the standard deviation of the noise.
class DenoisingAutoencoder extends PlainAutoencoder {
  forward(x, rows, source, training) {
    const seen = training ? addNoise(x, this.options.corruption_level, source.normal(x.length)) : x
    return reconstruction(x, this.decoder.forward(this.encoder.forward(seen, rows), rows), rows)
  }
}

// q(z|x) is a Gaussian, regularised towards N(0, I) (Kingma and Welling 2014). Option: beta, the factor of KL_z.
class VariationalAutoencoder extends PlainAutoencoder {
  static heads = 2

  forward(x, rows, source) {
    const q = splitHeads(this.encoder.forward(x, rows), rows), eps = source.normal(q.mean.length)
    const z = sampleCodes(q, eps), logits = this.decoder.forward(z, rows)
    const ell = mean(logLikelihoods(x, logits, rows)), kl_z = standardNormalKl(q) / rows
    const terms = {nelbo: this.options.beta * kl_z - ell, ell, kl_z, kl_w: 0}
    return {x, rows, q, eps, logits, terms}
  }

  backward({x, rows, q, eps, logits}) {
    const dz = this.decoder.backward(nelboGradient(x, logits, rows)), factor = this.options.beta / rows
    const dMean = dz.map((slope, i) => slope + factor * q.mean[i])
    const dLogSd = dz.map((slope, i) => slope * q.sd[i] * eps[i] + factor * (q.sd[i] ** 2 - 1))
    this.encoder.backward(joinHeads(dMean, dLogSd, rows))
  }

  posterior(x, rows) { return splitHeads(this.encoder.forward(x, rows), rows) }

  drawsOf(x, count, source) {
    const codes = sampleCodes(this.posterior(x, 1), source.normal(count * LATENT))
    return {codes, logits: this.decoder.forward(codes, count)}
  }
}

// Minus the bound on log p(x) from k weighted codes of each image (Burda et al. 2016). Option: k.
class ImportanceWeightedAutoencoder extends VariationalAutoencoder {
  forward(x, rows, source, training) {
    const {k} = this.options, q = splitHeads(this.encoder.forward(x, rows), rows)
    const eps = source.normal(k * q.mean.length), z = sampleCodes(q, eps)
    const copies = repeat(x, k), logits = this.decoder.forward(z, k * rows)
    const ll = logLikelihoods(copies, logits, k * rows), logRatio = logRatios(q, z, eps)
    const logWeights = ll.map((value, i) => value - logRatio[i])
    const {bound, logNormalised} = weighCodes(logWeights, k, rows)
    const terms = training ? weightedTerms(bound, ll, logRatio, logNormalised, k, rows)
                           : {nelbo: -bound, ell: mean(ll), kl_z: mean(logRatio), kl_w: 0}
    return {copies, rows, q, eps, z, logits, weights: logNormalised.map(Math.exp), terms}
  }

  backward({copies, rows, q, eps, z, logits, weights}) {
    const dLogits = logits.map((logit, i) => weights[Math.floor(i / PIXELS)] * (sigmoid(logit) - copies[i]) / rows)
    const dz = this.decoder.backward(dLogits)
    const dMean = new Float64Array(q.mean.length), dLogSd = new Float64Array(q.mean.length).fill(-1 / rows)
    dz.forEach((fromDecoder, i) => {
      const slope = fromDecoder + weights[Math.floor(i / LATENT)] * z[i] / rows, j = i % q.mean.length
      dMean[j] += slope
      dLogSd[j] += slope * q.sd[j] * eps[i]
    })
    this.encoder.backward(joinHeads(dMean, dLogSd, rows))
  }
}

// A Normal posterior over every weight; given the weights the code is a point (Blundell et al. 2015).
class BayesianAutoencoder extends PlainAutoencoder {
  static Layer = BayesianLayer

  forward(x, rows, source, training) {
    const W = training ? new LocalReparameterization(source) : new WeightSample(this.layers, source)
    const pass = reconstruction(x, this.decoder.forward(this.encoder.forward(x, rows, W), rows, W), rows)
    pass.terms.kl_w = sum(this.layers.map(layer => layer.kl())) / this.options.nTrain
    pass.terms.nelbo += pass.terms.kl_w
    return pass
  }

  backward(pass) {
    super.backward(pass)
    for (const layer of this.layers) layer.addKlGradient(1 / this.options.nTrain)
  }

  drawsOf(x, count, source) {
    const codes = new Float64Array(count * LATENT), logits = new Float64Array(count * PIXELS)
    for (let draw = 0; draw < count; draw++) {
      const W = new WeightSample(this.layers, source), code = this.encoder.forward(x, 1, W)
      codes.set(code, draw * LATENT)
      logits.set(this.decoder.forward(code, 1, W), draw * PIXELS)
    }
    return {codes, logits}
  }
}

// Codes are matched to N(0, I) by a discriminator (Makhzani et al. 2015): three steps on every batch.
class AdversarialAutoencoder extends PlainAutoencoder {
  constructor(options) {
    super(options)
    this.discriminator = new Network("discriminator", [LATENT, 64, 64, 1], DenseLayer, LeakyRelu)
    this.networks.push(this.discriminator)
    this.optimizers = [new Adam([...this.encoder.parameters, ...this.decoder.parameters], options.rate),
                       new Adam(this.discriminator.parameters, options.rate, 0.5),
                       new Adam(this.encoder.parameters, 0.1 * options.rate, 0.5)]
  }

  update(x, rows, source) {
    const [, discriminatorOptimizer, generatorOptimizer] = this.optimizers
    const terms = super.update(x, rows, source)
    discriminatorOptimizer.clearGradients()
    terms.discriminator = this.discriminatorLoss(this.encoder.forward(x, rows), rows, source)
    discriminatorOptimizer.step()
    generatorOptimizer.clearGradients()
    const {loss, dCodes} = this.tellApart(this.encoder.forward(x, rows), rows, 1)
    this.encoder.backward(dCodes)
    generatorOptimizer.step()
    return {...terms, generator: loss}
  }

  // Samples of the prior should get large outputs, codes small ones.
  discriminatorLoss(codes, rows, source) {
    const samples = source.normal(codes.length)
    return this.tellApart(samples, rows, 1).loss + this.tellApart(codes, rows, -1).loss
  }

  // The mean of softplus(−sign · output), its gradient in the points, and in the discriminator.
  tellApart(points, rows, sign) {
    const outputs = this.discriminator.forward(points, rows)
    const dCodes = this.discriminator.backward(outputs.map(output => -sign * sigmoid(-sign * output) / rows))
    return {loss: mean(outputs.map(output => softplus(-sign * output))), dCodes}
  }
}

const MODELS = {
  plain: PlainAutoencoder, denoising: DenoisingAutoencoder, variational: VariationalAutoencoder,
  importance: ImportanceWeightedAutoencoder, bayesian: BayesianAutoencoder, adversarial: AdversarialAutoencoder,
}

// Likelihood

// Σ x·η − softplus(η) for each image: a grey cross-entropy, in nats (rows).
function logLikelihoods(x, logits, rows) {
  const result = new Float64Array(rows)
  for (let i = 0; i < x.length; i++) result[Math.floor(i / PIXELS)] += x[i] * logits[i] - softplus(logits[i])
  return result
}

// The gradient of −ELL, the mean over the batch, in the logits.
function nelboGradient(x, logits, rows) { return logits.map((logit, i) => (sigmoid(logit) - x[i]) / rows) }

// A pass of a model whose only term is ELL.
function reconstruction(x, logits, rows) {
  const ell = mean(logLikelihoods(x, logits, rows))
  return {x, logits, rows, terms: {nelbo: -ell, ell, kl_z: 0, kl_w: 0}}
}

function addNoise(x, level, noise) {
  return x.map((value, i) => Math.min(Math.max(value + level * noise[i], 0), 1))
}

// Gaussian codes

// Outputs of the encoder (rows, 4) → mean, log standard deviation and standard deviation, each (rows, 2).
function splitHeads(outputs, rows) {
  const part = first => Float64Array.from({length: rows * LATENT}, (_, i) =>
    outputs[Math.floor(i / LATENT) * 2 * LATENT + first + i % LATENT])
  const logSd = part(LATENT)
  return {mean: part(0), logSd, sd: logSd.map(Math.exp)}
}

// The reverse of `splitHeads`, for gradients.
function joinHeads(dMean, dLogSd, rows) {
  const joined = new Float64Array(rows * 2 * LATENT)
  for (let i = 0; i < dMean.length; i++) {
    const place = Math.floor(i / LATENT) * 2 * LATENT + i % LATENT
    joined[place] = dMean[i]
    joined[place + LATENT] = dLogSd[i]
  }
  return joined
}

// z = mean + sd·ε; noise for several codes of each image gives several codes.
function sampleCodes(q, eps) {
  const size = q.mean.length
  return eps.map((noise, i) => q.mean[i % size] + q.sd[i % size] * noise)
}

// KL(q(z|x) ‖ N(0, I)), summed over all images.
function standardNormalKl(q) {
  return sum(q.mean.map((m, i) => (m ** 2 + q.sd[i] ** 2 - 1) / 2 - q.logSd[i]))
}

// log q(z|x) − log p(z) of every code; the constants of the two densities cancel.
function logRatios(q, z, eps) {
  const size = q.mean.length, result = new Float64Array(z.length / LATENT)
  z.forEach((code, i) => { result[Math.floor(i / LATENT)] += (code ** 2 - eps[i] ** 2) / 2 - q.logSd[i % size] })
  return result
}

// Importance weighting

// The bound, log of the mean of k weights, averaged over images; and the normalised weights, in logs (k, rows).
function weighCodes(logWeights, k, rows) {
  const logNormalised = new Float64Array(k * rows)
  let bound = 0
  for (let row = 0; row < rows; row++) {
    const own = Array.from({length: k}, (_, copy) => logWeights[copy * rows + row])
    const largest = Math.max(...own), logSum = largest + Math.log(sum(own.map(value => Math.exp(value - largest))))
    own.forEach((value, copy) => { logNormalised[copy * rows + row] = value - logSum })
    bound += (logSum - Math.log(k)) / rows
  }
  return {bound, logNormalised}
}

// The parts of the bound for the weighted codes: nelbo = kl_z − ell.
function weightedTerms(bound, ll, logRatio, logNormalised, k, rows) {
  const weigh = value => sum(logNormalised.map((log, i) => Math.exp(log) * value(i))) / rows
  const ell = weigh(i => ll[i]), kl_z = weigh(i => logRatio[i] + logNormalised[i] + Math.log(k))
  return {nelbo: -bound, ell, kl_z, kl_w: 0}
}
