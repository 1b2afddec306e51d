// A drawing becomes an image as those of the data were made: 32 × 32 black or white pixels, enlarged to the full
// height or width, then averaged over blocks of 4 × 4.

const FINE = 32, INKED = 0.1 // pixels along each side of the drawing, and the ink from which on one is black

// The smallest box that holds all black pixels: its centre, and its larger side; null for an empty drawing.
function boxOf(ink) {
  const black = Array.from(ink.keys()).filter(i => ink[i] > INKED)
  if (!black.length) return null
  const columns = black.map(i => i % FINE), rows = black.map(i => Math.floor(i / FINE))
  const [left, right, top, bottom] = [Math.min(...columns), Math.max(...columns), Math.min(...rows), Math.max(...rows)]
  return {x: (left + right + 1) / 2, y: (top + bottom + 1) / 2, side: Math.max(right - left, bottom - top) + 1}
}

// Ink (32 × 32) → grey values (64).
function asDigit(ink) {
  const pixels = new Float64Array(PIXELS), box = boxOf(ink)
  if (!box) return pixels
  const scale = Math.max(box.side, FINE / 3) / FINE // a dot does not fill the image
  for (let y = 0; y < FINE; y++) {
    for (let x = 0; x < FINE; x++) {
      const column = Math.floor(box.x + (x + 0.5 - FINE / 2) * scale)
      const row = Math.floor(box.y + (y + 0.5 - FINE / 2) * scale)
      const inside = column >= 0 && column < FINE && row >= 0 && row < FINE
      if (inside && ink[row * FINE + column] > INKED) pixels[Math.floor(y / 4) * 8 + Math.floor(x / 4)] += 1 / 16
    }
  }
  return pixels
}

// An image (64) as a drawing of 32 × 32 pixels.
function enlarge(pixels) {
  return Float64Array.from({length: FINE * FINE}, (_, i) =>
    pixels[Math.floor(i / FINE / 4) * 8 + Math.floor(i % FINE / 4)])
}
