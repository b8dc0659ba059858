"""Type-ahead: what matches, in which order, and what is highlighted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.annotation.label_search import LabelIndex

BANKING = [
    "activate_my_card", "age_limit", "apple_pay_or_google_pay",
    "balance_not_updated_after_bank_transfer",
    "card_arrival", "card_delivery_estimate", "card_linking", "card_not_working",
    "card_payment_fee_charged",
    "cash_withdrawal_charge", "change_pin", "compromised_card", "exchange_rate",
    "lost_or_stolen_card",
    "lost_or_stolen_phone", "pending_card_payment", "pin_blocked", "Refund_not_showing_up",
    "top_up_failed",
]  # fmt: skip


def found(query: str, names: list[str] = BANKING) -> list[str]:
    return [names[match.index] for match in LabelIndex(names).search(query)]


def shown(query: str, name: str) -> str:
    """The name with what is highlighted in capitals."""
    (match,) = LabelIndex([name]).search(query)
    return "".join(c.upper() if i in match.positions else c for i, c in enumerate(name))


def test_the_beginning_of_a_name_comes_first() -> None:
    assert found("card")[:4] == [
        "card_arrival",
        "card_linking",
        "card_not_working",
        "card_delivery_estimate",
    ]
    assert found("pin")[:2] == ["pin_blocked", "change_pin"]


def test_beginnings_of_words() -> None:
    assert found("cnw")[0] == "card_not_working"
    assert found("losp")[0] == "lost_or_stolen_phone"
    assert found("er")[0] == "exchange_rate"


def test_every_typed_character_counts_in_order() -> None:
    assert found("nip", ["pin_blocked"]) == []
    assert found("zz") == []
    assert found("pinblockedd") == []
    assert "card_arrival" not in found("cardw")


def test_case_and_accents_do_not_count() -> None:
    names = ["Événement", "evenement", "Straße", "İstanbul"]
    assert found("EVENEMENT", names) == ["Événement", "evenement"]
    assert found("évé", names) == ["Événement", "evenement"]
    assert found("strasse", names) == ["Straße"]
    assert found("ist", names) == ["İstanbul"]
    assert found("refund") == ["Refund_not_showing_up"]


def test_spaces_are_ignored() -> None:
    assert found("card arr")[0] == "card_arrival"
    assert found("  ") == BANKING


@pytest.mark.parametrize(
    ("query", "name", "highlighted"),
    [
        ("cnw", "card_not_working", "Card_Not_Working"),
        (
            "rate",
            "exchange_rate",
            "exchange_RATE",
        ),  # a run at a word's beginning, not the scattered r..a..t..e
        ("cr", "compromised_card", "CompRomised_card"),
        ("ca", "compromised_card", "compromised_CArd"),
        ("aa", "aaa", "AAa"),  # the earliest of equal ways
        ("lost", "cardLost", "cardLOST"),
        ("2", "level12b2", "level12b2"),
    ],
)
def test_highlights(query: str, name: str, highlighted: str) -> None:
    assert shown(query, name) == highlighted


def test_highlights_are_positions_in_the_name_itself() -> None:
    (match,) = LabelIndex(["Straße 9"]).search("sse9")
    assert match.positions == (0, 4, 5, 7) or match.positions == (4, 5, 7)
    decomposed = "e\u0301te\u0301"  # accents as characters of their own
    (match,) = LabelIndex([decomposed]).search("ete")
    assert match.positions == (0, 2, 3)


def test_order_of_the_names_breaks_ties() -> None:
    assert found("a", ["xa", "ya", "xa"]) == ["xa", "ya", "xa"]
    matches = LabelIndex(["ba", "ca", "ba"]).search("a")
    assert [m.index for m in matches] == [0, 1, 2]
    assert found("ab", ["abcd", "abc", "abcde"]) == ["abc", "abcd", "abcde"]


def test_nothing_typed_gives_all_in_their_order() -> None:
    assert found("") == BANKING
    assert LabelIndex([]).search("a") == []
    assert LabelIndex([""]).search("a") == []


@given(st.lists(st.text("abAB_ é", max_size=8), max_size=6), st.text("abé ", max_size=4))
def test_properties(names: list[str], query: str) -> None:
    matches = LabelIndex(names).search(query)
    wanted = query.replace(" ", "").replace("é", "e")
    scores = [match.score for match in matches]
    assert scores == sorted(scores, reverse=True)
    for match in matches:
        letters = [names[match.index][i].lower().replace("é", "e") for i in match.positions]
        assert "".join(letters) == wanted
        assert list(match.positions) == sorted(set(match.positions))
    unmatched = set(range(len(names))) - {match.index for match in matches}
    for index in unmatched:
        left = iter(names[index].lower().replace("é", "e"))
        assert not all(letter in left for letter in wanted)
