"""What 16 bits do not hold: norms, sums, phases, small and large constants. Element by element."""

import networks as nets
import norm_forms
import numpy as np
import onnxruntime
import pytest
import tpuc
from onnx import parser

# Half the distance of neighbouring numbers, relative.
UNIT = {"F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8}
SHAPES = [(7, 33), (4, 96), (1, 1000), (2, 8, 256), (3, 5, 40), (2, 3, 5, 24), (1, 2, 3, 4, 16)]


def onnx_model(text, opset=17):
    return parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]>\n{text}')


def expected_of(model, feeds):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, feeds)[0].astype(np.float64)


def run(model, feeds, precision):
    (result,) = tpuc.compile(model, quantize=precision).run(feeds).values()
    return result.astype(np.float64)


def as_half(x):
    return np.asarray(x, np.float16).astype(np.float32)


@pytest.mark.parametrize("precision", ["F16", "BF16", "F32"])
@pytest.mark.parametrize("seed", range(24))
def test_norms_in_all_spellings(seed, precision):
    rng = np.random.default_rng(seed)
    x = norm_forms.rows(rng, SHAPES[seed % len(SHAPES)])
    model, choices, (scale, bias) = norm_forms.norm(rng, x)
    expected, shift = norm_forms.reference(x, choices, scale, bias)
    given = run(model, {"x": x}, precision)
    # Of x, its mean and the steps of the result.
    bound = UNIT[precision] * (4 + 6 * np.abs(expected) + 2 * shift)
    assert np.all(np.abs(given - expected) <= bound), choices


NORM_OPS = {
    "layer": ("LayerNormalization", 17, {"axis": -1, "epsilon": 1e-12}, (3, 8, 256)),
    "rms": ("SimplifiedLayerNormalization", 17, {"axis": -1, "epsilon": 1e-6}, (3, 8, 256)),
    "lp": ("LpNormalization", 17, {"axis": -1, "p": 2}, (3, 8, 256)),
    "instance": ("InstanceNormalization", 17, {"epsilon": 1e-5}, (2, 4, 16, 16)),
    "instance_long": ("InstanceNormalization", 17, {"epsilon": 1e-5}, (1, 4, 96, 80)),
    "group": ("GroupNormalization", 21, {"epsilon": 1e-6, "num_groups": 2}, (2, 8, 8, 8)),
    "group_long": ("GroupNormalization", 21, {"epsilon": 1e-6, "num_groups": 2}, (1, 6, 64, 64)),
    "layer_long": ("LayerNormalization", 17, {"axis": -1, "epsilon": 1e-5}, (3, 20000)),
}


def norm_op(name):
    op, opset, attributes, shape = NORM_OPS[name]
    size = shape[-1] if op in ("LayerNormalization", "SimplifiedLayerNormalization") else shape[1]
    weights = {} if op == "LpNormalization" else {"s": np.ones(size, np.float32)}
    if op in ("InstanceNormalization", "GroupNormalization"):
        weights["b"] = np.zeros(size, np.float32)
    return nets.one_node(op, ("x", *weights), shape, weights, opset, **attributes), shape


@pytest.mark.parametrize("value", [0.0, 1e-5, 1500, 2500, 30000, 65504, -65504])
@pytest.mark.parametrize("name", NORM_OPS)
def test_norms_of_rows_with_one_large_element(name, value):
    """Every row, or plane, is zero but for that element (0 and 1e-5: alone) and small noise."""
    model, shape = norm_op(name)
    x = np.zeros(shape) if value < 1 and value >= 0 else np.random.default_rng(1).normal(size=shape)
    x[..., 7] = value
    x = as_half(x)
    expected = expected_of(model, {"x": x})
    given = run(model, {"x": x}, "F16")
    assert np.all(np.abs(given - expected) <= UNIT["F16"] * (2 + 4 * np.abs(expected)))


SUMS = {
    "mean of squares": "a = Mul(x, x) y = ReduceMean<axes=[3]>(a)",
    "sum of squares": "a = Mul(x, x) s = ReduceSum(a, last) y = Mul(s, small)",
    "power": "a = Pow(x, two) y = ReduceMean<axes=[-1, 2]>(a)",
    "sum_square": "y = ReduceSumSquare<axes=[-1], keepdims=0>(x)",
    "l2": "y = ReduceL2<axes=[-1]>(x)",
    "product": "n = Sub(two, x) a = Mul(n, x) y = ReduceSum<keepdims=0>(a, last)",
    "variance": """m = ReduceMean<axes=[3]>(x) d = Sub(x, m) q = Mul(d, d)
                   y = ReduceMean<axes=[3]>(q)""",
    "cube": "q = Mul(x, x) c = Mul(q, x) a = Abs(c) y = ReduceMean<axes=[3]>(a)",
    "root of squares": "n = Sub(two, x) q = Mul(n, n) a = Mul(x, x) b = Add(a, q) y = Sqrt(b)",
    "pool of squares": "a = Mul(x, x) y = GlobalAveragePool(a)",
    "local response": "y = LRN<size=3, alpha=1.0, beta=0.5>(x)",
    "logarithm of sum": "a = Mul(x, small) e = Exp(a) s = ReduceSum(e, last) y = Log(s)",
    "bands": "a = Mul(x, x) b = MatMul(a, bank) c = Clip(b, least) y = Log(c)",
}


@pytest.mark.parametrize("precision", ["F16", "BF16"])
@pytest.mark.parametrize("name", SUMS)
def test_sums_stay_in_range(name, precision):
    bank = ", ".join(["0.01", "0.02", "0.0", "0.03"] * 48)
    model = onnx_model(
        f"""net (float[1,4,8,64] x) => (float[] y)
            <float small = {{0.001953125}}, float two = {{2.0}}, float least = {{1e-10}},
             int64[1] last = {{-1}}, float[64,3] bank = {{{bank}}}> {{{SUMS[name]}}}"""
    )
    x = as_half(np.random.default_rng(2).standard_normal((1, 4, 8, 64)) * 3000)
    expected = expected_of(model, {"x": x})
    given = run(model, {"x": x}, precision)
    assert np.all(np.abs(given - expected) <= 8 * UNIT[precision] * np.abs(expected).max())


ZEROS = {
    "clip": "n = ReduceL2<axes=[-1]>(x) m = Clip(n, e) y = Div(x, m)",
    "max": "n = ReduceL2<axes=[-1]>(x) m = Max(n, e) y = Div(x, m)",
    "add": "n = ReduceL2<axes=[-1]>(x) m = Add(n, e) y = Div(x, m)",
    "abs": "a = Abs(x) n = ReduceSum<keepdims=1>(a, last) m = Add(n, e) y = Div(x, m)",
    "reciprocal": """a = Abs(x) n = ReduceMax<axes=[-1]>(a) m = Add(n, e) r = Reciprocal(m)
                     y = Mul(x, r)""",
    "root": "a = Mul(x, x) n = ReduceMean<axes=[-1]>(a) m = Add(n, e) r = Sqrt(m) y = Div(x, r)",
    "elementwise": "a = Abs(x) m = Add(a, e) y = Div(x, m)",
    "logarithm": "a = Abs(x) m = Add(a, e) y = Log(m)",
    "clipped logarithm": "a = Abs(x) m = Clip(a, e) y = Log(m)",
    "power": "a = Abs(x) m = Add(a, e) y = Pow(m, half)",
    "where": "c = Equal(x, zero) m = Where(c, e, x) y = Div(x, m)",
    "equal": "a = Abs(x) c = Less(a, e) y = Cast<to=1>(c)",
}


@pytest.mark.parametrize("precision", ["F16", "BF16", "F32"])
@pytest.mark.parametrize("epsilon", [1e-5, 1e-8, 1e-12])
@pytest.mark.parametrize("name", ZEROS)
def test_small_constants_stay(name, epsilon, precision):
    model = onnx_model(
        f"""net (float[3,4,8] x) => (float[3,4,8] y)
            <float e = {{{epsilon}}}, float half = {{0.5}}, float zero = {{0.0}},
             int64[1] last = {{-1}}>
            {{{ZEROS[name]}}}"""
    )
    x = np.random.default_rng(3).standard_normal((3, 4, 8))
    x[:, 1] = 0
    x[:, 2, ::2] = 0
    x = as_half(x)
    expected = expected_of(model, {"x": x})
    given = run(model, {"x": x}, precision)
    assert np.all(np.abs(given - expected) <= 6 * UNIT[precision] * (0.1 + np.abs(expected)))


CONSTANTS = """<int64[1] one = {1}, int32[1] step = {7}, float[1] steps = {3.0},
    float[1] two = {2.0}, float rate = {16000.0}, float turn = {6.2831855}, bool[1] yes = {1},
    float[1] some = {2049.0},
    float[1,4,1] column = {1.0, 0.31, 0.1, 0.031}, float[4] row = {1.0, 0.31, 0.1, 0.031},
    float[3,2] three = {1.0, 0.5, 0.25, 0.7, 0.01, 0.02}>"""
PHASES = {
    "rope": (
        "int64[1,16]",
        """u = Unsqueeze(p, one) f = Cast<to=1>(u) a = MatMul(column, f)
           t = Transpose<perm=[0,2,1]>(a) c = Concat<axis=-1>(t, t) s = Cos(c) y = Mul(s, two)""",
    ),
    "product": ("int64[16]", "f = Cast<to=1>(p) u = Unsqueeze(f, one) a = Mul(u, row) y = Sin(a)"),
    "float positions": ("float[1,16,1]", "a = Mul(p, row) b = Add(a, two) y = Sin(b)"),
    "shifted": ("int32[16,1]", "q = Add(p, step) f = Cast<to=1>(q) a = Div(f, steps) y = Cos(a)"),
    "running sum": (
        "float[1,16,1]",
        "r = Div(p, rate) s = CumSum(r, one) t = Mul(s, turn) y = Sin(t)",
    ),
    "powers": (
        "float[16,1]",
        "l = Log(row) n = Neg(l) e = Exp(n) d = Div(p, e) a = Where(yes, d, p) y = Cos(a)",
    ),
    "coordinates": ("float[1,16,3]", "a = MatMul(p, three) y = Sin(a)"),
    "rounded": ("float[1,16,1]", "a = Mul(p, row) i = Cast<to=7>(a) y = Cast<to=1>(i)"),
    "compared": ("int64[16]", "f = Cast<to=1>(p) b = Equal(f, some) y = Cast<to=1>(b)"),
    "identifiers": ("int32[16]", "q = Add(p, step) f = Cast<to=1>(q) y = Mul(f, two)"),
}


def positions(port, first):
    """16 of them, counted from `first`, along the one axis of that size."""
    name, sizes = port.rstrip("]").split("[")
    shape = tuple(int(size) for size in sizes.split(","))
    dtype = {"float": np.float32, "int32": np.int32, "int64": np.int64}[name]
    line = [16 if size == 16 else 1 for size in shape]
    values = np.arange(first, first + 16).reshape(line)
    return np.ascontiguousarray(np.broadcast_to(values, shape).astype(dtype))


@pytest.mark.parametrize("precision", ["F16", "BF16"])
@pytest.mark.parametrize("first", [0, 2040, 70000])
@pytest.mark.parametrize("name", PHASES)
def test_phases_keep_their_bits(name, first, precision):
    port, nodes = PHASES[name]
    model = onnx_model(f"net ({port} p) => (float[] y) {CONSTANTS} {{{nodes}}}")
    feeds = {"p": positions(port, first)}
    expected = expected_of(model, feeds)
    given = run(model, feeds, precision)
    # The result may be rounded to 16 bits; phases are rounded to f32.
    phase = 4 * UNIT["F32"] * (first + 16)
    bound = 2 * UNIT[precision] * np.abs(expected) + phase * (name not in ("rounded", "compared"))
    if name in ("rounded", "identifiers"):
        bound = 2 * UNIT["F32"] * np.abs(expected)
    assert np.all(np.abs(given - expected) <= bound + 1e-5)


def test_phases_of_an_int8_network():
    """The embedding of a time step, before layers that compute in INT8."""
    rng = np.random.default_rng(5)
    weights = {
        "f": np.exp(-np.log(10000) * np.arange(32) / 32).astype(np.float32),
        "w": (rng.standard_normal((64, 64)) / 8).astype(np.float32),
    }
    nodes = [
        ("Cast", ["t"], "tf", {"to": 1}),
        ("Mul", ["tf", "f"], "a", {}),
        ("Sin", ["a"], "s", {}),
        ("Cos", ["a"], "c", {}),
        ("Concat", ["s", "c"], "e", {"axis": -1}),
        ("MatMul", ["e", "w"], "y", {}),
    ]
    made = [nets.helper.make_node(op, i, [o], o, **kw) for op, i, o, kw in nodes]
    model = nets.network(made, {}, {"y": None, "e": None}, weights, opset=17)
    model.graph.input.append(
        nets.helper.make_tensor_value_info("t", nets.TensorProto.INT64, (1, 1))
    )
    feeds = [{"t": np.array([[t]], np.int64)} for t in (981, 1, 500, 3000)]
    table = tpuc.calibrate(model, feeds, method="max")
    compiled = tpuc.compile(model, quantize="INT8", calibration_table=table)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for feed in feeds:
        y, embedding = session.run(["y", "e"], feed)
        given = compiled.real_results(compiled.run(feed))
        assert np.abs(given["e"] - embedding).max() <= 1.5 / 127
        assert np.abs(given["y"] - y).max() <= 0.02 * np.abs(y).max()


MASKS = {
    "added": "i = Sub(unit, m) a = Mul(i, least) s = Add(x, a) y = Softmax<axis=-1>(s)",
    "twice": """i = Sub(unit, m) a = Mul(i, least) b = Add(a, causal) s = Add(x, b)
                y = Softmax<axis=-1>(s)""",
    "constant": "s = Add(x, causal) y = Softmax<axis=-1>(s)",
    "chosen": "b = Cast<to=9>(m) s = Where(b, x, least) y = Softmax<axis=-1>(s)",
    "chosen constant": "s = Where(lower, x, least) y = Softmax<axis=-1>(s)",
    "limited": "i = Sub(unit, m) a = Mul(i, least) s = Add(x, a) t = Max(s, least) y = Softmax(t)",
}


@pytest.mark.parametrize("precision", ["F16", "BF16"])
@pytest.mark.parametrize("least", [-10000.0, -1e9, -3.4028235e38])
@pytest.mark.parametrize("name", MASKS)
def test_masks_hide_and_nothing_else(name, least, precision):
    """A row that is masked entirely is uniform."""
    size = 8
    causal = ", ".join(
        str(0.0 if column <= row else least) for row in range(size) for column in range(size)
    )
    lower = ", ".join(str(int(column <= row)) for row in range(size) for column in range(size))
    model = onnx_model(
        f"""net (float[1,3,8,8] x, float[1,1,1,8] m) => (float[] y)
            <float unit = {{1.0}}, float least = {{{least}}}, float[8,8] causal = {{{causal}}},
             bool[8,8] lower = {{{lower}}}> {{{MASKS[name]}}}"""
    )
    x = as_half(np.random.default_rng(6).standard_normal((1, 3, 8, 8)))
    for mask in ([1, 1, 1, 1, 0, 0, 0, 0], [1] * 8, [0] * 8):
        if name == "twice" and (sum(mask) == 0 or mask[0] == 0):
            continue
        feeds = {"x": x, "m": np.array(mask, np.float32).reshape(1, 1, 1, 8)}
        if sum(mask) == 0 and least == -10000.0:
            continue
        expected = expected_of(model, feeds)
        given = run(model, feeds, precision)
        assert np.all(np.abs(given - expected) <= 4 * UNIT[precision])


ROW_OPERATORS = {
    "layer norm": "y = LayerNormalization<axis=-1, epsilon=1e-5>(x, one)",
    "largest": "y = ReduceMax<axes=[1]>(x)",
    "least": "y = ReduceMin<axes=[1]>(x)",
    "mean": "y = ReduceMean<axes=[1]>(x)",
}


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("rows, columns", [(197, 144), (65, 97), (7, 33), (70, 257)])
@pytest.mark.parametrize("name", ROW_OPERATORS)
def test_special_numbers_stay_in_their_rows(name, rows, columns, precision):
    ones = ", ".join(["1.0"] * columns)
    model = onnx_model(
        f"""net (float[{rows},{columns}] x) => (float[] y)
            <float[{columns}] one = {{{ones}}}> {{{ROW_OPERATORS[name]}}}"""
    )
    x = as_half(np.random.default_rng(9).standard_normal((rows, columns)))
    x[0, 0], x[1, -1], x[5, columns // 2] = np.inf, -np.inf, np.nan
    x[2], x[3], x[4] = 0.0, -7.0, -np.inf
    expected, given = expected_of(model, {"x": x}), run(model, {"x": x}, precision)
    finite = np.isfinite(expected)
    assert np.array_equal(np.isnan(given), np.isnan(expected))
    assert np.array_equal(
        given[~finite & ~np.isnan(expected)], expected[~finite & ~np.isnan(expected)]
    )
    allowed = 8 * UNIT[precision] * max(1.0, np.abs(expected[finite]).max())
    assert np.all(np.abs(given[finite] - expected[finite]) <= allowed)
