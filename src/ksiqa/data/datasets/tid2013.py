"""TID2013: 25 references, 24 distortions, 5 levels."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, locate, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import name_parts, read_words, same_length
from ksiqa.data.table import LabelTable, checked_table

FACTS = Facts(
    name="tid2013",
    title="TID2013",
    label="MOS",
    low=0.0,  # the scale of the authors; MOS seen are 0.24 to 7.21
    high=9.0,
    higher_is_better=True,
    rows=3000,
    references=25,
    layout="""tid2013/
  mos_with_names.txt, mos_std.txt
  distorted_images/iXX_TT_L.bmp (XX reference, TT distortion, L level; in any case)
  reference_images/IXX.BMP""",
    licence="free for research; see the readme of the archive",
    citation="N. Ponomarenko et al., Image database TID2013: peculiarities, results and perspectives, Signal "
    "Processing: Image Communication 30, 2015",
    home_page="https://www.ponomarenko.info/tid2013.htm",
)
NAME = r"(?P<content>i\d\d)_(?P<distortion>\d\d)_(?P<level>\d)\.bmp"


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels. Names are matched without regard to case: copies differ in it.

    The content is the reference's name in lower case; the spread is there if ``mos_std.txt`` is.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    needs = ("mos_with_names.txt", "distorted_images", "reference_images")
    home = find_root(root, facts=facts, needs=[(name,) for name in needs])
    label_file, distorted, references = (first_of(home, [name]) for name in needs)
    labels = read_words(label_file, ["raw", "name"])
    parts = name_parts(labels["name"], NAME, label_file)
    contents = parts["content"].str.lower()
    frame = pd.DataFrame(
        {
            "image": paths_of(distorted, list(labels["name"])),
            "reference": paths_of(references, [f"{content.upper()}.BMP" for content in contents]),
            "content": contents,
            "raw": labels["raw"],
            "distortion": parts["distortion"],
            "level": parts["level"],
        },
        index=labels.index,
    )
    spread_file = locate(home, "mos_std.txt")
    if spread_file is not None:
        spread = read_words(spread_file, ["spread"])["spread"].to_numpy()
        same_length({"MOS": labels["raw"].to_numpy(), "mos_std.txt": spread}, label_file)
        frame["spread"] = spread
    return checked_table(facts=facts, frame=frame, label_file=label_file, allow_missing=allow_missing)
