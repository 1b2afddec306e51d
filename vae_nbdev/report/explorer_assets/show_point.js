// The point of a half has moved: show the cross, the image decoded there, and its re-encoding loss.
// Several sliders often move in one step; the half is drawn once for each frame of the screen.
function showPoint(half, explorer) {
  const {waiting} = explorerState(explorer)
  if (waiting.has(half.plane)) return
  waiting.add(half.plane)
  requestAnimationFrame(() => {
    waiting.delete(half.plane)
    const model = modelOf(half, explorer)
    const place = half.sliders.filter(slider => slider.visible).map(slider => slider.value)
    half.cross.data = {x: [place[0]], y: [place[1]]}
    showPixels(half.decoded_pixels, model.decode(place, currentView(half, explorer).code))
    half.message.text = messageOf(half, explorer, model, place)
  })
}

function messageOf(half, explorer, model, place) {
  const {drawing, held} = explorerState(explorer), nats = model.entry.loss[model.gridPoint(place)].toFixed(1)
  const loss = `Re-encoding loss of the image decoded here: ${nats} nats.`
  if (drawing && !model.encode) return "This model does not encode drawings in the page: it shows the test image."
  return held ? `${loss} The point is held: click again to move it.` : loss
}
