"""Which encodings are advised where a file is not UTF-8: the one that it is in first, or among them
where several read well."""

import pytest

from tests.engine.data.loading import Load
from tui_al.engine.data import plausibility as judging
from tui_al.engine.data.plausibility import plausibility
from tui_al.errors import DataError

FIRST = [
    ("Grüße aus München, schöne Straße, Öl und Äpfel. Das gefällt mir überhaupt nicht.", "cp1252"),
    ("die Lieferung kam zu spät", "cp1252"),
    ("Rückgabe möglich?", "cp1252"),
    ("¿Dónde está el niño? ¡Qué año más difícil, señor!", "cp1252"),
    ("Grüße aus München, schöne Straße, Öl und Äpfel", "mac_roman"),
    ("Grüße aus München, schöne Straße, Öl und Äpfel", "cp850"),
    ("Zażółć gęślą jaźń, proszę wysłać paczkę jeszcze dziś", "cp1250"),
    ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
    ("Привет, как дела? Посылка не пришла вовремя.", "cp1251"),
    ("Привет, как дела? Посылка не пришла вовремя.", "koi8_r"),
    ("Привет, как дела? Посылка не пришла вовремя.", "cp866"),
    ("Καλημέρα, πού είναι το δέμα μου; Δεν ήρθε ακόμα", "cp1253"),
    ("The café was closed", "cp1252"),
    ("à la carte", "cp1252"),
    ("costs £40", "cp1252"),
    ("40 €", "cp1252"),
    ("20 °C und §5", "cp1252"),
    ("“quoted” café – it’s", "cp1252"),
    ("Señor Núñez", "cp1252"),
    ("Où est ma commande, déjà trois jours d’attente, très déçue, ça va, naïf", "cp1252"),
    ("DÉJÀ VU À PARIS", "cp1252"),
    ("Smørrebrød på bordet, gå hjem", "cp1252"),
    ("café crème", "mac_roman"),
    ("Příliš pěkné dny, děkuji vám, přijde zítra", "cp1250"),
    ("Köszönöm szépen, őszintén, nagyon jó idő, hűtő", "cp1250"),
    ("Šiandien oras labai gražus, ačiū už pagalbą, ėjo", "cp1257"),
    ("Bugün hava çok güzel değil mi, şimdi ne yapacağız?", "cp1254"),
    ("包裹还没有到，我想退货，请尽快处理。iPhone手机很好用", "gb18030"),
    ("快递太慢", "gb18030"),
    ("包裹還沒有到，我想退貨，請儘快處理。", "big5"),
    ("荷物がまだ届いていません。返品したいです。カタログ", "shift_jis"),
    ("荷物がまだ届いていません。返品したいです。カタログ", "euc_jp"),
    ("소포가 아직 도착하지 않았어요. 반품하고 싶습니다", "euc_kr"),
    ("لم تصل الحزمة بعد، أريد إرجاعها", "cp1256"),
    ("พัสดุยังไม่มาถึง ฉันต้องการคืนสินค้า", "cp874"),
]
AMONG = [
    ("Şişli'de kargo gecikti", "cp1254"),
    ("החבילה עדיין לא הגיעה, אני רוצה להחזיר", "cp1255"),
]


def advised(load_text: Load, text: str, encoding: str) -> list[str]:
    with pytest.raises(DataError, match="is not valid utf-8") as caught:
        load_text("a.csv", f"text,label\n{text},x\nplain,y\n".encode(encoding))
    return [part.split(" ")[0] for part in caught.value.hint.split("--encoding ")[1:]]


@pytest.mark.parametrize("text", ["The café was closed", "é", "costs £40"])
def test_no_script_is_advised_whose_accents_would_stand_on_latin_letters(
    load_text: Load, text: str
) -> None:
    assert not {"cp874", "cp1255"} & set(advised(load_text, text, "cp1252"))


@pytest.mark.parametrize(("text", "encoding"), FIRST)
def test_the_right_one_is_named_first(load_text: Load, text: str, encoding: str) -> None:
    assert advised(load_text, text, encoding)[0] == encoding


@pytest.mark.parametrize(("text", "encoding"), AMONG)
def test_the_right_one_is_named(load_text: Load, text: str, encoding: str) -> None:
    assert encoding in advised(load_text, text, encoding)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("schön", "sch鰊"), ("Grüße", "GrÃ¼ÃŸe"), ("Привет", "Ïðèâåò"), ("spät", "sp³t"),
        ("für", "f┬r"), ("快递", "¿ìµÝ")],
)  # fmt: skip
def test_what_a_wrong_encoding_leaves_is_less_plausible(right: str, wrong: str) -> None:
    assert plausibility(right) == 1.0
    assert plausibility(f"{wrong} {wrong.lower()}") < 0.7


def test_a_word_without_an_end_is_judged_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, judge = [], judging._value

    def counted(before: str, character: str, after: str) -> float:
        seen.append(character)
        return judge(before, character, after)

    monkeypatch.setattr(judging, "_value", counted)
    assert plausibility("щука" * 100_000) == 1.0
    assert len(seen) <= 2 * judging._ENOUGH
