// Another background is chosen: nothing, the decoded images, or the re-encoding loss, in both halves.
// menu: of backgrounds, in this order; halves
for (const {loss_map, tile_map} of halves) {
  tile_map.visible = menu.value == menu.options[1]
  loss_map.visible = menu.value == menu.options[2]
}
