/* A thumbnail with its quality map over it. */

/** Return a thumbnail in a frame of the image's own proportions, with its quality map, if any, over it; else why there is none. */
function picture(row, showsAll) {
  if (!row.thumbnail) return made("div", { className: "picture none" }, row.missing ?? "no picture: the image cannot be read now");
  const frame = made("span", { className: "frame" });
  const shape = row.width / row.height;
  frame.style.aspectRatio = shape;
  frame.style.width = `min(${row.width}px, ${Math.min(1, shape / (4 / 3)) * 100}%)`;
  const src = `data:image/webp;base64,${row.thumbnail}`;
  frame.append(made("img", { src, alt: "", decoding: "async", draggable: false }));
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
