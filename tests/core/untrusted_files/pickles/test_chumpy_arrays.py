"""What chumpy's pickles hold is evaluated without chumpy."""

import pickle
import sys
import types

import numpy as np
import pytest

from humans4d_core.untrusted_files.pickles.chumpy_arrays import Chumpy
from humans4d_core.untrusted_files.pickles.pickles import parse_pickle


@pytest.fixture
def chumpy():
    """A module with chumpy's names, only for writing a pickle; gone while it is read."""
    names = {"chumpy.ch": ["Ch", "MatVecMult"], "chumpy.reordering": ["Select", "Reshape"]}
    modules = {"chumpy": types.ModuleType("chumpy")}
    made = types.SimpleNamespace(modules=modules)
    for module, classes in names.items():
        modules[module] = types.ModuleType(module)
        for name in classes:
            cls = type(name, (), {"__module__": module, "__init__": _set_attributes})
            setattr(modules[module], name, cls)
            setattr(made, name, cls)
    yield made
    assert not any(name.startswith("chumpy") for name in sys.modules)


def _set_attributes(self, **attributes):
    self.__dict__.update(attributes)


def dump_chumpy(chumpy, value, protocol):
    sys.modules.update(chumpy.modules)
    try:
        return pickle.dumps(value, protocol)
    finally:
        for name in chumpy.modules:
            del sys.modules[name]


def parse(data):
    return parse_pickle(data, "body.pkl", "refuse")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_selections_are_evaluated(chumpy, protocol):
    base = np.arange(24.0).reshape(2, 3, 4)
    indices = np.arange(24).reshape(2, 3, 4)[:, :, :2].ravel()
    leaf = chumpy.Ch(x=base, _dirty_vars={"x"}, _itr=None)
    pick = chumpy.Select(a=leaf, idxs=indices, preferred_shape=(2, 3, 2))
    value = {"leaf": leaf, "pick": pick, "flat": chumpy.Select(a=leaf, idxs=indices),
             "reshaped": chumpy.Reshape(a=leaf, newshape=(6, 4))}  # fmt: skip
    back = parse(dump_chumpy(chumpy, value, protocol))
    assert all(isinstance(item, Chumpy) for item in back.values())
    np.testing.assert_array_equal(back["leaf"].toarray(), base)
    np.testing.assert_array_equal(back["pick"].toarray(), base[:, :, :2])
    np.testing.assert_array_equal(back["flat"].toarray(), base[:, :, :2].ravel())
    np.testing.assert_array_equal(back["reshaped"].toarray(), base.reshape(6, 4))


def test_other_expressions_hurt_only_when_their_value_is_needed(chumpy):
    unknown = chumpy.MatVecMult(mtx=np.eye(2), vec=np.ones(2))
    back = parse(dump_chumpy(chumpy, {"J": unknown, "x": 1}, 2))
    assert back["x"] == 1
    with pytest.raises(ValueError, match="chumpy.ch.MatVecMult"):
        back["J"].toarray()


def test_broken_expressions_are_named(chumpy):
    outside = chumpy.Select(a=chumpy.Ch(x=np.zeros(2)), idxs=np.array([9]))
    for value in (outside, chumpy.Select(idxs=np.array([0])), chumpy.Ch(x="text")):
        back = parse(dump_chumpy(chumpy, value, 2))
        with pytest.raises(ValueError, match="chumpy"):
            back.toarray()


def test_expression_that_contains_itself_ends(chumpy):
    loop = chumpy.Select(idxs=np.array([0]))
    loop.a = loop
    back = parse(dump_chumpy(chumpy, loop, 2))
    with pytest.raises(ValueError, match="too deeply"):
        back.toarray()
