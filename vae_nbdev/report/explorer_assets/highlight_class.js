// A class is chosen: the codes of all others fade in both halves, and its first image is picked.
// The menu has "all classes" first.
function highlightClass({class_menu: menu, halves, image}) {
  const all = menu.value == menu.options[0]
  for (const {points} of halves)
    points.data = {...points.data, opacity: points.data.label.map(name => all || name == menu.value ? 1 : 0.07)}
  if (!all) image.value = halves[0].points.data.label.indexOf(menu.value)
}
