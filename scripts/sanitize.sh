#!/usr/bin/env bash
# Builds what reads foreign bytes - the container's reader, the decoder and the
# simulators - with the address and undefined behaviour sanitizers, runs their
# unit tests and then every fuzz target.
#
# usage: scripts/sanitize.sh [unit|fuzz]   by default both; TPUC_FUZZ_SECONDS is
#        the time of one fuzz target, 60 by default
set -euo pipefail
cd "$(dirname "$0")/.."
build=build-asan-ubsan
tests=(TpucTargetTests TpucSubnetTests TpucAccessSimulatorTests
  TpucDamagedFilesTests TpucSimulatorFunctionalTests TpucSimulatorTimingTests
  TpucSimulatorProfileTests)
targets=(bmodel stream simulator timing)
jobs=$(nproc)
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

configure() {
  [[ -f $build/build.ninja ]] || cmake --preset asan-ubsan >/dev/null
}

run_unit_tests() {
  cmake --build $build --parallel "$jobs" --target "${tests[@]}"
  local test
  for test in "${tests[@]}"; do
    echo "sanitize: $test"
    "$build/unittests/bin/$test" --gtest_brief=1
  done
}

run_fuzzers() {
  cmake --build $build --parallel "$jobs" --target fuzz-make-seeds "${targets[@]/#/fuzz-}"
  # Not local: the trap runs after the function.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "$build/fuzz/bin/fuzz-make-seeds" "$work/seeds"
  printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -euo pipefail -c '
    mkdir -p "$1/new/{}" '"$build"'/fuzz/found
    "$2/fuzz/bin/fuzz-{}" -max_total_time="${TPUC_FUZZ_SECONDS:-60}" -rss_limit_mb=4096 \
      -artifact_prefix="$2/fuzz/found/{}-" "$1/new/{}" "$1/seeds/{}" >"$1/{}.log" 2>&1 ||
      { tail -40 "$1/{}.log"; echo "fuzz: {} failed, its input is in $2/fuzz/found"; exit 1; }
    echo "fuzz: {}: $(tail -1 "$1/{}.log")"' _ "$work" "$build"
}

configure
case ${1:-all} in
unit) run_unit_tests ;;
fuzz) run_fuzzers ;;
all)
  run_unit_tests
  run_fuzzers
  ;;
*)
  sed -n 's/^# usage: /usage: /p' "$0"
  exit 2
  ;;
esac
