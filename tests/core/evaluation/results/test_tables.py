import numpy as np
import pandas as pd
import pytest
from made_people import made_people

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation.results.people_table import PeopleTableWriter, read_people
from humans4d_core.evaluation.results.tables import TableWriter, read_columns
from humans4d_core.types import Forecast, TrackState

COLUMNS = {"number": (np.int64, ()), "name": (str, ()), "matrix": (np.float32, (2, 3))}


def rows(start, count):
    numbers = np.arange(start, start + count)
    matrix = numbers[:, None, None] + np.arange(6).reshape(2, 3) / 10
    return {"number": numbers, "name": np.array([f"n{k}" for k in numbers]), "matrix": matrix}


def test_rows_come_back_as_they_were_and_pandas_reads_them(tmp_path):
    path = tmp_path / "table.parquet"
    with TableWriter(path, COLUMNS) as table:
        for start in range(0, 50_000, 5000):
            table.write(rows(start, 5000))
    found = read_columns(path, COLUMNS)
    np.testing.assert_array_equal(found["number"], np.arange(50_000))
    assert found["name"][-1] == "n49999"
    np.testing.assert_array_equal(found["matrix"], rows(0, 50_000)["matrix"].astype(np.float32))
    frame = pd.read_parquet(path)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["matrix"][3].tolist() == pytest.approx([3.0, 3.1, 3.2, 3.3, 3.4, 3.5])


def test_equal_rows_make_equal_files_however_they_are_handed_over(tmp_path):
    for name, step in (("a", 7), ("b", 100)):
        with TableWriter(tmp_path / name, COLUMNS) as table:
            for start in range(0, 700, step):
                table.write(rows(start, step))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_that_was_not_finished_has_no_name(tmp_path):
    with pytest.raises(KeyError), TableWriter(tmp_path / "t.parquet", COLUMNS) as table:
        table.write(rows(0, 5))
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_no_row_makes_an_empty_table(tmp_path):
    with TableWriter(tmp_path / "t.parquet", COLUMNS):
        pass
    found = read_columns(tmp_path / "t.parquet", COLUMNS)
    assert found["matrix"].shape == (0, 2, 3)


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_text("hello")
    with pytest.raises(InputFileError, match="no table"):
        read_columns(tmp_path / "x.parquet", COLUMNS)
    pd.DataFrame({"number": [1]}).to_parquet(tmp_path / "y.parquet")
    with pytest.raises(InputFileError, match="no table"):
        read_columns(tmp_path / "y.parquet", COLUMNS)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Humans4dError, match="cannot write"):
        TableWriter(tmp_path / "no" / "t.parquet", COLUMNS)


def test_people_come_back_as_they_were(tmp_path):
    people = made_people(2, [TrackState.CONFIRMED, TrackState.OCCLUDED])
    ahead = Forecast(np.ones((1, 3, 3), np.float32), np.ones((1, 3, 3, 3), np.float32))
    path = tmp_path / "tracks.parquet"
    with PeopleTableWriter(path) as table:
        table.write(1, 100, people, None)
        table.write(2, 200, people.select(slice(0, 0)), None)
        table.write(3, 300, people, ahead)
    found = read_people(path)
    assert found.frame.tolist() == [1, 1, 3, 3]
    assert found.state.tolist() == [TrackState.CONFIRMED, TrackState.OCCLUDED] * 2
    np.testing.assert_array_equal(found.pelvis_cam[:2], people.bodies.pelvis_cam)
    np.testing.assert_array_equal(found.joints_cam[2:], people.bodies.joints_cam)
    np.testing.assert_array_equal(found.position_covariance_cam[:2], people.position_covariance_cam)
    # The first person of the third image has a forecast, the others have none.
    assert np.isfinite(found.forecast_cam).all((1, 2)).tolist() == [False, False, True, False]
