// Another model is chosen for a half: its numbers and sprites replace the old ones.
// half: see make_half; models: what the page holds of every model, see model_entry
const k = half.menu.options.indexOf(half.menu.value), entry = name => models.data[name][k]
const [left, right, bottom, top] = entry("limits"), [x, y, w, h] = entry("box")
for (const [range, start, end] of [[half.plane.x_range, left, right], [half.plane.y_range, bottom, top]]) {
  range.bounds = [start, end] // first of all: a range does not leave its bounds
  range.setv({start, end})
}
half.slider_x.setv({start: left, end: right, step: (right - left) / 100})
half.slider_y.setv({start: bottom, end: top, step: (top - bottom) / 100})
half.points.data = {...half.points.data, x: entry("x"), y: entry("y")}
half.class_labels.data = {...half.class_labels.data, x: entry("label_x"), y: entry("label_y")}
half.background.data = {loss: [entry("loss")], url: [entry("tiles")], x: [x], y: [y], w: [w], h: [h]}
half.reconstructions.data = {url: [entry("reconstructions")]}
