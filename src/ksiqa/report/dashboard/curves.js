/* Learning curves: a thin line a run, a thick one the median of a recipe's runs. */

const FIRST = ["validation/srcc", "train/loss"]; // of the figures, where they are there

function drawCurves(kind, shown) {
  const { section, select, plot: host, told, note } = parts("curves");
  const { runs, figures, step } = kind.curves;
  const names = Object.keys(figures);
  section.hidden = !names.length;
  if (section.hidden) return;
  choices(select, names.map((name) => [name, name]), FIRST.find((name) => names.includes(name)));
  const each = section.querySelector("input").checked;
  const found = Object.entries(figures[select.value])
    .map(([at, values]) => ({ ...runs[at], values }))
    .filter((run) => shown.has(run.row));
  const plot = begin(host, { height: 360, label: `${select.value} by epoch; arrow keys go along the lines` });
  note.textContent = told_of(step);
  if (!found.length) return;
  const medians = [...shown].map((row) => medianOf(found.filter((run) => run.row === row), row)).filter(Boolean);
  const lines = [...(each ? found.map((run) => ({ ...run, of: "run" })) : []), ...medians];
  const y = scale(extent(lines.flatMap((line) => line.values)), [plot.bottom, plot.top]);
  const x = scale(extent(lines.flatMap((line) => line.epochs), 0), [plot.left, plot.right - 4]);
  axisBeside(plot, y);
  axisBelow(plot, x, "epoch", { whole: true });
  explore(plot, lines.map((line) => drawLine(plot, kind, line, x, y)), told);
}

function told_of(step) {
  const thinned = step > 1 ? ` Of ${step} epochs one is drawn.` : "";
  return `Epochs are counted over all phases, from 1. Thick: the median of a recipe's runs that have the epoch.${thinned}`;
}

function drawLine(plot, kind, line, x, y) {
  const kept = [...line.values.keys()].filter((at) => line.values[at] !== null);
  const points = kept.map((at) => [x(line.epochs[at]), y(line.values[at])]);
  const place = { class: `line ${line.of} ${series(line.row)}`, "data-row": line.row };
  const element = put(plot.svg, "path", { ...place, d: `M${points.map((point) => point.join(" ")).join("L")}` });
  if (points.length === 1) put(plot.svg, "circle", { class: `dot ${series(line.row)}`, "data-row": line.row, cx: points[0][0], cy: points[0][1], r: 4 });
  const told = (at) => `${kind.rows[line.row]}, ${line.name}, epoch ${line.epochs[kept[at]]}: ${brief(line.values[kept[at]])}`;
  return { points, element, told };
}

/** Return the median line of a recipe's runs; undefined where it has none. */
function medianOf(runs, row) {
  if (!runs.length) return undefined;
  const by = new Map();
  for (const run of runs) {
    run.values.forEach((value, at) => value !== null && by.set(run.epochs[at], [...(by.get(run.epochs[at]) ?? []), value]));
  }
  const epochs = [...by.keys()].sort((one, other) => one - other);
  const name = runs.length === 1 ? runs[0].name : `median of ${runs.length} runs`;
  return { row, name, epochs, values: epochs.map((epoch) => median(by.get(epoch))), of: "median" };
}
