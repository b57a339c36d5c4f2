/* What a plot tells of the point that is nearest to the pointer, or that the arrow keys have come to. */

const NEAR = 40; // pixels

/**
 * Let a plot's items be looked at one by one.
 *
 * An item has ``points`` (pairs of pixels), its ``element`` and ``told``, a function that makes a text of the number of
 * a point. ``choose`` is called with the item, or undefined where none is meant any more.
 */
function explore(plot, items, told, choose = () => {}) {
  const { svg } = plot;
  let chosen;
  let at = 0;
  const show = (item, point) => {
    chosen?.element.classList.remove("chosen");
    chosen = item;
    at = point;
    item?.element.classList.add("chosen");
    told.textContent = item ? item.told(point) : "";
    choose(item);
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = { away: NEAR ** 2 };
    for (const item of items) {
      item.points.forEach((point, number) => {
        const away = (point[0] - x) ** 2 + (point[1] - y) ** 2;
        if (away < best.away) best = { away, item, number };
      });
    }
    if (best.item !== chosen || best.number !== at) show(best.item, best.number);
  });
  svg.addEventListener("keydown", (event) => {
    if (!items.length) return;
    const place = items.indexOf(chosen);
    const last = items.length - 1;
    const next = { ArrowDown: place + 1, ArrowUp: place < 0 ? last : place - 1, Home: 0, End: last }[event.key];
    const along = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") show(undefined);
    else if (next !== undefined) show(items[(next + items.length) % items.length], 0);
    else if (along && !chosen) show(items[0], 0);
    else if (along) {
      const moved = at + along;
      if (moved >= 0 && moved < chosen.points.length) show(chosen, moved);
      else {
        const item = items[(place + along + items.length) % items.length];
        show(item, along > 0 ? 0 : item.points.length - 1);
      }
    } else return;
    event.preventDefault();
  });
  told.textContent = "";
}
