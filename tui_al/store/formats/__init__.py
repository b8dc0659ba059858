"""The formats that annotations leave and enter a session in. A new one is a file here and its line
in the table.

Parquet and saved data sets, which need libraries that only the engine imports, are in
`tui_al.engine.jobs.annotation_tables`."""

from tui_al.store.formats.brat import BRAT
from tui_al.store.formats.conll import CONLL
from tui_al.store.formats.csv_file import CSV
from tui_al.store.formats.doccano import DOCCANO
from tui_al.store.formats.format import Format
from tui_al.store.formats.jsonl import JSONL
from tui_al.store.formats.label_studio import LABEL_STUDIO
from tui_al.store.formats.prodigy import PRODIGY

TEXT_FORMATS: dict[str, Format] = {
    known.name: known for known in (JSONL, CSV, CONLL, PRODIGY, LABEL_STUDIO, DOCCANO)
}

#: Those that are read and not written.
READ_ONLY_FORMATS: dict[str, Format] = {BRAT.name: BRAT}
