/* Scales, axes and the empty plot that the others draw into. */

const brief = (value) => String(Number(value.toPrecision(4)));

/** Return a function from [low, high] to pixels; it knows its ticks, and what it undoes is ``log``. */
function scale([low, high], [from, to], { log = false } = {}) {
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - aside(low), high + aside(low)];
  const by = log ? Math.log10 : (value) => value;
  const place = (value) => from + ((by(value) - by(low)) / (by(high) - by(low))) * (to - from);
  place.ticks = (count) => (log ? decades(low, high, count) : steps(low, high, count));
  return place;
}

/** Return round numbers between two, about ``count`` of them. */
function steps(low, high, count) {
  const rough = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((one) => one * unit >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const many = Math.floor(high / step + 1e-9) - first;
  return Array.from({ length: many + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

function decades(low, high, count) {
  const powers = steps(Math.log10(low), Math.log10(high), count).map((power) => 10 ** power);
  return powers.length > 1 ? powers : [low, high];
}

/** Return the room beside a value that stands alone. */
const aside = (value) => (Math.abs(value) || 1) / 20;

/** Return least and most of numbers, None left out, with a margin that does not go past the ends of figures: 0 and 1, or -1. */
function extent(values, margin = 0.04) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (value !== null) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!margin) return [low, high];
  const room = margin * (high - low) || aside(low);
  const least = low >= 0 ? 0 : low >= -1 ? -1 : -Infinity;
  return [Math.max(least, low - room), Math.min(high <= 1 ? 1 : Infinity, high + room)];
}

/** Begin a plot of a height in an element, as wide as that. */
function begin(host, { height, label, left = 52, right = 12, top = 10, bottom = 44, least = 240 }) {
  const width = Math.max(least, host.clientWidth);
  const svg = drawn("svg", { width, height, role: "group", tabindex: 0, "aria-label": label });
  host.replaceChildren(svg);
  return { svg, width, height, left, right: width - right, top, bottom: height - bottom };
}

function put(parent, kind, attributes, text) {
  const element = drawn(kind, attributes);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

/** Draw ticks below a plot, of whole numbers alone if so wanted, with their grid and a title. */
function axisBelow(plot, place, title, { whole = false } = {}) {
  for (const tick of place.ticks(Math.max(2, (plot.right - plot.left) / 90))) {
    if (whole && !Number.isInteger(tick)) continue;
    put(plot.svg, "line", { class: "grid", x1: place(tick), x2: place(tick), y1: plot.top, y2: plot.bottom });
    put(plot.svg, "text", { class: "quiet", x: place(tick), y: plot.bottom + 16, "text-anchor": "middle" }, brief(tick));
  }
  put(plot.svg, "text", { x: (plot.left + plot.right) / 2, y: plot.bottom + 36, "text-anchor": "middle" }, title);
}

/** Draw ticks beside a plot, with their grid. */
function axisBeside(plot, place) {
  for (const tick of place.ticks(Math.max(2, (plot.bottom - plot.top) / 50))) {
    put(plot.svg, "line", { class: "grid", x1: plot.left, x2: plot.right, y1: place(tick), y2: place(tick) });
    put(plot.svg, "text", { class: "quiet", x: plot.left - 6, y: place(tick) + 4, "text-anchor": "end" }, brief(tick));
  }
}

/** Write a name that has a row to itself, cut to fit; the whole of it is its title. */
function named(plot, name, y) {
  const room = Math.floor((plot.width - 4) / 6.6);
  const shown = name.length > room ? `${name.slice(0, room - 1)}…` : name;
  put(put(plot.svg, "text", { class: "over", x: 2, y }, shown), "title", {}, name);
}
