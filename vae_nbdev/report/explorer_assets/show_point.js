// The point of a half has moved: show the cross, the image decoded there, and a message.
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
    half.message.text = messageOf(explorer, model, place)
    speak(half, explorer)
  })
}

// Losses are known on a grid of the plane. The image decoded at a point of more than two axes does not lie there.
function messageOf(explorer, model, place) {
  const {drawing, held} = explorerState(explorer), nats = model.entry.loss[model.gridPoint(place)].toFixed(1)
  if (drawing && !model.encode) return "This model does not encode drawings in the page: it shows the test image."
  const loss = place.length == 2 ? `Re-encoding loss at the nearest grid point: ${nats} nats. ` : ""
  return loss + (held ? "The point is held: click again to move it." : "A click holds the point.")
}

// Screen readers get the message once it rests, or they would read that of every frame.
function speak(half, explorer) {
  const root = explorerElement(explorer.models.id)
  const spoken = root.querySelectorAll(".spoken")[explorer.halves.indexOf(half)]
  clearTimeout(spoken.timer)
  spoken.timer = setTimeout(() => { spoken.textContent = half.message.text }, 500)
}
