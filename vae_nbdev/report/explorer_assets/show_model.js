// Another model is chosen for a half: its plane, codes and axes replace the old ones.
function showModel(half, explorer) {
  const {entry} = modelOf(half, explorer), [x, y, w, h] = entry.box
  setRange(half.plane.x_range, entry.limits[0])
  setRange(half.plane.y_range, entry.limits[1])
  half.sliders.forEach((slider, axis) => setAxis(slider, entry.limits[axis], entry.axes[axis]))
  half.points.data = {...half.points.data, x: entry.x, y: entry.y}
  half.class_labels.data = {...half.class_labels.data, x: entry.label_x, y: entry.label_y}
  half.background.data = {loss: [entry.loss], x: [x], y: [y], w: [w], h: [h]}
  half.note.text = entry.note
  setBackground(explorer)
  showImage(explorer)
}

function setRange(range, [start, end]) {
  range.bounds = [start, end] // first of all: a range does not leave its bounds
  range.setv({start, end})
}

// A model has as many axes as its code has dimensions; a half has sliders for the largest of them.
function setAxis(slider, limits, title) {
  slider.visible = limits != null
  if (!slider.visible) return
  const [start, end] = limits
  slider.setv({title, start, end, step: (end - start) / 100})
}
