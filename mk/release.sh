#!/usr/bin/env bash
# Checks that this commit can be tagged as a version, and prints the commands. It
# tags nothing. Without a version it checks the modules alone, as CI does: those that
# others import must agree on the version, be tidy, and build in a module of a user's.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOWORK=off
root=github.com/slotpool/slotpool
published=(metrics/slotprom metrics/slototel) # besides the root

die() { echo "release: $*" >&2; exit 1; }

required() { go -C "$1" list -m -f '{{.Version}}' "$root"; }
version=${1:-$(required "${published[0]}")}
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "version '$version': want vX.Y.Z"

# A replace in a go.mod is not seen by those who import the module. The require is.
go mod edit -json | grep -q '"Replace": null' || die "the root go.mod has a replace"
for m in "${published[@]}"; do
	[ "$(required "$m")" = "$version" ] || die "$m requires $root $(required "$m"), want $version:
	go -C $m mod edit -require=$root@$version"
done
for m in . "${published[@]}"; do
	go -C "$m" mod tidy -diff || die "$m: go.mod or go.sum is not tidy"
done

# What a user gets: no go.work, no replace of ours, only the requires.
user=$(mktemp -d)
trap 'rm -rf "$user"' EXIT
go -C "$user" mod init example.com/user 2>/dev/null
go -C "$user" mod edit -require="$root@$version" -replace="$root=$PWD"
{
	echo 'package user'
	echo "import _ \"$root/slothttp\""
	for m in "${published[@]}"; do
		go -C "$user" mod edit -require="$root/$m@$version" -replace="$root/$m=$PWD/$m"
		echo "import _ \"$root/$m\""
	done
} >"$user/user.go"
go -C "$user" mod tidy -e >/dev/null 2>&1
go -C "$user" vet . || die "a module that requires $version does not build"

if [ $# = 0 ]; then
	echo "release: the modules fit $version"
	exit 0
fi
[ -z "$(git status --porcelain)" ] || die "the tree has changes that are not committed"
! git rev-parse -q --verify "refs/tags/$version" >/dev/null || die "the tag $version is there already"
notes=$(sed -n "/^## $version /,/^## v/p" CHANGELOG.md | sed '/^## /d')
[ -n "${notes//[[:space:]]/}" ] || die "CHANGELOG.md has no section '## $version DATE' with notes in it"
rest=$(sed -n '/^## Unreleased/,/^## v/p' CHANGELOG.md | sed '/^## /d')
[ -z "${rest//[[:space:]]/}" ] || die "CHANGELOG.md has lines under Unreleased"
mk/apidiff.sh

echo "release: this commit can be $version. All tags are of the same commit:"
for t in "$version" "${published[@]/%//$version}"; do
	echo "	git tag -s $t -m 'slotpool $t'"
done
echo "	git push origin $version ${published[*]/%//$version}"
