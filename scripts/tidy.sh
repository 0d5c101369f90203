#!/usr/bin/env bash
# Runs clang-tidy on the C++ sources that changed since a commit.
#
# usage: scripts/tidy.sh BUILD [SINCE]   SINCE: a commit, or `all`; by default
#        where this branch left origin/main, if at most 24 sources changed since,
#        else the last commits that change at most so many together.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: scripts/tidy.sh BUILD [SINCE]}
since=${2:-}
sources=('lib/*.cpp' 'tools/*.cpp' 'python/src/*.cpp')
most=24

changed_since() {
  git diff --name-only --diff-filter=d "$1" -- "${sources[@]}"
}

if [[ -z $since ]]; then
  since=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ -z $since || $since == "$(git rev-parse HEAD)" ]] ||
    (($(changed_since "$since" | wc -l) > most)); then
    since=$(git rev-parse HEAD)
    while read -r commit; do
      (($(changed_since "$commit" | wc -l) <= most)) || break
      since=$commit
    done < <(git rev-list --first-parent --skip=1 --max-count=100 HEAD)
  fi
fi
if [[ $since == all ]]; then
  files=$(git ls-files "${sources[@]}")
else
  files=$(changed_since "$since")
fi
if [[ -z $files ]]; then
  echo "tidy: no C++ source changed since $since"
  exit 0
fi
echo "tidy: $(wc -l <<<"$files") files changed since $since"
xargs -P "$(nproc)" -n 1 clang-tidy-22 --quiet -p "$build" <<<"$files"
