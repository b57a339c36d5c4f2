/* Puts the page together once it has been read: cards are drawn some at a time, as far as they are scrolled to. */

const STEP = 60;

function fact(name, value, note) {
  const shown = made("dd", {}, value);
  if (note) shown.append(made("small", {}, note));
  return made("div", {}, made("dt", {}, name), shown);
}

function showFacts(rows, scored, failed) {
  const scales = [...new Set(scored.map((row) => row.scale))];
  const raw = (of) => (scales.length === 1 ? `${number(of(scored.map((row) => row.score_raw)))} raw` : "");
  const scores = scored.map((row) => row.score);
  byId("facts").append(fact("Images", rows.length.toLocaleString("en")));
  if (scored.length) {
    byId("facts").append(
      fact("Scale", scales.join(", ")),
      fact("Mean score", number(mean(scores), 3), raw(mean)),
      fact("Median score", number(median(scores), 3), raw(median)),
    );
  }
  byId("facts").append(fact("Failed", failed.toLocaleString("en")));
}

function start() {
  const rows = [];
  for (const held of document.querySelectorAll('script[type="application/json"]')) {
    rows.push(JSON.parse(held.textContent));
    held.remove();
  }
  const scored = rows.filter(isScored);
  const failed = rows.filter((row) => row.error).length;
  const common = commonFolder(rows);
  byId("folder").textContent = `in ${common}`;
  byId("folder").hidden = common === "";
  showFacts(rows, scored, failed);
  byId("two").hidden = !scored.some((row) => row.nr_score !== undefined);
  byId("failing").hidden = failed === 0;
  const maps = byId("maps");
  paint(byId("legend"), Uint8Array.from({ length: 256 }, (_, value) => value));
  if (rows.some((row) => row.map)) byId("mapping").hidden = false;
  else byId("mapping").remove(); // no control of what is not there

  const bound = (id, otherwise) => (byId(id).value === "" ? otherwise : byId(id).valueAsNumber);
  let shown = [];
  let drawn = 0;

  const end = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && drawMore(), { rootMargin: "800px" });
  const drawMore = () => {
    const next = shown.slice(drawn, drawn + STEP);
    byId("cards").append(...next.map((row) => card(row, common, maps.checked)));
    drawn += next.length;
    byId("more").hidden = drawn === shown.length;
    end.unobserve(byId("more")); // once observed anew it tells whether it is still near
    end.observe(byId("more"));
  };
  const apply = () => {
    const [least, most] = [bound("least", 0), bound("most", 1)];
    shown = ordered(filtered(rows, { text: byId("text").value, least, most, failed: byId("failed").checked }), byId("sort").value);
    mark(least, most);
    const part = shown.length < rows.length;
    byId("count").textContent = part ? `${shown.length.toLocaleString("en")} of ${imagesIn(rows.length)}` : imagesIn(rows.length);
    byId("clear").hidden = !part;
    byId("cards").replaceChildren();
    drawn = 0;
    drawMore();
    if (byId("cards").getBoundingClientRect().top < 0) byId("cards").scrollIntoView();
  };
  const setRange = (least, most) => {
    byId("least").value = least > 0 ? number(least) : "";
    byId("most").value = most < 1 ? number(most) : "";
    apply();
  };
  const mark = histogram(scored.map((row) => row.score), (least, most) => {
    const again = least === bound("least", 0) && most === bound("most", 1);
    setRange(...(again ? [0, 1] : [least, most]));
  });

  for (const id of ["sort", "text", "least", "most", "failed"]) byId(id).addEventListener("input", apply);
  const showMaps = () => {
    byId("cards").classList.toggle("mapped", maps.checked);
    for (const one of byId("cards").querySelectorAll("button.picture")) one.drawMap();
  };
  maps.addEventListener("input", showMaps);
  byId("clear").addEventListener("click", () => {
    byId("text").value = "";
    byId("failed").checked = false;
    setRange(0, 1);
  });
  byId("more").addEventListener("click", drawMore);
  apply();
  if (maps.checked) showMaps(); // browsers fill in fields again after a reload
}

document.addEventListener("DOMContentLoaded", start);
