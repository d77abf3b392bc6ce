"""Pickles are data: what they hold is rebuilt, what they ask for is not done."""

import collections
import contextlib
import copyreg
import io
import pickle
import struct

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from humans4d_core.errors import ModelFileError
from humans4d_core.untrusted_files.pickles.pickle_objects import Inert
from humans4d_core.untrusted_files.pickles.pickles import parse_pickle, read_pickle
from humans4d_core.untrusted_files.pickles.sparse_matrices import SparseMatrix

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


class Runs:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def parse(data, foreign="refuse"):
    return parse_pickle(data, "body.pkl", foreign)


class TestData:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @settings(max_examples=25, deadline=None)
    @given(plain)
    def test_plain_values_come_back(self, protocol, value):
        assert parse(pickle.dumps(value, protocol)) == value

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(
        "array",
        [
            np.arange(12.0).reshape(3, 4),
            np.asfortranarray(np.arange(12, dtype=np.int16).reshape(3, 4)),
            np.arange(5, dtype=">i4"),
            np.zeros((0, 3), np.float32),
            np.array(7.5),
            np.array([True, False]),
            np.array(["a", "bcd"]),
        ],
        ids=lambda a: f"{a.dtype}{a.shape}",
    )
    def test_arrays_come_back(self, protocol, array):
        back = parse(pickle.dumps({"a": array, "again": array}, protocol))
        for value in back.values():
            np.testing.assert_array_equal(value, array)
            assert value.dtype == array.dtype and value.shape == array.shape

    @settings(max_examples=40, deadline=None)
    @given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(0, 5))))
    def test_any_floats_come_back_bit_by_bit(self, array):
        back = parse(pickle.dumps(array, 2))
        assert back.tobytes() == array.tobytes()

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_numpy_numbers_ordered_dictionaries_and_sets_come_back(self, protocol):
        value = {
            "number": np.float64(2.5),
            "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
            "set": {1, "x"},
            "frozen": frozenset({3}),
        }
        back = parse(pickle.dumps(value, protocol))
        assert back == value
        assert list(back["ordered"]) == ["b", "a"]

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize("kind", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array"])
    def test_sparse_matrices_come_back(self, protocol, kind):
        dense = np.array([[0, 1.5, 0, 0], [0, 0, 0, 0], [2, 0, 0, -3]])
        back = parse(pickle.dumps(getattr(scipy.sparse, kind)(dense), protocol))
        assert isinstance(back, SparseMatrix)
        np.testing.assert_array_equal(back.toarray(), dense)

    def test_old_names_of_numpy_scipy_and_python_2_are_known(self):
        data = pickle.dumps({"a": np.arange(3.0), "s": scipy.sparse.csc_matrix(np.eye(2))}, 0)
        old = data.replace(b"numpy._core", b"numpy.core").replace(b"sparse._csc", b"sparse.csc")
        back = parse(old.replace(b"copyreg", b"copy_reg"))
        np.testing.assert_array_equal(back["a"], np.arange(3.0))
        np.testing.assert_array_equal(back["s"].toarray(), np.eye(2))

    @pytest.mark.parametrize("quote", [False, True], ids=["protocol 2", "protocol 0"])
    def test_bytes_of_python_2_become_arrays(self, quote):
        values = np.array([1.0, -2.5, np.pi])
        raw = values.tobytes()
        text = (
            b"S" + repr(raw)[1:].encode() + b"\n"
            if quote
            else b"T" + struct.pack("<i", len(raw)) + raw
        )
        data = (
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
            b"(I1\n(I3\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
            b"I00\n" + text + b"tb."
        )
        np.testing.assert_array_equal(parse(data), values)


class TestHostile:
    """Whatever a file asks for, nothing happens but an error."""

    @pytest.fixture
    def trap(self, tmp_path):
        """A file that exists only if something ran."""
        path = tmp_path / "executed"
        yield path
        assert not path.exists()

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_system_commands(self, trap, protocol):
        import os

        data = pickle.dumps({"v_template": Runs(os.system, f"touch {trap}")}, protocol)
        with pytest.raises(ModelFileError, match="body.pkl is refused.*system.*nothing.*was run"):
            parse(data)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize("foreign", ["refuse", "inert"])
    def test_evaluated_code(self, trap, protocol, foreign):
        data = pickle.dumps([Runs(eval, f"open({str(trap)!r}, 'w')")], protocol)
        if foreign == "refuse":
            with pytest.raises(ModelFileError, match="builtins.eval"):
                parse(data)
        else:
            (record,) = parse(data, "inert")
            assert isinstance(record, Inert) and record.type_name == "builtins.eval"

    def test_attributes_reached_through_getattr(self, trap):
        data = pickle.dumps(Runs(Runs(getattr, np, "load"), str(trap)).call[1])
        assert parse(data) == (str(trap),)
        nested = b"cbuiltins\ngetattr\n(cnumpy\nndarray\nS'tofile'\ntR."
        with pytest.raises(ModelFileError, match="getattr"):
            parse(nested)

    @pytest.mark.parametrize(
        "name",
        ["numpy\nload", "numpy.core.multiarray\nfromfile", "numpy\nndarray.tofile",
         "collections\nOrderedDict.__init__.__globals__", "scipy.sparse\nload_npz",
         "numpy.testing._private.utils\nrunstring", "chumpyx.ch\nCh", "_codecs\ndecode"],
    )  # fmt: skip
    def test_names_beside_the_known_ones(self, name):
        with pytest.raises(ModelFileError, match="refused"):
            parse(b"c" + name.encode() + b"\n.")

    def test_calls_inside_arrays(self, trap):
        import os

        array = np.array([Runs(os.system, f"touch {trap}")], dtype=object)
        data = pickle.dumps(array)
        with pytest.raises(ModelFileError, match="system"):
            parse(data)
        record = parse(data, "inert")
        assert isinstance(record, Inert) and record.type_name == "array of objects"

    def test_states_set_on_known_functions_change_nothing(self):
        before = parse(pickle.dumps(np.arange(3)))
        for name in (b"cnumpy\nndarray\n", b"cnumpy.core.multiarray\n_reconstruct\n"):
            with pytest.raises(ModelFileError):
                parse(name + b"}S'make'\nNsb.")
        np.testing.assert_array_equal(parse(pickle.dumps(np.arange(3))), before)

    def test_placeholders_called_again_stay_placeholders(self, trap):
        data = (
            b"cos\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR"  # system("touch trap")
            b"(S'again'\ntR}S'k'\nI1\nsb(S'key'\nI2\nua."
        )
        record = parse(data.replace(b"ua.", b"u."), "inert")
        assert isinstance(record, Inert)
        assert record.arguments == ("again",)
        assert record.state == {"k": 1} and record.mapping == {"key": 2}

    def test_names_behind_extension_codes(self, trap):
        import os

        home = os.system.__module__  # posix or nt
        copyreg.add_extension(home, "system", 0x7FFF)
        try:
            data = pickle.dumps(Runs(os.system, f"touch {trap}").call, 2)
            assert b"\x83\xff\x7f" in data
            copyreg._extension_cache[0x7FFF] = os.system  # as if it had been loaded before
            for foreign in ("refuse", "inert"):
                with pytest.raises(ModelFileError, match="extension 32767"):
                    parse(data, foreign)
        finally:
            copyreg.remove_extension(home, "system", 0x7FFF)  # empties the cache too

    @pytest.mark.parametrize("protocol", [0, 2])
    def test_persistent_ids(self, protocol):
        stream = io.BytesIO()
        pickler = pickle.Pickler(stream, protocol)
        pickler.persistent_id = lambda value: "storage 3" if value == "tensor" else None
        pickler.dump({"weights": "tensor"})
        with pytest.raises(ModelFileError, match="outside the file"):
            parse(stream.getvalue())
        record = parse(stream.getvalue(), "inert")["weights"]
        assert isinstance(record, Inert) and record.arguments == ("storage 3",)

    def test_objects_of_old_classes(self):
        for data in (b"(S'id'\nios\nsystem\n.", b"(cos\nsystem\nS'id'\no.", b"cos\nsystem\n)\x81."):
            with pytest.raises(ModelFileError, match="os.system"):
                parse(data)

    def test_arrays_that_contradict_their_bytes(self):
        good = pickle.dumps(np.arange(4, dtype=np.float64), 2)
        assert b"K\x04\x85" in good
        for shape in (b"K\xff\x85", b"J\xff\xff\xff\xff\x85", b"J\xff\xff\xff\x7f\x85", b"N\x85"):
            with pytest.raises(ModelFileError):
                parse(good.replace(b"K\x04\x85", shape))

    def test_sparse_indices_outside_the_matrix(self):
        matrix = scipy.sparse.csc_matrix(np.eye(3))
        for attribute, value in (
            ("indices", np.array([0, 1, 7], np.int32)),
            ("indices", np.array([0, 1, -7], np.int32)),
            ("indptr", np.array([0, 1, 2, 99], np.int32)),
            ("indptr", np.array([0, 2**40, 2, 3])),
            ("_shape", (2**40, 3)),
            ("data", np.ones(2)),
        ):
            broken = matrix.copy()
            broken.__dict__[attribute] = value
            if attribute == "_shape":  # A tall matrix is consistent: nothing is made of it yet.
                assert parse(pickle.dumps(broken)).shape == value
            else:
                with pytest.raises(ModelFileError, match="sparse"):
                    parse(pickle.dumps(broken))


class TestBroken:
    @pytest.mark.parametrize(
        "data",
        [b"", b"\0" * 100, b"not a pickle at all\n", b"PK\x03\x04", b"\x80\x04.", b".", b"0.",
         b"u.", b"h\x05.", b"(((((.", b"}(K\x01u.", b"]}}s.", b"K\x01K\x02R.",
         b"\xff\xd8\xff\xe0", b"I1e9\n.", b"}]K\x01s.", b"}(}K\x01\x86K\x02u."],
    )  # fmt: skip
    def test_what_is_no_pickle_gives_one_sentence(self, data):
        with pytest.raises(ModelFileError, match="body.pkl is (empty|not a readable pickle)"):
            parse(data)

    def test_every_truncation_is_noticed(self):
        data = pickle.dumps({"a": np.arange(3.0), "b": [1, "text", (2.5, None)]}, 2)
        for length in range(len(data)):
            with pytest.raises(ModelFileError):
                parse(data[:length])

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=60))
    def test_noise_gives_data_or_one_error(self, data):
        with contextlib.suppress(ModelFileError):
            parse(data)

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_damaged_bytes_give_data_or_one_error(self, data):
        good = pickle.dumps(
            {"a": np.arange(3.0), "s": scipy.sparse.csc_matrix(np.eye(2)), "o": {1, 2}}, 2
        )
        damaged = bytearray(good)
        for position in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=4)):
            damaged[position] = data.draw(st.integers(0, 255))
        with contextlib.suppress(ModelFileError):
            parse(bytes(damaged), data.draw(st.sampled_from(["refuse", "inert"])))

    @pytest.mark.parametrize(
        "data",
        [
            b"\x8e" + struct.pack("<Q", 2**60) + b"abc.",  # bytes
            b"\x96" + struct.pack("<Q", 2**60) + b"abc.",  # bytearray
            b"\x95" + struct.pack("<Q", 2**60) + b".",  # frame
            b"T" + struct.pack("<i", -1) + b"abc.",  # negative length
            b"\x8b" + struct.pack("<i", 2**31 - 1) + b"1.",  # number
            b"L" + b"9" * 100_000 + b"L\n.",  # number in digits
            b"Kr" + struct.pack("<I", 2**32 - 1) + b"]e.",  # memo
        ],
    )
    def test_sizes_beyond_the_file_take_no_memory(self, data):
        with pytest.raises(ModelFileError):
            parse(data)

    def test_keys_that_take_for_ever_to_hash_are_refused(self):
        bomb = b"K\x01" + b"2\x86" * 60  # (((1, 1), (1, 1)), ...): 2 ** 60 leaves
        with pytest.raises(ModelFileError, match="key"):
            parse(b"}" + bomb + b"K\x01s.")

    @pytest.mark.parametrize(
        "call",
        [b"c_codecs\nencode\n(g0\nS'latin1'\ntR", b"c__builtin__\nset\n((g0\nI1\nltR"],
        ids=["bytes", "set"],
    )
    def test_one_value_copied_again_and_again_is_refused(self, call):
        text = b"T" + struct.pack("<i", 100_000) + b"x" * 100_000 + b"p0\n0"
        with pytest.raises(ModelFileError, match="more than its own size"):
            parse(text + b"(" + call * 1000 + b"l.")
        assert len(parse(text + b"(" + call * 2 + b"l.")) == 2

    @pytest.mark.parametrize(
        "use",
        [b"cnumpy\ndtype\n(g0\nI0\nI1\ntR.", b"cchumpy.reordering\nReshape\n)\x81}S'newshape'\n"
         b"g0\nsS'a'\nG\0\0\0\0\0\0\0\0sb."],
        ids=["type", "shape"],
    )  # fmt: skip
    def test_nested_bombs_end_quickly_wherever_they_are_used(self, use):
        bomb = b"K\x01" + b"2\x86" * 60 + b"p0\n0"
        with pytest.raises((ModelFileError, ValueError), match="unknown|shape"):
            parse(bomb + use).toarray()

    def test_missing_and_unreadable_files_are_named(self, tmp_path):
        for path in (tmp_path / "absent.pkl", tmp_path):
            with pytest.raises(ModelFileError, match=str(path)):
                read_pickle(path)
