"""Arrays and pictures that are broken or made to break: one clear line, little memory."""

import functools
import io
import tempfile
import zipfile
from pathlib import Path

import networks as nets
import numpy as np
import pytest
from bad_input import GOOD, check_refused, make_bmodel, make_module, table

CASES, case = table()


def npy(array=GOOD["x"]):
    """An .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(text, version=1, data=b""):
    """An .npy file of any header."""
    body = text.encode("latin1") + b"\n"
    size = len(body).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + body + data


def npz(members, compression=zipfile.ZIP_STORED):
    """An archive of the given files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def refuses(name, data, *words, suffix="npz"):
    """Registers a file that tpuc run, run_calibration and npz_tool refuse."""
    file = f"in.{suffix}"

    @case(f"run_{name}", *words)
    def _(folder):
        (folder / file).write_bytes(data())
        make_bmodel(folder)
        return ["model_runner", "--input", file, "--model", "net.bmodel", "--output", "out.npz"]

    @case(f"calibrate_{name}", *words)
    def _(folder):
        (folder / file).write_bytes(data())
        make_module(folder)
        return ["run_calibration", "net.mlir", "--dataset", file, "-o", "table"]


def shaped(text, data=b""):
    return lambda: npz([("x.npy", header(text, data=data))])


PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 8, 8), }"
refuses("shape_beyond_memory", shaped(PLAIN.replace("1, 3", "1152921504606846976, 3")), "in.npz")
refuses("shape_beyond_numbers", shaped(PLAIN.replace("1, 3", "9" * 300 + ", 3")), "in.npz")
refuses("shape_negative", shaped(PLAIN.replace("1, 3", "-1, -3")), "in.npz")
refuses("shape_of_words", shaped(PLAIN.replace("1, 3", "'a', 3")), "in.npz")
refuses("shape_missing", shaped("{'descr': '<f4', 'fortran_order': False}"), "in.npz")
refuses("header_code", shaped("__import__('os').system('touch pwned')"), "in.npz")
refuses("header_deep", shaped("(" * 60000), "in.npz")
refuses("header_no_text", shaped("\xff\x00\x80"), "in.npz")
refuses("type_unknown", shaped(PLAIN.replace("<f4", "<q9")), "in.npz")
refuses("type_object", shaped(PLAIN.replace("<f4", "|O")), "in.npz")
refuses("type_fields", shaped(PLAIN.replace("'<f4'", "[('a', '<f4')]")), "in.npz")
refuses("data_missing", shaped(PLAIN), "in.npz")
refuses("data_short", shaped(PLAIN, bytes(100)), "in.npz")
refuses("member_empty", lambda: npz([("x.npy", b"")]), "in.npz")
refuses("member_text", lambda: npz([("x.npy", b"hello")]), "in.npz")
refuses("member_version_9", lambda: npz([("x.npy", header(PLAIN, version=9))]), "in.npz")
refuses("archive_empty", lambda: npz([]), "in.npz")
refuses("archive_cut", lambda: npz([("x.npy", npy())])[:-30], "in.npz")
refuses("archive_no_directory", lambda: b"PK\x03\x04" + bytes(500), "in.npz")
two = [("\x1b[31mx.npy", npy()), ("z.npy", npy())]
refuses("names_with_escapes", lambda: npz(two), "in.npz")
refuses("name_without_end", lambda: npz([("a" * 60000 + ".npy", npy()), *two]), "in.npz")
refuses("npy_text", lambda: b"\x93NUMPY", "in.npy", suffix="npy")
refuses("npy_shape", lambda: header(PLAIN.replace("1, 3", "4611686018427387904, 3")), "in.npy",
        suffix="npy")  # fmt: skip
refuses("npy_cut", lambda: npy()[:-5], "in.npy", suffix="npy")


def bomb():
    """A few bytes that expand to two gigabytes, which no input asks for."""
    part = header(PLAIN.replace("1, 3, 8, 8", "536870912,"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("x.npy", npy())
        with archive.open("more.npy", "w", force_zip64=True) as member:
            member.write(part)
            for _ in range(128):
                member.write(bytes(1 << 24))
    return file.getvalue()


@pytest.fixture(scope="module")
def bomb_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("bomb") / "in.npz"
    path.write_bytes(bomb())
    return path


@pytest.mark.parametrize("command", ["run", "print"])
def test_an_archive_that_expands_without_end(command, bomb_file, tmp_path, capsys, monkeypatch):
    def prepare(folder):
        make_bmodel(folder)
        if command == "print":
            return ["npz_tool", "print", str(bomb_file)]
        return ["model_runner", "--input", str(bomb_file), "--model", "net.bmodel", "--output",
                "out.npz"]  # fmt: skip

    check_refused(prepare, ["expand to"], tmp_path, capsys, monkeypatch)


# --- pictures --------------------------------------------------------------


def png_of(width, height):
    """A picture that says it is so large."""
    import struct
    import zlib

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100)))


@functools.cache
def picture_model():
    """The small network, which says how pictures become its input."""
    import tpuc
    from tpuc.compiler import deploy
    from tpuc.compiler import transform as to_top

    module = to_top(nets.small_convnet(), "net")
    tpuc.Preprocess().store(module)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.bmodel"
        tpuc.Model(deploy(module, "F16")).save(path)
        return path.read_bytes()


def refuses_picture(name, data, *words, file="in.png"):
    @case(f"picture_{name}", *words)
    def _(folder):
        (folder / file).write_bytes(data)
        (folder / "net.bmodel").write_bytes(picture_model())
        return ["model_runner", "--input", file, "--model", "net.bmodel", "--output", "out.npz"]


refuses_picture("of_a_million_squared", png_of(1 << 20, 1 << 20), "in.png")
refuses_picture("beyond_numbers", png_of((1 << 31) - 1, (1 << 31) - 1), "in.png")
refuses_picture("without_size", png_of(0, 0), "in.png")
refuses_picture("of_text", b"\x89PNG\r\n\x1a\n" + b"hello" * 100, "in.png")
refuses_picture("jpeg_of_zeroes", b"\xff\xd8\xff" + bytes(1000), "in.jpg", file="in.jpg")
refuses_picture("gif_cut", b"GIF89a\x08\x00", "in.gif", file="in.gif")
refuses_picture("tiff_loop", b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "in.tif", file="in.tif")


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)
