/* The images that a recipe's scores are farthest from the labels of. */

function drawWorst(kind, shown, images) {
  const { section, select, note } = parts("worst");
  const rows = kind.worst.filter((one) => one.cards.length);
  section.hidden = !rows.length;
  if (section.hidden) return;
  choices(select, rows.map((one, at) => [at, kind.rows[one.row]]), 0);
  const { row, cards } = rows[select.value];
  const all = section.querySelector("input");
  all.parentElement.hidden = !cards.some((one) => one.map);
  const list = section.querySelector(".cards");
  list.classList.toggle("mapped", all.checked);
  list.replaceChildren(...cards.map((one) => worstCard(kind, row, one, images, all.checked)));
  const maps = cards.some((one) => one.map) ? " The map is of that run's model: dark is poor, bright is good." : "";
  note.textContent = `By the mean distance of score and label, both in [0, 1], over the runs that tested the image. The score is that of the run that is farthest off.${maps}`;
}

function worstCard(kind, row, one, images, showsAll) {
  const name = images.names[one.image];
  const runs = kind.clouds.find((cloud) => cloud.row === row).runs;
  const tested = one.tested > 1 ? `, farthest off of ${one.tested} runs (mean distance ${number(one.distance, 3)})` : "";
  return made(
    "li",
    { className: "card" },
    picture({ ...pictured(images, one.image), map: one.map, image: name }, showsAll),
    made("p", { className: "top" }, made("strong", {}, number(one.score, 3)), made("span", {}, apart(one.score - one.wanted))),
    made("p", { className: "raw" }, `${kind.label} ${brief(one.label)}, as a score ${number(one.wanted, 3)}`),
    made("p", { className: "name" }, name),
    made("p", { className: "raw" }, `${runs[one.run]}${tested}`),
    ...(one.note ? [made("p", { className: "raw" }, one.note)] : []),
  );
}

/** Return an image's picture by its number, or what stands in its place. */
function pictured({ pictures, missing }, number) {
  const [why] = Object.entries(missing).find(([, numbers]) => numbers.includes(number)) ?? ["no picture: the room for pictures is used up"];
  return pictures[number] ?? { missing: why };
}
