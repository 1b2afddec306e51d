// Another background is chosen, or another model: nothing, decoded images, or the re-encoding loss, in both halves.
function setBackground(explorer) {
  const {value, options} = explorer.background
  for (const half of explorer.halves) {
    const {background: {data: {x, y, w, h}}, tiles, loss_map, tile_map} = half
    if (value == options[1]) tiles.data = {url: [tileSheet(modelOf(half, explorer))], x, y, w, h}
    tile_map.visible = value == options[1]
    loss_map.visible = value == options[2]
  }
}

// An image of all images decoded on the grid, as an address for Bokeh. It takes a moment, so each model's is kept.
function tileSheet(model) {
  if (model.sheet) return model.sheet
  const {n, entry: {limits: [[left, right], [bottom, top]]}, origin} = model, share = i => i / (n - 1)
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d")
  for (let line = 0; line < n; line++) for (let column = 0; column < n; column++) {
    const place = [left + share(column) * (right - left), top - share(line) * (top - bottom)]
    const pixels = model.decode(place, origin), side = Math.sqrt(pixels.length)
    if (!line && !column) canvas.width = canvas.height = n * side
    context.putImageData(greyImage(pixels, side), column * side, line * side)
  }
  return model.sheet = canvas.toDataURL()
}

function greyImage(pixels, side) { // 0 is white, 1 black
  const image = new ImageData(side, side)
  pixels.forEach((value, i) => {
    image.data.fill(255 * (1 - value), 4 * i, 4 * i + 3)
    image.data[4 * i + 3] = 255
  })
  return image
}
