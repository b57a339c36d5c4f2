/* The card of one image: its picture, its scores. */

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
