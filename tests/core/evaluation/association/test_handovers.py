import numpy as np

from humans4d_core.evaluation.association.handovers import (
    count_ghosts,
    count_handovers,
    matched_truth,
    perfect_ids,
)

A, B, FAR = (0, 0, 10, 20), (100, 0, 10, 20), (500, 500, 10, 20)


def rows(*entries):
    """(frame, id, box) ..."""
    return np.array([(frame, name, *box) for frame, name, box in entries], float).reshape(-1, 6)


def truth(*entries):
    return np.column_stack((rows(*entries), np.ones(len(entries)), -np.ones(len(entries))))


THERE = truth(*((frame, name, box) for frame in range(1, 6) for name, box in ((1, A), (2, B))))


def handovers(table):
    return count_handovers(table, matched_truth(table, THERE))


def test_an_id_that_stays_with_its_person_is_never_handed_over():
    assert handovers(rows((1, 7, A), (2, 7, A), (5, 7, A))) == 0


def test_an_id_that_goes_to_somebody_else_is_handed_over_once():
    assert handovers(rows((1, 7, A), (2, 7, B), (3, 7, B))) == 1
    assert handovers(rows((1, 7, A), (4, 7, B), (5, 7, A))) == 2  # also after a gap


def test_a_false_box_in_between_hides_no_handover():
    assert handovers(rows((1, 7, A), (2, 7, FAR), (3, 7, B))) == 1
    assert handovers(rows((1, 7, A), (2, 7, FAR), (3, 7, A))) == 0


def test_a_new_id_for_a_known_person_is_a_switch_and_no_handover():
    assert handovers(rows((1, 7, A), (2, 8, A))) == 0


def test_where_two_people_share_a_box_the_one_before_is_kept():
    near = (1, 0, 10, 20)
    both = truth((1, 1, A), (2, 1, A), (2, 2, near))
    table = rows((1, 7, A), (2, 7, (0.8, 0, 10, 20)))
    assert matched_truth(table, both).tolist() == [1, 1]


def test_predictions_that_show_nobody_are_ghosts():
    assert count_ghosts(rows((1, 7, FAR), (2, 7, A), (9, 7, A)), THERE) == 2
    assert count_ghosts(rows(), THERE) == 0


def test_perfect_ids_are_the_true_ones_and_false_boxes_are_nobodys():
    table = perfect_ids(rows((1, 0, A), (1, 1, FAR), (2, 2, A), (2, 3, B)), THERE)
    assert table[[0, 2, 3], 1].tolist() == [1, 1, 2]
    assert table[1, 1] not in (1, 2)
