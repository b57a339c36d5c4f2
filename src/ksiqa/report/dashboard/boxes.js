/* A figure over the splits of each recipe. */

const BAND = 58;

function drawBoxes(kind, shown) {
  const { section, select, plot: host, told } = parts("boxes");
  section.hidden = !Object.keys(kind.boxes).length;
  if (section.hidden) return;
  choices(select, Object.keys(kind.boxes).map((name) => [name, name]));
  const found = kind.boxes[select.value].filter((one) => shown.has(one.row));
  const plot = begin(host, {
    height: 54 + BAND * Math.max(1, found.length),
    label: `${select.value} over splits; arrow keys go from split to split`,
    left: 12,
  });
  if (!found.length) return;
  const x = scale(extent(found.flatMap((one) => one.values)), [plot.left, plot.right]);
  axisBelow(plot, x, `${select.value} on the test part`);
  const items = found.flatMap((one, at) => {
    const top = plot.top + BAND * at;
    const middle = top + 38;
    named(plot, kind.rows[one.row], top + 12);
    const group = put(plot.svg, "g", { "data-row": one.row, class: series(one.row) });
    if (one.box) box(group, one.box.map(x), middle);
    const spread = one.values.length > 1 && one.box ? 16 : 0;
    return one.values.map((value, split) => {
      const y = middle + spread * (split / Math.max(1, one.values.length - 1) - 0.5);
      const element = put(group, "circle", { class: "dot", cx: x(value), cy: y, r: 3.5 });
      const text = `${kind.rows[one.row]}, split ${one.splits[split]}: ${brief(value)} (median ${brief(one.median)})`;
      return { points: [[x(value), y]], element, told: () => text };
    });
  });
  explore(plot, items, told);
}

function box(group, [least, lower, middle, upper, most], y) {
  put(group, "line", { class: "mark", x1: least, x2: most, y1: y, y2: y });
  for (const end of [least, most]) put(group, "line", { class: "mark", x1: end, x2: end, y1: y - 6, y2: y + 6 });
  put(group, "rect", { class: "ground", x: lower, y: y - 12, width: upper - lower, height: 24 });
  put(group, "rect", { class: "area", x: lower, y: y - 12, width: upper - lower, height: 24 });
  put(group, "line", { class: "mark thick", x1: middle, x2: middle, y1: y - 12, y2: y + 12 });
}
