// A pad to draw a grey image on, by mouse, finger or pen. By keyboard: arrow keys move a cursor, the space bar draws
// for as long as it is down.
// canvas: of any resolution, square on the screen. It gets black ink on a transparent ground: the ground, the focus
//   ring, and an inversion for dark pages come from style sheets, its name (aria-label) from the page
// size: pixels along each side of the image
// onChange: called after every change with the image, a Float64Array of size × size values in [0, 1], row by row, 0
//   where nothing is drawn
// returns clear(), and set(pixels) with an image of the same kind; both call onChange
function drawingPad(canvas, size, onChange) {
  const scale = Math.ceil(192 / size), n = size * scale // the ink is finer than the image: a slow hand moves it smoothly
  const ink = new Float64Array(n * n), sheet = document.createElement("canvas"), context = canvas.getContext("2d")
  const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}
  const cursor = {x: .5, y: .5, shown: false} // of the keyboard; positions are fractions of the width
  let pen = null // where the ink was last, while pointer or space bar is down

  // Ink along a line: full in the middle, half at 1/16 of the width from it, so that a stroke is about 1/8 wide.
  function stroke(from, to) {
    const radius = n / 16, [x, y, dx, dy] = [from.x, from.y, to.x - from.x, to.y - from.y].map(value => value * n)
    const reach = (a, b) => [Math.max(0, Math.floor(Math.min(a, b) - 1.5 * radius)),
                             Math.min(n - 1, Math.ceil(Math.max(a, b) + 1.5 * radius))]
    const [left, right] = reach(x, x + dx), [top, bottom] = reach(y, y + dy), length = dx**2 + dy**2 || 1
    for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) {
      const [px, py] = [column + .5 - x, row + .5 - y]
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / length)) // the nearest point of the line
      const depth = Math.min(1, 1.5 - Math.hypot(px - along * dx, py - along * dy) / radius)
      ink[row * n + column] = Math.max(ink[row * n + column], depth) // strokes that cross do not get darker
    }
  }

  // The image: each of its pixels is the mean of scale × scale values of ink.
  function average() {
    const pixels = new Float64Array(size * size)
    for (let row = 0; row < n; row++) for (let column = 0; column < n; column++)
      pixels[Math.floor(row / scale) * size + Math.floor(column / scale)] += ink[row * n + column] / scale**2
    return pixels.map(value => Math.min(1, value)) // sums round up
  }

  function paint() {
    const image = new ImageData(n, n)
    ink.forEach((depth, i) => image.data[4 * i + 3] = 255 * depth)
    sheet.getContext("2d").putImageData(image, 0, 0)
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.drawImage(sheet, 0, 0, canvas.width, canvas.height)
    if (cursor.shown) paintCursor()
  }

  // A ring as wide as the brush, black on white, so that it shows on ink and on paper.
  function paintCursor() {
    const {width, height} = canvas
    for (const [colour, line] of [["white", width / 50], ["black", width / 120]]) {
      context.beginPath()
      context.ellipse(cursor.x * width, cursor.y * height, width / 16, height / 16, 0, 0, 2 * Math.PI)
      Object.assign(context, {strokeStyle: colour, lineWidth: line}).stroke()
    }
  }

  function changed() {
    paint()
    onChange(average())
  }

  function drawTo(place) {
    stroke(pen ?? place, place)
    pen = place
    changed()
  }

  function showCursor(shown) {
    cursor.shown = shown
    paint()
  }

  function pointed(event) {
    const {left, top, width, height} = canvas.getBoundingClientRect()
    return {x: (event.clientX - left) / width, y: (event.clientY - top) / height}
  }

  function pointerDown(event) {
    if (event.button != 0 || !event.isPrimary) return
    canvas.setPointerCapture(event.pointerId) // a stroke may leave the canvas and come back
    cursor.shown = false
    drawTo(pointed(event))
  }

  function pointerMove(event) {
    if (!pen || !canvas.hasPointerCapture(event.pointerId)) return
    for (const between of event.getCoalescedEvents?.() ?? []) { // a fast hand moves several times in a frame
      stroke(pen, pointed(between))
      pen = pointed(between)
    }
    drawTo(pointed(event))
  }

  function keyDown(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !(event.key == " " || event.key in arrows)) return
    event.preventDefault() // otherwise the page scrolls
    const [dx, dy] = arrows[event.key] ?? [0, 0], move = (value, step) => Math.min(1, Math.max(0, value + step / 16))
    Object.assign(cursor, {x: move(cursor.x, dx), y: move(cursor.y, dy), shown: true})
    if (event.key == " " || pen) drawTo({...cursor})
    else paint()
  }

  function lift() { pen = null }

  canvas.tabIndex = 0
  canvas.style.touchAction = "none" // a finger draws, the page stays where it is
  sheet.width = sheet.height = n
  const listeners = {
    pointerdown: pointerDown, pointermove: pointerMove, pointerup: lift, pointercancel: lift, keydown: keyDown,
    keyup: event => event.key == " " && lift(), focus: () => showCursor(canvas.matches(":focus-visible")),
    blur: () => { lift(); showCursor(false) },
  }
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener)
  return {
    clear() { ink.fill(0); changed() },
    set(pixels) {
      for (let row = 0; row < n; row++) for (let column = 0; column < n; column++)
        ink[row * n + column] = pixels[Math.floor(row / scale) * size + Math.floor(column / scale)]
      changed()
    },
  }
}
