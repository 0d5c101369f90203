#!/usr/bin/env bash
# Tries the set-up as a stranger's machine does it: clones HEAD into a minimal
# root (scripts/fresh_root.sh) that holds git, make and certificates, and runs
# the project's own commands there.
#
# usage: scripts/fresh.sh link|readme|wheel
#   link     install, configure, link one tool and run it
#   readme   what the README says: make demo, make test
#   wheel    install dist/tpuc-*.whl beside nothing but Python, and use it
#
# Exit code 0: passed; 1: failed; 77: no root can be made here, for the reason
# that is printed. The root lies in memory or in $TMPDIR, else in /var/tmp, and is
# removed.
set -uo pipefail
cd "$(dirname "$0")/.."

cannot() {
  echo "fresh: left out: $*"
  exit 77
}

link_one_tool() {
  cd ~/tpuc
  make configure
  cmake --build build --parallel "$(nproc)" --target tpuc-translate
  build/bin/tpuc-translate --mlir-to-bmodel test/Target/BM1684X/translate.mlir -o /tmp/net.bmodel
  build/bin/tpuc-translate --disassemble /tmp/net.bmodel
}

follow_readme() {
  cd ~/tpuc
  make demo
  make test
}

try_wheel() {
  python3 -m venv ~/env
  # Of the wheels that for this Python.
  ~/env/bin/pip install -qq ~/tpuc-*-"$(~/env/bin/python -c 'import sys; print("cp%d%d" % sys.version_info[:2])')"-*.whl
  ~/env/bin/python ~/tpuc/scripts/try_wheel.py
}

packages=git,make,ca-certificates
wheels=()
case ${1:-} in
link) commands=link_one_tool gigabytes=6 ;;
readme) commands=follow_readme gigabytes=8 ;;
wheel)
  commands=try_wheel gigabytes=3 packages=python3,python3-venv,ca-certificates
  wheels=(dist/tpuc-*.whl)
  [[ -e ${wheels[0]} ]] || { echo "fresh: dist has no wheel; run make wheel first"; exit 1; }
  ;;
*)
  sed -n 's/^# usage: /usage: /p' "$0"
  exit 2
  ;;
esac

((EUID == 0)) || cannot "a root directory can be made only as root"
command -v apt-get >/dev/null || cannot "this system has no apt, whose sources the root would take over"
unshare --mount --pid --fork true 2>/dev/null || cannot "namespaces for mounts cannot be made here"
if ! command -v debootstrap >/dev/null; then
  echo "fresh: installing debootstrap with apt"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >/dev/null </dev/null ||
    cannot "debootstrap is missing and cannot be installed"
fi
parent=${TMPDIR:-/var/tmp}
free=$(df -Pk "$parent" | awk 'NR == 2 { print int($4 / 1048576) }')
((free >= gigabytes)) || cannot "$parent has $free GB free, the root needs $gigabytes"

root=$(mktemp -d "$parent/tpuc-fresh.XXXXXX")
chmod 755 "$root"
child=
# The first process of the namespaces takes all others with it. The bind mounts
# are theirs only: nothing of the host is below the root here.
clean_up() {
  if [[ -n $child ]]; then
    kill -KILL $(cat "/proc/$child/task/$child/children") 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  rm -rf --one-file-system "$root" "$root.log"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

start=$SECONDS
setpriv --pdeathsig KILL \
  unshare --mount --propagation private --pid --fork --kill-child \
  scripts/fresh_root.sh "$root" "$packages" "$gigabytes" "${wheels[@]}" < <(declare -f "$commands" && echo "$commands </dev/null") &
child=$!
wait "$child"
status=$?
child=
if ((status)); then
  echo "fresh: $1 failed after $((SECONDS - start)) s"
  exit 1
fi
echo "fresh: $1 passed in $((SECONDS - start)) s"
