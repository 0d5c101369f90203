#!/usr/bin/env bash
# Builds what reads foreign bytes - the readers of containers, modules and
# tables, the decoder, the simulators and the Python module - with the address
# and undefined behaviour sanitizers, runs their tests and then every fuzz
# target. Corpora are kept, minimised, in the build folder. With the thread
# sanitizer it builds and runs the search.
#
# usage: scripts/sanitize.sh [unit|python|fuzz|threads]   by default the first
#        three; TPUC_FUZZ_SECONDS is the time of one fuzz target, 60 by default
set -euo pipefail
cd "$(dirname "$0")/.."
build=build-asan-ubsan
tests=(TpucTargetTests TpucSubnetTests TpucAccessSimulatorTests
  TpucDamagedFilesTests TpucSimulatorFunctionalTests TpucSimulatorTimingTests
  TpucSimulatorProfileTests)
targets=(bmodel stream simulator timing table module)
python_targets=(onnx config table)
thread_tests=(TpucLayerGroupTests)
jobs=$(nproc)
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

configure() {
  [[ -f $build/build.ninja ]] ||
    cmake --preset asan-ubsan -DPython_EXECUTABLE="$PWD/.venv/bin/python" >/dev/null
}

run_unit_tests() {
  cmake --build $build --parallel "$jobs" --target "${tests[@]}"
  local test
  for test in "${tests[@]}"; do
    echo "sanitize: $test"
    "$build/unittests/bin/$test" --gtest_brief=1
  done
}

# The package with the module that was built with sanitizers.
make_package() {
  cmake --build $build --parallel "$jobs" --target tpuc_core
  local file
  for file in python/tpuc/*; do
    [[ $file == *.so ]] || ln -sfn "$PWD/$file" "$build/python/tpuc/"
  done
}

# Runs Python with the sanitizers' library, which an executable would have.
run_sanitized() {
  local library
  library=$(clang-22 -print-file-name="libclang_rt.asan-$(uname -m).so")
  LD_PRELOAD=$library PYTHONPATH=$build/python PYTHONMALLOC=malloc \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 .venv/bin/python "$@"
}

run_python() {
  make_package
  run_sanitized -m pytest -q test/python/test_hostile.py test/python/test_bad_modules.py
}

run_fuzzers() {
  cmake --build $build --parallel "$jobs" --target fuzz-make-seeds "${targets[@]/#/fuzz-}"
  # Not local: the trap runs after the function.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "$build/fuzz/bin/fuzz-make-seeds" "$work/seeds"
  mkdir -p "$work/seeds/module" "$work/seeds/table"
  cp -r test/Dialect/Top test/Dialect/Tpu "$work/seeds/module"
  printf 'conv 3.5 -3.5 2.0\na b 1e-3 0 0.001\n' >"$work/seeds/table/ranges"
  printf 'conv F32\nrelu INT8\n' >"$work/seeds/table/precisions"
  printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -euo pipefail -c '
    corpus=$2/fuzz/corpus/{}
    mkdir -p "$corpus" "$1/less/{}" "$2/fuzz/found"
    "$2/fuzz/bin/fuzz-{}" -max_total_time="${TPUC_FUZZ_SECONDS:-60}" -rss_limit_mb=4096 \
      -artifact_prefix="$2/fuzz/found/{}-" "$corpus" "$1/seeds/{}" >"$1/{}.log" 2>&1 ||
      { tail -40 "$1/{}.log"; echo "fuzz: {} failed, its input is in $2/fuzz/found"; exit 1; }
    "$2/fuzz/bin/fuzz-{}" -merge=1 "$1/less/{}" "$corpus" "$1/seeds/{}" >"$1/{}.merge" 2>&1
    rm -rf "$corpus" && mv "$1/less/{}" "$corpus"
    echo "fuzz: {}: $(tail -1 "$1/{}.log")"' _ "$work" "$build"
  make_package
  local target
  for target in "${python_targets[@]}"; do
    run_sanitized fuzz/fuzz_python.py "$target" --seconds "${TPUC_FUZZ_SECONDS:-60}" \
      --found $build/fuzz/found
  done
}

run_threads() {
  build=build-tsan
  [[ -f $build/build.ninja ]] || cmake --preset tsan >/dev/null
  cmake --build $build --parallel "$jobs" --target "${thread_tests[@]}"
  local test
  for test in "${thread_tests[@]}"; do
    echo "sanitize: $test"
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
      "$build/unittests/bin/$test" --gtest_brief=1
  done
}

if [[ ${1:-} == threads ]]; then
  run_threads
  exit
fi
configure
case ${1:-all} in
unit) run_unit_tests ;;
python) run_python ;;
fuzz) run_fuzzers ;;
all)
  run_unit_tests
  run_python
  run_fuzzers
  ;;
*)
  sed -n 's/^# usage: /usage: /p' "$0"
  exit 2
  ;;
esac
