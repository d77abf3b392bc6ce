"""`humans4d photos`: every image by itself, everybody who is found."""

import json

import cv2
import numpy as np
import pytest
from places import SHARED

from humans4d_core.config import PipelineConfig
from humans4d_core.io import CameraChoice, read_mot
from humans4d_core.photos import PhotoSource, people_of_photos, photo_pipeline
from humans4d_core.photos.everybody import Everybody
from humans4d_core.photos.mesh_files import write_glb, write_obj
from humans4d_core.types import Frame, TrackState

STILLS = SHARED / "media" / "stills"
needs_media = pytest.mark.skipif(not STILLS.exists(), reason="needs ../shared/media/stills")


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "in" / "blank & <i>.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), np.full((90, 120, 3), 120, np.uint8))
    return path


@needs_media
def test_everybody_is_in_pictures_parameters_and_meshes(humans4d, tmp_path):
    out = tmp_path / "out"
    names = ["basketball1.png", "messi5.jpg"]
    code, said, err = humans4d("photos", *(STILLS / n for n in names), "-o", out, "--meshes", "obj")
    assert code == 0, err
    assert f"people in 2 images: {out / 'index.html'}" in said
    assert "assumed field of view" in err
    for number, name in enumerate(names, start=1):
        stem = f"{number:04d}_{name.split('.')[0]}"
        content = json.loads((out / f"{stem}.json").read_text())
        people = content["people"]
        assert content["image"] == name and len(people) >= 2 - number // 2
        assert [row["number"] for row in people] == list(range(1, len(people) + 1))
        arrays = np.load(out / f"{stem}.npz")
        assert arrays["body_pose"].shape == (len(people), 23, 3, 3)
        np.testing.assert_allclose(arrays["boxes_px"], [row["box"] for row in people], atol=0.01)
        text = (out / f"{stem}.obj").read_text()
        assert text.count("o person_") == len(people)
        assert text.count("\nv ") == len(people) * arrays["vertices_cam"].shape[1]
        image = cv2.imread(str(STILLS / name))
        overlay = cv2.imread(str(out / f"{stem}_overlay.jpg"))
        assert overlay.shape == image.shape
        for view in ("side", "above"):
            assert (cv2.imread(str(out / f"{stem}_{view}.png")) < 250).mean() > 0.01
    page = (out / "index.html").read_text()
    assert page.count("<section>") == 2 and "http" not in page


def test_a_bad_file_is_named_and_the_others_are_done(humans4d, blank, tmp_path):
    (blank.parent / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    code, said, err = humans4d("photos", blank.parent, tmp_path / "none.png", "-o", tmp_path / "o")
    assert code == 0 and said.startswith("0 people in 1 images")
    assert "broken.jpg: " in err and "none.png" in err
    page = (tmp_path / "o" / "index.html").read_text()
    assert "blank &amp; &lt;i&gt;.png" in page and "<i>" not in page and "nobody" in page


def test_nothing_that_can_be_read_is_one_sentence(humans4d, tmp_path):
    code, _, err = humans4d("photos", tmp_path, "-o", tmp_path / "o")
    assert code == 2 and "holds no images" in err and err.count("\n") == 1


def test_run_tells_of_the_command_for_photographs(humans4d, blank, tmp_path):
    cv2.imwrite(str(blank.parent / "other.png"), np.zeros((60, 80, 3), np.uint8))
    code, _, err = humans4d("run", blank.parent, "-o", tmp_path / "o", "--no-overlay")
    assert code == 0 and "humans4d photos" in err


def test_each_person_counts_once_and_the_largest_come_first(make_people, camera):
    people = make_people([(0, 0, 6), (0.02, 0, 6), (1, 0, 3), (-1, 0, 4)])
    bodies = people.bodies
    bodies.scores[:] = 0.9, 0.8, 0.9, 0.1
    everybody = Everybody(PipelineConfig().tracker.with_start_score(0.3))
    frame = Frame(np.zeros((camera.height, camera.width, 3), np.uint8), 0, camera)
    found = everybody.update(frame, bodies)
    assert found.track_ids.tolist() == [1, 2]
    assert (found.states == TrackState.CONFIRMED).all()
    np.testing.assert_array_equal(found.bodies.boxes_px, bodies.boxes_px[[2, 0]])
    assert len(Everybody(PipelineConfig().tracker, most=1).update(frame, bodies)) == 1


def test_an_obj_holds_its_meshes_upright(tmp_path):
    triangles = np.array([[[0, 1, 2], [3, 4, 5], [6, 7, 8]]] * 2, np.float32)
    write_obj(tmp_path / "m.obj", triangles, np.array([[0, 1, 2]]))
    lines = (tmp_path / "m.obj").read_text().splitlines()
    assert lines[:2] == ["o person_1", "v 0.0000 -1.0000 -2.0000"]
    assert [line for line in lines if line[0] == "f"] == ["f 1 2 3", "f 4 5 6"]


def test_a_glb_is_read_by_others_with_one_node_a_person(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    triangles = np.array([[[0, 1, 2], [3, 4, 5], [6, 7, 9]]] * 2, np.float32)
    triangles[1] += 10
    write_glb(tmp_path / "m.glb", triangles, np.array([[0, 1, 2]]))
    scene = trimesh.load_scene(tmp_path / "m.glb")
    assert sorted(scene.geometry) == ["person_1", "person_2"]
    for number, vertices in enumerate(triangles, 1):
        mesh = scene.geometry[f"person_{number}"]
        np.testing.assert_allclose(mesh.vertices, vertices * (1, -1, -1))


@needs_media
def test_given_boxes_count_however_sure_they_are(humans4d, tmp_path):
    boxes = tmp_path / "boxes.txt"
    boxes.write_text("2,-1,100,20,200,300,0.02\n")
    paths = [STILLS / "basketball1.png", STILLS / "messi5.jpg"]
    code, said, err = humans4d("photos", *paths, "-o", tmp_path / "o", "--boxes", boxes)
    assert code == 0 and said.startswith("1 people in 2 images"), err
    (person,) = json.loads((tmp_path / "o" / "0002_messi5.json").read_text())["people"]
    assert person["box"] == [100, 20, 300, 320]


def test_a_mesh_format_that_is_none_is_one_sentence(humans4d, blank, tmp_path):
    code, _, err = humans4d("photos", blank, "-o", tmp_path / "o", "--meshes", "fbx")
    assert code == 2 and err == "humans4d: --meshes fbx: give one of obj, glb\n"


def test_the_cameras_focal_length_is_exifs(humans4d, tmp_path):
    from PIL import Image

    path = tmp_path / "photo.jpg"
    image, exif = Image.new("RGB", (400, 300)), Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 26
    image.save(path, exif=exif)
    code, _, err = humans4d("photos", path, "-o", tmp_path / "o")
    assert code == 0 and "assumed" not in err
    camera = json.loads((tmp_path / "o" / "0001_photo.json").read_text())["camera"]
    assert camera["fx"] == pytest.approx(26 * 500 / 43.2666, rel=1e-4)
    assert camera["origin"] == "EXIF: focal length 26 mm of 35 mm film"


def test_people_of_several_photographs_are_recovered_at_once(tiny_hmr2, tmp_path, monkeypatch):
    """And are the same as those of each by itself, in the order of the photographs."""
    random = np.random.default_rng(0)
    rows = []
    for number, count in enumerate((2, 0, 3, 14, 1), start=1):
        size = (100 + 20 * number, 200, 3)
        cv2.imwrite(str(tmp_path / f"{number}.png"), random.integers(0, 255, size, np.uint8))
        rows += [f"{number},-1,{5 + 10 * k},5,60,90,0.9" for k in range(count)]
    (tmp_path / "boxes.txt").write_text("\n".join(rows))
    source = PhotoSource([tmp_path], CameraChoice(), read_mot(tmp_path / "boxes.txt"))
    config = PipelineConfig().replaced(
        {"recovery": "hmr2", "checkpoint": str(tiny_hmr2), "device": "cpu"}
    )
    pipeline = photo_pipeline(config, boxes_are_given=True)
    batches, recover = [], pipeline.recovery.recover_images

    def counted(frames, detections):
        batches.append([len(each) for each in detections])
        return recover(frames, detections)

    monkeypatch.setattr(pipeline.recovery, "recover_images", counted)
    found = list(people_of_photos(pipeline, source))
    assert batches == [[2, 0, 3, 14], [1]]
    assert [photo.path.stem for photo, _ in found] == ["1", "2", "3", "4", "5"]
    for photo, people in found:
        pipeline.reset()
        alone = pipeline.process(photo.frame, photo.boxes).people
        alone = alone.select(alone.states == TrackState.CONFIRMED)
        np.testing.assert_array_equal(people.track_ids, alone.track_ids)
        np.testing.assert_allclose(
            people.bodies.joints_cam, alone.bodies.joints_cam, rtol=1e-3, atol=1e-3
        )
