// The drawing pad of an explorer and its buttons; there is none where no model of the page can encode.
function connectPad(root, explorer) {
  const canvas = root.querySelector(".pad canvas"), state = explorerState(explorer)
  if (!canvas) return
  const size = Math.sqrt(testPixels(explorer).length)
  state.pad = drawingPad(canvas, size, pixels => {
    state.drawing = pixels.some(value => value > 0) ? pixels : null
    showImage(explorer)
  })
  const [copy, clear] = root.querySelectorAll(".pad button")
  copy.onclick = () => state.pad.set(testPixels(explorer))
  clear.onclick = () => state.pad.clear()
}
