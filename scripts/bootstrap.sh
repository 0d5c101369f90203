#!/usr/bin/env bash
# Installs what a build needs and is missing: Debian packages through apt, the
# Python packages into .venv at the repository's root. Prints what it installs.
#
# With TPUC_BROWSER=1 also a browser, about 300 MB, for the tests of the
# profile's page; without one they are left out and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22
  libclang-rt-22-dev clang-format-22 clang-tidy-22 libzstd-dev zlib1g-dev
  flatbuffers-compiler libflatbuffers-dev libgtest-dev ccache ninja-build cmake
  python3-dev python3-venv git
)
if [[ "${TPUC_BROWSER:-0}" == 1 ]] && ! command -v chromium chromium-browser google-chrome >/dev/null; then
  # The page is drawn with fonts of the system.
  packages+=(chromium fonts-dejavu-core)
fi
missing=()
for package in "${packages[@]}"; do
  if [[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" != "install ok installed" ]]; then
    missing+=("$package")
  fi
done
if ((${#missing[@]})); then
  echo "bootstrap: installing with apt: ${missing[*]}"
  sudo=()
  if ((EUID != 0)); then
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null
fi

if [[ ! -x .venv/bin/python ]]; then
  echo "bootstrap: creating a virtual environment in .venv"
  "${PYTHON:-python3}" -m venv .venv
fi
.venv/bin/python scripts/develop.py --install
