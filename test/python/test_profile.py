"""Profiles: figures, layers, trace, notebook and command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tpuc import _core
from tpuc.cli import tpu_profile
from tpuc.cli.front import main as tpuc_main
from tpuc.errors import UserError
from tpuc.profile import JSON_KEYS, Profile, profile_bmodel
from tpuc.profile.companion import read_companion
from tpuc.profile.join import join_names
from tpuc.profile.summary import print_summary
from tpuc.profile.trace import trace_json

# Loads 64 rows of 64 floats, and adds the tensor to itself.
TWO_COMMANDS = """
module {
  func.func @net() attributes {
      bm1684x.activation_address = 4294971392 : i64,
      bm1684x.activation_bytes = 65536 : i64,
      bm1684x.coefficient_address = 4294967296 : i64,
      bm1684x.coefficient_ranges = [{name = "w", offset = 0 : i64, size = 4 : i64}],
      bm1684x.coefficients = dense<[1, 2, 3, 4]> : tensor<4xi8>,
      bm1684x.inputs = [{address = 4294971392 : i64, name = "in", type = tensor<64x64xf32>}],
      bm1684x.outputs = [{address = 4294987776 : i64, name = "out", type = tensor<64x64xf32>}]} {
    %0 = bm1684x.dma.tensor tensor {cmd_id_en = 1, stride_enable = 1, src_data_format = 2,
        src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 64,
        src_nstride = 4096, src_cstride = 64, src_hstride = 64, src_wstride = 1,
        dst_nsize = 1, dst_csize = 64, dst_hsize = 1, dst_wsize = 64,
        dst_nstride = 64, dst_cstride = 64, dst_hstride = 64, dst_wstride = 1,
        src_start_addr_h8 = 1, src_start_addr_l32 = 4096, dst_start_addr_l32 = 134217728,
        localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
        loc("load_in"("tpu.load"))
    %1 = bm1684x.ar add {cmd_id_en = 1, tsk_opd_num = 2, tsk_lane_num = 18446744073709551615,
        res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1,
        res0_w = 64, opd0_n = 1, opd0_c = 64, opd0_h = 1, opd0_w = 64, opd1_n = 1, opd1_c = 64,
        opd1_h = 1, opd1_w = 64, res0_addr = 32768} wait(%0) loc("sum"("tpu.binary"))
    return
  }
}
"""


@pytest.fixture
def bmodel(tmp_path):
    """The path of a .bmodel of two commands."""
    source = tmp_path / "two.mlir"
    source.write_text(TWO_COMMANDS)
    path = tmp_path / "two.bmodel"
    _core.compile(_core.Module.read(str(source)), "F32").save(str(path))
    return path


@pytest.fixture
def profile(bmodel):
    return profile_bmodel(bmodel)


def test_totals_are_those_of_both_commands(profile):
    load, add = profile.commands.cycles[1], profile.commands.cycles[0]
    assert (profile.tiu_commands, profile.gdma_commands) == (1, 1)
    assert add == 4  # 64 floats are four lines of 64 bytes
    assert profile.cycles == load + add
    assert profile.ms == profile.cycles / 1e6
    assert profile.tiu_busy == add / profile.cycles
    assert profile.gdma_busy == load / profile.cycles
    assert profile.ddr_read_bytes == 64 * 64 * 4
    assert profile.ddr_write_bytes == 0
    assert profile.roofline_ms == (4 + 2 * 64 * 64 * 4) / 64 / 1e6


def test_commands_know_what_they_wait_for(profile):
    commands = profile.commands
    np.testing.assert_array_equal(commands.dependency, [1, -1])
    np.testing.assert_array_equal(commands.critical, [1, 1])
    assert commands.start[0] == commands.end[1]
    np.testing.assert_array_equal(commands.waits(), [commands.cycles[1], 0])


def test_layers_are_the_operations_of_the_side_table(profile):
    assert [(x.name, x.kind, x.bound) for x in profile.layers] == [
        ("load_in", "tpu.load", "GDMA"),
        ("sum", "tpu.binary", "TIU"),
    ]
    assert sum(x.critical_cycles for x in profile.layers) == profile.cycles


def test_traffic_is_told_by_cause(profile):
    assert profile.traffic() == {"inputs": (64 * 64 * 4, 0)}


def test_local_memory_holds_a_value_until_its_last_reader(profile):
    held = profile.residencies()
    np.testing.assert_array_equal(held["begin"], [0, 512])
    np.testing.assert_array_equal(held["end"], [4, 516])
    np.testing.assert_array_equal(held["command"], [1, 0])
    np.testing.assert_array_equal(held["last_cycle"], [profile.cycles - 1] * 2)


def test_texts_name_function_and_fields(profile):
    texts = profile.texts()
    assert texts[0].startswith("ar.add id=1 dep=1 ")
    assert "src_csize=64" in texts[1]


def test_path_bytes_and_parameters(bmodel, profile):
    assert profile_bmodel(bmodel.read_bytes()) == profile
    silicon = profile_bmodel(bmodel, "silicon")
    assert silicon.parameters == "silicon"
    assert silicon.cycles > profile.cycles


def test_wrong_arguments_are_user_errors(bmodel, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        profile_bmodel(tmp_path / "none.bmodel")
    with pytest.raises(UserError, match="choose vendor or silicon"):
        profile_bmodel(bmodel, "gold")
    with pytest.raises(UserError):
        profile_bmodel(b"no model")


def test_trace_has_commands_waits_flows_and_counters(profile):
    events = json.loads(trace_json(profile))["traceEvents"]
    phases = [event["ph"] for event in events]
    # Two commands, their operations, and the wait of the TIU.
    assert phases.count("X") == 5
    assert phases.count("s") == phases.count("f") == 1
    tracks = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert tracks == {"TIU", "GDMA", "TIU waits", "GDMA waits", "layers",
                      "layers that only move data"}  # fmt: skip
    layers = {e["tid"]: e["name"] for e in events if e["ph"] == "X" and e["tid"] in (5, 6)}
    assert layers == {5: "sum", 6: "load_in"}
    counters = {event["name"] for event in events if event["ph"] == "C"}
    assert counters == {"local memory in use (KiB a lane)", "DDR bandwidth (GB/s)"}
    assert all(event.get("dur", 0) >= 0 for event in events)
    assert max(e["ts"] + e.get("dur", 0) for e in events if "ts" in e) == profile.cycles / 1000


def test_notebook_view_is_a_table_and_a_timeline(profile):
    text = profile._repr_html_()
    assert "<table>" in text
    assert text.count("<rect") >= 2


def test_profile_without_layers_is_grouped_by_function(profile):
    plain = Profile(**{**vars(profile), "names": ()})
    assert {layer.name for layer in plain.layers} == {"ar.add", "dma.tensor.tensor"}


def companion(bmodel, last_gdma=1):
    """Another compiler's list of operations beside a model."""
    tensor = [{"name": "/net/Add_output_0_Add"}]
    entries = [
        {"subnet_id": 0, "opcode": "tpu.Load", "operands": [], "results": [{"name": "load_0"}],
         "tiu_dma_id(before)": [0, 0], "tiu_dma_id(after)": [0, last_gdma]},
        {"subnet_id": 0, "opcode": "tpu.Add", "operands": [], "results": tensor,
         "tiu_dma_id(before)": [0, 1], "tiu_dma_id(after)": [1, 1]},
    ]  # fmt: skip
    bmodel.with_name(bmodel.name + ".json").write_text(json.dumps(entries))
    return read_companion(bmodel, (1, 1))


def test_a_list_beside_the_model_names_operations(bmodel):
    names, layers = companion(bmodel)
    assert names == [("load_0", "tpu.load"), ("/net/Add", "tpu.add")]
    np.testing.assert_array_equal(layers, [1, 0])


def test_loads_count_for_users_and_casts_for_makers(tmp_path):
    def entry(opcode, operands, results, before, after):
        return {
            "subnet_id": 0, "opcode": opcode,
            "operands": [{"name": name} for name in operands],
            "results": [{"name": name} for name in results],
            "tiu_dma_id(before)": before, "tiu_dma_id(after)": after,
        }  # fmt: skip

    entries = [
        entry("tpu.Load", ["w"], ["load_w"], [0, 0], [0, 1]),
        entry("tpu.MatMul", ["load_w"], ["/fc/Gemm_output_0_Gemm"], [0, 1], [1, 1]),
        entry("tpu.Cast", ["/fc/Gemm_output_0_Gemm"], ["half"], [1, 1], [2, 1]),
        entry("tpu.Store", ["half"], ["half"], [2, 1], [2, 2]),
    ]
    (tmp_path / "x.bmodel.json").write_text(json.dumps(entries))
    names, layers = read_companion(tmp_path / "x.bmodel", (2, 2))
    assert {name for name, _ in names} == {"/fc/Gemm"}
    assert [names[i][1] for i in layers] == ["tpu.matmul", "tpu.cast", "tpu.load", "tpu.store"]


@pytest.mark.parametrize("last_gdma", [0, 2])
def test_a_list_that_does_not_fit_is_not_used(bmodel, last_gdma):
    assert companion(bmodel, last_gdma) is None


def test_a_list_beside_the_model_tells_spills(bmodel):
    raw = _core.Bmodel.parse(bmodel.read_bytes())
    raw.attach_layers([("all", "tpu.all")], np.zeros(2, np.int32))
    assert Profile.from_core(raw.profile()).names == (("all", "tpu.all"),)


def test_operations_scheduled_together_are_a_group(tmp_path):
    source = tmp_path / "two.mlir"
    text = TWO_COMMANDS.replace('"tpu.load"', '"tpu.load"("group 0")')
    text = text.replace('"tpu.binary"', '"tpu.binary"("group 0")')
    text = text.replace(
        "bm1684x.activation_bytes",
        r'bm1684x.explanation = "{\22why\22: 1}", bm1684x.activation_bytes',
    )
    source.write_text(text)
    path = tmp_path / "two.bmodel"
    _core.compile(_core.Module.read(str(source)), "F32").save(str(path))
    profile = profile_bmodel(path)
    assert profile.groupings() == ("op", "group", "kind", "function")
    (group,) = profile.sums(*profile.groups("group"))
    assert (group.name, group.commands) == ("group 0", 2)
    full = json.loads(profile.to_full_json())
    assert [x["name"] for x in full["groups"]] == ["group 0"]
    assert full["explanation"] == {"why": 1}


def test_an_operation_outside_of_groups_is_one_of_its_own(profile):
    grouped = replace(profile, fused_groups=("g",), fused_group_of_layers=(0, -1))
    sums = grouped.sums(*grouped.groups("group"))
    assert [(x.name, x.commands) for x in sums] == [("g", 1), ("sum", 1)]


def test_operations_named_after_tensors_are_joined(profile, monkeypatch):
    ours = replace(profile, title="ours")
    theirs = replace(profile, names=(("in_v_Load", "tpu.load"), ("v_4_Add", "tpu.add")))
    tensors = {
        "ours": [{"name": "v_4", "group": 0, "engine": 0, "command": 1},
                 {"name": "later", "group": 1, "engine": 0, "command": 1}],
    }  # fmt: skip
    monkeypatch.setattr(Profile, "tensors", lambda self: tensors.get(self.title, []))
    first, second = join_names([ours, theirs])
    assert first.names == ours.names
    assert second.names == (("in_v_Load", "tpu.load"), ("sum", "tpu.add"))


def test_models_of_one_name_are_told_apart(profile):
    told = tpu_profile.tell_apart([profile, profile], ["a/x.bmodel", "b/x.bmodel"])
    assert [p.title for p in told] == ["a/x", "b/x"]
    told = tpu_profile.tell_apart([profile, profile], ["a/x.bmodel", "a/x.bmodel"])
    assert [p.title for p in told] == ["A: a/x", "B: a/x"]


def test_json_is_the_contract(bmodel, capsys):
    assert tpuc_main(["profile", str(bmodel), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert tuple(data) == JSON_KEYS
    assert data["cycles"] > 0
    assert data["ms"] == data["vendor_ms"] < data["silicon_ms"]
    assert tpuc_main(["profile", str(bmodel), "--json", "--parameters", "silicon"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ms"] == data["silicon_ms"]


def test_reports_are_written_only_where_asked(bmodel, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert tpuc_main(["profile", str(bmodel)]) == 0
    assert set(tmp_path.iterdir()) == before
    assert "load_in" in capsys.readouterr().out
    assert tpu_profile.main([str(bmodel), "-o", "out"]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"profile.html", "profile.json", "trace.json"}
    full = json.loads((tmp_path / "out" / "profile.json").read_text())
    assert [layer["name"] for layer in full["layers"]] == ["load_in", "sum"]


def test_brackets_in_names_are_printed(profile, capsys):
    print_summary(replace(profile, title="[a]", names=(("x[red]", "tpu.load"), ("[/]", "k"))))
    out = capsys.readouterr().out
    assert all(name in out for name in ("[a]", "x[red]", "[/]"))


def test_comparison_ranks_differences(bmodel, capsys):
    assert tpuc_main(["profile", str(bmodel), "--compare", str(bmodel)]) == 0
    out = capsys.readouterr().out
    assert "difference" in out
    assert "vendor's cycle model" in out and "with what it leaves out" in out
