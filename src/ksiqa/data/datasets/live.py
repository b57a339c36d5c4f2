"""LIVE image quality database, release 2, with the realigned DMOS."""

from pathlib import Path

import numpy as np
import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import read_mat, same_length
from ksiqa.data.table import LabelTable, checked_table
from ksiqa.errors import DatasetError

FACTS = Facts(
    name="live",
    title="LIVE release 2",
    label="DMOS",
    low=-3.0,  # realigned DMOS have no fixed scale; released are -2.64 to 111.77, taken out to whole numbers
    high=112.0,
    higher_is_better=False,
    rows=779,
    references=29,
    folders=(("jp2k", 227), ("jpeg", 233), ("wn", 174), ("gblur", 174), ("fastfading", 174)),
    layout="""databaserelease2/
  dmos_realigned.mat, refnames_all.mat
  {jp2k,jpeg,wn,gblur,fastfading}/imgN.bmp
  refimgs/*.bmp""",
    licence="free to use with attribution; the copyright notice must stay with every copy (readme.txt)",
    citation="H. R. Sheikh, M. F. Sabir, A. C. Bovik, A statistical evaluation of recent full reference "
    "image quality assessment algorithms, IEEE Transactions on Image Processing 15(11), 2006",
    home_page="https://live.ece.utexas.edu/research/quality/subjective.htm",
)


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels without the rows of originals; the facts' ``folders`` tell which row is which file.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    kinds = [kind for kind, _ in facts.folders]
    needs = ["dmos_realigned.mat", "refnames_all.mat", "refimgs", *kinds]
    home = find_root(root, facts=facts, needs=[(name,) for name in needs])
    label_file, names_file, references = (first_of(home, [name]) for name in needs[:3])
    labels = {
        "raw": read_mat(label_file, "dmos_new"),
        "spread": read_mat(label_file, "dmos_std"),
        "orgs": read_mat(label_file, "orgs"),
        "content": read_mat(names_file, "refnames_all"),
    }
    places = [(kind, number) for kind, rows in facts.folders for number in range(1, rows + 1)]
    same_length({**labels, "images in " + ", ".join(kinds): np.arange(len(places))}, label_file)
    frame = pd.DataFrame(labels)
    frame["distortion"] = [kind for kind, _ in places]
    frame["image"] = paths_of(home, [f"{kind}/img{number}.bmp" for kind, number in places])
    frame["reference"] = paths_of(references, list(frame["content"]))
    original = frame["orgs"] == 1
    _originals_are_best(frame, original, label_file)
    return checked_table(facts=facts, frame=frame.loc[~original], label_file=label_file, allow_missing=allow_missing)


def _originals_are_best(frame: pd.DataFrame, original: "pd.Series[bool]", label_file: Path) -> None:
    of_originals, of_distorted = frame.loc[original, "raw"].mean(), frame.loc[~original, "raw"].mean()
    if not of_originals < of_distorted:
        raise DatasetError(
            found=f"{label_file}: mean DMOS {of_originals:g} of originals, {of_distorted:g} of the others",
            expected="originals (orgs = 1) with the lower DMOS, of which lower is better",
            do="restore the label file as released: its labels are turned round or misplaced",
        )
