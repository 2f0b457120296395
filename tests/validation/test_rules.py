"""The files of this tree follow every rule; each rule is a test of its own."""

import pytest

from scripts.project import ROOT
from scripts.validation.rules import RULES, Check
from scripts.validation.validate import validate
from tests.refuse import refuse


@pytest.mark.rule
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Check) -> None:
    refuse(rule(ROOT))


def test_the_validation_follows_every_rule() -> None:
    assert validate() == []
    assert len(RULES) > 20
