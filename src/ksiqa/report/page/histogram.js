/* The histogram of scores: bars of equal width over [0, 1]; a click or a drag chooses a range. */

const BINS = 50;
const edge = (bin) => bin / BINS;

function binOf(score) {
  const bin = Math.min(BINS - 1, Math.floor(score * BINS));
  return bin + 1 < BINS && score >= edge(bin + 1) ? bin + 1 : bin; // 0.58 * 50 is a little less than 29
}

/**
 * Draw the histogram of scores.
 *
 * ``choose(least, most)`` is called with the range that was clicked or dragged over. Returned is a function that marks
 * a range.
 */
function histogram(scores, choose) {
  const svg = byId("histogram");
  const told = byId("told");
  const counts = new Array(BINS).fill(0);
  for (const score of scores) counts[binOf(score)] += 1;
  const highest = Math.max(1, ...counts);
  const step = 500 / BINS;
  const bars = counts.map((count, bin) => {
    const height = count ? Math.max(1.5, (96 * count) / highest) : 0;
    return drawn("rect", { x: bin * step + 0.75, y: 100 - height, width: step - 1.5, height });
  });
  const over = drawn("rect", { class: "over", x: 0, y: 0, width: 0, height: 100 });
  svg.append(over, ...bars);
  if (scores.length) {
    const middle = 500 * median(scores);
    svg.append(drawn("line", { x1: middle, x2: middle, y1: 0, y2: 100 }));
  }
  svg.setAttribute("aria-label", `Histogram of ${scores.length} scores. The fields below choose a range.`);

  const invitation = "Click a bar, or drag across several, to see these images. The line is the median.";
  const tell = (first, last) => {
    const count = counts.slice(first, last + 1).reduce((sum, one) => sum + one, 0);
    told.textContent = `${number(edge(first))} to ${number(edge(last + 1))}: ${imagesIn(count)}`;
    over.setAttribute("x", first * step);
    over.setAttribute("width", (last - first + 1) * step);
  };
  const still = () => {
    told.textContent = invitation;
    over.setAttribute("width", 0);
  };
  still();

  let from;
  const binAt = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(BINS - 1, Math.floor((BINS * (event.clientX - box.left)) / box.width)));
  };
  const dragged = (event) => [from ?? binAt(event), binAt(event)].sort((one, other) => one - other);
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = binAt(event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => tell(...dragged(event)));
  svg.addEventListener("pointerup", (event) => {
    if (from === undefined) return;
    const [first, last] = dragged(event);
    from = undefined;
    choose(edge(first), edge(last + 1));
  });
  for (const end of ["pointerleave", "pointercancel"]) {
    svg.addEventListener(end, () => {
      from = undefined;
      still();
    });
  }

  return (least, most) => {
    bars.forEach((bar, bin) => bar.classList.toggle("out", edge(bin + 1) <= least || edge(bin) >= most));
  };
}
