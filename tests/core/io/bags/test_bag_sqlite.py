"""sqlite3 bags that are damaged or made to harm, and what SQLite leaves beside them."""

import os
import struct
import subprocess
import sys

import pytest
from bag_files import change_database, count_images

from humans4d_core.errors import InputFileError

#: Adds images and dies before they leave the write-ahead log.
WRITER = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA wal_autocheckpoint=0")
for i in range(int(sys.argv[2])):
    database.execute(
        "INSERT INTO messages(topic_id, timestamp, data) SELECT topic_id, ?, data "
        "FROM messages WHERE id = 2",
        ((10 + i) * 10**9,),
    )
os._exit(0)
"""


def leave_log(path, count):
    # Not a fork: threads of networks that this process has run would hold their locks in it.
    command = [sys.executable, "-c", WRITER, path / "bag.db3", str(count)]
    subprocess.run(command, check=True, timeout=60)


def test_images_in_a_write_ahead_log_are_read_and_the_bag_stays_as_it_was(make_bag):
    path = make_bag()
    leave_log(path, 20)
    before = {file.name: file.stat().st_size for file in path.iterdir()}
    assert before["bag.db3-wal"]
    assert count_images(path)[0] == 25
    assert {file.name: file.stat().st_size for file in path.iterdir()} == before


def test_a_log_that_cannot_be_read_is_said(make_bag):
    path = make_bag()
    leave_log(path, 3)
    (path / "bag.db3-shm").unlink()
    (path / "bag.db3-shm").mkdir()
    with pytest.raises(InputFileError, match="bag.db3-shm is a folder"):
        count_images(path)


def test_a_journal_that_was_left_is_told(make_bag):
    path = make_bag()
    (path / "bag.db3-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(600))
    count, _, notes = count_images(path)
    assert count == 5 and "bag.db3-journal is left" in notes[0]


def test_a_fifo_beside_the_database_blocks_nobody(make_bag):
    path = make_bag()
    os.mkfifo(path / "bag.db3-wal")
    with pytest.raises(InputFileError, match="bag.db3-wal is a FIFO"):
        count_images(path)


ENDLESS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (("ALTER TABLE messages RENAME TO m", f"CREATE VIEW messages AS {ENDLESS} n AS id, 1 AS "
          "topic_id, n AS timestamp, x'00' AS data FROM r"), "no plain table of messages"),
        (("ALTER TABLE topics RENAME TO t", f"CREATE VIEW topics AS {ENDLESS} n AS id FROM r"),
         "no plain table of topics"),
        (("CREATE TABLE t AS SELECT * FROM topics", "DROP TABLE topics",
          "ALTER TABLE t RENAME TO topics", "UPDATE topics SET name = x'ff'"), "no text for"),
        (("UPDATE topics SET type = x'00ff'",), "no text for a name or type"),
        (("UPDATE messages SET timestamp = 'x'",), "message 1 has no time or no bytes"),
        (("UPDATE messages SET data = 'text'",), "message 1 has no time or no bytes"),
        (("DROP TABLE messages",), "no plain table of messages"),
        (("UPDATE topics SET serialization_format = 'json'",), "only cdr can be read"),
    ],
)  # fmt: skip
def test_a_database_that_is_no_recording_is_refused(make_bag, statements, reason):
    path = make_bag()
    change_database(path, *statements)
    with pytest.raises(InputFileError, match=reason):
        count_images(path)


def test_an_endless_view_beside_the_tables_is_never_read(make_bag):
    path = make_bag()
    change_database(path, "ALTER TABLE schema RENAME TO s",
           f"CREATE VIEW schema AS {ENDLESS} n AS schema_version FROM r WHERE n < 0")  # fmt: skip
    assert count_images(path)[0] == 5


def test_pages_that_point_to_each_other_hold_no_endless_rows(make_bag):
    """A b-tree whose inner page names one child again and again."""
    path = make_bag(count=600)
    file = path / "bag.db3"
    data = bytearray(file.read_bytes())
    size = struct.unpack_from(">H", data, 16)[0]
    pages = [p for p in range(size, len(data), size) if data[p] == 5]  # inner pages of tables
    assert pages
    for page in pages:
        cells = struct.unpack_from(">H", data, page + 3)[0]
        for cell in range(cells):
            at = page + struct.unpack_from(">H", data, page + 12 + 2 * cell)[0]
            data[at : at + 4] = struct.pack(">I", page // size + 1)  # the page itself
        data[page + 8 : page + 12] = struct.pack(">I", page // size + 1)
    file.write_bytes(data)
    with pytest.raises(InputFileError, match="damaged|more work"):
        count_images(path)
