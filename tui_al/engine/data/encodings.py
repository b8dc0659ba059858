"""Bytes to text, piece by piece: byte-order marks, UTF-16 without one, and what to try where the
bytes are not what they should be."""

import codecs
import io
from collections.abc import Sequence

from charset_normalizer import from_bytes

from tui_al.core.close_names import did_you_mean
from tui_al.engine.data.compression import UNPACKING_ERRORS, ByteStream, reason_of
from tui_al.engine.data.content import refuse_binary
from tui_al.engine.data.plausibility import plausibility, share_of_one_language
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError

_READ = 1 << 16  # bytes
_ADVISED_BY = 1 << 20  # bytes that advice on the encoding is based on
_MOST_ADVISED = 5
_JUDGED_BY = 1 << 15  # bytes of lines beyond ASCII that tell how likely an encoding is
_LIKELY = 0.5  # plausibility below which an encoding is not named
_ENOUGH = 20  # bytes beyond ASCII by which a language can be told
_AS_LIKELY = 0.4  # less plausible than the best by which one is still named
_SHOWN = 24  # characters of a line, each side of the odd one

_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: Encodings that texts come in; of two that read a file alike, the first is named.
_USUAL = (
    "utf-8", "cp1252", "gb18030", "shift_jis", "euc_kr", "big5", "euc_jp", "cp1251", "koi8_r",
    "cp1250", "cp1254",
    "cp1253", "cp1256", "cp1255", "cp1257", "cp1258", "cp874", "mac_roman", "cp850", "cp437",
    "cp866",
)  # fmt: skip


class TextStream:
    """The characters of a stream of bytes, without a byte-order mark.

    Raises DataError from `read` where bytes do not fit the encoding, with the line, the byte, and
    how the line would read in the encodings that fit.
    """

    def __init__(self, raw: ByteStream, name: str, encoding: str, load_report: LoadReport) -> None:
        self._raw, self._name, self._findings = raw, name, load_report
        self._before = 0  # bytes decoded
        self._lines = 0  # line feeds decoded
        self._waiting = self._bytes()
        refuse_binary(name, self._waiting)
        self._head = self._waiting
        self.codec = codec_of(encoding)
        found = _detected(self._waiting) if self.codec == "utf-8" else None
        if found is not None:
            self.codec, told = found
            if told:
                load_report.warnings.append(f"{name}: {told}")
        elif self.codec != "utf-8" and _is_utf8(self._waiting):
            load_report.warnings.append(
                f"{name}: read as {self.codec}, as asked, though its first part is valid utf-8, "
                "the default of --encoding"
            )
        self._decoder = codecs.getincrementaldecoder(self.codec)()
        self._line_ends: io.IncrementalNewlineDecoder | None = None  # for a file of the old Mac's

    def read(self) -> str:
        """Some characters; "" at the end."""
        while True:
            piece, self._waiting = self._waiting or self._bytes(), b""
            try:
                text = self._decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                raise self._refusal(error, piece) from error
            except UnicodeError as error:  # UTF-16 and UTF-32 that end in the middle
                raise DataError(
                    f"{self._name} cannot be read as {self.codec}: {error}.",
                    "Name its encoding with --encoding.",
                ).at("encoding") from error
            if self._before == 0:
                text = text.removeprefix("\ufeff")
                self._look_at_line_ends(text)
            if self._line_ends is not None:
                text = self._line_ends.decode(text, final=not piece)
            self._before += len(piece)
            self._lines += text.count("\n")
            if text or not piece:
                return text

    def _look_at_line_ends(self, first: str) -> None:
        """Lines that end in carriage returns alone, as on the Macs of old, end in line feeds from
        here on; told."""
        if "\r" in first[:-1] and "\n" not in first:
            self._line_ends = io.IncrementalNewlineDecoder(None, translate=True)
            self._findings.notes.append(
                f"{self._name}: its lines end in carriage returns alone, which are read as line "
                "ends"
            )

    def _bytes(self) -> bytes:
        try:
            return self._raw.read(_READ)
        except UNPACKING_ERRORS as error:
            raise DataError(
                f"{self._name}: after line {self._lines:,}: the file cannot be read or unpacked "
                f"further: {reason_of(error)}.",
                "Copy or compress it again, or check the disk.",
            ) from error

    def _refusal(self, error: UnicodeDecodeError, piece: bytes) -> DataError:
        bad = error.object  # the piece, and before it what was left of the one before
        offset = self._before + len(piece) - len(bad) + error.start
        old = self._line_ends is not None or (not self._before and b"\n" not in bad)
        end = b"\r" if old else b"\n"
        line = self._lines + bad.count(end, 0, error.start) + 1
        sample, place = bad, error.start
        while len(sample) < _ADVISED_BY and (more := self._bytes()):
            sample += more
        if self._before and len(sample) < _ADVISED_BY:
            sample, place = self._head + sample, len(self._head) + place
        found = (
            f"byte {bad[error.start]:#04x} (offset {offset:,} of the file) is not valid "
            f"{self.codec}"
        )
        return DataError(f"{self._name}:{line}: {found}.", advice(sample, place, self.codec))


def advice(sample: bytes, place: int, refused: str) -> str:
    """Which encodings fit the bytes, and how the line that holds `place` reads in each."""
    cut = sample[: sample.rfind(b"\n") + 1] or sample
    if place >= len(cut):
        cut = sample
    shown = []
    for encoding in _fitting(cut):
        if encoding != refused:
            start, end = cut.rfind(b"\n", 0, place) + 1, cut.find(b"\n", place)
            line = cut[start : end if end >= 0 else len(cut)].decode(encoding, "replace").strip()
            before = len(cut[start:place].decode(encoding, "ignore"))
            piece = line[max(0, before - _SHOWN) : before + _SHOWN]
            shown.append(f"--encoding {encoding} ({piece})")
    if not shown:
        return "Is it a text file? If so, name its encoding with --encoding."
    return (
        "If the file is in another encoding, name the one in which this reads right: "
        f"{', '.join(shown)}."
    )


def _fitting(sample: bytes) -> Sequence[str]:
    """Usual encodings that decode the bytes to likely text, likeliest first.

    Of those alike likely, one whose letters are all of one language is before the others; then as
    charset-normalizer has them, or, where there is little to judge by, the more usual one.
    """
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    excerpt = b"\n".join(lines)[:_JUDGED_BY]
    likely: dict[str, float] = {}
    of_one: dict[str, float] = {}
    for name in _USUAL:
        try:
            sample.decode(name)
        except UnicodeDecodeError:
            continue
        text = excerpt.decode(name, "ignore")
        likely[name], of_one[name] = plausibility(text), share_of_one_language(text)
    best = max(likely.values(), default=0.0)
    kept = [name for name, value in likely.items() if value >= max(_LIKELY, best - _AS_LIKELY)]
    beyond_ascii = sum(byte >= 0x80 for byte in excerpt)
    ranked = _by_charset_normalizer(sample) if beyond_ascii >= _ENOUGH else _USUAL
    ranks = {name: rank for rank, name in enumerate(ranked)}
    last = len(ranks)
    kept.sort(
        key=lambda name: (
            -round(likely[name], 2),
            -round(of_one[name], 1),
            ranks.get(name, last),
        )
    )
    return kept[:_MOST_ADVISED]


def _by_charset_normalizer(sample: bytes) -> Sequence[str]:
    """Usual encodings in its order; of those that read the bytes alike, the first of ours."""
    matches = from_bytes(
        sample,
        cp_isolation=list(_USUAL),
        threshold=0.9,
        preemptive_behaviour=False,
        enable_fallback=False,
    )
    names = []
    for match in matches:
        alike = {codecs.lookup(name).name for name in match.could_be_from_charset}
        names.append(next((n for n in _USUAL if codecs.lookup(n).name in alike), match.encoding))
    return list(dict.fromkeys(names))


def codec_of(encoding: str) -> str:
    """The codec's own name; DataError for one that Python does not have."""
    try:
        info = codecs.lookup(encoding)
        codecs.getincrementaldecoder(encoding)
        is_text = info._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        raise DataError(
            f"--encoding {encoding!r} is unknown.",
            f"{did_you_mean(encoding, _USUAL)}Usual ones are utf-8, utf-16, cp1252, cp1251, "
            "gb18030, shift_jis and euc_kr.",
        ).at("encoding")
    return "utf-8" if info.name == "utf-8-sig" else info.name


def _detected(head: bytes) -> tuple[str, str] | None:
    """What else than plain UTF-8 the first bytes are without doubt, and what is to be told of
    it."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            told = "" if codec == "utf-8-sig" else f"read as {codec}, as its byte-order mark says"
            return codec, told
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most <= len(head) // 20 or least * 10 > most:
        return None
    codec = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return (
        codec,
        f"read as {codec}, as its zero bytes say, without a byte-order mark (--encoding {codec} "
        "says it for good)",
    )


def _is_utf8(head: bytes) -> bool:
    """Whether the bytes are UTF-8 with characters beyond ASCII, which hardly any other encoding
    looks like."""
    try:
        return not head.isascii() and bool(codecs.getincrementaldecoder("utf-8")().decode(head))
    except UnicodeDecodeError:
        return False
