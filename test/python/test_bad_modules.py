"""Stage files that others may hand in: read in a child process, and only what tpuc writes."""

import pytest
import tpuc
from bad_input import check_refused, deploy, make_module, table
from tpuc import UserError
from tpuc.compiler import read_module

CASES, case = table()


def refuses(name, text, *words):
    """Registers a text that model_deploy refuses."""

    @case(name, *words)
    def _(folder):
        path = folder / "net.mlir"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return deploy(folder, path)


def main(body, inputs="%x: tensor<4xf32>", results="tensor<4xf32>", more=""):
    """A module of one function."""
    arrow = f" -> {results}" if results else ""
    return f"module {{ {more} func.func @main({inputs}){arrow} {{ {body} }} }}"


RETURN = "return %x : tensor<4xf32>"


def unary(type_, op="top.unary relu"):
    return main(f"%0 = {op} %x : {type_} return %0 : {type_}", f"%x: {type_}", type_)


# Types that the compiler never writes.
for type_ in (
    "tensor<?xf32>",
    "tensor<*xf32>",
    "vector<4xf32>",
    "memref<4xf32>",
    "f32",
    "index",
    "tuple<f32>",
    "tensor<4xindex>",
    "tensor<4xcomplex<f32>>",
    "tensor<4xi3>",
    "tensor<4xi65536>",
    "tensor<4xvector<4xf32>>",
    "tensor<4xf32, 5 : i32>",
    "tensor<4611686018427387904x4xf32>",
    "tensor<9223372036854775807xf32>",
    "tensor<0x9223372036854775807x9223372036854775807xf32>",
    "!func.own",
    "none",
    "(tensor<4xf32>) -> tensor<4xf32>",
    "tensor<4xtensor<4xf32>>",
    "!quant.any<i8:f32>",
):
    refuses(f"type_{type_}", unary(type_))  # fmt: skip
    refuses(f"unused_{type_}", main(RETURN, f"%x: tensor<4xf32>, %y: {type_}"))

# Operations that are none of a network's.
for name, text in (
    ("unknown", main('%0 = "own.op"(%x) : (tensor<4xf32>) -> tensor<4xf32> ' + RETURN)),
    ("unregistered", main('"top.own"() : () -> () ' + RETURN)),
    ("nested_module", main(RETURN, more="module { }")),
    ("declaration", "module { func.func private @main(tensor<4xf32>) -> tensor<4xf32> }"),
    ("two_blocks", main("^a: " + RETURN + " ^b: " + RETURN)),
    ("call", main("%0 = func.call @main(%x) : (tensor<4xf32>) -> tensor<4xf32> " + RETURN)),
    ("cast", main("%0 = builtin.unrealized_conversion_cast %x : tensor<4xf32> to tensor<4xf32> "
                  + RETURN)),
    ("top_level", "module { %0 = top.weight dense<1.0> : tensor<4xf32> }"),
    ("no_module", "func.func @main() { return }"),
    ("no_main", "module { }"),
    ("other_name", main(RETURN).replace("@main", "@other")),
    ("two_mains", main(RETURN, more="func.func @main() { return }")),
    ("no_return", main("")),
    ("return_of_another", main("return %x : tensor<4xf32>", results="tensor<5xf32>")),
    ("use_before", main("%0 = top.unary relu %1 : tensor<4xf32> %1 = top.unary relu %0 : "
                        "tensor<4xf32> return %0 : tensor<4xf32>")),
    ("cut", main(RETURN)[:-9]),
    ("alias_loop", "#a = #a\n" + main(RETURN)),
    ("location_loop", "#loc = loc(#loc)\n" + main(RETURN)),
    ("no_text", b"module { \xff\xfe }"),
    ("escapes", "\x1b[31m module"),
    ("deep_brackets", "module attributes {a = " + "[" * 100000 + "} { }"),
    ("deep_braces", "module attributes {a = " + "{b = " * 100000 + "} { }"),
    ("deep_modules", "module {" * 50000),
    ("deep_types", main(RETURN, "%x: " + "tuple<" * 50000)),
    ("deep_locations", main(RETURN) + " loc(" + 'callsite("a" at ' * 50000),
    ("digits", unary(f"tensor<{'9' * 10000}xf32>")),
    ("dense_bomb", main("%0 = top.weight dense<1.0> : tensor<1099511627776xf32> "
                        "return %0 : tensor<1099511627776xf32>", "",
                        "tensor<1099511627776xf32>")),
    ("dense_short", main("%0 = top.weight dense<[1.0, 2.0]> : tensor<4xf32> " + RETURN)),
    ("dense_hex", main('%0 = top.weight dense<"0x00"> : tensor<4xf32> ' + RETURN)),
    ("resource_missing", main("%0 = top.weight dense_resource<gone> : tensor<4xf32> "
                              "return %0 : tensor<4xf32>")),
):  # fmt: skip
    refuses(name, text)


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)


def damaged(number, data):
    """Bytecode with a few changes behind its hash, which follows from the number."""
    import random

    r = random.Random(number)
    data, begin = bytearray(data), data.index(b"tpuc-xxh3-") + 26
    for _ in range(r.choice([1, 2, 8])):
        at = r.randrange(begin, len(data) - 8)
        if r.random() < 0.5:
            data[at] ^= 1 << r.randrange(8)
        else:
            data[at : at + r.choice([1, 8])] = bytes([r.choice([0, 127, 255])]) * r.choice([1, 8])
    return bytes(data)


def test_damaged_bytecode_whose_hash_is_right_ends_no_process(tmp_path):
    """Whoever damages a file on purpose writes its hash, too."""
    xxhash = pytest.importorskip("xxhash")
    good, path = make_module(tmp_path).read_bytes(), tmp_path / "bad.mlir"
    refused = 0
    for number in range(60):
        data = damaged(number, good)
        begin = data.index(b"tpuc-xxh3-") + 10
        digits = xxhash.xxh3_64(data[begin + 16 :]).hexdigest().encode()
        path.write_bytes(data[:begin] + digits + data[begin + 16 :])
        try:
            tpuc.compiler.deploy(read_module(path), "F16")
        except UserError as error:
            refused += "hash" not in str(error)
    assert refused > 30
