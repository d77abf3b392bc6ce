from types import SimpleNamespace

import pytest

pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.distributions import answer_impossible_transitions


def asked_by(label: str) -> str:
    """The label that reaches rcl, which writes unknown ones into the log."""
    seen = []

    def change_state(request, response):
        seen.append(request.transition.label)
        return response

    service = SimpleNamespace(callback=change_state)
    answer_impossible_transitions(SimpleNamespace(_service_change_state=service))
    service.callback(SimpleNamespace(transition=SimpleNamespace(id=0, label=label)), object())
    return seen[0]


@pytest.mark.parametrize("label", ["\x1b[2J" * 1000, "fly\n[ERROR] forged", "x" * 10_000])
def test_a_transition_that_there_is_not_cannot_forge_the_log(label):
    assert asked_by(label).isprintable()
    assert len(asked_by(label)) <= 200


@pytest.mark.parametrize("label", ["", "configure", "deactivate"])
def test_a_transition_keeps_its_name(label):
    assert asked_by(label) == label
