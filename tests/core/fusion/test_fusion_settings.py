"""The settings that the documentation tells are those that there are."""

import re
from dataclasses import fields

from places import ROOT

from humans4d_core.config import FusionConfig


def test_each_setting_is_documented_with_its_default():
    text = (ROOT / "docs/cameras.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.M))
    for item in fields(FusionConfig):
        assert float(told[item.name]) == item.default, item.name
