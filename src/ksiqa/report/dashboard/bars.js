/* Each recipe's mean difference to one of them, with its intervals. */

function drawBars(kind, shown) {
  const { section, plot: host, told, note } = parts("bars");
  section.hidden = !section.querySelector(".of-kind:not([hidden])"); // of one recipe, nothing is compared
  for (const part of [host, told, note]) part.hidden = !kind.bars;
  if (!kind.bars) return;
  const found = kind.bars.bars.filter((one) => shown.has(one.row));
  const plot = begin(host, {
    height: 54 + BAND * Math.max(1, found.length),
    label: `Differences in SRCC to ${kind.bars.against}; arrow keys go from recipe to recipe`,
    left: 12,
  });
  note.textContent = `Difference in SRCC to ${kind.bars.against}. Upper line: ${kind.bars.drawn} (bootstrap of the models as trained); lower, dashed line: 95% corrected t, over training parts too. A line that crosses 0 leaves open which is better.`;
  if (!found.length) return;
  const ends = found.flatMap((one) => [0, one.difference, ...(one.drawn ?? []), ...(one.tested ?? [])]);
  const x = scale(extent(ends), [plot.left, plot.right]);
  axisBelow(plot, x, "difference in SRCC");
  const items = found.map((one, at) => {
    const top = plot.top + BAND * at;
    named(plot, kind.rows[one.row], top + 12);
    put(plot.svg, "line", { class: "mark", x1: x(0), x2: x(0), y1: top + 16, y2: top + 52 }); // of no difference; not through names
    const group = put(plot.svg, "g", { "data-row": one.row, class: series(one.row) });
    const [from, to] = [x(0), x(one.difference)].sort((first, second) => first - second);
    const element = put(group, "rect", { class: "area", x: from, y: top + 20, width: Math.max(1, to - from), height: 28 });
    if (one.drawn) interval(group, one.drawn.map(x), top + 29, "");
    if (one.tested) interval(group, one.tested.map(x), top + 39, "dashed");
    const between = (name, ends) => (ends ? `; ${name} ${ends.map(signed).join(" to ")}` : "");
    const text = `${kind.rows[one.row]}: ${signed(one.difference)} over ${one.parts} parts${between(kind.bars.drawn, one.drawn)}${between("95% corrected t", one.tested)}`;
    const points = [[(from + to) / 2, top + 34], ...[...(one.drawn ?? []), ...(one.tested ?? [])].map((end) => [x(end), top + 34])];
    return { points, element, told: () => text };
  });
  explore(plot, items, told);
}

const signed = (value) => `${value < 0 ? "−" : "+"}${number(Math.abs(value), 3)}`;

function interval(group, [low, high], y, kind) {
  put(group, "line", { class: `mark ${kind}`, x1: low, x2: high, y1: y, y2: y });
  for (const end of [low, high]) put(group, "line", { class: "mark", x1: end, x2: end, y1: y - 4, y2: y + 4 });
}
