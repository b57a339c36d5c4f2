"""The table of a cross-database sweep."""

from rich.console import Console

from ksiqa.sweep.cross_table import cross_rows, cross_table

FIGURES = {"srcc": 0.9, "plcc_fitted": 0.8, "n": 99}


def test_figures_of_photographs_that_were_trained_on_are_marked():
    tested = {f"cross/{name}/{key}": value for name in ("csiq", "tid2013") for key, value in FIGURES.items()}
    rows = cross_rows([{"data": "live", "seed": 0, **tested, "cross/tid2013/same_photographs": True}])
    assert {row["tested"]: row["same_photographs"] for row in rows} == {"csiq": None, "tid2013": True}
    console = Console(width=120)
    with console.capture() as shown:
        console.print(cross_table(rows))
    assert shown.get().count("0.900 / 0.800*") == 1
    assert "*: the photographs were trained on, in the other set" in shown.get()
    with console.capture() as shown:
        console.print(cross_table(rows[:1]))
    assert "*" not in shown.get()
