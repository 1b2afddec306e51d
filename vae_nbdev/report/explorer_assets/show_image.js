// Another image is picked or drawn: both halves mark where they encode it, show its reconstruction, and go there.
function showImage(explorer) {
  for (const half of explorer.halves) {
    const model = modelOf(half, explorer), view = currentView(half, explorer), place = model.project(view.code)
    half.ring.data = {x: [place[0]], y: [place[1]]}
    half.outline.data = model.outline(view)
    showPixels(half.image_pixels, view.pixels)
    showPixels(half.reconstruction_pixels, view.reconstruction)
    goTo(half, place)
    showPoint(half, explorer) // the sliders may stand there already, for another image
  }
}

// Put the point of a half at a place, inside of what its sliders reach.
function goTo(half, place) {
  half.sliders.forEach((slider, axis) => {
    if (axis < place.length) slider.value = Math.min(Math.max(place[axis], slider.start), slider.end)
  })
}

// The slider over the test images has moved: its image takes the place of a drawing.
function pickImage(explorer) {
  const {drawing, pad} = explorerState(explorer)
  if (drawing) pad.clear()
  else showImage(explorer)
}
