"""The processor's name, as /proc/cpuinfo writes it, and where there is no such file or name."""

import platform

from ksiqa import processor


def test_the_name_is_the_systems_or_what_kind_it_is(tmp_path, monkeypatch):
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "CPUS", file)
    assert processor.processor() == platform.machine()
    file.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert processor.processor() == platform.machine()
    file.write_text("model\t\t: 85\nmodel name\t: Quick: 3 GHz\nmodel name\t: Other\n")
    assert processor.processor() == "Quick: 3 GHz"
