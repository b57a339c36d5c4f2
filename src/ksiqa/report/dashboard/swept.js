/* What differs between the recipes, an axis a setting, against the median of a figure: parallel coordinates. */

const ACROSS = 132; // pixels an axis wants
const NAMED = 15; // letters of a name beside it
const ALIKE = 6; // settings that an axis stands for, of which the note names no more

function drawSwept(kind, shown) {
  const { section, select, plot: host, told, note } = parts("swept");
  const { axes, more, unknown } = kind.swept;
  section.hidden = !axes.length || !Object.keys(kind.boxes).length;
  if (section.hidden) return;
  choices(select, Object.keys(kind.boxes).map((name) => [name, name]));
  const medians = kind.rows.map((_, row) => kind.boxes[select.value].find((one) => one.row === row)?.median ?? null);
  const rows = [...shown].filter((row) => medians[row] !== null && !unknown.includes(row)).sort((one, other) => one - other);
  const all = [...axes, { name: `${select.value}, median`, scale: "linear", values: medians, alike: [] }];
  const plot = begin(host, { height: 320, label: "Settings of the recipes; arrow keys go from recipe to recipe", least: ACROSS * all.length, left: 12 + 7 * Math.max(8, ...axes[0].values.map((value) => Math.min(NAMED, String(value).length))), right: 66, top: 40, bottom: 14 });
  note.textContent = spelled(axes, more, unknown.map((row) => kind.rows[row]));
  if (!rows.length) return;
  const x = (at) => plot.left + ((plot.right - plot.left) * at) / (all.length - 1);
  const groups = all.map(() => drawn("g", {}));
  const known = [...kind.rows.keys()].filter((row) => !unknown.includes(row));
  const places = shortened(all).map((axis, at) => drawAxis(groups[at], plot, axis, x(at), at === all.length - 1 ? rows : known));
  const items = rows.map((row) => {
    const aside = 2 * (row - (kind.rows.length - 1) / 2) * Math.min(1, 8 / kind.rows.length); // equal ones stay apart
    const points = places.map((place, at) => [x(at), place(row) + (all[at].scale === "names" ? aside : 0)]);
    const d = `M${points.map((point) => point.join(" ")).join("L")}`;
    const element = put(plot.svg, "path", { class: `line median ${series(row)}`, "data-row": row, d });
    const settings = axes.map((axis) => `${axis.name} ${axis.values[row]}`).join(", ");
    return { points: along(points), element, told: () => `${kind.rows[row]}: ${settings}; ${select.value} ${brief(medians[row])}` };
  });
  plot.svg.append(...groups); // over the lines
  explore(plot, items, told);
}

/** Return axes with names as short as tells them apart: the ends of dotted keys. */
function shortened(axes) {
  const end = (name, parts) => name.split(".").slice(-parts).join(".");
  return axes.map((axis) => {
    let parts = 1;
    const alike = (other) => other !== axis && end(other.name, parts) === end(axis.name, parts);
    while (parts < 9 && axes.some(alike)) parts += 1;
    return { ...axis, short: end(axis.name, parts) };
  });
}

/** Draw one axis into a group and return a function from a row to its place on it. */
function drawAxis(group, plot, axis, x, rows) {
  put(group, "line", { class: "axis", x1: x, x2: x, y1: plot.top, y2: plot.bottom });
  put(put(group, "text", { x, y: 18, "text-anchor": "middle" }, axis.short.slice(0, 20)), "title", {}, axis.name);
  const ends = [plot.bottom - 8, plot.top + 8];
  const tick = (y, text) => {
    put(group, "line", { class: "axis", x1: x - 4, x2: x, y1: y, y2: y });
    const shown = text.length > NAMED ? `${text.slice(0, NAMED - 1)}…` : text;
    put(put(group, "text", { class: "quiet over", x: x - 7, y: y + 4, "text-anchor": "end" }, shown), "title", {}, text);
  };
  if (axis.scale === "names") {
    const names = [...new Set(axis.values.filter((value) => value !== null))];
    const y = (name) => ends[0] + ((names.indexOf(name) + 0.5) / names.length) * (ends[1] - ends[0]);
    for (const name of names) tick(y(name), name);
    return (row) => y(axis.values[row]);
  }
  const isFigure = axis.name.endsWith(", median");
  const y = scale(extent(rows.map((row) => axis.values[row]), isFigure ? undefined : 0), ends, { log: axis.scale === "log" });
  const values = [...new Set(axis.values.filter((value) => value !== null))];
  for (const value of values.length > 6 || isFigure ? y.ticks(5) : values) tick(y(value), brief(value));
  return (row) => y(axis.values[row]);
}

/** Return points with some between them, so that a line is found where it is pointed at. */
function along(points) {
  return points.slice(1).flatMap((end, at) => {
    const from = points[at];
    return Array.from({ length: 8 }, (_, part) => [0, 1].map((axis) => from[axis] + ((end[axis] - from[axis]) * (part + 0.5)) / 8));
  });
}

function spelled(axes, more, unknown) {
  const few = (others) => others.slice(0, ALIKE).join(", ") + (others.length > ALIKE ? ` and ${others.length - ALIKE} more` : "");
  const alike = axes.map(({ name, alike: others }) => (others.length ? `${name} (with it ${few(others)})` : name));
  return `A line a recipe; settings that are the same in all are left out. Axes: ${alike.join("; ")}.${more.length ? ` Without an axis: ${more.join(", ")}.` : ""}${unknown.length ? ` Not drawn, since their settings are not here: ${unknown.join("; ")}.` : ""}`;
}
