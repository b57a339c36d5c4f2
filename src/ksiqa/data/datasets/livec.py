"""LIVE In the Wild Image Quality Challenge Database (LIVEC, CLIVE)."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, paths_of
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
    home = find_root(root, facts=facts, needs=[(names_file,), (mos_file,), (spread_file,), ("Images",)])
    names = read_mat(home / names_file, "AllImages_release")
    columns = {
        "content": names,
        "raw": read_mat(home / mos_file, "AllMOS_release"),
        "spread": read_mat(home / spread_file, "AllStdDev_release"),
    }
    same_length(columns, home / "Data")
    frame = pd.DataFrame(columns)
    frame = frame.loc[~frame["content"].isin(TRAINING)]
    frame["image"] = paths_of(home / "Images", list(frame["content"]))
    return checked_table(facts=facts, frame=frame, label_file=home / mos_file, allow_missing=allow_missing)
