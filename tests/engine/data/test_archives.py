"""Compressed files and archives of strangers: what is in them is said by what it is, and nothing is
unpacked to the disk."""

import bz2
import gzip
import io
import lzma
import os
import stat
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import allowance, compression, load, zip_members
from tui_al.errors import DataError

CSV = b"text,label\nthe cat,animal\nthe pear,fruit\nthe dog,animal\nthe plum,fruit\n"


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A .zip of these, two of one name among them if so."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            made.writestr(name, content)
    return buffer.getvalue()


def zip_of(content: bytes) -> bytes:
    return archive(("a.csv", content))


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar", "inner.7z", "INNER.RAR", "a/b.tgz"])
def test_an_archive_in_an_archive_is_told_as_what_it_is(load_text: Load, name: str) -> None:
    inner = Path(name).name
    with pytest.raises(DataError, match=rf"a\.zip holds another archive, {inner}") as caught:
        load_text("a.zip", archive((name, archive(("a.csv", CSV)))))
    assert "Unpack it" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["a.tar.gz", "a.tar.xz", "a.zip.zst", "a.tgz", "a.7z", "a.rar", "a.tar"]
)
def test_other_archives_are_told_as_what_they_are(load_text: Load, name: str) -> None:
    with pytest.raises(DataError, match=rf"{name} (is an|holds another) archive.*not read"):
        load_text(name, b"whatever")


@pytest.mark.parametrize("name", ["a.csv.gz.gz", "a.csv.bz2.xz"])
def test_what_is_compressed_twice_is_told(load_text: Load, name: str) -> None:
    with pytest.raises(DataError, match=rf"{name} holds a file that is compressed once more"):
        load_text(name, b"whatever")
    with pytest.raises(DataError, match=r"b\.zip holds .* compressed once more, a\.csv\.gz"):
        load_text("b.zip", archive(("a.csv.gz", CSV)))


@pytest.mark.parametrize(
    "name",
    ["/tmp/a.csv", "../a.csv", "x/../../a.csv", "..\\a.csv", "C:\\a.csv", "C:/a.csv", "\\a.csv"],
)
def test_a_name_that_leads_out_of_an_archive(load_text: Load, tmp_path: Path, name: str) -> None:
    packed = archive((name, CSV))
    for content in (packed, archive(("a.csv", CSV), (f"{name}.txt", b"x"))):
        before = sorted(tmp_path.parent.rglob("*"))
        with pytest.raises(DataError, match=r"a\.zip has a member that leads out of it") as caught:
            load_text("a.zip", content)
        assert repr(name)[:-1] in caught.value.message
        made = set(tmp_path.parent.rglob("*")) - {*before}
        assert {path.name for path in made} <= {"a.zip"}


def test_a_link_in_an_archive_is_no_data(load_text: Load) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match=r"a\.zip: its member 'a\.csv' is a link"):
        load_text("a.zip", archive((link, os.fsencode("/etc/passwd"))))


def test_one_name_twice_in_an_archive(load_text: Load) -> None:
    with pytest.raises(DataError, match=r"a\.zip holds 'a\.csv' 2 times"):
        load_text("a.zip", archive(("a.csv", CSV), ("a.csv", CSV.replace(b"cat", b"cow"))))


def test_an_archive_of_very_many_members(load_text: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "_MOST_MEMBERS", 50)
    packed = archive(*((f"{n}.csv", b"") for n in range(51)))
    with pytest.raises(DataError, match=r"a\.zip holds 51 members, where one data file is read"):
        load_text("a.zip", packed)


def test_an_archive_beside_the_data_of_a_folder_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(CSV)
    (tmp_path / "raw.tar.gz").write_bytes(b"whatever")
    assert len(load(DataConfig(str(tmp_path), test_share=0)).train) == 4


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress, zip_of])
def test_what_unpacks_to_far_more_than_it_has_is_refused(
    load_text: Load, monkeypatch: pytest.MonkeyPatch, packed: Callable[[bytes], bytes]
) -> None:
    """A million empty lines in a few thousand bytes at most; the bound is lowered to them."""
    monkeypatch.setattr(allowance, "_LARGE", 1 << 16)
    monkeypatch.setattr(allowance, "_MOST_TIMES", 10)
    suffix = {gzip.compress: "gz", bz2.compress: "bz2", lzma.compress: "xz"}.get(packed, "zip")
    name = "a.zip" if suffix == "zip" else f"a.csv.{suffix}"
    with pytest.raises(DataError, match=r"has [\d,]+ bytes and unpacks to more than") as caught:
        load_text(name, packed(CSV + b"\n" * 1_000_000))
    assert "unpack it yourself" in caught.value.hint
    assert len(load_text(name, packed(CSV * 20)).train) > 1  # what repeats itself is read


@pytest.mark.slow
def test_an_xz_that_wants_more_memory_than_there_is(tmp_path: Path) -> None:
    """A dictionary of 1.5 GB, in a process that may take less."""
    path = tmp_path / "a.csv.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(CSV, check=lzma.CHECK_NONE, filters=filters))
    place = content.index(b"\x21\x01", 12) + 2  # the filter, the size of what it takes, the size
    content[place] = 37  # 1.5 GiB
    begin = 12
    end = begin + 4 * (content[begin] + 1)
    content[end - 4 : end] = zlib.crc32(content[begin : end - 4]).to_bytes(4, "little")
    path.write_bytes(content)
    code = (
        "import resource, sys\n"
        "from tui_al.core.settings.experiment import DataConfig\n"
        "from tui_al.engine.data import load\n"
        "from tui_al.errors import DataError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2)\n"
        "try:\n"
        "    load(DataConfig(sys.argv[1]))\n"
        "except DataError as error:\n"
        "    print(error.message)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert "it takes more memory than there is" in said.stdout, said


def test_the_members_are_listed_once_to_name_the_data_file_and_once_to_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks what is in it: of an archive with very many members each list takes long."""
    listed: list[str] = []
    check = zip_members.check_members

    def counted(name: str, members: Sequence[zipfile.ZipInfo]) -> None:
        listed.append(name)
        check(name, members)

    monkeypatch.setattr(compression, "check_members", counted)
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of(CSV))
    assert len(load(DataConfig(str(path), test_share=0.0)).train) == 4
    assert listed == ["a.zip"] * 2
    os.utime(path, (1, 1))  # perhaps another file by now
    assert compression.unpacked_name(path) == "a.csv"
    path.write_bytes(archive(("another.jsonl", CSV)))
    assert compression.unpacked_name(path) == "another.jsonl"
    assert listed == ["a.zip"] * 4
