"""SPAQ: smartphone photographs."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import read_workbook
from ksiqa.data.table import LabelTable, checked_table

FACTS = Facts(
    name="spaq",
    title="SPAQ",
    label="MOS",
    low=0.0,  # the slider of the study; MOS seen are 2 to 96
    high=100.0,
    higher_is_better=True,
    rows=11125,
    layout="""SPAQ/
  Annotations/MOS and Image attribute scores.xlsx
  TestImage/00001.jpg ...""",
    licence="free for research; see the home page",
    citation="Y. Fang, H. Zhu, Y. Zeng, K. Ma, Z. Wang, Perceptual quality assessment of smartphone "
    "photography, CVPR 2020",
    home_page="https://github.com/h4nwei/SPAQ",
)
WORKBOOK = "MOS and Image attribute scores.xlsx"


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels; the ratings of sharpness prove their direction.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    files = (f"Annotations/{WORKBOOK}", WORKBOOK)
    home = find_root(root, facts=facts, needs=[files, ("TestImage",)])
    label_file = first_of(home, files)
    labels = read_workbook(label_file, ["Image name", "MOS", "Sharpness"], None)
    names = labels["Image name"].astype(str)
    frame = pd.DataFrame(
        {
            "image": paths_of(first_of(home, ["TestImage"]), list(names)),
            "content": names,
            "raw": labels["MOS"],
            "evidence": labels["Sharpness"],
        },
        index=labels.index,
    )
    return checked_table(facts=facts, frame=frame, label_file=label_file, allow_missing=allow_missing)
