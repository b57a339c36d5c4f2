"""KonIQ-10k, in either of its two label files and either size of its images."""

from pathlib import Path

import numpy as np
import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, locate, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import read_csv
from ksiqa.data.table import LabelTable, checked_table
from ksiqa.errors import DatasetError

FACTS = Facts(
    name="koniq10k",
    title="KonIQ-10k",
    label="MOS",
    low=0.0,  # the authors' normalised scale; MOS seen are 3.91 to 88.39
    high=100.0,
    higher_is_better=True,
    spread_in_units=False,  # SD is on a scale of 1 to 5 in both files
    rows=10073,
    layout="""koniq10k/
  koniq10k_distributions_sets.csv (with the official split) or koniq10k_scores_and_distributions.csv
  1024x768/*.jpg or 512x384/*.jpg""",
    licence="images under the Creative Commons licences of their Flickr authors; see the home page",
    citation="V. Hosu, H. Lin, T. Sziranyi, D. Saupe, KonIQ-10k: an ecologically valid database for deep "
    "learning of blind image quality assessment, IEEE Transactions on Image Processing 29, 2020",
    home_page="https://database.mmsp-kn.de/koniq-10k-database.html",
)
WITH_SETS = "koniq10k_distributions_sets.csv"
WITH_COUNTS = "koniq10k_scores_and_distributions.csv"
SIZES = ("1024x768", "512x384")
PARTS = {"training": "train", "validation": "validation", "test": "test"}
RATINGS = [f"c{rating}" for rating in range(1, 6)]  # opinions "bad" to "excellent": counts, or their shares


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels: of the file with the official split where both are there, else of the other.

    The second file's ``MOS`` is on a scale of 1 to 5; its ``MOS_zscore`` equals the first file's ``MOS``.
    ``SD`` is on a scale of 1 to 5 in both. The larger images are preferred.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    home = find_root(root, facts=facts, needs=[(WITH_SETS, WITH_COUNTS), SIZES])
    label_file = locate(home, WITH_SETS)
    if label_file is not None:
        labels = read_csv(label_file, ["image_name", *RATINGS, "MOS", "SD", "set"])
        columns = {"raw": labels["MOS"], "part": _parts(labels, label_file)}
    else:
        label_file = first_of(home, [WITH_COUNTS])
        labels = read_csv(label_file, ["image_name", *RATINGS, "MOS_zscore", "SD"])
        columns = {"raw": labels["MOS_zscore"]}
    ratings = labels[RATINGS].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    with np.errstate(all="ignore"):  # checked with the other columns
        means = ratings @ np.arange(1.0, 6.0) / ratings.sum(axis=1)
    frame = pd.DataFrame(
        {
            "image": paths_of(first_of(home, SIZES), list(labels["image_name"])),
            "content": labels["image_name"],
            "evidence": means,
            "spread": labels["SD"],
            **columns,
        }
    )
    return checked_table(facts=facts, frame=frame, label_file=label_file, allow_missing=allow_missing)


def _parts(labels: pd.DataFrame, label_file: Path) -> list[str]:
    unknown = labels.loc[~labels["set"].isin(list(PARTS)), "set"]
    if len(unknown):
        raise DatasetError(
            found=f"{label_file}, row {unknown.index[0] + 1}: set {unknown.iloc[0]!r}",
            expected=f"one of {', '.join(PARTS)}",
            do="restore the label file as released",
        )
    return [PARTS[part] for part in labels["set"]]
