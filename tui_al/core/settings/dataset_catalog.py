"""The data sets known by name: the paper's four, MASSIVE's slots, and the two small ones that come
with the program."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.data.examples import Task

#: The branch of a Hub data set that holds it as Parquet files, made by the Hub itself.
PARQUET_REVISION = "refs/convert/parquet"


@dataclass(frozen=True, slots=True)
class NamedSet:
    """Where a data set is and how to read it; sizes are those of the published set (the paper's
    Table 2 rounds them)."""

    name: str
    task: Task
    title: str
    terms: str
    folders: tuple[str, ...]  #: names of its folder under --data-dir, the first that exists counts
    units: tuple[
        str, ...
    ]  #: columns that hold the text or the tokens, the first that exists counts
    answers: tuple[str, ...]  #: columns that hold the label or the tags, likewise
    hub_id: str | None = None
    hub_revision: str = PARQUET_REVISION
    subset: str | None = None
    bundled: bool = False
    train_size: int | None = None  #: rows
    test_size: int | None = None
    classes: int | None = None  #: labels; for tagging IOB2 tags, O among them


NAMED_SETS: Mapping[str, NamedSet] = {
    named.name: named
    for named in (
        NamedSet(
            name="tickets",
            task=Task.CLASSIFICATION,
            title="Short support tickets, comes with the program",
            terms="CC0 1.0.",
            folders=("tickets",),
            units=("text",),
            answers=("label",),
            bundled=True,
            train_size=1_258,
            test_size=314,
        ),
        NamedSet(
            name="events",
            task=Task.TAGGING,
            title="Short event announcements with entities, comes with the program",
            terms="CC0 1.0.",
            folders=("events",),
            units=("tokens",),
            answers=("tags",),
            bundled=True,
            train_size=435,
            test_size=125,
        ),
        NamedSet(
            name="ag_news",
            task=Task.CLASSIFICATION,
            title="AG News: topics of English news (Zhang et al. 2015)",
            terms="No formal licence: research and other non-commercial use only.",
            folders=("ag_news",),
            units=("text",),
            answers=("label",),
            hub_id="fancyzhx/ag_news",
            train_size=120_000,
            test_size=7_600,
            classes=4,
        ),
        NamedSet(
            name="banking77",
            task=Task.CLASSIFICATION,
            title="Banking77: intents of questions to a bank (Casanueva et al. 2020)",
            terms="CC BY 4.0.",
            folders=("banking77",),
            units=("text",),
            answers=("label",),
            hub_id="PolyAI/banking77",
            train_size=10_003,
            test_size=3_080,
            classes=77,
        ),
        NamedSet(
            name="massive",
            task=Task.CLASSIFICATION,
            title="MASSIVE, English: intents of requests to an assistant (FitzGerald et al. 2022)",
            terms="CC BY 4.0.",
            folders=("massive", "massive_en_intent"),
            units=("utt", "text"),
            answers=("intent", "label"),
            hub_id="AmazonScience/massive",
            subset="en-US",
            train_size=11_514,
            test_size=2_974,
            classes=60,
        ),
        NamedSet(
            name="massive_slots",
            task=Task.TAGGING,
            title="MASSIVE, English: slots of the same requests; from a local folder only",
            terms="CC BY 4.0.",
            folders=("massive_slots", "massive_en_slots"),
            units=("tokens",),
            answers=("tags",),
            train_size=11_514,
            test_size=2_974,
            classes=111,
        ),
        NamedSet(
            name="conll2003",
            task=Task.TAGGING,
            title="CoNLL-2003: entities in English news (Tjong Kim Sang and De Meulder 2003)",
            terms="Reuters news, for research only: not to be passed on.",
            folders=("conll2003", "conll2003_en"),
            units=("tokens",),
            answers=("ner_tags", "tags"),
            hub_id="eriktks/conll2003",
            train_size=14_041,
            test_size=3_453,
            classes=9,
        ),
    )
}


def named_set(source: str) -> NamedSet | None:
    """The set a source names; case does not count, and "-" is as good as "_"."""
    return NAMED_SETS.get(source.lower().replace("-", "_"))


def bundled_folder(name: str) -> Path | None:
    """The folder of a set that comes with the program: inside the installed package, or beside it
    in a checkout."""
    package = Path(__file__).resolve().parents[2]
    for parent in (package, package.parent):
        folder = parent / "sample_data" / name
        if folder.is_dir():
            return folder
    return None
