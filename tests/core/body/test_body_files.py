"""Body files: the same body from every format, and a clear sentence for a wrong one."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import scipy.sparse
import torch

from humans4d_core.body import EMBEDDED_BODY, BodyModel, body_data, load_body, read_body_file
from humans4d_core.errors import ModelFileError
from humans4d_core.types import JOINT_PARENTS


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """A small body in the shapes and names of SMPL's files."""
    random = np.random.default_rng(0)
    vertices = 40
    weights = random.random((vertices, 24))
    regressor = random.random((24, vertices)) * (random.random((24, vertices)) < 0.2)
    parents = np.array(JOINT_PARENTS, np.int64).astype(np.uint32)
    return {
        "v_template": random.normal(size=(vertices, 3)),
        "shapedirs": random.normal(size=(vertices, 3, 12)),
        "posedirs": random.normal(size=(vertices, 3, 207)),
        "J_regressor": regressor,
        "weights": weights / weights.sum(1, keepdims=True),
        "f": random.integers(0, vertices, (60, 3)).astype(np.uint32),
        "kintree_table": np.stack((parents, np.arange(24, dtype=np.uint32))),
    }


def state_dict(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The same body as a network's checkpoint holds it."""
    values = {
        "v_template": arrays["v_template"],
        "shapedirs": arrays["shapedirs"],
        "posedirs": arrays["posedirs"].reshape(-1, 207).T,
        "J_regressor": arrays["J_regressor"],
        "lbs_weights": arrays["weights"],
        "faces_tensor": arrays["f"].astype(np.int64),
        "parents": np.array(JOINT_PARENTS),
    }
    return {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in values.items()}


def same(one, other):
    for name in ("template", "shape_directions", "pose_directions", "joint_regressor",
                 "skinning_weights", "faces"):  # fmt: skip
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


class TestFormats:
    def test_embedded_body(self):
        body = load_body()
        assert (body.name, body.num_vertices, body.faces.shape) == ("anny", 6890, (13764, 3))
        assert body.faces.dtype == np.int32
        assert body.parents == JOINT_PARENTS

    def test_npz_pickle_and_state_dict_give_the_same_body(self, arrays, tmp_path):
        expected = body_data(arrays)
        np.savez(tmp_path / "body.npz", **arrays)
        same(read_body_file(tmp_path / "body.npz"), expected)
        for protocol in (2, 5):
            content = arrays | {"J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"])}
            (tmp_path / "body.pkl").write_bytes(pickle.dumps(content, protocol))
            same(read_body_file(tmp_path / "body.pkl"), expected)
        same(body_data(state_dict(arrays)), expected)
        assert expected.shape_directions.shape == (40, 3, 10)

    def test_name_is_the_files_where_the_mesh_is_not_smpls(self, arrays, tmp_path):
        np.savez(tmp_path / "robot.npz", **arrays)
        assert load_body(tmp_path / "robot.npz").name == "robot"

    def test_body_without_pose_blend_shapes(self, arrays):
        none = body_data({key: value for key, value in arrays.items() if key != "posedirs"})
        assert none.pose_directions is None
        zero = body_data(arrays | {"posedirs": np.zeros((40, 3, 207))})
        assert zero.pose_directions is None

    def test_joint_regressor_of_hmr2_from_a_file(self, arrays, tmp_path):
        np.savez(tmp_path / "body.npz", **arrays)
        regressor = np.random.default_rng(1).random((19, 40))
        (tmp_path / "extra.pkl").write_bytes(pickle.dumps(regressor))
        np.save(tmp_path / "extra.npy", regressor)
        for name in ("extra.pkl", "extra.npy"):
            load_body(tmp_path / "body.npz", tmp_path / name)
        (tmp_path / "extra.pkl").write_bytes(pickle.dumps(regressor[:, :30]))
        with pytest.raises(ModelFileError, match=r"extra.pkl.*\(19, 30\).*\(19, 40\)"):
            load_body(tmp_path / "body.npz", tmp_path / "extra.pkl")

    def test_model_is_made_of_a_checkpoints_tensors(self, arrays):
        model = BodyModel(body_data(state_dict(arrays), "checkpoint"))
        rotations = np.tile(np.eye(3), (2, 24, 1, 1))
        output = model(rotations[:, 0], rotations[:, 1:], np.zeros((2, 10)))
        np.testing.assert_allclose(output.vertices[1], arrays["v_template"], atol=1e-4, rtol=1e-5)


class TestWrongBodies:
    def test_missing_arrays_are_named(self, arrays):
        del arrays["shapedirs"], arrays["weights"]
        with pytest.raises(ModelFileError, match="file.npz.*has no shapedirs, weights"):
            body_data(arrays, "file.npz")

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("v_template", np.zeros((40, 2))),
            ("shapedirs", np.zeros((40, 3, 5))),
            ("shapedirs", np.zeros((40, 3))),
            ("posedirs", np.zeros((40, 3, 486))),
            ("J_regressor", np.zeros((24, 39))),
            ("J_regressor", scipy.sparse.csr_matrix((24, 2**33))),
            ("weights", np.zeros((40, 55))),
            ("f", np.zeros((60, 4), np.uint32)),
        ],
    )
    def test_wrong_shapes_are_named(self, arrays, key, value, tmp_path):
        (tmp_path / "body.pkl").write_bytes(pickle.dumps(arrays | {key: value}))
        with pytest.raises(ModelFileError, match=f"body.pkl: {key} has shape"):
            load_body(tmp_path / "body.pkl")

    @pytest.mark.parametrize("number", [np.nan, np.inf, 1e300])
    @pytest.mark.parametrize(
        "key", ["v_template", "shapedirs", "posedirs", "J_regressor", "weights"]
    )
    def test_numbers_that_are_none_are_named(self, arrays, key, number):
        arrays[key] = arrays[key].copy()
        arrays[key].flat[3] = number
        with pytest.raises(ModelFileError, match=f"{key} holds NaN or infinite"):
            body_data(arrays)

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("v_template", "text", "v_template is str instead of an array"),
            ("weights", np.full((40, 24), "x"), "weights holds <U1 instead of numbers"),
            ("f", np.full((60, 3), 40, np.uint32), "f names vertices outside 0..39"),
            ("f", np.full((60, 3), -1, np.int32), "f names vertices outside"),
            ("f", np.zeros((60, 3)), "f holds no vertex numbers"),
            ("f", np.zeros((0, 3), np.uint32), "f holds no vertex numbers"),
            ("kintree_table", np.zeros((2, 24), np.uint32), "not SMPL's tree.*other parents"),
            (
                "kintree_table",
                np.zeros((2, 55), np.uint32),
                "not SMPL's tree.*has 55 joints.*SMPL-X",
            ),
            ("kintree_table", np.zeros((2, 24)), "not SMPL's tree"),
            ("kintree_table", np.zeros((0, 24), np.uint32), "not SMPL's tree"),
            ("kintree_table", np.array(3), "not SMPL's tree"),
        ],
    )
    def test_wrong_contents_are_named(self, arrays, key, value, message):
        with pytest.raises(ModelFileError, match=message):
            body_data(arrays | {key: value})


class TestWrongFiles:
    def test_missing_file(self, tmp_path):
        for path in (tmp_path / "absent.pkl", tmp_path):
            with pytest.raises(ModelFileError, match="does not exist"):
                load_body(path)

    @pytest.mark.parametrize("content", [b"", b"hello\n", b"PK\x03\x04broken", b"\x80\x02}q\x00X"])
    @pytest.mark.parametrize("name", ["body.pkl", "body.npz"])
    def test_file_that_is_something_else(self, content, name, tmp_path):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelFileError, match=name):
            load_body(tmp_path / name)

    def test_truncated_npz(self, tmp_path):
        data = EMBEDDED_BODY.read_bytes()
        for length in (100, len(data) // 2, len(data) - 10):
            (tmp_path / "body.npz").write_bytes(data[:length])
            with pytest.raises(ModelFileError):
                load_body(tmp_path / "body.npz")

    def test_damaged_npz(self, tmp_path):
        data = bytearray(EMBEDDED_BODY.read_bytes())
        data[5000:5100] = bytes(100)
        (tmp_path / "body.npz").write_bytes(data)
        with pytest.raises(ModelFileError, match="cannot be read.*damaged"):
            load_body(tmp_path / "body.npz")

    def test_npz_with_pickled_objects_is_not_unpickled(self, arrays, tmp_path):
        np.savez(tmp_path / "body.npz", **arrays | {"f": np.array([{"a": 1}], dtype=object)})
        with pytest.raises(ModelFileError, match="no plain arrays"):
            load_body(tmp_path / "body.npz")

    def test_npz_whose_header_promises_a_huge_array(self, arrays, tmp_path):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (2**50, 3)}
        )
        with zipfile.ZipFile(tmp_path / "body.npz", "w") as archive:
            archive.writestr("v_template.npy", header.getvalue())
        with pytest.raises(ModelFileError):
            load_body(tmp_path / "body.npz")

    def test_pickle_of_another_kind(self, tmp_path):
        (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
        with pytest.raises(ModelFileError, match="holds a list instead of a body"):
            load_body(tmp_path / "list.pkl")

    def test_truncated_official_pickle(self, parity_folder):
        from humans4d_core.untrusted_files.pickles.pickles import parse_pickle

        data = (parity_folder / "synthetic_smpl" / "smpl" / "SMPL_NEUTRAL.pkl").read_bytes()
        with pytest.raises(ModelFileError, match="SMPL_NEUTRAL.pkl.*truncated"):
            parse_pickle(data[:-1000], "SMPL_NEUTRAL.pkl")


class TestSparseAndBroken:
    @pytest.mark.parametrize("key", ["v_template", "weights", "f", "kintree_table", "J_regressor"])
    def test_any_matrix_may_be_sparse(self, arrays, tmp_path, key):
        expected = body_data(arrays)
        (tmp_path / "body.pkl").write_bytes(
            pickle.dumps(arrays | {key: scipy.sparse.csc_matrix(arrays[key].astype(float))}, 2)
            if key not in ("f", "kintree_table")
            else pickle.dumps(arrays | {key: scipy.sparse.csc_matrix(arrays[key].astype(int))}, 2)
        )
        same(read_body_file(tmp_path / "body.pkl"), expected)

    @pytest.mark.parametrize(
        "key",
        [
            "v_template",
            "shapedirs",
            "posedirs",
            "weights",
            "f",
            "kintree_table",
            "J_regressor",
            "joint_regressor_extra",
        ],
    )
    @pytest.mark.parametrize(
        "value",
        [
            scipy.sparse.csc_matrix(np.eye(3)),
            scipy.sparse.coo_matrix(([1.0], ([0], [0])), shape=(2**30, 2**30)),
            np.array(3.0),
            np.array(["a"]),
            np.array([1j]),
            np.array([b"x"]),
            np.zeros((0, 3)),
            np.array([None, 1], dtype=object),
            [1, 2],
            "text",
        ],
        ids=repr,
    )  # fmt: skip
    def test_anything_else_is_refused_by_its_name(self, arrays, tmp_path, key, value):
        (tmp_path / "body.pkl").write_bytes(pickle.dumps(arrays | {key: value}, 2))
        # A template of fewer vertices makes the faces wrong.
        like_template = key == "v_template" and np.shape(value) in ((3, 3), (0, 3))
        with pytest.raises(ModelFileError, match="f names" if like_template else key):
            read_body_file(tmp_path / "body.pkl")

    @pytest.mark.parametrize("key", ["v_template", "shapedirs", "posedirs", "J_regressor"])
    def test_numbers_that_no_body_in_metres_has_are_refused(self, arrays, key):
        changed = arrays[key].copy()
        changed.ravel()[7] = -1750.0  # millimetres, or a flipped bit
        with pytest.raises(ModelFileError, match=f"{key} holds 1.75e\\+03, beyond 100"):
            body_data(arrays | {key: changed})

    def test_skinning_weights_that_do_not_add_up_are_refused(self, arrays):
        with pytest.raises(ModelFileError, match="do not add up to 1"):
            body_data(arrays | {"weights": np.zeros((40, 24))})

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr':'<f8','fortran_order':False,'shape':(10000000000,3)}",
            "{'descr':'<f8','fortran_order':False,'shape':(100000000,3)}",
            "{'descr':'<f8','fortran_order':False,'shape':(-1,3)}",
            "{'descr':'|O','fortran_order':False,'shape':(1,3)}",
            "{'descr':[('a','<f8')],'fortran_order':False,'shape':(1,3)}",
            "{'descr':'<f8','fortran_order':False,'shape':(1,3)}" + "(" * 3000,
            "{'descr':'<f8','fortran_order':False,'shape':" + "(" * 2000 + ")" * 2000 + "}",
            "{'descr':'<f8','fortran_order':False,'shape':(1,3)}" + " " * 5000,
            "{'descr':'<f8','fortran_order':False}",
            "__import__('os').system('touch executed')",
            "\x1b[2J",
        ],
    )
    def test_a_broken_npy_header_is_one_sentence(self, arrays, tmp_path, header):
        text = header.encode()
        broken = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(24)
        with zipfile.ZipFile(tmp_path / "body.npz", "w") as archive:
            for key, value in arrays.items():
                stream = io.BytesIO()
                np.save(stream, value)
                archive.writestr(f"{key}.npy", broken if key == "shapedirs" else stream.getvalue())
        with pytest.raises(ModelFileError, match="no plain arrays") as error:
            read_body_file(tmp_path / "body.npz")
        assert str(error.value).isprintable()
        (tmp_path / "extra.npy").write_bytes(broken)
        with pytest.raises(ModelFileError, match="no plain arrays"):
            load_body(EMBEDDED_BODY, tmp_path / "extra.npy")

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self, arrays, tmp_path):
        with (
            zipfile.ZipFile(tmp_path / "body.npz", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("shapedirs.npy", "w") as file,
        ):
            for _ in range(33):
                file.write(bytes(8 << 20))
        with pytest.raises(ModelFileError, match="too large for a body"):
            read_body_file(tmp_path / "body.npz")

    def test_keys_whose_hashes_collide_are_bounded(self, tmp_path):
        keys = b"".join(
            b"\x8a\x0b" + (k * (2**61 - 1)).to_bytes(11, "little", signed=True) + b"N"
            for k in range(1, 60_000)
        )
        (tmp_path / "body.pkl").write_bytes(b"\x80\x02(" + keys + b"d.")
        with pytest.raises(ModelFileError, match="keys that are no texts"):
            read_body_file(tmp_path / "body.pkl")
