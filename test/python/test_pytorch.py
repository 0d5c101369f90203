"""PyTorch modules as they are, against what PyTorch computes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import tpuc
from tpuc.errors import UserError

torch = pytest.importorskip("torch")


class Net(torch.nn.Module):
    """Two inputs, results by name, and parts that compute otherwise in training."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3, 2, 1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.drop = torch.nn.Dropout(0.9)
        self.head = torch.nn.Linear(8, 5)

    def forward(self, image, scale):
        features = torch.relu(self.norm(self.stem(image))).mean((2, 3))
        return {"scores": self.head(self.drop(features)) * scale, "brightness": image.mean()}


INPUTS = torch.linspace(-1, 1, 3 * 17 * 17).reshape(1, 3, 17, 17), torch.tensor([2.0])


def test_a_module_in_one_call():
    torch.manual_seed(0)
    net = Net()
    model = tpuc.compile(net, INPUTS, quantize="F32")
    assert net.training and net.norm.training, "the module is left as it was"
    assert [spec.name for spec in model.inputs] == ["image", "scale"]
    results = model.run({"image": INPUTS[0], "scale": INPUTS[1]})
    for name, expected in net.eval()(*INPUTS).items():
        np.testing.assert_allclose(results[name], expected.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_bytes_are_those_of_the_exported_file(tmp_path):
    torch.manual_seed(0)
    net = Net().eval()
    tpuc.compile(net, INPUTS, name="net").save(tmp_path / "direct.bmodel")
    torch.onnx.export(
        net, INPUTS, str(tmp_path / "net.onnx"), dynamo=True, output_names=["scores", "brightness"]
    )
    tpuc.compile(tmp_path / "net.onnx").save(tmp_path / "file.bmodel")
    digests = {
        hashlib.sha256((tmp_path / f"{name}.bmodel").read_bytes()).hexdigest()
        for name in ("direct", "file")
    }
    assert len(digests) == 1


def test_modules_of_torchscript():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh()).eval()
    x = torch.linspace(-2, 2, 12).reshape(2, 6)
    model = tpuc.compile(torch.jit.trace(net, x), x, quantize="F32")
    result = next(iter(model.run(x).values()))
    np.testing.assert_allclose(result, net(x).detach().numpy(), atol=1e-6)


def test_a_backend_of_torch_compile():
    import tpuc.pytorch  # noqa: F401

    torch.manual_seed(0)
    net = Net().eval()
    fast = torch.compile(net, backend="tpuc", dynamic=False)
    with torch.no_grad():
        results, expected = fast(*INPUTS), net(*INPUTS)
    for name in expected:
        assert results[name].dtype == expected[name].dtype
        np.testing.assert_allclose(results[name], expected[name], rtol=4e-3, atol=4e-3)


def test_a_module_needs_example_inputs():
    with pytest.raises(TypeError, match=r"give tpuc\.compile"):
        tpuc.compile(Net())


def test_what_pytorch_cannot_export_is_one_line():
    class Branches(torch.nn.Module):
        def forward(self, x):
            return x + 1 if x.sum() > 0 else x - 1

    with pytest.raises(UserError, match=r"PyTorch cannot export .*Branches") as error:
        tpuc.compile(Branches(), torch.ones(2))
    assert "\n" not in str(error.value)
