// A model of the explorer as functions. Where the page holds its networks, they decode and encode; otherwise it shows
// stored images, of the nearest point of a grid.
// entry: what the page holds of the model, see model_entry
function exploredModel(entry) {
  const origin = Float64Array.from(entry.origin), d = origin.length, {directions, limits, loss, deviations} = entry
  const decoder = entry.decoder && denseNetwork(entry.decoder), encoder = entry.encoder && denseNetwork(entry.encoder)
  const mean = pixelMean(entry.likelihood), n = Math.sqrt(loss.length), [[left, right], [bottom, top]] = limits
  const row = (values, i, length) => Float64Array.from({length}, (_, j) => values[i * length + j])
  const picture = code => decoder(code).map(mean)

  // Coordinates of a code along the axes of the plane and the sliders.
  function project(code) {
    return directions.map(axis => axis.reduce((sum, a, j) => sum + a * (code[j] - origin[j]), 0))
  }

  // The code at a place on the first axes. In all other directions it agrees with the code `base`.
  function codeAt(place, base) {
    const from = project(base)
    return base.map((value, j) => place.reduce((sum, to, i) => sum + (to - from[i]) * directions[i][j], value))
  }

  // Number of the nearest point of the grid, from top left to bottom right.
  function gridPoint([x, y]) {
    const index = share => Math.min(n - 1, Math.max(0, Math.round(share * (n - 1))))
    return index((top - y) / (top - bottom)) * n + index((x - left) / (right - left))
  }

  function stored(shades, i) {
    return row(shades, i, entry.tiles.length / n**2).map(shade => shade / 15)
  }

  function decode(place, base) {
    return decoder ? picture(codeAt(place, base)) : stored(entry.tiles, gridPoint(place))
  }

  // A test image as the model sees it: mean and standard deviations of q(z|x), and the reconstruction.
  function testImage(i) {
    const code = row(entry.codes, i, d)
    return {code, sd: deviations.length ? row(deviations, i, d) : null,
            reconstruction: decoder ? picture(code) : stored(entry.reconstructions, i)}
  }

  // The same of any image. The outputs of the encoder are the code, or its mean and log standard deviation.
  function encode(pixels) {
    const outputs = encoder(pixels), code = outputs.slice(0, d)
    return {code, sd: outputs.length > d ? outputs.slice(d).map(Math.exp) : null, reconstruction: picture(code)}
  }

  // The outline in the plane that holds 95 % of q(z|x), a Gaussian. Its covariance there is C = AAᵀ, A triangular.
  function outline({code, sd}) {
    if (!sd) return {x: [], y: []}
    const covariance = (a, b) => directions[a].reduce((sum, value, j) => sum + value * directions[b][j] * sd[j]**2, 0)
    const a = Math.sqrt(covariance(0, 0)), b = covariance(0, 1) / a, c = Math.sqrt(covariance(1, 1) - b**2)
    const radius = Math.sqrt(-2 * Math.log(.05)), [x, y] = project(code)
    const angles = Array.from({length: 65}, (_, i) => 2 * Math.PI * i / 64)
    return {x: angles.map(t => x + radius * a * Math.cos(t)),
            y: angles.map(t => y + radius * (b * Math.cos(t) + c * Math.sin(t)))}
  }

  return {entry, n, origin, project, gridPoint, decode, testImage, outline,
          encode: encoder && encode}
}
