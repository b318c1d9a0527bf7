#!/usr/bin/env bash
# Compares the exported surface of the root module's packages with that of the
# last release, the newest tag vX.Y.Z. Fails if something is gone or has changed
# in a way that breaks callers. Before v1 that is allowed if CHANGELOG.md says [Breaking]
# somewhere above that release.
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)}
if [ -z "$base" ]; then
	echo "apidiff: no release yet, nothing to compare with"
	exit 0
fi
apidiff=(go run golang.org/x/exp/cmd/apidiff@v0.0.0-20261113113407-e3970619a1a4)
old=$(mktemp -d)
trap 'git worktree remove --force "$old/tree" >/dev/null 2>&1 || true; rm -rf "$old"' EXIT
git worktree add -q --detach "$old/tree" "$base"
status=0
for p in connpool resourcepool slothttp slotdebug; do
	[ -d "$p" ] || continue
	[ -d "$old/tree/$p" ] || { echo "$p: new since $base"; continue; }
	(cd "$old/tree" && GOWORK=off "${apidiff[@]}" -w "$old/$p.api" "github.com/slotpool/slotpool/$p")
	out=$(GOWORK=off "${apidiff[@]}" "$old/$p.api" "github.com/slotpool/slotpool/$p")
	[ -z "$out" ] || printf '%s, since %s:\n%s\n' "$p" "$base" "$out"
	! grep -q '^Incompatible changes:' <<<"$out" || status=1
done
if [ $status -ne 0 ] && [[ $base == v0.* ]] && sed "/^## $base /,\$d" CHANGELOG.md | grep -q '^- \[Breaking\]'; then
	echo "apidiff: incompatible, and CHANGELOG.md says [Breaking]"
	exit 0
fi
exit $status
