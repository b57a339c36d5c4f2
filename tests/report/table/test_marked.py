"""Tables that stand between markers."""

import pytest

from ksiqa.errors import ConfigError
from ksiqa.report.table.marked import remade, update

TEXT = """# A title

<!-- ksiqa table: a.csv --against "joint: ridge" -->
| old |
<!-- end of table -->
Between.
<!-- ksiqa table: b.csv -->
<!-- end of table -->
After, with `<!-- end of table -->` in it.
"""


def made(words: list[str]) -> str:
    return f"| {' + '.join(words)} |\n"


def test_each_table_is_made_by_its_own_words_and_nothing_else_is_touched():
    expected = TEXT.replace("| old |\n", "\n| a.csv + --against + joint: ridge |\n\n").replace(
        "b.csv -->\n", "b.csv -->\n\n| b.csv |\n\n"
    )
    assert remade(TEXT, made=made) == expected
    assert remade(expected, made=made) == expected


def test_a_file_is_rewritten_in_place(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(TEXT)
    assert update(file, made=made) == 2
    assert file.read_text() == remade(TEXT, made=made)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "no such file"),
        ("# No tables\n", "0 markers of which 0 end"),
        ("<!-- ksiqa table: a.csv -->\n| no end |\n", "1 markers of which 0 end"),
        (TEXT + "<!-- ksiqa table: a.csv -->\n", "3 markers of which 2 end"),
    ],
)
def test_a_file_without_whole_markers_is_left_as_it_is(text, found, tmp_path):
    file = tmp_path / "README.md"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=rf"README.md: {found}\nexpected: a Markdown file with tables between"):
        update(file, made=made)
    assert text is None or file.read_text() == text


def test_a_table_that_cannot_be_made_leaves_the_file(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(TEXT)

    def fails(words: list[str]) -> str:
        raise ConfigError(found="nothing", expected="something", do="this")

    with pytest.raises(ConfigError, match="found: nothing"):
        update(file, made=fails)
    assert file.read_text() == TEXT
