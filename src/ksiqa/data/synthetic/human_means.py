"""What viewers thought of KADID-10k's distortions: the mean DMOS of each (type, level)."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from ksiqa.data.table import LabelTable
from ksiqa.errors import DatasetError

SHIPPED = "kadid10k_means.csv"
LOW, HIGH = 1.0, 5.0  # KADID-10k's scale; its column is called dmos, higher is better


@cache
def shipped_means() -> pd.DataFrame:
    """Return the 125 means over all 81 references, made from KADID-10k's dmos.csv by ``kadid10k_means``."""
    with files("ksiqa.data.synthetic").joinpath(SHIPPED).open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def kadid10k_means(dmos_csv: Path) -> pd.DataFrame:
    """Average KADID-10k's DMOS by type and level, over all of its references.

    Returns:
        125 rows: type (1..25), level (1..5), mean (DMOS 1..5, higher is better) and spread (standard
        deviation of that DMOS between references, with n − 1).

    Raises:
        DatasetError: no such file, columns or names other than released, or fewer than two references.
    """
    rows = _read(dmos_csv)
    part = rows["dist_img"].str.extract(r"^(I\d{2})_(\d{2})_(\d{2})\.png$")
    if part.isna().any(axis=None):
        line = int(part.isna().any(axis=1).to_numpy().argmax())
        raise DatasetError(
            found=f"{dmos_csv}, line {line + 2}: dist_img = {rows['dist_img'].iloc[line]}",
            expected="names like I01_01_01.png",
            do="use KADID-10k's own dmos.csv",
        )
    rows = pd.DataFrame(
        {
            "reference": part[0],
            "type": part[1].astype(int),
            "level": part[2].astype(int),
            "dmos": rows["dmos"],
        }
    )
    return _means(rows, of=str(dmos_csv))


def training_means(table: LabelTable, rows: Sequence[int]) -> pd.DataFrame:
    """Average the DMOS of KADID-10k's training part by type and level: where KADID-10k itself is tested, the
    pseudo-scores of pairs beside it must not know its test part.

    Args:
        table: KADID-10k's.
        rows: of the training part.

    Raises:
        DatasetError: fewer than two references.
    """
    frame = table.frame.iloc[list(rows)]
    kinds = {"type": frame["distortion"].astype(int), "level": frame["level"].astype(int)}
    return _means(pd.DataFrame({"reference": frame["content"], **kinds, "dmos": frame["raw"]}), of="the training part")


def _means(rows: pd.DataFrame, *, of: str) -> pd.DataFrame:
    if rows["reference"].nunique() < 2:
        raise DatasetError(
            found=f"{rows['reference'].nunique()} reference(s) in {of}",
            expected="two or more, for a mean and a spread",
            do="take more references",
        )
    by_kind = rows.groupby(["type", "level"])["dmos"]
    return by_kind.agg(mean="mean", spread="std").round(4).reset_index()


def _read(dmos_csv: Path) -> pd.DataFrame:
    if not dmos_csv.is_file():
        raise DatasetError(found=f"no file {dmos_csv}", expected="KADID-10k's dmos.csv", do="correct the path")
    rows = pd.read_csv(dmos_csv)
    missing = {"dist_img", "dmos"} - set(rows.columns)
    if missing:
        raise DatasetError(
            found=f"{dmos_csv} without column {', '.join(sorted(missing))}",
            expected="the columns dist_img, ref_img, dmos, var",
            do="use KADID-10k's own dmos.csv",
        )
    return rows
