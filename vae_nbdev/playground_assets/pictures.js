// What is drawn on canvases: images, the latent plane, and curves. Colours come from the style sheet.

const colours = new Map() // name → value in the present theme

function colour(name) {
  if (!colours.has(name)) {
    colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim())
  }
  return colours.get(name)
}

// The context of a canvas as large as it is shown, in the screen's resolution, and its size in CSS pixels.
function prepare(canvas) {
  const {clientWidth: width, clientHeight: height} = canvas, ratio = window.devicePixelRatio
  const context = canvas.getContext("2d")
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0)
  context.clearRect(0, 0, width, height)
  return {context, width, height}
}

// A small grey text; canvases keep what was set before.
function write(context, text, x, y, textAlign = "left") {
  Object.assign(context, {font: "11px system-ui, sans-serif", fillStyle: colour("soft"), textAlign})
  context.fillText(text, x, y)
}

// Images

const sheet = document.createElement("canvas") // images are painted on it pixel by pixel, and enlarged from there

// The three channels of a colour such as #1f2630.
function channels(hex) { return [1, 3, 5].map(place => parseInt(hex.slice(place, place + 2), 16)) }

// Images (n, 64) in rows of `columns`, with a margin of some pixels around each; gives what `prepare` does.
function paintImages(canvas, values, columns, margin) {
  const side = 8 + 2 * margin, rows = Math.ceil(values.length / PIXELS / columns)
  const paper = channels(colour("paper")), ink = channels(colour("ink"))
  sheet.width = side * columns
  sheet.height = side * rows
  const picture = sheet.getContext("2d").createImageData(sheet.width, sheet.height)
  for (let i = 0; i < values.length; i++) {
    const tile = Math.floor(i / PIXELS), pixel = i % PIXELS
    const x = tile % columns * side + margin + pixel % 8
    const y = Math.floor(tile / columns) * side + margin + Math.floor(pixel / 8), place = 4 * (y * sheet.width + x)
    for (let c = 0; c < 3; c++) picture.data[place + c] = paper[c] + values[i] * (ink[c] - paper[c])
    picture.data[place + 3] = 255
  }
  sheet.getContext("2d").putImageData(picture, 0, 0)
  const {context, width, height} = prepare(canvas)
  context.imageSmoothingEnabled = false
  context.drawImage(sheet, 0, 0, width, height)
  return {context, width, height}
}

// The latent plane

const RANGES = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128] // the plane shows codes from −range to range

// The smallest range that holds 998 of 1,000 coordinates.
function rangeOf(codes) {
  const sizes = codes.map(Math.abs).sort()
  return RANGES.find(range => range >= sizes[Math.floor(0.998 * sizes.length)]) ?? RANGES.at(-1)
}

// Codes at the middles of side × side tiles of the plane, row by row from the top.
function gridCodes(range, side) {
  const place = i => (2 * (i + 0.5) / side - 1) * range
  return Float64Array.from({length: 2 * side * side}, (_, i) => {
    const tile = Math.floor(i / 2)
    return i % 2 ? -place(Math.floor(tile / side)) : place(tile % side)
  })
}

// Draws in the coordinates of codes.
class Plane {
  constructor({context, width, height}, range) {
    Object.assign(this, {context, width, height, range})
  }

  x(code) { return (code / this.range + 1) / 2 * this.width }

  y(code) { return (1 - code / this.range) / 2 * this.height }

  // Axes with numbers at the edges, and one and two standard deviations of N(0, I) where the model has a prior.
  frame(hasPrior) {
    const {context, width, height, range} = this
    Object.assign(context, {strokeStyle: colour("line"), lineWidth: 1})
    this.line(0, height / 2, width, height / 2)
    this.line(width / 2, 0, width / 2, height)
    for (const value of [-range / 2, 0, range / 2]) {
      write(context, signed(value, 0), this.x(value), height - 6, "center")
      if (value) write(context, signed(value, 0), 5, this.y(value) + 4)
    }
    if (hasPrior) for (const radius of [1, 2]) this.ellipse([0, 0], [radius, radius], [4, 4])
  }

  line(x0, y0, x1, y1) {
    this.context.beginPath()
    this.context.moveTo(x0, y0)
    this.context.lineTo(x1, y1)
    this.context.stroke()
  }

  ellipse([x, y], [rx, ry], dash = []) {
    const {context} = this, scale = this.width / 2 / this.range
    context.beginPath()
    context.setLineDash(dash)
    context.ellipse(this.x(x), this.y(y), rx * scale, ry * scale, 0, 0, 2 * Math.PI)
    context.stroke()
    context.setLineDash([])
  }

  // Codes (n, 2) as points in the colours of their classes.
  points(codes, classes) {
    const {context} = this, radius = this.width < 340 ? 1.6 : 2.1
    context.globalAlpha = 0.8
    for (let digit = 0; digit < 10; digit++) {
      context.fillStyle = colour(`class-${digit}`)
      context.beginPath()
      classes.forEach((own, i) => {
        if (own !== digit) return
        const x = this.x(codes[2 * i]), y = this.y(codes[2 * i + 1])
        context.moveTo(x + radius, y)
        context.arc(x, y, radius, 0, 2 * Math.PI)
      })
      context.fill()
    }
    context.globalAlpha = 1
  }

  // The digit of each class, at the median of its codes.
  names(codes, classes) {
    const {context} = this
    Object.assign(context, {font: "700 16px system-ui, sans-serif", textAlign: "center",
                            lineWidth: 5, lineJoin: "round", strokeStyle: colour("paper")})
    for (let digit = 0; digit < 10; digit++) {
      const centre = axis => median(classes.flatMap((own, i) => own === digit ? [codes[2 * i + axis]] : []))
      const x = this.x(centre(0)), y = this.y(centre(1)) + 6 // half the height of a digit
      context.strokeText(digit, x, y)
      context.fillStyle = colour(`class-${digit}`)
      context.fillText(digit, x, y)
    }
  }

  // q(z|x): the mean as a cross, one and two standard deviations as ellipses.
  posterior({mean, sd}) {
    const {context} = this, x = this.x(mean[0]), y = this.y(mean[1])
    for (const [name, width] of [["paper", 5], ["mark", 2]]) {
      Object.assign(context, {strokeStyle: colour(name), lineWidth: width})
      this.line(x - 7, y, x + 7, y)
      this.line(x, y - 7, x, y + 7)
      if (sd) for (const radius of [1, 2]) this.ellipse(mean, [radius * sd[0], radius * sd[1]])
    }
  }

  // Where the pointer is, or the cursor of the keyboard.
  pointer([x, y]) {
    for (const [name, width] of [["paper", 4], ["ink", 1.5]]) {
      Object.assign(this.context, {strokeStyle: colour(name), lineWidth: width})
      this.context.strokeRect(this.x(x) - 6, this.y(y) - 6, 12, 12)
    }
  }
}

// Curves

// The words in place of a curve that would be 0 throughout.
function paintAbsence(canvas, words) {
  const {context, height} = prepare(canvas)
  write(context, words, 0, height / 2)
}

// Curves over the steps: each has points [step, value], and a colour's name.
function paintCurves(canvas, curves) {
  const {context, width, height} = prepare(canvas)
  if (curves.every(({points}) => points.length < 2)) return
  const last = Math.max(1, ...curves.map(({points}) => points.at(-1)?.[0] ?? 0))
  const [low, high] = scaleOf(curves, last), x = step => 34 + step / last * (width - 35)
  const y = value => height - 17 - (value - low) / (high - low) * (height - 24)
  write(context, signed(high, 1), 0, 10)
  write(context, signed(low, 1), 0, height - 3)
  write(context, last.toLocaleString("en"), width, height - 3, "right")
  for (const {points, name} of curves) {
    Object.assign(context, {strokeStyle: colour(name), lineWidth: 1.75, lineJoin: "round"})
    context.beginPath()
    thin(points, 300).forEach(([step, value]) => context.lineTo(x(step), y(value)))
    context.stroke()
  }
}

// The lowest and the highest value, but for the first steps, which would leave no room for the others.
function scaleOf(curves, last) {
  const points = curves.flatMap(curve => curve.points).filter(point => Number.isFinite(point[1]))
  const values = points.filter(([step]) => step >= last / 20 || points.length < 20).map(point => point[1])
  const low = Math.min(...values), high = Math.max(...values)
  return high - low > 1e-3 ? [low, high] : [low - 0.5, high + 0.5]
}

// At most about so many of the points, the last one among them.
function thin(points, most) {
  const every = Math.ceil(points.length / most)
  return points.filter((_, i) => (points.length - 1 - i) % every === 0)
}

// Numbers

function median(values) { return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] }

// A number as text, with a minus sign of a plus's width.
function signed(value, digits) {
  if (!Number.isFinite(value)) return "–"
  return value.toFixed(digits).replace(/^-0(\.0*)?$/, match => match.slice(1)).replace("-", "−")
}
