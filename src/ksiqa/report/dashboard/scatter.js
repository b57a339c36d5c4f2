/* Predictions against labels; the image of the point that is looked at stands beside them. */

function drawScatter(kind, shown, images) {
  const { section, plot: host, told, note } = parts("scatter");
  section.hidden = !kind.clouds.length;
  if (section.hidden) return;
  choices(byId("cloud"), kind.clouds.map((one, at) => [at, kind.rows[one.row]]), 0);
  const cloud = kind.clouds[byId("cloud").value];
  const there = [...new Set(cloud.run)];
  choices(byId("run"), [["", there.length > 1 ? `all ${there.length}` : cloud.runs[there[0]]], ...(there.length > 1 ? there.map((at) => [at, cloud.runs[at]]) : [])], "");
  const run = byId("run").value;
  const places = [...cloud.run.keys()].filter((at) => run === "" || cloud.run[at] === Number(run));
  const side = Math.min(520, Math.max(280, host.clientWidth));
  const plot = begin(host, { height: side, label: "Predictions against labels; arrow keys go from point to point", right: 14 });
  const both = extent(places.flatMap((at) => [cloud.score[at], cloud.wanted[at]]));
  const [x, y] = [scale(both, [plot.left, plot.right]), scale(both, [plot.bottom, plot.top + 14])];
  axisBeside(plot, y);
  axisBelow(plot, x, "predicted score");
  put(plot.svg, "text", { x: 2, y: 12 }, `${kind.label}, as a score`);
  put(plot.svg, "line", { class: "axis dashed", x1: x(both[0]), y1: y(both[0]), x2: x(both[1]), y2: y(both[1]) });
  const opacity = Math.min(0.8, Math.max(0.2, 12 / Math.sqrt(places.length)));
  const order = places.sort((one, other) => cloud.score[one] - cloud.score[other]);
  const items = order.map((at) => {
    const point = [x(cloud.score[at]), y(cloud.wanted[at])];
    const element = put(plot.svg, "circle", { class: `dot series-${cloud.row % 7}`, cx: point[0], cy: point[1], r: 4, "fill-opacity": opacity });
    const text = `${images.names[cloud.image[at]]}: score ${brief(cloud.score[at])}, ${kind.label} ${brief(cloud.label[at])}`;
    return { points: [point], element, told: () => text, at };
  });
  const beside = section.querySelector(".point");
  const choose = (item) => item && beside.replaceChildren(...pointCard(kind, cloud, item.at, images));
  explore(plot, items, told, choose);
  const drawnOf = cloud.image.length < cloud.of ? ` ${cloud.image.length} of ${cloud.of} predictions are drawn.` : "";
  note.textContent = `Both are in [0, 1], higher is better; on the dashed line they agree.${drawnOf} ${images.notes.join(" ")}`;
  beside.replaceChildren(made("div", { className: "picture none" }, "point at a prediction"));
}

function pointCard(kind, cloud, at, images) {
  const [score, wanted] = [cloud.score[at], cloud.wanted[at]];
  return [
    picture(pictured(images, cloud.image[at])),
    made("p", { className: "top" }, made("strong", {}, number(score, 3)), made("span", {}, apart(score - wanted))),
    made("p", { className: "raw" }, `${kind.label} ${brief(cloud.label[at])}, as a score ${number(wanted, 3)}`),
    made("p", { className: "name" }, images.names[cloud.image[at]]),
    made("p", { className: "folder" }, cloud.runs[cloud.run[at]]),
  ];
}

/** Return an error as a text. */
const apart = (error) => `${number(Math.abs(error), 3)} too ${error < 0 ? "low" : "high"}`;
