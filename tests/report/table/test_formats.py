"""The four formats of one table."""

import csv
import io

import pytest

from ksiqa.errors import ConfigError
from ksiqa.metric.spread import spread
from ksiqa.report.table.formats import render
from ksiqa.report.table.sheet import Section

ONE = Section(
    title="Set_1 (MOS); 100%",
    facts={"data": "set", "marks": ""},
    columns=["model", "SRCC"],
    rows=[["a|b [x] & c_d", spread([0.5, 0.7])], ["é ~ < \\ {1}", None]],
    notes=["A note."],
)


def test_markdown():
    assert render([ONE, ONE], form="markdown") == "\n".join(
        [
            *(
                "**Set_1 (MOS); 100%**",
                "",
                "| model | SRCC |",
                "| --- | ---: |",
                "| a\\|b [x] & c_d | .600 (.500 to .700, sd .141) |",
                "| é ~ < \\ {1} | – |",
                "",
                "A note.",
                "",
            )
            * 2
        ]
    )


def test_latex_is_of_booktabs_and_nothing_in_it_is_a_command():
    text = render([ONE], form="latex")
    assert r"\begin{tabular}{lr}" in text
    for line in (r"\toprule", r"\midrule", r"\bottomrule", r"model & SRCC \\", r"\caption{Set\_1 (MOS); 100\%}"):
        assert line in text.splitlines()
    assert r"a|b [x] \& c\_d & .600 (.500 to .700, sd .141) \\" in text
    assert r"é \textasciitilde{} $<$ \textbackslash{} \{1\} & -- \\" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2


def test_csv_is_one_table_of_numbers_with_facts_and_marks():
    rows = list(csv.DictReader(io.StringIO(render([ONE, ONE], form="csv"))))
    assert len(rows) == 4
    assert rows[0]["data"] == "set"
    assert float(rows[0]["SRCC median"]) == 0.6
    assert rows[1]["SRCC median"] == ""
    assert rows[0]["model"] == "a|b [x] & c_d"


def test_a_terminals_width_cuts_nothing_off():
    wide = render([ONE], form="table")
    assert wide.startswith("Set_1 (MOS); 100%\n")
    assert "a|b [x] & c_d   .600 (.500 to .700, sd .141)" in wide
    narrow = render([ONE], form="table", width=30)
    assert all(len(line) <= 30 for line in narrow.splitlines())
    letters = [sorted(text.replace(" ", "").replace("─", "").replace("\n", "")) for text in (wide, narrow)]
    assert letters[0] == letters[1]


def test_no_such_format():
    with pytest.raises(ConfigError, match="found: --format=html\n"):
        render([ONE], form="html")
