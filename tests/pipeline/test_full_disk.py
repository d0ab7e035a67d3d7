"""A full disk, and an OUT that nothing can be written to: exit code 4, nothing half written, and room lets it go on.

Disks of a few pages are mounted where nobody else sees them, by `unshare` of util-linux.
"""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import evidence
from pipeline.options import EXIT_INCOMPLETE

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "sample_dump"
APART = ["unshare", "--map-root-user", "--mount"]
TABLES = ("items", "findings", "signatures", "keys", "sources")


@pytest.fixture(autouse=True, scope="module")
def mounts() -> None:
    try:
        if subprocess.run([*APART, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0:
            return
    except OSError:
        pass
    pytest.skip("no disk can be mounted here")


def on_disk(place: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script that sees $DISK, an empty disk of its own, $RUN and $JUDGE; $KEPT outlives the disk."""
    disk = place / "disk"
    disk.mkdir()
    triage = f"{sys.executable} -m pipeline"
    names = {
        "DISK": disk, "KEPT": place / "kept", "JUDGE": f"{triage} judge {disk}/out -q",
        "RUN": f"{triage} run {SAMPLE}/leak -o {disk}/out -q --workers 2 --keys {SAMPLE}/keys",
        "PYTHONPATH": ROOT, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }  # fmt: skip
    surroundings = {name: str(value) for name, value in names.items()}
    command = [*APART, "sh", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True)


def whole(out: Path) -> None:
    """Every file that is there is whole, and none has the name of one that is being written."""
    for path in out.rglob("*"):
        if path.suffix == ".parquet":
            pq.read_table(path)
        elif path.suffix == ".arrow" and path.is_relative_to(out / "evidence"):
            assert evidence.is_whole(out, path.stem), path
        assert "tmp" not in path.name, path


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0], ids=["a_twentieth", "half", "all"])
def test_a_full_disk_ends_in_4_and_room_lets_it_go_on(finished: Path, tmp_path: Path, share: float) -> None:
    """share: of the octets of a finished OUT, which needs more than those while it is written."""
    size = int(share * sum(path.stat().st_blocks * 512 for path in finished.rglob("*") if path.is_file()))
    done = on_disk(
        tmp_path,
        f"mount -t tmpfs -o size={size} none $DISK && ($RUN; echo $?; cp -a $DISK/out $KEPT)"
        " && mount -o remount,size=100m $DISK && $RUN --resume && cp $DISK/out/*.parquet $KEPT",
    )
    assert done.stdout.startswith(f"{EXIT_INCOMPLETE}\n"), done
    assert done.returncode == 0, done
    assert "No space left on device" in done.stderr and "no table is half written" in done.stderr
    assert "--resume" in done.stderr and "Traceback" not in done.stderr
    whole(tmp_path / "kept")
    assert not (tmp_path / "kept" / "run.json").exists()
    for name in TABLES:
        assert (tmp_path / "kept" / f"{name}.parquet").read_bytes() == (finished / f"{name}.parquet").read_bytes()


def test_a_disk_that_fills_within_a_large_archive_ends_in_4_and_blames_no_file(tmp_path: Path) -> None:
    mail = b"From: a@b.example\nSubject: hi\n\n" + b"text " * 40 + b"\n"
    dump = tmp_path / "dump"
    dump.mkdir()
    with tarfile.open(dump / "mail.tar.gz", "w:gz", compresslevel=1) as archive:
        noise = tarfile.TarInfo("noise")  # so large that the archive is a unit by itself
        noise.size = 17 << 20
        archive.addfile(noise, io.BytesIO(random.Random(1).randbytes(noise.size)))
        for number in range(12_000):
            member = tarfile.TarInfo(f"{number}.eml")
            member.size = len(mail)
            archive.addfile(member, io.BytesIO(mail))
    run = f"{sys.executable} -m pipeline run {dump} -o $DISK/out -q --workers 1"
    done = on_disk(
        tmp_path,
        f"mount -t tmpfs -o size=300k none $DISK && ({run}; echo $?)"
        f" && mount -o remount,size=100m $DISK && {run} --resume | head -1",
    )
    assert done.stdout == f"{EXIT_INCOMPLETE}\n12001 items in 1 files, 12000 of them messages\n", done
    assert "No space left on device" in done.stderr


def test_judged_again_on_a_full_disk_the_earlier_tables_are_not_half_replaced(finished: Path, tmp_path: Path) -> None:
    done = on_disk(
        tmp_path,
        f"mount -t tmpfs -o size=100m none $DISK && cp -a {finished} $DISK/out && dd if=/dev/zero of=$DISK/rest bs=4k"
        " 2> /dev/null; $JUDGE; echo $?; cp -a $DISK/out $KEPT && rm $DISK/rest && $JUDGE"
        " && cp -a $DISK/out $KEPT/again",
    )
    assert done.stdout.startswith(f"{EXIT_INCOMPLETE}\n") and done.returncode == 0, done
    whole(tmp_path / "kept")
    for name in TABLES:
        after = tmp_path / "kept" / "again" / f"{name}.parquet"
        assert after.read_bytes() == (finished / f"{name}.parquet").read_bytes()


@pytest.mark.parametrize("before", ["true", "mkdir $DISK/out"], ids=["no_folder", "empty_folder"])
def test_a_read_only_out_ends_in_4_with_a_sentence(tmp_path: Path, before: str) -> None:
    done = on_disk(tmp_path, f"mount -t tmpfs none $DISK && {before} && mount -o remount,ro $DISK && $RUN")
    assert done.returncode == EXIT_INCOMPLETE, done
    assert "cannot be written (Read-only file system). Choose another OUT." in done.stderr


def test_a_finished_out_that_became_read_only_is_left_as_it_is(finished: Path, tmp_path: Path) -> None:
    done = on_disk(
        tmp_path,
        f"mount -t tmpfs none $DISK && cp -a {finished} $DISK/out && mount -o remount,ro $DISK && ($JUDGE; echo $?)"
        " && cp -a $DISK/out $KEPT",
    )
    assert done.stdout == f"{EXIT_INCOMPLETE}\n" and "Traceback" not in done.stderr, done
    for path in filter(Path.is_file, finished.rglob("*")):
        assert (tmp_path / "kept" / path.relative_to(finished)).read_bytes() == path.read_bytes()
    shutil.rmtree(tmp_path / "kept")
