"""`tui-al import` of files with tagged words, as people have them: worked out by hand, one file
after the other."""

import re
from pathlib import Path

import pytest

from tests.helpers.command_line import Command
from tests.store.people import make_session, sentences_pool, texts_pool
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.loading import load
from tui_al.errors import DataError
from tui_al.store.annotations import labels_of
from tui_al.store.session import Session

SENTENCES = [
    ["Anna", "Lee", "lebt", "in", "Ulm", "."],
    ["Niemand", "war", "da", "."],
    ["Bern", "grüßt", "Omar"],
]
#: What all the files say.
WANTED: dict[str, object] = {
    "Anna Lee lebt in Ulm .": ((0, 8, "PER"), (17, 20, "LOC")),
    "Niemand war da .": (),
    "Bern grüßt Omar": ((0, 4, "LOC"), (11, 15, "PER")),
}

GERMEVAL = """\
#\thttp://example.org/1 [2009-10-17]
1\tAnna\tB-PER\tO
2\tLee\tI-PER\tO
3\tlebt\tO\tO
4\tin\tO\tO
5\tUlm\tB-LOC\tO
6\t.\tO\tO

#\thttp://example.org/2 [2009-10-18]
1\tNiemand\tO\tO
2\twar\tO\tO
3\tda\tO\tO
4\t.\tO\tO

#\thttp://example.org/3 [2009-10-18]
1\tBern\tB-LOC\tO
2\tgrüßt\tO\tO
3\tOmar\tB-PER\tO
"""

CONLLU = """\
# sent_id = 1
# text = Anna Lee lebt in Ulm.
1\tAnna\tAnna\tPROPN\tNE\t_\t3\tnsubj\t_\tNER=B-PER
2\tLee\tLee\tPROPN\tNE\t_\t1\tflat\t_\tNER=I-PER
3\tlebt\tleben\tVERB\tVV\t_\t0\troot\t_\tNER=O
4-5\tim\t_\t_\t_\t_\t_\t_\t_\t_
4\tin\tin\tADP\tAP\t_\t5\tcase\t_\tNER=O
5\tUlm\tUlm\tPROPN\tNE\t_\t3\tobl\t_\tNER=B-LOC|SpaceAfter=No
6\t.\t.\tPUNCT\t$.\t_\t3\tpunct\t_\tNER=O

# sent_id = 2
1\tNiemand\tniemand\tPRON\tPI\t_\t3\tnsubj\t_\tNER=O
2\twar\tsein\tAUX\tVA\t_\t3\tcop\t_\tNER=O
3\tda\tda\tADV\tAD\t_\t0\troot\t_\tNER=O
4\t.\t.\tPUNCT\t$.\t_\t3\tpunct\t_\tNER=O

# sent_id = 3
1\tBern\tBern\tPROPN\tNE\t_\t2\tnsubj\t_\tNER=B-LOC
2\tgrüßt\tgrüßen\tVERB\tVV\t_\t0\troot\t_\tNER=O
3\tOmar\tOmar\tPROPN\tNE\t_\t2\tobj\t_\tNER=B-PER

"""

BMES = """\
Anna B-PER
Lee E-PER
lebt O
in O
Ulm S-LOC
. O

Niemand O
war O
da O
. O

Bern S-LOC
grüßt O
Omar S-PER
Maria B-PER
de M-PER
Luz E-PER
"""

ROWS = """\
sentence_id,word,pos,tag
1,Anna,NE,B-PER
1,Lee,NE,I-PER
1,lebt,VV,O
1,in,AP,O
1,Ulm,NE,B-LOC
1,.,$,O
2,Niemand,PI,O
2,war,VA,O
2,da,AD,O
2,.,$,O
3,Bern,NE,B-LOC
3,grüßt,VV,O
3,Omar,NE,B-PER
"""

CELLS = """\
tokens,ner_tags
"['Anna', 'Lee', 'lebt', 'in', 'Ulm', '.']","['PER', 'PER', 'O', 'O', 'LOC', 'O']"
"['Niemand', 'war', 'da', '.']","['O', 'O', 'O', 'O']"
"['Bern', 'grüßt', 'Omar']","['LOC', 'O', 'PER']"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """That of the sessions NER, with untagged sentences, and CLS, with texts."""
    make_session(tmp_path / "home", sentences_pool(SENTENCES), "NER")
    make_session(tmp_path / "home", texts_pool(["a b", "c d"]), "CLS")
    return tmp_path / "home"


def answers(home: Path, *, given: bool = False) -> dict[str, object]:
    with Session.open(home, "NER") as session:
        found = labels_of(session, each=True, given=given).annotations
    return {a.text: a.answer for a in found}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.tsv", GERMEVAL, "tokens are column 2 and tags column 3 of 4"),
        ("a.conll", GERMEVAL, "a.conll: 3 comment lines skipped"),
        ("a.conllu", CONLLU, "tokens are column 2 and tags column 10 (NER=) of 10"),
        ("b.conllu", CONLLU, "1 line of contracted words or empty nodes skipped"),
        ("a.txt", BMES.rsplit("Maria", 1)[0], "tags: BIOES converted to IOB2"),
        ("a.csv", ROWS, "a token a row: tokens in 'word' and tags in 'tag'"),
        ("b.csv", CELLS, "tags: IO (types alone) converted to IOB2"),
    ],
)
def test_files_of_all_kinds(
    name: str,
    content: str,
    told: str,
    command: Command,
    home: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    code, said, aside = command("import", "NER", tmp_path / name)
    assert (code, "annotations in" in said, ": 3, new decisions: 3\n" in said) == (0, True, True)
    assert told in aside
    assert "left out" not in aside
    assert answers(home) == WANTED
    assert "new decisions: 0\n" in command("import", "NER", tmp_path / name)[1]


def test_bmes_and_a_sentence_that_the_session_does_not_have(
    command: Command,
    home: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "a.bmes.txt").write_text(BMES, encoding="utf-8")
    code, said, aside = command("import", "NER", tmp_path / "a.bmes.txt")
    assert (code, ": 3, new decisions: 2\n" in said) == (0, True)
    assert "tags: BMES converted to IOB2" in aside
    assert "left out: 1 of texts that the session does not have" in aside
    assert command("import", "NER", tmp_path / "a.bmes.txt", "--add-examples")[0] == 0
    text = "Bern grüßt Omar Maria de Luz"
    assert answers(home, given=True)[text] == ((0, 4, "LOC"), (11, 15, "PER"), (16, 28, "PER"))


def test_untagged_sentences_are_counted_and_never_without_entities(
    command: Command,
    home: Path,
    tmp_path: Path,
) -> None:
    rows = ROWS.replace(
        "2,Niemand,PI,O\n2,war,VA,O\n2,da,AD,O\n2,.,$,O",
        "2,Niemand,PI,\n2,war,VA,\n2,da,AD,\n2,.,$,",
    )
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    code, said, aside = command("import", "NER", tmp_path / "a.csv")
    assert (code, ": 3, new decisions: 2\n" in said) == (0, True)
    assert "left out: 1 without an answer (a.csv:8)" in aside
    assert "Niemand war da ." not in answers(home)


def test_words_without_tags_are_no_answers(command: Command, home: Path, tmp_path: Path) -> None:
    words = "\n\n".join("\n".join(sentence) for sentence in SENTENCES)
    (tmp_path / "a.conll").write_text(words, encoding="utf-8")
    _, _, aside = command("import", "NER", tmp_path / "a.conll")
    assert "3 without an answer" in aside
    assert answers(home) == {}


def test_columns_that_are_named(command: Command, home: Path, tmp_path: Path) -> None:
    lines = GERMEVAL.replace("\tO\n", "\tB-LOC\n").replace("B-PER\tB-LOC", "B-PER\tO")
    (tmp_path / "a.tsv").write_text(lines, encoding="utf-8")
    command("import", "NER", tmp_path / "a.tsv", "--tokens-column", 2, "--tags-column", 3)
    assert answers(home) == WANTED
    for option in ("--label-column", "--text-column"):
        code, _, aside = command("import", "NER", tmp_path / "a.tsv", option, "x")
        assert code != 0
        assert "Use --tokens-column and --tags-column" in aside


def test_a_sentence_with_a_line_of_other_columns(
    command: Command,
    home: Path,
    tmp_path: Path,
) -> None:
    content = GERMEVAL.replace("3\tda\tO\tO", "3\tda\tO\tO\tO\tO")
    (tmp_path / "a.tsv").write_text(content, encoding="utf-8")
    code, said, aside = command("import", "NER", tmp_path / "a.tsv")
    assert (code, said) == (3, "")
    assert "a.tsv:12: 6 columns, but the other lines have 4" in aside
    code, said, aside = command("import", "NER", tmp_path / "a.tsv", "--leave-out-misfits")
    assert (code, "new decisions: 2\n" in said) == (0, True)
    assert "a.tsv: left out: 1 sentence with a line of other columns (a.tsv:12)" in aside


def test_blank_lines_that_are_missing(command: Command, home: Path, tmp_path: Path) -> None:
    content = 20 * "Anna B-PER\nkam O\nan O\n"
    (tmp_path / "a.conll").write_text(content, encoding="utf-8")
    _, _, aside = command("import", "NER", tmp_path / "a.conll")
    assert (
        "one sentence only, of 60 tokens: are the blank lines between sentences missing?" in aside
    )


WEBANNO = """\
#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


#Text=Anna lebt in Ulm .
1-1\t0-4\tAnna\t*\tPER
1-2\t5-9\tlebt\t_\t_
1-3\t10-12\tin\t_\t_
1-4\t13-16\tUlm\t*\tLOC
1-5\t17-18\t.\t_\t_
"""


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["a.tsv", "a.txt", "a.conll"])
def test_webanno_is_named_by_all_who_read(
    name: str,
    mark: str,
    command: Command,
    home: Path,
    tmp_path: Path,
) -> None:
    file = tmp_path / name
    file.write_text(mark + WEBANNO, encoding="utf-8")
    named = f"{name} is in the format WebAnno TSV 3.3 of WebAnno and INCEpTION, which is not read."
    for arguments in (
        ["import", "NER", file],
        ["simulate", file, "--seed-size", 1],
    ):
        code, said, aside = command(*arguments)
        assert (code != 0, said) == (True, "")
        assert named in " ".join(aside.split())
        assert "Export the documents there once more, as CoNLL 2002" in " ".join(aside.split())
    with pytest.raises(DataError, match=re.escape(named)):  # `label`, which needs a terminal
        load(DataConfig(str(file), task="tagging", labels=("PER", "LOC")), by_people=True)
