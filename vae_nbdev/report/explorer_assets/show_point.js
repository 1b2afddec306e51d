// A slider of a half has moved: show the cross, the image decoded there, and its re-encoding loss.
// Both sliders often move in one step; the half is drawn once for each frame of the screen.
// half: see make_half
if (half.waits) return
half.waits = true
requestAnimationFrame(() => {
  half.waits = false
  const {start: left, end: right} = half.plane.x_range, {start: bottom, end: top} = half.plane.y_range
  const x = half.slider_x.value, y = half.slider_y.value
  const loss = half.background.data.loss[0], n = Math.sqrt(loss.length)
  const column = Math.round((x - left) / (right - left) * (n - 1))
  const line = Math.round((top - y) / (top - bottom) * (n - 1))
  half.cross.data = {x: [x], y: [y]}
  half.decoded.x_range.setv({start: column, end: column + 1})
  half.decoded.y_range.setv({start: -line - 1, end: -line})
  const nats = loss[(n - 1 - line) * n + column].toFixed(1) // arrays start at the bottom, tiles at the top
  half.message.text = `Re-encoding loss of the image decoded here: ${nats} nats.`
})
