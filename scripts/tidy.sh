#!/usr/bin/env bash
# Runs clang-tidy on the C++ sources that changed since a commit.
#
# usage: scripts/tidy.sh BUILD [SINCE]   SINCE: a commit, or `all`; by default
#        where this branch left origin/main, on main itself the last 20 commits
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: scripts/tidy.sh BUILD [SINCE]}
since=${2:-}

if [[ -z $since ]]; then
  since=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ -z $since || $since == "$(git rev-parse HEAD)" ]]; then
    since=$(git rev-list --max-count=21 HEAD | tail -1)
  fi
fi
if [[ $since == all ]]; then
  files=$(git ls-files 'lib/*.cpp' 'tools/*.cpp' 'python/src/*.cpp')
else
  files=$(git diff --name-only --diff-filter=d "$since" -- 'lib/*.cpp' 'tools/*.cpp' 'python/src/*.cpp')
fi
if [[ -z $files ]]; then
  echo "tidy: no C++ source changed since $since"
  exit 0
fi
echo "tidy: $(wc -l <<<"$files") files changed since $since"
xargs -P "$(nproc)" -n 1 clang-tidy-22 --quiet -p "$build" <<<"$files"
