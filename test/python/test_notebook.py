"""The notebooks run from top to bottom."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "docs/notebooks"
# What each one has to show.
SHOWN = {
    "quickstart": ("<table>", "<svg"),
    "int8": ("<table>", "<iframe"),
    "compare": ("<iframe",),
    "attention": ("<svg",),
}


def test_every_notebook_is_run():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_notebook_runs(name):
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    shown = [o.data for o in outputs if o.output_type == "execute_result"]
    for part in SHOWN[name]:
        assert any(part in data.get("text/html", "") for data in shown)
    # Warnings are for whoever writes notebooks, not for readers.
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    raw = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in raw.cells), "notebooks are kept without outputs"
