"""The data sets that come with the program are what their README says."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from tui_al.core.data.tags import Scheme, is_well_formed, spans_of

FOLDER = Path(__file__).parents[1] / "sample_data"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
SPLITS = ("train", "test")
LABELS = {
    "delivery", "refund", "repair", "return", "cancel", "invoice", "account", "setup", "product",
    "wrong_item", "complaint",
    "praise", "stock", "scam",
}  # fmt: skip
TYPES = {"PER", "ORG", "LOC", "EVENT"}

Sentence = tuple[tuple[str, ...], tuple[str, ...]]


def tickets(split: str) -> list[tuple[str, str]]:
    with (FOLDER / "tickets" / f"{split}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file, strict=True)]


def events(split: str) -> list[Sentence]:
    text = (FOLDER / "events" / f"{split}.conll").read_text(encoding="utf-8")
    sentences = []
    for block in text.strip("\n").split("\n\n"):
        pairs = [line.split(" ") for line in block.split("\n")]
        assert all(len(pair) == 2 and all(pair) for pair in pairs), block
        sentences.append((tuple(word for word, _ in pairs), tuple(tag for _, tag in pairs)))
    return sentences


TICKETS = {split: tickets(split) for split in SPLITS}
EVENTS = {split: events(split) for split in SPLITS}
ALL_TICKETS = [text for split in SPLITS for text, _ in TICKETS[split]]
ALL_SENTENCES = [" ".join(words) for split in SPLITS for words, _ in EVENTS[split]]


def counts_in_readme(name: str) -> tuple[int, int]:
    """The train and test columns of a label's row."""
    row = re.search(rf"^\| `{name}` \| (\d+) \| (\d+) \|", README, re.MULTILINE)
    assert row, f"the README has no row for {name}"
    return int(row[1]), int(row[2])


class TestTickets:
    def test_sizes(self) -> None:
        assert len(TICKETS["train"]) >= 1200
        assert len(TICKETS["test"]) >= 300
        assert f"{len(TICKETS['train']):,} / {len(TICKETS['test'])} messages" in README

    @pytest.mark.parametrize("split", SPLITS)
    def test_labels(self, split: str) -> None:
        counts = Counter(label for _, label in TICKETS[split])
        assert set(counts) == LABELS
        position = SPLITS.index(split)
        assert counts == {label: counts_in_readme(label)[position] for label in LABELS}

    def test_uneven(self) -> None:
        counts = Counter(label for _, label in TICKETS["train"]).values()
        assert max(counts) >= 8 * min(counts)

    def test_the_split_is_stratified(self) -> None:
        train, test = (Counter(label for _, label in TICKETS[split]) for split in SPLITS)
        for label in LABELS:
            assert abs(test[label] - (train[label] + test[label]) / 5) <= 1

    def test_no_text_is_empty_or_twice(self) -> None:
        assert all(text.strip() == text and re.search(r"\w\w", text) for text in ALL_TICKETS)
        folded = [re.sub(r"\W+", " ", text.casefold()).strip() for text in ALL_TICKETS]
        assert len(set(folded)) == len(folded)

    @pytest.mark.slow
    @pytest.mark.parametrize("weighting", ["counts", "TF-IDF"])
    def test_neither_too_easy_nor_too_hard_for_words_alone(self, weighting: str) -> None:
        text = pytest.importorskip("sklearn.feature_extraction.text")
        linear_model = pytest.importorskip("sklearn.linear_model")
        vectorizer = text.CountVectorizer() if weighting == "counts" else text.TfidfVectorizer()
        (train, y_train), (test, y_test) = (zip(*TICKETS[s], strict=True) for s in SPLITS)
        model = linear_model.LogisticRegression(C=10, max_iter=2000)
        model.fit(vectorizer.fit_transform(train), y_train)
        assert 0.75 <= model.score(vectorizer.transform(test), y_test) <= 0.93


class TestEvents:
    def test_sizes(self) -> None:
        assert len(EVENTS["train"]) >= 400
        assert len(EVENTS["test"]) >= 120
        sentences = [len(EVENTS[split]) for split in SPLITS]
        words = [sum(len(w) for w, _ in EVENTS[split]) for split in SPLITS]
        stated = f"{sentences[0]} / {sentences[1]} sentences ({words[0]:,} / {words[1]:,} words)"
        assert stated in README

    @pytest.mark.parametrize("split", SPLITS)
    def test_types(self, split: str) -> None:
        counts = Counter(kind for _, tags in EVENTS[split] for *_, kind in spans_of(tags))
        assert set(counts) == TYPES
        assert min(counts.values()) >= 0.1 * counts.total()
        position = SPLITS.index(split)
        assert counts == {kind: counts_in_readme(kind)[position] for kind in TYPES}

    def test_well_formed(self) -> None:
        for split in SPLITS:
            for words, tags in EVENTS[split]:
                assert is_well_formed(tags, Scheme.IOB2), words
                assert set(tags) <= {"O", *(f"{p}-{kind}" for p in "BI" for kind in TYPES)}

    def test_many_entities_have_several_words(self) -> None:
        lengths = [
            end - start
            for split in SPLITS
            for _, tags in EVENTS[split]
            for start, end, _ in spans_of(tags)
        ]
        assert sum(length > 1 for length in lengths) > len(lengths) / 3

    def test_names_of_more_than_one_type(self) -> None:
        types: defaultdict[str, set[str]] = defaultdict(set)
        for split in SPLITS:
            for words, tags in EVENTS[split]:
                for start, end, kind in spans_of(tags):
                    types[" ".join(words[start:end])].add(kind)
        several = sum(len(kinds) > 1 for kinds in types.values())
        assert several >= 15
        assert f"{several} names occur with more than one type" in README

    def test_sentences_without_entities(self) -> None:
        without = sum(set(tags) == {"O"} for split in SPLITS for _, tags in EVENTS[split])
        assert f"{without} sentences have no entity" in README


def triples(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:], strict=False))


def shared_more_than_half(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs that share more than half of the word triples of the shorter; through an index, not by
    all pairs."""
    sets = [triples(text) for text in texts]
    owners: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, found in enumerate(sets):
        for triple in found:
            owners[triple].append(i)
    shared = Counter(pair for those in owners.values() for pair in combinations(those, 2))
    return [
        (texts[a], texts[b])
        for (a, b), n in shared.items()
        if n > min(len(sets[a]), len(sets[b])) / 2
    ]


@pytest.mark.parametrize("texts", [ALL_TICKETS, ALL_SENTENCES], ids=["tickets", "events"])
class TestBoth:
    def test_no_text_is_another_one_slightly_changed(self, texts: list[str]) -> None:
        assert shared_more_than_half(texts) == []

    def test_nobodys_address(self, texts: list[str]) -> None:
        address = re.compile(
            r"\S@\S+\.\w|https?:|www\.|\b[\w-]+\.(com|net|org|co|io|eu|uk|de|fr|info)\b", re.I
        )
        assert [text for text in texts if address.search(text)] == []

    def test_no_real_shop_maker_or_carrier(self, texts: list[str]) -> None:
        real = re.compile(
            r"\b(Amazon|eBay|iPhone|iPad|MacBook|Samsung|Sony|Google|Microsoft|DHL|FedEx|PayPal|Klarna|Mastercard|Bosch|Philips|"
            r"Logitech|Huawei|Lenovo|Nintendo|PlayStation|Xbox|MediaMarkt|Currys|Netflix|Spotify|WhatsApp|Facebook|Reuters)\b",
            re.I,
        )
        assert [text for text in texts if real.search(text)] == []


def test_the_check_for_near_copies_works() -> None:
    texts = ["one two three four five", "zero one two three four", "five six one two three"]
    # of 3 triples each, the first two share 2, the others 1 or none
    assert shared_more_than_half(texts) == [(texts[0], texts[1])]


def test_readme_names_the_licence() -> None:
    assert "CC0 1.0" in README
