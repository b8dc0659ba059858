"""Files with a token a line as they are found: columns by shape, comments, headers, borders of
sentences, contradictions."""

from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.prediction import Texts
from tui_al.errors import DataError


def read(data: Dataset) -> list[tuple[str, str]]:
    """Tokens and tags of each sentence, joined by blanks."""
    assert data.task is Task.TAGGING
    return [(" ".join(row.tokens), " ".join(row.answer or ())) for row in data.train]


NO_BLANKS = "1 Ann B-PER\n2 Lee I-PER\n3 ran O\n1 Rome B-LOC\n2 too O\n"

CONLLU = """\
# sent_id = 1
# text = Du lac Léman
1-2\tDu\t_\t_\t_\t_\t_\t_\t_\t_
1\tDe\tde\tADP\tP\t_\t0\troot\t_\tSpaceAfter=No
2\tle\tle\tDET\tD\t_\t1\tdet\t_\tNER=O
3\tLéman\tLéman\tPROPN\tN\tNumber=Sing\t1\tobj\t_\tNER=B-LOC|SpaceAfter=No
3.1\tva\taller\tVERB\tV\t_\t_\t_\t_\t_

# sent_id = 2
1\tAnn\tAnn\tPROPN\tN\t_\t0\troot\t_\tNER=B-PER
"""

GERMEVAL = """\
#\thttp://de.example.org/wiki/Manfred [2009-10-17]
1\tUni\tB-ORG\tO
2\tUlm\tI-ORG\tB-LOC
3\tlehrt\tO\tO
4\tdas\tO\tO
5\tso\tO\tO

#\thttp://de.example.org/wiki/Ulm [2009-10-18]
1\tAnn\tB-PER\tO
"""

ONTONOTES = """\
#begin document (bc/cctv/00/cctv_0000); part 000
bc/cctv/00/cctv_0000 0 0 In IN (TOP(PP* - - - Speaker#1 * (ARGM*) (3
bc/cctv/00/cctv_0000 0 1 Hong NNP (NP* - - - Speaker#1 (GPE* * -
bc/cctv/00/cctv_0000 0 2 Kong NNP *)) - - - Speaker#1 *) * 3)

bc/cctv/00/cctv_0000 0 0 Go VB (TOP* go 01 1 Speaker#1 * (V*) * -
bc/cctv/00/cctv_0000 0 1 , , *) - - - Speaker#1 * * * -

#end document
"""


@pytest.mark.parametrize(
    ("name", "content", "sentences", "note"),
    [
        (
            "word number, word, tag",
            "1\tAnn\tB-PER\n2\tran\tO\n\n1\tRome\tB-LOC\n2\t.\tO\n",
            [("Ann ran", "B-PER O"), ("Rome .", "B-LOC O")],
            "tokens are column 2 and tags column 3 of 3",
        ),
        (
            "CoNLL-2003",
            "Ann NNP B-NP B-PER\nran VBD B-VP O\n\nRome NNP B-NP B-LOC\n",
            [("Ann ran", "B-PER O"), ("Rome", "B-LOC")],
            "tokens are column 1 and tags column 4 of 4",
        ),
        (
            "CoNLL-2003 without an entity but in the end",
            "Ann NNP B-NP O\nran VBD B-VP O\nto TO B-PP O\n",
            None,
            "",
        ),
        (
            "tag before token",
            "B-Rating\tfour\nI-Rating\tstar\nO\tplace\n\nO\ta\nO\tbar\n",
            [("four star place", "B-Rating I-Rating O"), ("a bar", "O O")],
            "tokens are column 2 and tags column 1 of 2",
        ),
        (
            "MultiCoNER",
            "# id 5239d808\tdomain=en\nann _ _ B-Artist\nlee _ _ I-Artist\n1939 _ _ O\n\n# id "
            "62\tdomain=en\nrome _ _ B-HumanSettlement\n",
            [("ann lee 1939", "B-Artist I-Artist O"), ("rome", "B-HumanSettlement")],
            "2 comment lines skipped",
        ),
        (
            "WNUT: a tab in blank lines",
            "@ann\tO\nEmpire\tB-location\nState\tI-location\n\t\nRome\tB-location\n\t\n",
            [("@ann Empire State", "O B-location I-location"), ("Rome", "B-location")],
            "",
        ),
        (
            "GermEval: outer and inner entities",
            GERMEVAL,
            [("Uni Ulm lehrt das so", "B-ORG I-ORG O O O"), ("Ann", "B-PER")],
            "tokens are column 2 and tags column 3 of 4",
        ),
        (
            "CoNLL-U with NER in MISC",
            CONLLU,
            [("De le Léman", "O O B-LOC"), ("Ann", "B-PER")],
            "tags column 10 (NER=) of 10",
        ),
        (
            "CoNLL-2012: brackets, and as many columns as a sentence has verbs",
            ONTONOTES,
            [("In Hong Kong", "O B-GPE I-GPE"), ("Go ,", "O O")],
            "tokens are column 4 and tags column 11 of 13 or more",
        ),
        (
            "CoNLL-U Plus names its columns",
            "# global.columns = ID FORM LEMMA NER\n1\tAnn\tann\tB-PER\n2\tran\trun\tO\n",
            [("Ann ran", "B-PER O")],
            "tokens are column 2 and tags column 4 of 4",
        ),
        (
            "a header",
            "token\tner\nAnn\tB-PER\nran\tO\n\nRome\tB-LOC\n",
            [("Ann ran", "B-PER O"), ("Rome", "B-LOC")],
            "the first line names the columns: token, ner",
        ),
        (
            "a header in another language",
            "Wort\tEigenname\nAnn\tB-PER\nLee\tI-PER\n\nRome\tB-LOC\n",
            [("Ann Lee", "B-PER I-PER"), ("Rome", "B-LOC")],
            "the first line names the columns: Wort, Eigenname",
        ),
        (
            "no blank lines, but numbers of tokens",
            NO_BLANKS,
            [("Ann Lee ran", "B-PER I-PER O"), ("Rome too", "B-LOC O")],
            "there are no blank lines: a sentence begins where the numbers in column 1 do",
        ),
        (
            "no blank lines, but numbers of sentences",
            "7 Ann B-PER\n7 Lee I-PER\n7 ran O\n8 Rome B-LOC\n8 too O\n",
            [("Ann Lee ran", "B-PER I-PER O"), ("Rome too", "B-LOC O")],
            "there are no blank lines: a sentence begins where column 1 changes",
        ),
        (
            "elements around sentences",
            "<doc id=3>\n<s>\nAnn B-PER\nran O\n</s>\n<s>\nRome B-LOC\n</s>\n</doc>\n",
            [("Ann ran", "B-PER O"), ("Rome", "B-LOC")],
            "6 comment lines skipped",
        ),
        (
            "a byte-order mark and a last column of blanks",
            "\ufeffAnn\tB-PER\t\nran\tO\n",
            [("Ann ran", "B-PER O")],
            "",
        ),
    ],
)
def test_formats(
    load_text: Load, name: str, content: str, sentences: list[tuple[str, str]] | None, note: str
) -> None:
    if sentences is None:
        with pytest.raises(DataError, match="no entity"):
            load_text("a.conll", content)
        return
    data = load_text("a.conll", content)
    assert read(data) == sentences, name
    assert any(note in one for one in data.notes) or not note, data.notes
    assert not data.warnings


def test_contracted_words_and_empty_nodes_are_told(load_text: Load) -> None:
    data = load_text("a.conllu", CONLLU)
    assert len(data.train) == 2
    assert "a.conllu: 2 lines of contracted words or empty nodes skipped" in data.notes
    assert "a.conllu: 3 comment lines skipped" in data.notes


@pytest.mark.parametrize(
    "comment",
    [
        "# sent_id = 1",
        "#sent_id=1",
        "# Ann ran to Rome",
        "# Ann",
        "# Ann ran",
        "#\tAnn",
        "#\thttp://a.example.org [2010-01-01]",
        "#Ann",
        "% made by hand",
        "// made by hand",
        "###MEDLINE:95369245",
        "#",
        "<!-- made by hand -->",
    ],
)
@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("place", ["first", "between", "inside", "last"])
def test_comments_are_no_texts_and_no_errors(
    load_text: Load, comment: str, separator: str, place: str
) -> None:
    one = ["Ann B-PER", "Lee I-PER", "ran O", ""]
    two = ["Rome B-LOC", "fell O", ""]
    lines = [line.replace(" ", separator) for line in (*one, *two)]
    lines.insert({"first": 0, "between": 4, "inside": 2, "last": 6}[place], comment)
    for name in ("a.conll", "a.txt", "a.tsv"):
        data = load_text(name, "\n".join(lines) + "\n")
        assert read(data) == [("Ann Lee ran", "B-PER I-PER O"), ("Rome fell", "B-LOC O")]
        assert f"{name}: 1 comment line skipped" in data.notes


@pytest.mark.parametrize("token", ["# O", "#tag O", "# B-PER", "% O", "// O", "#1 I-X"])
def test_a_sign_with_a_tag_is_a_token(load_text: Load, token: str) -> None:
    content = f"Ann B-PER\n{token}\nran O\n\n{token}\nB B-X\nC I-X\n"
    data = load_text("a.conll", content)
    assert [row.tokens[0] for row in data.train] == ["Ann", token.split()[0]]
    assert data.train[0].tokens == ("Ann", token.split()[0], "ran")
    assert not any("comment" in note for note in data.notes)


def test_signs_under_numbers_of_tokens_are_tokens(load_text: Load) -> None:
    data = load_text("a.conll", "# 1 a\n1 # O\n2 Ann B-PER\n\n# 2\n1 # O\n2 Rome B-LOC\n")
    assert [row.tokens for row in data.train] == [("#", "Ann"), ("#", "Rome")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Ann B-PER\nran O x\n\nRome B-LOC\n", r"a\.conll:2: 3 columns, but the other lines have "
            r"2, apart by blanks"),
        ("Ann\tB-PER\nran\tO\n\nRome\tB-LOC\nfell\tO\nin\n", r"a\.conll:6: 1 column, but the "
            r"other lines have 2"),
        ("Ann B-PER\nran O\n\n" * 3000 + "Ann\n", r"a\.conll:9001: 1 column, but"),
        ("Ann B-PER\nran O\n\n" * 3000 + "Ann Q-PER\n", r"a\.conll:9001: token 1 has the tag "
            r"'Q-PER'"),
        ("Ann PER\nran O\n\n" * 3000 + "Ann B-PER\n", "a.conll:9001: token 1 has the tag 'B-PER', "
            "but the sentences before have types"),
    ],
)  # fmt: skip
def test_a_later_contradiction_is_an_error_with_its_line(
    load_text: Load, content: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load_text("a.conll", content)


def test_columns_can_be_named_by_number_and_by_header(load_text: Load) -> None:
    content = "lemma\ttoken\tpos\tner\nann\tAnn\tB-N\tB-PER\nrun\tran\tB-V\tO\n"
    assert read(load_text("a.conll", content)) == [("ann run", "B-PER O")]
    asked = load_text("a.conll", content, tokens_column="2", tags_column="3")
    assert read(asked) == [("Ann ran", "B-N B-V")]
    asked = load_text("a.conll", content, tokens_column="token", tags_column="ner")
    assert read(asked) == [("Ann ran", "B-PER O")]
    with pytest.raises(DataError, match="no column 'stem'") as caught:
        load_text("a.conll", content, tokens_column="stem")
    assert "--tokens-column takes 1 to 4, or lemma, token, pos, ner" in str(caught.value)


def test_without_tags_nothing_is_labelled_and_it_is_told(load_text: Load) -> None:
    data = load_text("a.conll", "Ann NNP\nran VBD\n\nRome NNP\n")
    assert [(row.tokens, row.answer) for row in data.train] == [
        (("Ann", "ran"), None),
        (("Rome",), None),
    ]
    assert any("no column looks like tags" in note for note in data.notes)


@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.tsv", "a.csv"])
def test_a_file_without_blank_lines_is_asked_about(load_text: Load, name: str) -> None:
    comma = "," if name == "a.csv" else " " if name == "a.conll" else "\t"
    content = "Ann B-PER\nLee I-PER\nran O\nhome O\n".replace(" ", comma) * 20
    with pytest.raises(DataError, match=r"one sentence only.*are the blank lines missing"):
        load_text(name, content)
    parted = "Ann B-PER\nLee I-PER\nran O\nhome O\n\n".replace(" ", comma) * 20
    assert len(load_text(name, parted).train) == 20


def test_few_very_long_sentences_are_asked_about(load_text: Load) -> None:
    long = "Ann B-PER\n" + "word O\n" * 200
    data = load_text("a.conll", f"{long}\n" * 3)
    assert any("are blank lines missing" in warning for warning in data.warnings)
    fine = load_text("a.conll", "Ann B-PER\nran O\n\n" * 3)
    assert not any("blank lines" in warning for warning in fine.warnings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "the patient is well\tO\nshe is not\tB\n\nnor is he\tO\n"),
        ("a.txt", "text1\tB-12\ntext2\tO\ntext3\tB-6\n"),
        ("a.txt", "roses red\nviolets blue\n\nsugar sweet\nyou too\n"),
        ("a.txt", "the 2345\nof 1234\nO 99\n"),
        ("a.tsv", "text\tlabel\nann\tO\nbob\tB\nlee\tO\nkim\tB\n"),
        ("a.tsv", "ann\tB-12\nbob\tO\nlee\tB-12\nkim\tO\n"),
        ("a.csv", "text,label\nann,I\nbob,E\nlee,I\nkim,E\n"),
        ("a.csv", "text,label\nann,none\nbob,other\nlee,none\nkim,other\n"),
    ],
)
def test_labels_that_look_like_tags_are_labels(load_text: Load, name: str, content: str) -> None:
    assert load_text(name, content).task is Task.CLASSIFICATION


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        ("B-PER I-PER O", ("PER",)),
        ("b-per i-per o", ("per",)),
        ("B_PER I_PER O", ("PER",)),
        ("PER-B PER-I O", ("PER",)),
        ("B-PER E-PER O", ("PER",)),
        ("B-PER L-PER O", ("PER",)),
        ("I-PER I-PER O", ("PER",)),
        ("B I O", ("ENTITY",)),
        ("PER PER O", ("PER",)),
    ],
)
@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.tsv", "a.csv", "a.jsonl"])
def test_schemes_in_every_file(
    load_text: Load, tags: str, labels: tuple[str, ...], name: str
) -> None:
    words = ["Ann", "Lee", "ran"]
    if name == "a.jsonl":
        row = f'{{"tokens": {words!r}, "tags": {tags.split()!r}}}\n'.replace("'", '"')
        content = row * 4
    else:
        comma = {"a.csv": ",", "a.conll": " "}.get(name, "\t")
        block = "".join(f"{a}{comma}{b}\n" for a, b in zip(words, tags.split(), strict=True))
        content = ("word,tag\n" if name == "a.csv" else "") + f"{block}\n" * 4
    data = load_text(name, content)
    assert data.labels == labels
    assert len(data.train) == 4
    assert data.train[3].tokens == tuple(words)
    assert data.train[3].answer == (f"B-{labels[0]}", f"I-{labels[0]}", "O")


@pytest.mark.parametrize("name", ["a.txt", "a.conll", "a.tsv"])
def test_predictions_are_made_on_the_same_sentences(tmp_path: Path, name: str) -> None:
    """Comments are no texts, and tags that training would refuse do not matter."""
    content = "# sent_id = 1\nAnn\tB-PER\nLee\tI-PER\nran\tO\n\n" * 30 + "Rome\tQ-X\n"
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    load_report, config = LoadReport(), DataConfig(str(path), task="tagging")
    texts = Texts(Task.TAGGING, open_tables(path, name, config, load_report), config, load_report)
    found = [example for _, examples in texts for example in examples]
    assert [example.tokens for example in found] == [("Ann", "Lee", "ran")] * 30 + [("Rome",)]
    assert f"{name}: 30 comment lines skipped" in load_report.notes
    with pytest.raises(DataError, match="'Q-X'"):
        load(config)


def test_long_files_are_read_in_bounded_memory(tmp_path: Path) -> None:
    """Tables come as they fill up; a contradiction far on is met after the tables before it were
    given out."""
    path = tmp_path / "a.conll"
    path.write_text("Ann B-PER\nran O\n\n" * 12_000 + "broken\n", encoding="utf-8")
    tables = open_tables(path, "a.conll", DataConfig(str(path)), LoadReport())
    assert [len(next(tables)) for _ in range(12)] == [1_000] * 12
    with pytest.raises(DataError, match=r"a\.conll:36001: 1 column"):
        next(tables)
