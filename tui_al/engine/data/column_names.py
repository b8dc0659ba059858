"""Names that columns usually have, by what they hold."""

import re
from collections.abc import Sequence

TEXT_NAMES = (
    "text", "sentence", "utt", "utterance", "content", "message", "body", "question", "query",
    "review", "comment",
    "tweet", "post", "document", "doc", "description", "abstract", "summary", "title", "headline",
    "subject", "premise",
)  # fmt: skip
#: Names of label columns, surest first; columns of one group are equally likely ones.
LABEL_GROUPS = (
    ("label_text", "label_name", "label", "labels"),
    ("category", "intent", "class", "target", "topic", "sentiment", "coarse_label", "emotion",
        "stance"),
    ("y", "gold", "annotation", "type", "tag"),
)  # fmt: skip
LABEL_NAMES = tuple(name for group in LABEL_GROUPS for name in group)
TOKEN_NAMES = ("tokens", "words", "token", "sentence", "text")
TAG_NAMES = ("ner_tags", "tags", "ner", "labels", "bio_tags", "slots", "entities", "label", "tag")
ID_NAMES = frozenset({"id", "ids", "idx", "index", "guid", "uid", "uuid", "row", "url", "no", "nr"})

#: The same in German, French and Spanish: when, who, in which language, from where.
_METADATA_ELSEWHERE = (
    "datum", "uhrzeit", "zeit", "zeitpunkt", "jahr", "monat", "bearbeiter", "bearbeiterin",
    "autor", "autorin", "verfasser", "verfasserin", "absender", "kunde", "kundin",
    "kundennummer", "nutzer", "benutzer", "name", "sprache", "ort", "stadt", "quelle", "nummer",
    "anzahl", "heure", "jour", "mois", "année", "auteur", "utilisateur", "client", "langue",
    "ville", "pays", "numéro", "fecha", "hora", "año", "mes", "día", "autora", "usuario",
    "usuaria", "cliente", "idioma", "ciudad", "país",
)  # fmt: skip

#: Words in names of columns that say where a text comes from, when, and what was done with it, but
#: not what it is.
METADATA_NAMES = ID_NAMES | frozenset(
    [
        *_METADATA_ELSEWHERE,
        "uri",
        "link",
        "href",
        "date",
        "dates",
        "time",
        "timestamp",
        "datetime",
        "created",
        "updated",
        "modified",
        "published",
        "posted",
        "sent",
        "received",
        "at",
        "day",
        "month",
        "year",
        "hour",
        "author",
        "authors",
        "user",
        "username",
        "name",
        "names",
        "nickname",
        "handle",
        "account",
        "speaker",
        "sender",
        "recipient",
        "owner",
        "creator",
        "annotator",
        "annotators",
        "worker",
        "rater",
        "reviewer",
        "assignee",
        "customer",
        "client",
        "email",
        "mail",
        "phone",
        "lang",
        "language",
        "languages",
        "locale",
        "country",
        "city",
        "region",
        "state",
        "zip",
        "address",
        "source",
        "origin",
        "site",
        "domain",
        "publisher",
        "channel",
        "device",
        "platform",
        "browser",
        "file",
        "filename",
        "path",
        "page",
        "split",
        "partition",
        "fold",
        "subset",
        "version",
        "revision",
        "hash",
        "checksum",
        "md5",
        "sha",
        "verified",
        "accepted",
        "approved",
        "reviewed",
        "validated",
        "curated",
        "checked",
        "deleted",
        "active",
        "valid",
        "answer",
        "status",
        "session",
        "view",
        "count",
        "counts",
        "length",
        "len",
        "num",
        "number",
        "score",
        "scores",
        "likes",
        "retweets",
        "shares",
        "votes",
        "confidence",
        "probability",
        "weight",
        "price",
        "amount",
        "lat",
        "lon",
        "latitude",
        "longitude",
    ]
)

_LONGEST_NAME = 3  # words of a column name


def name_parts(column: str) -> list[str]:
    """The words of a name: `review_text` and `Review Text` are `["review", "text"]`, as is
    `reviewText`."""
    return re.split(r"[\s_.\-]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower())


def is_known_name(column: str) -> bool:
    """Whether a column name is one that texts, labels or ids usually have: a sign of a header
    line."""
    parts = name_parts(column)
    known = {*TEXT_NAMES, *LABEL_NAMES, *TOKEN_NAMES, *TAG_NAMES, *ID_NAMES}
    return len(parts) <= _LONGEST_NAME and bool({column.lower(), *parts} & known)


def named(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns in the order of `names`: those so called, then those with such a word in their
    name."""
    exact = [column for name in names for column in columns if column.lower() == name]
    partly = [column for name in names for column in columns if name in name_parts(column)]
    return list(dict.fromkeys((*exact, *partly)))
