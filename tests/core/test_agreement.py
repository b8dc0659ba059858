"""Agreement of annotators against published worked examples, and properties that hold for every set
of answers."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.annotation.agreement import (
    cohens_kappa,
    krippendorff_alpha,
    span_agreement,
    word_agreement,
)

ANSWERS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3), max_size=12
)


def of_table(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """Two annotators' answers that make this contingency table."""
    pairs = [
        (i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)
    ]
    return [i for i, _ in pairs], [j for _, j in pairs]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # Fleiss, Cohen & Everitt (1969), 200 items: p_o = .70, p_e = .6 x .65 + .3 x .25 + .1 x .1
        # = .475
        pytest.param([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.225 / 0.525, id="fleiss 1969"),
        # p_o = 35/50; p_e = .5 x .6 + .5 x .4 = .5
        pytest.param([[20, 5], [10, 15]], 0.4, id="two labels"),
        pytest.param([[3, 0], [0, 2]], 1.0, id="always alike"),
        # p_o = 0, p_e = .5
        pytest.param([[0, 2], [2, 0]], -1.0, id="never alike"),
        # equal margins .5: p_o = .5 is what chance gives
        pytest.param([[1, 1], [1, 1]], 0.0, id="chance"),
    ],
)
def test_kappa(table: list[list[int]], kappa: float) -> None:
    assert cohens_kappa(*of_table(table)) == pytest.approx(kappa)


def test_kappa_leaves_out_what_one_has_not_answered() -> None:
    first, second = of_table([[20, 5], [10, 15]])
    assert cohens_kappa([*first, 0, None], [*second, None, 1]) == pytest.approx(0.4)


def test_kappa_cannot_be_said() -> None:
    assert cohens_kappa([], []) is None
    assert cohens_kappa(["a", None], [None, "b"]) is None
    assert cohens_kappa(["a", "a"], ["a", "a"]) is None  # one label only: chance agrees always
    with pytest.raises(ValueError, match="shorter"):
        cohens_kappa(["a", "b"], ["a"])


@pytest.mark.parametrize(
    ("annotators", "alpha"),
    [
        # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", sections A, B and C
        pytest.param(["0100000010", "1110010000"], 0.095, id="A: binary, two annotators"),
        pytest.param(["aabbdcccedda", "babbbccceddd"], 0.692, id="B: nominal, two"),
        pytest.param(
            ["123321412...", "1233224125.3", ".3332342251.", "12332441251."],
            0.743,
            id="C: nominal, four, with missing answers",
        ),
    ],
)
def test_alpha_of_published_examples(annotators: list[str], alpha: float) -> None:
    items: list[list[str | None]] = [
        [None if c == "." else c for c in item] for item in zip(*annotators, strict=True)
    ]
    assert krippendorff_alpha(items) == pytest.approx(alpha, abs=5e-4)


def test_alpha_by_hand() -> None:
    # items aa, ab, bb, (c alone does not count): a 3, b 3, n 6; unequal values 2 (of ab), by chance
    # 3 x 3 x 2 = 18 1 - 5 x 2 / 18 = 4/9
    items: list[list[str | None]] = [["a", "a"], ["a", "b"], ["b", "b"], ["c", None]]
    assert krippendorff_alpha(items) == pytest.approx(4 / 9)


def test_alpha_cannot_be_said() -> None:
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([["a"], [None, "b"]]) is None
    assert krippendorff_alpha([["a", "a"], ["a", "a", "a"]]) is None


@given(ANSWERS)
def test_alpha_does_not_depend_on_order_and_is_one_without_disagreement(
    items: list[list[str | None]],
) -> None:
    alpha = krippendorff_alpha(items)
    assert alpha is None or alpha <= 1
    for order in permutations(range(3)):
        shuffled = [[item[i] for i in order] for item in reversed(items)]
        assert krippendorff_alpha(shuffled) == (
            None if alpha is None else pytest.approx(alpha, abs=1e-12)
        )
    agreed = [[next((v for v in item if v), None)] * 2 for item in items]
    assert krippendorff_alpha(agreed) in (None, 1.0)


@pytest.mark.slow
@given(ANSWERS.filter(lambda items: len(items) > 1))
def test_alpha_approaches_kappa_of_two_with_equal_shares(items: list[list[str | None]]) -> None:
    first = [item[0] or "a" for item in items]
    second = [item[1] or "a" for item in items]
    # both orders of every item: equal label shares, and many copies make alpha's small-sample term
    # vanish
    both = ([*first, *second], [*second, *first])
    kappa = cohens_kappa(*both)
    alpha = krippendorff_alpha(list(zip(*both, strict=True)) * 500)
    assert (kappa is None) == (alpha is None)
    if kappa is not None and alpha is not None:
        assert alpha == pytest.approx(kappa, abs=5e-3)


def sentences(*rows: str) -> list[tuple[str, ...] | None]:
    return [None if row == "-" else tuple(row.split()) for row in rows]


def test_span_agreement_of_two() -> None:
    # sentence 1: both have X(0,2), the second has Y(3,4) alone; sentence 2: X(0,1) against X(0,2)
    first = sentences("B-X I-X O O", "B-X O")
    second = sentences("B-X I-X O B-Y", "B-X I-X")
    # 1 shared, 2 and 3 there
    assert span_agreement([first, second]) == pytest.approx(2 / 5)


def test_span_agreement_is_the_mean_over_pairs_on_what_both_answered() -> None:
    first = sentences("B-X O", "B-Y O", "-")
    second = sentences("B-X O", "O B-Y", "B-X B-X")
    third = sentences("B-X O", "-", "B-X I-X")
    # 1-2: 1 shared of 2 and 2: 1/2. 1-3, sentence 1 alone: 1. 2-3, sentences 1 and 3: 1 shared of 3
    # and 2: 2/5
    assert span_agreement([first, second, third]) == pytest.approx((1 / 2 + 1 + 2 / 5) / 3)


def test_span_agreement_reads_any_scheme() -> None:
    assert span_agreement([sentences("I-X I-X B-X"), sentences("B-X E-X S-X")]) == 1.0


def test_span_agreement_cannot_be_said() -> None:
    assert span_agreement([sentences("O O"), sentences("O O")]) is None
    assert span_agreement([sentences("B-X O")]) is None
    assert span_agreement([sentences("B-X", "-"), sentences("-", "B-X")]) is None


def test_word_agreement() -> None:
    # words' types: X X . . against X . . .: X 3, none 5, n 8; unequal 2; by chance 3 x 5 x 2 = 30:
    # 1 - 7 x 2 / 30
    first, second = sentences("B-X I-X O O"), sentences("B-X O O O")
    assert word_agreement([first, second]) == pytest.approx(1 - 14 / 30)


def test_word_agreement_with_a_third_who_answered_a_part() -> None:
    # words of sentence 1: XX, .., of sentence 2: XXX, YYX. X 6, . 2, Y 2, n 10
    # unequal: of YYX 2 x 1 / 2 + 1 x 2 / 2 = 2; by chance 6 x 4 + 2 x 8 + 2 x 8 = 56
    first = sentences("B-X O", "B-X B-Y")
    second = sentences("B-X O", "B-X B-Y")
    third = sentences("-", "B-X I-X")
    assert word_agreement([first, second, third]) == pytest.approx(1 - 9 * 2 / 56)


def test_word_agreement_wants_the_same_words() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        word_agreement([sentences("B-X O"), sentences("B-X")])
