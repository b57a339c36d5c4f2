"""LIVE In the Wild Image Quality Challenge Database (LIVEC, CLIVE)."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import read_mat, same_length
from ksiqa.data.table import LabelTable, checked_table

FACTS = Facts(
    name="livec",
    title="LIVE In the Wild (LIVEC)",
    label="MOS",
    low=0.0,  # the slider of the study; MOS seen are 3.42 to 92.43
    high=100.0,
    higher_is_better=True,
    rows=1162,
    layout="""ChallengeDB_release/
  Data/AllImages_release.mat, AllMOS_release.mat, AllStdDev_release.mat
  Images/*.bmp, *.JPG""",
    licence="free to use with attribution; the copyright notice must stay with every copy (README.txt)",
    citation="D. Ghadiyaram, A. C. Bovik, Massive online crowdsourced study of subjective and objective "
    "picture quality, IEEE Transactions on Image Processing 25(1), 2016",
    home_page="https://live.ece.utexas.edu/research/ChallengeDB/index.html",
)
TRAINING = frozenset(f"t{number}.bmp" for number in range(1, 8))  # shown to the subjects as practice


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels; the seven practice images are left out by their names.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    names_file, mos_file, spread_file = (f"Data/All{what}_release.mat" for what in ("Images", "MOS", "StdDev"))
    needs = (names_file, mos_file, spread_file, "Images")
    home = find_root(root, facts=facts, needs=[(name,) for name in needs])
    names_at, mos_at, spread_at, images = (first_of(home, [name]) for name in needs)
    names = read_mat(names_at, "AllImages_release")
    columns = {
        "content": names,
        "raw": read_mat(mos_at, "AllMOS_release"),
        "spread": read_mat(spread_at, "AllStdDev_release"),
    }
    same_length(columns, mos_at.parent)
    frame = pd.DataFrame(columns)
    frame = frame.loc[~frame["content"].isin(TRAINING)]
    frame["image"] = paths_of(images, list(frame["content"]))
    return checked_table(facts=facts, frame=frame, label_file=mos_at, allow_missing=allow_missing)
