"""What ``ksiqa prepare`` tells of a set, line by line; ``problems`` counts what makes it fail."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from ksiqa.data.duplicates import Duplicate, Seen, duplicates_across, duplicates_within
from ksiqa.data.known_file import Known
from ksiqa.data.pictures import TABLE
from ksiqa.data.soundness import too_small, what_is_wrong
from ksiqa.data.table import LabelTable
from ksiqa.data.views import TrainingViews

WRONG, TOLD = "red", "yellow"
GIB = 2**30


class SetReport:
    """Prints what is found in a set."""

    def __init__(self, table: LabelTable, *, console: Console) -> None:
        self.table, self.problems, self._console = table, 0, console
        self._rows = {image: row for row, image in enumerate(table.frame["image"])}

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line as it is."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def tell_facts(self) -> None:
        """Print what is known of the set before any image is opened."""
        for name, fact in facts_of(self.table).items():
            self._console.print(Text.assemble((name, "bold"), f": {fact}"), soft_wrap=True)

    def tell_rows(self, known: Mapping[str, Known], broken: Mapping[str, str]) -> set[int]:
        """Print the rows whose image or reference cannot be used; return them."""
        frame = self.table.frame
        pairs = enumerate(zip(frame["image"], frame["reference"], strict=True))
        wrong = {row: why for row, pair in pairs if (why := what_is_wrong(*pair, known=known, broken=broken))}
        for row, text in wrong.items():
            self._fail(f"row {self._number(row)}: {text}")
        self.say(f"{len(self.table) - len(wrong)} of {len(self.table)} rows can be read")
        return set(wrong)

    def tell_small(self, known: Mapping[str, Known], *, views: TrainingViews, short_side: int | None) -> None:
        """Print that images do not hold the crops of training, with the first of them."""
        sizes = {file: (one.height, one.width) for file, one in known.items() if file in self._rows}
        small = [why for file, size in sizes.items() if (why := too_small(file, size, views, short_side=short_side))]
        if small:
            self.say(f"{len(small)} images are smaller than data.crop={views.side}; first {small[0]}", style=TOLD)

    def tell_cache(self, seen: Seen, *, gib: float) -> None:
        """Print how many decoded images are kept, and that there was no room for others."""
        kept = [one for one in seen.known.values() if one.place is not None]
        if kept:
            size = seen.index.used() / GIB
            self.say(f"decoded for training: {len(kept)} images, {size:.2f} GiB in {seen.index.folder}")
        if len(kept) < len(seen.known) and gib > 0:
            text = f"{len(seen.known) - len(kept)} images found no room in cache_gib={gib:g} or on the disk"
            self.say(f"{text}: training reads them from their files", style=TOLD)

    def tell_duplicates(self, seen: Seen) -> None:
        """Print what stands more than once in the set."""
        found = duplicates_within(seen)
        for one in found:
            self._tell(one, "two contents, which a split may part" if one.is_leak else "one content")
        leaks = sum(one.is_leak for one in found)
        compared = f"{len(seen.shown())} contents and {len(seen.known)} files compared"
        self.say(f"duplicates: {leaks} across contents, {len(found) - leaks} within one ({compared})")
        if leaks and seen.pictures.name == TABLE:
            self.say("name the column that says which images show one scene: data.content=COLUMN", style=TOLD)

    def tell_beside(self, seen: Seen, other: Seen, broken: Mapping[str, str]) -> None:
        """Print what the set shares with another one."""
        name = other.pictures.name
        for text in broken.values():
            self._fail(f"beside {name}: {text}")
        found = duplicates_across(seen, other)
        for one in found:
            self._tell(one, f"shared with {name}")
        lacking = f", {other.pictures.missing} not there" if other.pictures.missing else ""
        compared = f"{len(other.shown())} contents and {len(other.known)} files of it compared{lacking}"
        self.say(f"shared with {name}: {len(found)} contents ({compared})")

    def _tell(self, found: Duplicate, where: str) -> None:
        text = f"{self._named(found.one)} and {self._named(found.other)}: {found.how}, {where}"
        if found.is_leak:
            self._fail(text)
        else:
            self.say(text, style=TOLD)

    def _fail(self, text: str) -> None:
        self.problems += 1
        self.say(text, style=WRONG)

    def _named(self, file: str) -> str:
        if file not in self._rows:
            return file
        row = self._rows[file]
        raw = self.table.frame["raw"].iloc[row]
        return f"row {self._number(row)} ({file}, {self.table.facts.label} {raw:.4g})"

    def _number(self, row: int) -> int:
        """Return a row's number as errors of label files tell it: from 1, those without a file counted, too."""
        return (self.table.kept[row] if self.table.kept else row) + 1


def facts_of(table: LabelTable) -> dict[str, str]:
    """Return what is known of a set, for people."""
    facts, references, raw = table.facts, table.frame["reference"], table.frame["raw"]
    lacking = {
        "images not there": table.missing,
        "references not there": table.missing_references,
        "rows missing in the label file": table.unlisted,
    }
    return {
        "title": facts.title,
        "rows": str(len(table)),
        **{name: str(count) for name, count in lacking.items() if count},
        "references": str(references.nunique()) if references.notna().any() else "none",
        "contents": str(len(set(table.contents))),
        "label": f"{facts.label} from {facts.low:g} to {facts.high:g}, "
        f"{'higher' if facts.higher_is_better else 'lower'} is better; here {raw.min():g} to {raw.max():g}",
        "licence": facts.licence or "not known",
        "citation": facts.citation or "not known",
        "home page": facts.home_page or "not known",
    }
