"""The images that a row's model is farthest from the labels of, with quality maps where they are asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ksiqa.errors import KsiqaError
from ksiqa.inference.found_model import SHIPPED
from ksiqa.report.dashboard.clouds import Cloud
from ksiqa.report.dashboard.figures import rounded
from ksiqa.report.dashboard.images import Images
from ksiqa.report.table.run import Run


def worst_of(clouds: Sequence[Cloud], *, count: int, maps: bool, images: Images) -> list[dict[str, Any]]:
    """Return each row's images of the largest mean distance to their labels over its runs, the largest first.

    Args:
        clouds: of the rows.
        count: images a row.
        maps: compute quality maps, by the run whose error on the image is the largest.
        images: where their thumbnails are held.
    """
    return [_of_row(cloud, count=count, maps=maps and cloud.row.scores == "model", images=images) for cloud in clouds]


def _of_row(cloud: Cloud, *, count: int, maps: bool, images: Images) -> dict[str, Any]:
    table = cloud.table.assign(size=cloud.table["error"].abs())
    means = table.groupby("image")["size"].agg(["mean", "count"]).sort_values("mean", ascending=False, kind="stable")
    largest = table.loc[table.groupby("image")["size"].idxmax()].set_index("image").loc[means.index[:count]]
    cards, scorers = [], dict[int, Any]()
    for (image, found), tested, distance in zip(largest.iterrows(), means["count"], means["mean"], strict=False):
        run = cloud.runs[int(found["run"])]
        images.show(run, str(image))
        card: dict[str, Any] = {
            "image": images.number(run, str(image)),
            "tested": int(tested),
            "run": int(found["run"]),
        }
        card |= {name: rounded(float(found[name])) for name in ("label", "score", "wanted")}
        card["distance"] = rounded(distance)
        if maps:
            card |= _map(run, str(image), scorers, int(found["run"]), images)
        cards.append(card)
    return {"row": cloud.place, "cards": cards}


def model_of(run: Run) -> Path | str:
    """Return where a run's model is: in its folder, or what an evaluation was given as ``checkpoint``."""
    checkpoint = run.results.get("checkpoint")
    if checkpoint is None:
        return Path(run.folder or ".") / "model"
    named = checkpoint == SHIPPED.name or "directory" in run.results  # evaluations of older versions name a folder
    return str(checkpoint) if named else Path(str(checkpoint)).absolute()


def _map(run: Run, image: str, scorers: dict[int, Any], place: int, images: Images) -> dict[str, Any]:
    """Return an image's quality map by a run's model, or a note why there is none."""
    if not images.has_room:
        return {"note": "no quality map: the room for pictures is used up"}
    pixels = images.pixels(run, image)
    if pixels is None:
        return {"note": "no quality map: the image is not found"}
    try:
        if place not in scorers:
            from ksiqa.inference.scoring import load

            scorers[place] = load(model_of(run))
        return {"map": images.map(scorers[place].score(pixels, maps=True).quality_map)}
    except KsiqaError as error:
        images.without_map(run, image, cause=error)
        return {"note": "no quality map: the run's model is plain, damaged or missing"}
