"""lit configuration: which files are tests and which tools they may call."""

import os
import sys

import lit.formats

config.name = "tpuc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".td"]
config.excludes = ["Inputs", "lib", "python", "models", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.tpuc_source_dir, "test")
config.test_exec_root = os.path.join(config.tpuc_build_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.tpuc_build_dir, "bin"),
        config.llvm_tools_dir,
        os.path.dirname(sys.executable),
        os.environ["PATH"],
    ]
)
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%tpuc_include", os.path.join(config.tpuc_source_dir, "include")))
config.substitutions.append(("%tpuc_docs", os.path.join(config.tpuc_build_dir, "docs")))
config.substitutions.append(
    ("%mlir_include", os.path.join(os.path.dirname(config.llvm_tools_dir), "include"))
)
if os.environ.get("TPU_CMODEL_LIB"):
    config.available_features.add("peer")
