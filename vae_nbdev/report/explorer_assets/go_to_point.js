// The pointer or a finger is over the plane of a half: pick the test image whose code is nearest, then go to the point.
// A click holds it there, so that the pointer can leave the plane for the sliders; the next click lets it go.
function goToPoint(half, explorer, event) {
  const state = explorerState(explorer), {x_range, y_range} = half.plane
  if (event.event_name == "mousemove" && state.held) return
  if (event.event_name == "tap") state.held = !state.held
  const within = (value, {start, end}) => Math.min(Math.max(value, start), end)
  const x = within(event.x, x_range), y = within(event.y, y_range)
  if (!state.drawing) explorer.image.value = nearestImage(half, x, y) ?? explorer.image.value
  goTo(half, [x, y])
  showPoint(half, explorer)
}

// Number of the nearest code on the screen, among those of the classes that are shown.
function nearestImage({plane: {x_range, y_range}, points}, x, y) {
  const width = x_range.end - x_range.start, height = y_range.end - y_range.start
  const {x: xs, y: ys, opacity} = points.data
  let nearest, least = Infinity
  for (let i = 0; i < xs.length; i++) {
    const distance = ((xs[i] - x) / width)**2 + ((ys[i] - y) / height)**2
    if (opacity[i] == 1 && distance < least) [nearest, least] = [i, distance]
  }
  return nearest
}
