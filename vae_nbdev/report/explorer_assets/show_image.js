// Another test image is picked: both halves ring its code, show it with its reconstruction, and go there.
// image: slider over the test images; halves; columns: images in a row of their sprite
const i = image.value, column = i % columns, line = Math.floor(i / columns)
for (const half of halves) {
  const x = half.points.data.x[i], y = half.points.data.y[i]
  half.ring.data = {x: [x], y: [y]}
  for (const tile of [half.image, half.reconstruction]) {
    tile.x_range.setv({start: column, end: column + 1})
    tile.y_range.setv({start: -line - 1, end: -line})
  }
  half.slider_x.value = x
  half.slider_y.value = y
}
