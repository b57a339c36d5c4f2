"""CSIQ: 30 references, six distortions, four or five levels."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import name_parts, read_words, read_workbook
from ksiqa.data.table import LabelTable, checked_table
from ksiqa.errors import DatasetError

FACTS = Facts(
    name="csiq",
    title="CSIQ",
    label="DMOS",
    low=0.0,  # normalised by the authors; 0 and 1 both occur
    high=1.0,
    higher_is_better=False,
    rows=866,
    references=30,
    layout="""CSIQ/
  csiq.DMOS.xlsx (or csiq.beta.xlsx, or the list csiq_label.txt)
  src_imgs/NAME.png
  dst_imgs/{awgn,jpeg,jpeg2000,fnoise,blur,contrast}/NAME.TYPE.L.png""",
    licence="free for research; see the home page",
    citation="E. C. Larson, D. M. Chandler, Most apparent distortion: full-reference image quality "
    "assessment and the role of strategy, Journal of Electronic Imaging 19(1), 2010",
    home_page="https://s2.smu.edu/~eclarson/csiq.html",
)
WORKBOOKS = ("csiq.DMOS.xlsx", "csiq.beta.xlsx")
LIST = "csiq_label.txt"
SHEET = "all_by_image"
# The workbook's word for each distortion and the files'; in the order of the list.
TYPES = {
    "noise": "AWGN",
    "jpeg": "JPEG",
    "jpeg 2000": "jpeg2000",
    "fnoise": "fnoise",
    "blur": "BLUR",
    "contrast": "contrast",
}
NAME = rf"(?P<content>.+)\.(?P<distortion>{'|'.join(TYPES.values())})\.(?P<level>\d)\.png"


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels, of the workbook where there is one (it has the spread), else of the list.

    Rows are in the list's order whichever is read: by distortion, then image, then level. Published splits
    count in that order.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    home = find_root(root, facts=facts, needs=[(*WORKBOOKS, LIST), ("src_imgs",), ("dst_imgs",)])
    label_file = first_of(home, (*WORKBOOKS, LIST))
    in_list = label_file.name.lower() == LIST
    labels = read_words(label_file, ["name", "raw"]) if in_list else _workbook(label_file)
    parts = name_parts(labels["name"], NAME, label_file)
    kinds = parts["distortion"].str.lower()
    files = [f"{kind}/{name}" for kind, name in zip(kinds, labels["name"], strict=True)]
    frame = labels.drop(columns="name").assign(
        image=paths_of(first_of(home, ["dst_imgs"]), files),
        reference=paths_of(first_of(home, ["src_imgs"]), [f"{name}.png" for name in parts["content"]]),
        content=parts["content"],
        distortion=kinds,
        level=parts["level"],
    )
    order = (
        frame.assign(
            kind=kinds.map([kind.lower() for kind in TYPES.values()].index),
            name=frame["content"].str.replace("_", ""),  # the list has sunsetcolor before sunset_sparrow
        )
        .sort_values(["kind", "name", "level"])
        .index
    )
    return checked_table(facts=facts, frame=frame.loc[order], label_file=label_file, allow_missing=allow_missing)


def _workbook(label_file: Path) -> pd.DataFrame:
    """Give the workbook's rows the names of their files; the image called 1600 is a number in it."""
    cells = read_workbook(label_file, ["image", "dst_type", "dst_lev", "dmos_std", "dmos"], SHEET)
    odd = cells.loc[~cells["dst_type"].isin(list(TYPES)), "dst_type"]
    if len(odd):
        raise DatasetError(
            found=f"{label_file}, row {odd.index[0] + 1} below the header: dst_type {odd.iloc[0]!r}",
            expected=f"one of {', '.join(TYPES)}",
            do="use the workbook as released",
        )
    rows = zip(cells["image"], cells["dst_type"], cells["dst_lev"], strict=True)
    names = [f"{image}.{TYPES[kind]}.{level}.png" for image, kind, level in rows]
    columns = {"name": names, "raw": cells["dmos"], "spread": cells["dmos_std"]}
    return pd.DataFrame(columns, index=cells.index)
