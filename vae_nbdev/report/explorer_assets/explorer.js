// What the functions of an explorer share. They get its parts as one object:
// halves: see make_half; models: what the page holds of each model; images: class, colour and title of each test image;
// sheet: their pixels; image: the slider over them; background, class_menu: menus

// What an explorer remembers beside the values of its sliders and menus.
function explorerState({models}) {
  return models.explorer_state ??= {
    drawing: null, // the image on the pad, while something is drawn there
    explored: [], // models that were shown before
    held: false, // whether the pointer moves nothing
    waiting: new Set(), // planes whose point will be drawn in the next frame
  }
}

function modelOf(half, explorer) {
  const k = half.menu.options.indexOf(half.menu.value), columns = Object.entries(explorer.models.data)
  const {explored} = explorerState(explorer)
  return explored[k] ??= exploredModel(Object.fromEntries(columns.map(([name, column]) => [name, column[k]])))
}

function testPixels(explorer) {
  const shades = explorer.sheet.data.shades[0], n = shades.length / explorer.images.data.title.length
  return Float64Array.from({length: n}, (_, j) => shades[explorer.image.value * n + j] / 15)
}

// The image of a half as its model sees it: the drawing, or the test image where none is drawn or it cannot be encoded.
function currentView(half, explorer) {
  const {drawing} = explorerState(explorer), model = modelOf(half, explorer)
  if (drawing && model.encode) return {...model.encode(drawing), pixels: drawing}
  return {...model.testImage(explorer.image.value), pixels: testPixels(explorer)}
}

function showPixels(source, pixels) {
  source.data.image[0].set(pixels)
  source.change.emit()
}

function explorerElement(name) { return document.querySelector(`[data-explorer="${name}"]`) }

function explorerNamed(name) { return explorerElement(name).explorer }

// Bokeh gives a slider's handle no name, and says raw values where the page shows words: both are kept as its title is.
function nameSliders(part) {
  for (const {shadowRoot} of part.querySelectorAll("*")) {
    if (!shadowRoot) continue
    const name = () => {
      const handle = shadowRoot.querySelector(".noUi-handle"), title = shadowRoot.querySelector(".bk-slider-title")
      const value = title?.querySelector(".bk-slider-value")
      if (!handle || !value) return
      handle.setAttribute("aria-label", title.firstChild.textContent.replace(/:\s*$/, ""))
      handle.setAttribute("aria-valuetext", value.textContent)
    }
    name()
    new MutationObserver(name).observe(shadowRoot, {childList: true, characterData: true, subtree: true})
    nameSliders(shadowRoot)
  }
}

// Everything is in the page: show the first models. The browser tests wait for the mark.
function startExplorer(explorer) {
  const root = explorerElement(explorer.models.id)
  root.explorer = explorer
  for (const half of explorer.halves) showModel(half, explorer)
  connectPad(root, explorer)
  nameSliders(root)
  root.dataset.ready = "yes"
}
