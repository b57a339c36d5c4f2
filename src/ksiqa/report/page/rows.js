/* The rows that the page holds, and which of them are shown in which order. A row: see Page.add. */

const imagesIn = (count) => `${count.toLocaleString("en")} ${count === 1 ? "image" : "images"}`;

const isScored = (row) => row.score !== undefined;
const intervalWidth = (row) => (row.low === undefined ? undefined : row.high - row.low);
const inNaturalOrder = new Intl.Collator(undefined, { numeric: true }).compare;

const ORDERS = {
  lowest: { key: (row) => row.score, compare: (one, other) => one - other },
  highest: { key: (row) => row.score, compare: (one, other) => other - one },
  name: { key: (row) => row.image, compare: inNaturalOrder },
  widest: { key: intervalWidth, compare: (one, other) => other - one },
  narrowest: { key: intervalWidth, compare: (one, other) => one - other },
};

/** Return the rows in an order; those without what it goes by come last, as they stood. */
function ordered(rows, order) {
  const { key, compare } = ORDERS[order];
  const known = rows.filter((row) => key(row) !== undefined);
  const unknown = rows.filter((row) => key(row) === undefined);
  return [...known.sort((one, other) => compare(key(one), key(other))), ...unknown];
}

/** Return whether a score lies in [least, most), or in [least, 1]. */
const within = (score, least, most) => score >= least && (score < most || most >= 1);

/** Return the rows that pass all filters; a range of scores leaves out what has none. */
function filtered(rows, { text, least, most, failed }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const ranged = least > 0 || most < 1;
  return rows.filter((row) => {
    const told = `${row.image} ${row.error}`.toLowerCase();
    if (!words.every((word) => told.includes(word))) return false;
    if (failed && !row.error) return false;
    return !ranged || (isScored(row) && within(row.score, least, most));
  });
}

/** Return the deepest folder that holds all images, with its slash at the end. */
function commonFolder(rows) {
  let common = rows.length ? rows[0].image : "";
  for (const { image } of rows) while (!image.startsWith(common)) common = common.slice(0, -1);
  return common.slice(0, common.lastIndexOf("/") + 1);
}
