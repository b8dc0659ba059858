"""What is not said any more: private words for which the field has one of its own. They stand
neither in names, comments and messages nor in the documentation."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: What is not said, as a regular expression of whole words, and what is said for it.
WORDS = {
    r"yardsticks?": "baseline",
    r"(lay|lays|laid|lie|lies) (curves |them )?over (this|the|a|each) (curve|one|other)": "compare",
    r"lay over": "compare with",
    r"cohorts?": "runs",
    r"headway": "progress",
    r"sign_of_life|put_in_place|held_still|under_way|remove_at_once|put_up": "heartbeat, "
    "replace_dir, copy_snapshot, temp_dir, remove_atomically, show_sample",
    r"(?<!\.)Shelf|Keeper|Lesson|Teller|Wish(es)?|Desk|Trunk|Headway|Gauge|Gauged": "FeatureStore, "
    "ModelSaver, TrainingJob, ProgressCallback, Command, AnnotationChannel, FrozenLayers, "
    "LabelProgress, MismatchMonitor, MismatchMeasured",
    r"LabelsWanted|Queried|Ranked|Audited|Decided|Standing|Asking|Turned": "LabelRequest, "
    "QuerySelected, RankingPublished, AuditEvaluated, DecisionRecord, LabelStatus, SampleQueue, "
    "UndoResult",
    r"(?<!here )is no (valid )?"
    r"(amount|number|share|whole number|file|directory|folder|text|label|time)": "is not a valid …",
}  # fmt: skip

#: Pages that tell how things were called, and this list.
_TELL = ("changelog.md", "test_words.py")

FILES = sorted(
    path
    for pattern in ("README.md", "tui_al/**/*.py", "tui_al/**/*.md", "tests/**/*.py")
    for path in ROOT.glob(pattern)
    if path.name not in _TELL
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in FILES}


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[:24])
def test_is_not_said_any_more(texts: dict[str, str], words: str) -> None:
    pattern = re.compile(rf"(?<![\w-])({words})(?!\w)")
    said = [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}"
        for name, text in texts.items()
        for found in pattern.finditer(text)
    ]
    assert not said, "\n".join([f"say instead: {WORDS[words]}", *said])


def test_the_files_are_there() -> None:
    assert len(FILES) > 500
