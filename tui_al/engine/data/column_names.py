"""Names that columns usually have, by what they hold."""

import re
from collections.abc import Sequence

TEXT_NAMES = (
    "text", "sentence", "utt", "utterance", "content", "message", "body", "question", "query", "review", "comment",
    "tweet", "post", "document", "doc", "description", "abstract", "summary", "title", "headline", "subject", "premise",
)  # fmt: skip
LABEL_NAMES = (
    "label_text", "label_name", "label", "labels", "category", "intent", "class", "target", "topic", "sentiment",
    "coarse_label", "y", "gold", "annotation", "type", "tag",
)  # fmt: skip
TOKEN_NAMES = ("tokens", "words", "token", "sentence", "text")
TAG_NAMES = ("ner_tags", "tags", "ner", "labels", "bio_tags", "slots", "entities", "label", "tag")
ID_NAMES = frozenset({"id", "idx", "index", "guid", "uid", "uuid", "row", "url"})

_LONGEST_NAME = 3  # words of a column name


def name_parts(column: str) -> list[str]:
    """The words of a name: `review_text` and `Review Text` are `["review", "text"]`."""
    return re.split(r"[\s_.\-]+", column.lower())


def is_known_name(column: str) -> bool:
    """Whether a column name is one that texts, labels or ids usually have: a sign of a header line."""
    parts = name_parts(column)
    known = {*TEXT_NAMES, *LABEL_NAMES, *ID_NAMES}
    return len(parts) <= _LONGEST_NAME and bool({column.lower(), *parts} & known)


def named(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns in the order of `names`: those so called, then those with such a word in their name."""
    exact = [column for name in names for column in columns if column.lower() == name]
    partly = [column for name in names for column in columns if name in name_parts(column)]
    return list(dict.fromkeys((*exact, *partly)))
