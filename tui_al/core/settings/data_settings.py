"""Settings of the data: where it is, and how it is read."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from tui_al.core.settings.schema import EXPERIMENTS, Setting
from tui_al.core.settings.values import check_all
from tui_al.errors import ConfigError

_READING = (*EXPERIMENTS, "compare-scores")
_ALL = (*_READING, "timing")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where the data is and how to read it; None means: guess, and say what was guessed."""

    SECTION: ClassVar = "data"

    source: Annotated[
        str,
        Setting(
            "A data set's name, a path, or a Hub id; see `tui-al datasets`.",
            title="data",
            group="Data",
            example="tickets",
        ),
    ]
    data_dir: Annotated[
        str | None,
        Setting(
            "Folder that holds the named sets as local folders.",
            title="folder of the sets",
            group="Data",
            flag="--data-dir",
            metavar="DIR",
            example="~/data",
            commands=(*_ALL, "sweep"),
        ),
    ] = None
    subset: Annotated[
        str | None,
        Setting(
            "Configuration of a Hub data set.",
            title="Hub subset",
            group="Data",
            flag="--subset",
            metavar="NAME",
            example="en-US",
            commands=_READING,
        ),
    ] = None
    revision: Annotated[
        str | None,
        Setting(
            "Commit, branch or tag of a Hub data set.",
            title="Hub revision",
            group="Data",
            unset="the newest",
            example="main",
        ),
    ] = None
    text_column: Annotated[
        str | None,
        Setting(
            "Column or field of the texts.",
            title="text column",
            group="Data",
            flag="--text-column",
            unset="guessed",
            metavar="COLUMN",
            example="body",
            commands=_READING,
        ),
    ] = None
    label_column: Annotated[
        str | None,
        Setting(
            'Column or field of the labels; "" for none.',
            title="label column",
            group="Data",
            flag="--label-column",
            unset="guessed",
            metavar="COLUMN",
            example="topic",
            commands=_READING,
        ),
    ] = None
    tokens_column: Annotated[
        str | None,
        Setting(
            "Column of the tokens, where they have tags; of CoNLL columns, a number.",
            title="tokens column",
            group="Data",
            flag="--tokens-column",
            unset="guessed",
            metavar="COLUMN",
            example="tokens",
            commands=_READING,
        ),
    ] = None
    tags_column: Annotated[
        str | None,
        Setting(
            "Column of the tags, where tokens have some.",
            title="tags column",
            group="Data",
            flag="--tags-column",
            unset="guessed",
            metavar="COLUMN",
            example="ner_tags",
            commands=_READING,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        Setting(
            "What separates the columns of CSV and TSV files.",
            title="delimiter",
            group="Data",
            flag="--delimiter",
            unset="guessed",
            metavar="CHARACTER",
            example="';'",
            commands=_READING,
        ),
    ] = None
    encoding: Annotated[
        str,
        Setting(
            "Encoding of text files.",
            title="encoding",
            group="Data",
            flag="--encoding",
            metavar="NAME",
            example="latin-1",
            commands=_READING,
        ),
    ] = "utf-8"
    task: Annotated[
        Literal["classification", "tagging"] | None,
        Setting(
            "One label a text, or entities in it; of data that nobody has labelled yet.",
            title="task",
            group="Data",
            flag="--task",
            unset="guessed",
            choices={
                "classification": "one label a text",
                "tagging": "entities: labelled spans of words",
            },
            commands=("label",),
        ),
    ] = None
    labels: Annotated[
        tuple[str, ...] | None,
        Setting(
            "Names of labels or tags that the data has as numbers, from 0 on: with commas between "
            "them, or a file of them.",
            title="labels",
            group="Data",
            flag="--labels",
            unset="the data's own",
            metavar="NAMES|FILE",
            example="refund,repair,praise",
            helps={
                "label": "Labels to begin with, with commas between them, or a file of them; more "
                "can be added while labelling."
            },
        ),
    ] = None
    train_limit: Annotated[
        int | None,
        Setting(
            "Use a random cut of so many training rows.",
            title="train at most",
            group="Data",
            low=1,
            flag="--train-limit",
            unset="all",
            metavar="ROWS",
            example="5000",
            commands=_ALL,
        ),
    ] = None
    test_limit: Annotated[
        int | None,
        Setting(
            "Use a random cut of so many test rows.",
            title="test at most",
            group="Data",
            low=1,
            flag="--test-limit",
            unset="all",
            metavar="ROWS",
            example="2000",
            commands=("simulate",),
        ),
    ] = None
    test_share: Annotated[
        float,
        Setting(
            "Part of the training split that is held out where there is no test split.",
            title="held out for test",
            group="Data",
            low=0,
            below=1,
            share=True,
            flag="--test-share",
            metavar="SHARE",
            example="10%",
            commands=("simulate",),
        ),
    ] = 0.2
    split_seed: Annotated[
        int,
        Setting(
            "Seed of the held-out split and of the cuts.",
            title="seed of the split",
            group="Data",
            low=0,
        ),
    ] = 13
    misfits: Annotated[
        Literal["refuse", "leave out", "texts only"],
        Setting(
            "Skip, with a count, annotated texts whose entities overlap, do not fit or cannot be "
            "read.",
            title="mismatched entities",
            name="skip_mismatched",
            group="Data",
            flag="--skip-mismatched",
            old={"--leave-out-misfits": "--skip-mismatched"},
            switch=("leave out", "refuse"),
            choices={
                "refuse": "say where they are, and stop",
                "leave out": "skip them, with a count",
            },
            commands=_READING,
        ),
    ] = "refuse"
    empty_means: Annotated[
        Literal["unlabelled", "no entity"],
        Setting(
            "An empty list of entities means that the text has none, not that nobody looked.",
            title="no entities listed",
            name="accept_empty",
            group="Data",
            flag="--accept-empty",
            switch=("no entity", "unlabelled"),
            choices={
                "unlabelled": "nobody has looked at the text",
                "no entity": "the text has none",
            },
            commands=_READING,
        ),
    ] = "unlabelled"
    header: Annotated[
        Literal["yes", "no"] | None,
        Setting(
            "Whether the first line of CSV, TSV or Excel names the columns.",
            title="header line",
            group="Data",
            flag="--header",
            switch=("yes", "no"),
            unset="guessed",
            choices={"yes": "the first line names the columns", "no": "it is a row of data"},
            commands=_READING,
        ),
    ] = None

    def __post_init__(self) -> None:
        check_all(self)
        names = self.labels or ()
        for name in names:
            if not name.strip():
                raise ConfigError(
                    "labels: a name is empty.", "Give names with commas between them."
                )
            if names.count(name) > 1:
                raise ConfigError(f"labels: {name!r} is given twice.", "Each label is named once.")
