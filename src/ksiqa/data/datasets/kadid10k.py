"""KADID-10k: 81 references, 25 distortions, 5 levels."""

from pathlib import Path

import pandas as pd

from ksiqa.data.dataset_folder import find_root, first_of, paths_of
from ksiqa.data.facts import Facts
from ksiqa.data.label_file import name_parts, read_csv
from ksiqa.data.table import LabelTable, checked_table

FACTS = Facts(
    name="kadid10k",
    title="KADID-10k",
    label="DMOS",  # so called in the file
    low=1.0,  # five-point scale of impairment; labels seen are 1 to 4.93
    high=5.0,
    higher_is_better=True,  # despite the name: 5 is "imperceptible"
    rows=10125,
    references=81,
    layout="""kadid10k/
  dmos.csv
  images/IXX.png, images/IXX_TT_LL.png (XX reference, TT distortion, LL level)""",
    licence="labels free for research; photographs under the Pixabay licence",
    citation="H. Lin, V. Hosu, D. Saupe, KADID-10k: a large-scale artificially distorted IQA database, QoMEX 2019",
    home_page="https://database.mmsp-kn.de/kadid-10k-database.html",
)
NAME = r"(?P<content>I\d\d)_(?P<distortion>\d\d)_(?P<level>\d\d)\.png"


def read(root: Path, *, facts: Facts = FACTS, allow_missing: bool = False) -> LabelTable:
    """Read the labels. The column ``var`` holds standard deviations despite its name.

    Raises:
        DatasetError: not found, incomplete or not as released.
    """
    home = find_root(root, facts=facts, needs=[("dmos.csv",), ("images",)])
    label_file, images = first_of(home, ["dmos.csv"]), first_of(home, ["images"])
    labels = read_csv(label_file, ["dist_img", "ref_img", "dmos", "var"])
    parts = name_parts(labels["dist_img"], NAME, label_file)
    frame = pd.DataFrame(
        {
            "image": paths_of(images, list(labels["dist_img"])),
            "reference": paths_of(images, list(labels["ref_img"])),
            "content": labels["ref_img"],
            "raw": labels["dmos"],
            "spread": labels["var"],
            "distortion": parts["distortion"],
            "level": parts["level"],
        }
    )
    return checked_table(facts=facts, frame=frame, label_file=label_file, allow_missing=allow_missing)
