/* The recipes of the shown kind: their lines and colours, which of them are shown, and which is pointed at. */

/** Return the classes of a row's colour and line: seven colours, which come again with another of four lines. */
const series = (row) => `series-${row % 7} dash-${Math.floor(row / 7) % 4}`;

function swatch(row) {
  const svg = drawn("svg", { width: 30, height: 12, "aria-hidden": "true" });
  put(svg, "line", { class: `line median ${series(row)}`, x1: 0, x2: 30, y1: 6, y2: 6 });
  return svg;
}

/** Put a button for each row into the bar; ``changed`` is called with the set of rows that are shown. */
function showRows(names, changed) {
  const shown = new Set(names.keys());
  const buttons = names.map((name, row) => {
    const button = made("button", { type: "button", className: "button" }, swatch(row), made("span", {}, name));
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const isShown = !shown.delete(row);
      if (isShown) shown.add(row);
      button.setAttribute("aria-pressed", String(isShown));
      changed(shown);
    });
    for (const sign of ["pointerenter", "focus"]) button.addEventListener(sign, () => pointAt(row));
    for (const sign of ["pointerleave", "blur"]) button.addEventListener(sign, () => pointAt(undefined));
    return button;
  });
  byId("rows").replaceChildren(...buttons);
  byId("rows").hidden = names.length < 2;
  changed(shown);
}

/** Make all plots show one row alone, all others faintly; undefined ends that. */
function pointAt(row) {
  document.body.classList.toggle("pointed", row !== undefined);
  for (const one of document.querySelectorAll("[data-row]")) {
    one.classList.toggle("pointed-at", Number(one.dataset.row) === row);
  }
}

/** Fill a field with choices, pairs of value and name, and keep what was chosen if it is still there. */
function choices(select, pairs, first) {
  const before = select.value;
  select.replaceChildren(...pairs.map(([value, name]) => made("option", { value }, name)));
  const values = pairs.map(([value]) => String(value));
  if (values.includes(before)) select.value = before;
  else if (values.includes(String(first))) select.value = first;
}

/** Return the parts of a section by what they are. */
function parts(id) {
  const section = byId(id);
  const [select, plot, told, note] = ["select", ".plot", ".told", ".note"].map((one) => section.querySelector(one));
  return { section, select, plot, told, note };
}
