"""Detections of small detectors' outputs against the same in numpy."""

import numpy as np
import onnx
import pytest
import tpuc
from checks import reference
from detectors import (
    corners,
    decode_yolov5,
    decode_yolov8,
    heads_model,
    passing_model,
    picture,
    suppress,
)
from tpuc import Postprocess, UserError
from tpuc.arrays import load_npz, save_npz
from tpuc.cli import front, model_deploy, model_runner, model_transform
from tpuc.postprocess import ANCHORS

PICTURE = (64, 96)
SIZES = [(8, 12), (4, 6), (2, 3)]
CELLS = sum(h * w for h, w in SIZES)


def expected_of(boxes, scores, options, **how):
    found = [suppress(b, s, options, **how) for b, s in zip(boxes, scores, strict=True)]
    return np.stack([rows for rows, _ in found]), np.array([count for _, count in found])


def check(actual, expected, precise=1e-4):
    rows, counts = expected
    np.testing.assert_array_equal(actual["num_detections"], counts)
    np.testing.assert_array_equal(actual["detections"][..., 5], rows[..., 5])
    np.testing.assert_allclose(actual["detections"], rows, rtol=precise, atol=precise * 10)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("agnostic", [False, True])
def test_yolov5_heads(seed, agnostic):
    options = Postprocess("yolov5", score=0.1, detections=40, candidates=200, agnostic=agnostic)
    model = heads_model(3 * 9, SIZES, PICTURE, seed=seed, batch=2)
    data = {"picture": picture(seed, 2, PICTURE)}
    heads = list(reference(model, data).values())
    actual = tpuc.compile(model, "F32", postprocess=options).run(data)
    assert [*actual] == ["detections", "num_detections"]
    assert actual["detections"].shape == (2, 40, 6)
    check(actual, expected_of(*decode_yolov5(heads, PICTURE, ANCHORS), options))


@pytest.mark.parametrize("kind", ["yolov8", "yolo11"])
@pytest.mark.parametrize("split", [None, 64])
def test_yolov8_heads(kind, split):
    options = Postprocess(kind, score=0.4, detections=30)
    model = heads_model(64 + 5, SIZES, PICTURE, split, seed=4)
    data = {"picture": picture(1, 1, PICTURE)}
    outputs = list(reference(model, data).values())
    heads = outputs
    if split:
        heads = [np.concatenate(outputs[i : i + 2], 1) for i in (0, 2, 4)]
    actual = tpuc.compile(model, "F32", postprocess=options).run(data)
    check(actual, expected_of(*decode_yolov8(heads, PICTURE), options))


def random_boxes(rng, *shape):
    centre = rng.integers(0, 60, (*shape, 2))
    return np.concatenate([centre, rng.integers(4, 30, (*shape, 2))], -1).astype(np.float32)


# How many steps scores have: few make ties.
@pytest.mark.parametrize("steps", [8, 10**6])
@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_decoded_yolov8(precision, steps):
    rng = np.random.default_rng(steps)
    boxes = random_boxes(rng, 2, CELLS)
    scores = rng.integers(0, steps, (2, CELLS, 4)).astype(np.float32) / steps
    x = np.concatenate([boxes, scores], -1).transpose(0, 2, 1)
    options = Postprocess("yolov8", iou=0.5, score=0.3, detections=25)
    model = tpuc.compile(passing_model([x.shape]), precision, postprocess=options)
    check(model.run({"x0": x}), expected_of(corners(boxes), scores, options), 1e-6)


def test_decoded_yolov5_with_fewer_candidates_than_rows():
    rng = np.random.default_rng(0)
    boxes, scores = random_boxes(rng, 1, 3 * CELLS), rng.random((1, 3 * CELLS, 3), np.float32)
    whether = rng.random((1, 3 * CELLS, 1), np.float32)
    x = np.concatenate([boxes, whether, scores], -1)
    options = Postprocess("yolov5", detections=50, candidates=30)
    actual = tpuc.compile(passing_model([x.shape]), "F32", postprocess=options).run({"x0": x})
    check(actual, expected_of(corners(boxes), scores * whether, options), 1e-6)


def test_no_detections():
    x = np.zeros((1, 9, CELLS), np.float32)
    actual = tpuc.compile(passing_model([x.shape]), "F16", postprocess="yolov8").run({"x0": x})
    assert actual["num_detections"] == [0]
    assert (actual["detections"] == [0, 0, 0, 0, 0, -1]).all()


@pytest.mark.parametrize("form", ["decoded", "centres", "corners and variances"])
def test_ssd(form):
    rng = np.random.default_rng(3)
    count = 120
    priors = random_boxes(rng, count) / np.float32(100)
    scores = rng.random((1, count, 4), np.float32)
    deltas = rng.standard_normal((1, count, 4)).astype(np.float32)
    options = Postprocess("ssd", score=0.6, detections=60, candidates=90)
    if form == "decoded":
        boxes = given = corners(random_boxes(rng, 1, count)).astype(np.float32)
        model = passing_model([boxes.shape, scores.shape])
    else:
        given, variances = deltas, np.array([0.1, 0.1, 0.2, 0.2])
        x = deltas.astype(np.float64) * variances
        places = x[..., :2] * priors[:, 2:] + priors[:, :2]
        boxes = corners(np.concatenate([places, np.exp(x[..., 2:]) * priors[:, 2:]], -1))
        constant = priors
        if form != "centres":
            rows = np.stack([corners(priors), np.tile(variances, (count, 1))])
            constant = rows.reshape(1, 2, 4 * count).astype(np.float32)
        model = passing_model([deltas.shape, scores.shape], [constant])
    actual = tpuc.compile(model, "F32", postprocess=options).run({"x0": given, "x1": scores})
    check(actual, expected_of(boxes, scores[..., 1:], options, all_classes=True, first=1))


@pytest.mark.parametrize("precision", ["F16", "BF16"])
def test_boxes_are_exact_where_the_network_is_not(precision):
    """Coordinates beyond 1024 and scores, as the network gives them."""
    rng = np.random.default_rng(5)
    boxes = random_boxes(rng, 1, CELLS) + np.float32([1100.25, 1211.125, 0, 0])
    x = np.concatenate([boxes, rng.random((1, CELLS, 3), np.float32)], -1).transpose(0, 2, 1)
    options = Postprocess("yolov8", detections=20)
    actual = tpuc.compile(passing_model([x.shape]), precision, postprocess=options).run({"x0": x})
    check(actual, expected_of(corners(boxes), x[:, 4:].transpose(0, 2, 1), options), 1e-6)


def test_int8_heads():
    """Of a quantised network, detections are those of its own heads, which are F16 numbers."""
    model = heads_model(64 + 3, SIZES, PICTURE, seed=2)
    data = {"picture": picture(1, 1, PICTURE)}
    table = tpuc.calibrate(model, [data])
    plain = tpuc.compile(model, "INT8", calibration_table=table)
    heads = [*plain.real_results(plain.run(data)).values()]
    options = Postprocess("yolov8", score=0.4, detections=30)
    found = tpuc.compile(model, "INT8", calibration_table=table, postprocess=options)
    check(found.run(data), expected_of(*decode_yolov8(heads, PICTURE), options), 5e-3)


REFUSED = {
    "one of yolov5 for yolov8": ("yolov8", [(1, 4, 252)], r"expected one \[batch, 4 \+ classes"),
    "one of yolov8 for yolov5": ("yolov5", [(1, 84, 5)], r"expected one \[batch, boxes, 5 \+"),
    "a classifier": ("yolov8", [(1, 1000)], r"the outputs are 'y0' \[1, 1000\], expected"),
    "no scores": ("ssd", [(1, 90, 4)], r"expected boxes \[batch, boxes, 4\] and scores"),
    "another number of boxes": ("ssd", [(1, 90, 4), (1, 80, 3)], "expected boxes"),
    "a head of another kind": ("yolov5", [(1, 20, 8, 8)], "expected one"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_outputs_that_do_not_fit(name):
    kind, shapes, text = REFUSED[name]
    with pytest.raises(UserError, match=text):
        tpuc.compile(passing_model(shapes), "F32", postprocess=kind)


def test_a_number_of_boxes_that_no_picture_has():
    model = heads_model(64 + 3, SIZES, PICTURE)
    flat = onnx.helper.make_node("Reshape", ["head0_0", "shape"], ["flat"])
    model.graph.node.append(flat)
    model.graph.initializer.append(
        onnx.numpy_helper.from_array(np.array([1, 67, -1], np.int64), "shape")
    )
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("flat", 1, [1, 67, 96]))
    with pytest.raises(UserError, match=r"'flat' \[1, 67, 96\], expected one"):
        tpuc.compile(model, "F32", postprocess="yolov8")


WRONG = {
    "kind": (dict(kind="yolov9000"), "--add_postprocess 'yolov9000' is not known"),
    "score": (dict(kind="yolov8", score=2.0), "--postprocess_score 2 is not within 0 and 1"),
    "rows": (dict(kind="yolov8", detections=0), "--postprocess_detections 0 is not at least 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(name):
    values, text = WRONG[name]
    with pytest.raises(UserError, match=text):
        Postprocess(**values)


def test_commands(tmp_path, capsys):
    """Both ways from the file to detections, and what they refuse."""
    onnx.save(heads_model(64 + 3, SIZES, PICTURE, seed=4), tmp_path / "net.onnx")
    data = {"picture": picture(1, 1, PICTURE)}
    save_npz(tmp_path / "in.npz", data)
    path = lambda name: str(tmp_path / name)  # noqa: E731
    flags = ["--add_postprocess", "yolo11", "--postprocess_score", "0.45",
             "--postprocess_detections", "11"]  # fmt: skip
    assert (
        front.main(
            ["compile", path("net.onnx"), "--quantize", "F32", *flags, "-o", path("a.bmodel")]
        )
        == 0
    )
    assert model_transform.main([
        "--model_def", path("net.onnx"), "--mlir", path("net.mlir"), *flags,
        "--test_input", path("in.npz"), "--test_result", path("top.npz"),
    ]) == 0  # fmt: skip
    assert model_deploy.main([
        "--mlir", path("net.mlir"), "--quantize", "F32", "--chip", "bm1684x",
        "--model", path("b.bmodel"), "--test_input", path("in.npz"),
        "--test_reference", path("top.npz"),
    ]) == 0  # fmt: skip
    assert (tmp_path / "a.bmodel").read_bytes() == (tmp_path / "b.bmodel").read_bytes()
    for name in ("a.bmodel", "net.mlir"):
        assert (
            model_runner.main(
                ["--model", path(name), "--input", path("in.npz"), "--output", path("out.npz")]
            )
            == 0
        )
        assert load_npz(path("out.npz"))["detections"].shape == (1, 11, 6)
    capsys.readouterr()
    assert (
        front.main(
            ["compile", path("net.onnx"), "--postprocess_iou", "0.5", "-o", path("c.bmodel")]
        )
        == 1
    )
    assert "error: --postprocess_iou needs --add_postprocess" in capsys.readouterr().err
    assert front.main(["compile", path("net.mlir"), *flags, "-o", path("c.bmodel")]) == 1
    assert "error: --add_postprocess is for ONNX models" in capsys.readouterr().err
    assert not (tmp_path / "c.bmodel").exists()
