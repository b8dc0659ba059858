"""Tags of one file as they are written, to tags of `core.data.tags`: what was decided is told when
the first are read."""

from collections.abc import Sequence
from dataclasses import replace

from tui_al.core.data.tag_notation import UNTYPED, Form, Notation, numbered
from tui_al.core.data.tags import Scheme, is_well_formed, to_iob2
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.tables import LoadReport, amount, some
from tui_al.engine.data.tag_names import tag_names
from tui_al.errors import DataError

#: What a tag may be, for errors.
TAG_FORMS = (
    "Tags are O, or B- or I- and a type, as B-PER (IOB1, IOB2, BIOES, BILOU and BMES are "
    "understood, so are types alone). "
    "If another column has the tags, name it with --tags-column."
)
_NO_NAMES = (
    "Put their names in order into a file labels.txt beside the data, a name a line from 0 on (O, "
    "B-PER, I-PER, ...), "
    "or give --labels O,B-PER,I-PER,..."
)


class TagReader:
    """The tags of a file, read sentence by sentence. A file of which nobody reads the tags needs
    none that are right."""

    def __init__(
        self,
        name: str,
        notation: Notation,
        config: DataConfig,
        load_report: LoadReport,
        names: Sequence[str] = (),
    ) -> None:
        """`names` are those of numbered tags where the file has them itself."""
        self._name, self._notation, self._config = name, notation, config
        self._findings, self._names = load_report, tuple(names)
        self._started = False
        self._malformed: list[str] = []

    def read(self, tags: Sequence[str], origin: str) -> tuple[str, ...]:
        """Tags that `core.data.tags` reads, for as many tokens; DataError names the origin."""
        if not self._started:
            self._start()
        try:
            read = self._notation.read(tags)
        except ValueError as error:
            raise DataError(f"{origin}: {error}.", TAG_FORMS) from error
        return self._in_iob2(read, origin) if self._notation.scheme else read

    def finish(self) -> None:
        """Tell of the sentences that break their scheme, where it is one that only the notation
        knows."""
        if self._malformed:
            self._findings.warnings.append(
                f"{amount(len(self._malformed), 'tag sequence')} malformed, read as the CoNLL "
                f"script does ({some(self._malformed)})"
            )
            self._malformed = []

    def _start(self) -> None:
        self._started = True
        if self._notation.form is Form.NUMBERS:
            self._notation = self._with_names()
        elif self._notation.form is Form.UNTYPED:
            self._notation = replace(self._notation, entity=entity_of(self._config))
        scheme = self._notation.scheme
        notes = [
            *self._notation.notes(),
            *([f"tags: {scheme} converted to IOB2"] if scheme else []),
        ]
        self._findings.notes.extend(one for one in notes if one not in self._findings.notes)

    def _with_names(self) -> Notation:
        found = (self._names, "the file") if self._names else tag_names(self._config)
        if found is None:
            raise DataError(
                f"{self._name}: the tags are numbers, and nothing names them.", _NO_NAMES
            )
        names, where = found
        try:
            notation = numbered(names, entity_of(self._config))
        except ValueError as error:
            raise DataError(
                f"{self._name}: the tags are numbers, and what {where} has for their names is not "
                f"right: {error}.",
                _NO_NAMES,
            ) from error
        shown = some([f"{number} {name}" for number, name in enumerate(names)])
        note = f"tags: numbers, named by {where}: {shown}"
        if note not in self._findings.notes:
            self._findings.notes.append(note)
        return notation

    def _in_iob2(self, tags: tuple[str, ...], origin: str) -> tuple[str, ...]:
        ends = self._notation.form is Form.TYPED or self._notation.form is Form.UNTYPED
        if ends and not is_well_formed(tags, Scheme.BIOES):
            self._malformed.append(origin)
        return to_iob2(tags)


def entity_of(config: DataConfig) -> str:
    """What entities without a type are called: the one label that the person named, or a stated
    name."""
    return config.labels[0] if config.labels and len(config.labels) == 1 else UNTYPED
