// The pointer or a finger is over the plane of a half: pick the test image whose code is nearest, then go to the point.
// cb_obj: the event; half: see make_half; image: slider over the test images
const {start: left, end: right} = half.plane.x_range, {start: bottom, end: top} = half.plane.y_range
const x = Math.min(Math.max(cb_obj.x, left), right), y = Math.min(Math.max(cb_obj.y, bottom), top)
const {x: xs, y: ys, opacity} = half.points.data
let nearest = image.value, least = Infinity
for (let i = 0; i < xs.length; i++) {
  const distance = ((xs[i] - x) / (right - left))**2 + ((ys[i] - y) / (top - bottom))**2
  if (opacity[i] == 1 && distance < least) [nearest, least] = [i, distance]
}
image.value = nearest
half.slider_x.value = x
half.slider_y.value = y
