/* The card of one image: its thumbnail, its quality map, its scores. */

/** Return a thumbnail in a frame of the image's own proportions, with its quality map, if any, over it. */
function picture(row, showsAll) {
  if (!row.thumbnail) return made("div", { className: "picture none" }, "no picture");
  const frame = made("span", { className: "frame" });
  const shape = row.width / row.height;
  frame.style.aspectRatio = shape;
  frame.style.width = `min(${row.width}px, ${Math.min(1, shape / (4 / 3)) * 100}%)`;
  const src = `data:image/webp;base64,${row.thumbnail}`;
  frame.append(made("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: false }));
  if (!row.map) return made("div", { className: "picture" }, frame);

  const button = made("button", { type: "button", className: "picture" }, frame);
  button.setAttribute("aria-label", `Quality map of ${row.image}`);
  button.setAttribute("aria-pressed", "false");
  button.drawMap = () => {
    if (frame.querySelector("canvas")) return;
    const canvas = made("canvas", { width: row.map.columns, height: row.map.rows });
    paint(canvas, Uint8Array.from(atob(row.map.values), (one) => one.charCodeAt(0)));
    frame.append(canvas);
  };
  for (const sign of ["pointerenter", "focus"]) button.addEventListener(sign, button.drawMap);
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
  });
  if (showsAll) button.drawMap();
  return button;
}

/** Paint a canvas, cell by cell, in the map's colours; ``values`` go from 0 to 255. */
function paint(canvas, values) {
  const colours = document.body.dataset.colours;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, place) => {
    for (let part = 0; part < 3; part += 1) {
      image.data[4 * place + part] = parseInt(colours.slice(6 * value + 2 * part, 6 * value + 2 * part + 2), 16);
    }
    image.data[4 * place + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** Return the interval as a band on a line from 0 to 1, with the score as a mark on it. */
function band(row) {
  const line = made("div", { className: "band" });
  if (row.low !== undefined) {
    const inside = made("i");
    inside.style.left = `${100 * row.low}%`;
    inside.style.width = `${100 * (row.high - row.low)}%`;
    line.append(inside);
  }
  const mark = made("b");
  mark.style.left = `${100 * row.score}%`;
  line.append(mark);
  return line;
}

function figures(row) {
  const top = made("p", { className: "top" }, made("strong", {}, number(row.score, 3)));
  if (row.low !== undefined) top.append(made("span", { title: "interval of the score" }, `${number(row.low)} – ${number(row.high)}`));
  const raw = made("p", { className: "raw" }, `${number(row.score_raw)} on ${row.scale}`);
  if (row.nr_score !== undefined) raw.append(made("span", {}, `without reference ${number(row.nr_score, 3)}`));
  return [top, band(row), raw];
}

/** Return an image's card, which leaves out the folder that is ``common`` to all; ``showsAll`` draws its map at once. */
function card(row, common, showsAll) {
  const slash = row.image.lastIndexOf("/") + 1;
  const name = made("p", { className: "name", title: row.image }, row.image.slice(slash));
  const folder = made("p", { className: "folder", title: row.image }, row.image.slice(common.length, slash));
  if (!row.error) return made("li", { className: "card" }, picture(row, showsAll), ...figures(row), name, folder);
  const error = made("p", { className: "error" }, row.error);
  const text = made("div", {}, made("p", { className: "top" }, made("strong", {}, "Failed")), name, folder, error);
  return made("li", { className: "card failed" }, text, ...(row.thumbnail ? [picture(row, showsAll)] : []));
}
