/* Puts the dashboard together once it has been read: one kind of rows at a time. */

const VIEWS = { boxes: drawBoxes, bars: drawBars, swept: drawSwept, curves: drawCurves, scatter: drawScatter, worst: drawWorst };

function start() {
  const taken = (name) =>
    [...document.querySelectorAll(`script[data-of="${name}"]`)].map((held) => {
      held.remove();
      return JSON.parse(held.textContent);
    });
  const [images] = taken("images");
  const kinds = taken("kind");
  let kind;
  let shown = new Set();
  const draw = (name) => VIEWS[name](kind, shown, images);
  const drawAll = () => Object.keys(VIEWS).forEach(draw);

  const showKind = () => {
    const place = byId("kind").value;
    kind = kinds[place];
    byId("title").textContent = kind.title;
    for (const one of document.querySelectorAll(".of-kind")) one.hidden = one.dataset.kind !== place;
    byId("cloud").replaceChildren();
    byId("worst").querySelector("select").replaceChildren();
    showRows(kind.rows, (rows) => {
      shown = rows;
      drawAll();
    });
  };
  for (const name of Object.keys(VIEWS)) byId(name).addEventListener("input", () => draw(name));
  byId("cloud").addEventListener("input", () => byId("run").replaceChildren()); // runs again from all
  byId("kind").addEventListener("input", showKind);
  byId("kinds").hidden = kinds.length < 2;
  showKind();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (width === innerWidth) return; // a telephone's bars that come and go
    width = innerWidth;
    drawAll();
  });
  const recipes = kinds.reduce((sum, one) => sum + one.rows.length, 0);
  byId("count").textContent = `${recipes} ${recipes === 1 ? "recipe" : "recipes"}`;
}

document.addEventListener("DOMContentLoaded", start);
