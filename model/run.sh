#!/usr/bin/env bash
# Checks the model: run.sh [small|large], or with -DNAME=value ... one size.
# -f FILE takes another model. -some SEED goes in random order through what states fit
# into 16 MB of marks, for sizes that are too large for all: it finds errors, and
# proves nothing. Needs spin (Debian's package) and a C compiler.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$here/pool.pml
store=(-DCOLLAPSE -DMEMLIM=12000) search=(-w24) what="no error"
if [ "${1:-}" = -f ]; then model=$2; shift 2; fi
if [ "${1:-}" = -some ]; then
	store=(-DBITSTATE -DT_RAND -DP_RAND) search=(-w27 "-RS$2") what="of many more, no error found"; shift 2
fi
command -v spin >/dev/null || { echo "run.sh: spin is not installed (apt-get install spin)" >&2; exit 3; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$model" "$dir/pool.pml"

# one SIZE...: goes through all states of one size
one() {
	( cd "$dir" && rm -f pan pan.* pool.pml.trail &&
	spin "$@" -a pool.pml >spin.out 2>&1 || { cat spin.out; exit 3; }
	gcc -O1 -w -DSAFETY "${store[@]}" -DVECTORSZ=2048 -o pan pan.c || exit 3
	./pan -m200000 "${search[@]}" >pan.out 2>&1 || true
	if grep -q 'errors: 0' pan.out && ! grep -q -e 'max search depth too small' -e 'out of memory' -e 'Search not completed' pan.out; then
		printf '%-72s %s states, %s\n' "$*" "$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.out)" "$what"
	else
		echo "$*"; grep -v -e '^$' -e '^Depth=' pan.out | sed -n 1,5p
		[ -f pool.pml.trail ] && spin "$@" -t -g pool.pml 2>/dev/null | tail -25
		exit 1
	fi )
}

small() {
	one -DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=1 -DCANCELS -DRELEASES -DFAILURES -DSTRANGERS
	one -DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=2
	one -DUSERS=3 -DRESOURCES=2 -DSLOTS=1 -DGETS=1
	one -DUSERS=2 -DRESOURCES=4 -DSLOTS=2 -DCOUNTERS=2 -DGETS=2 -DEACH
}

large() {
	small
	one -DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=2 -DCANCELS -DRELEASES
	one -DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=2 -DCANCELS -DRELEASES -DFAILURES -DSTRANGERS
	one -DUSERS=3 -DRESOURCES=2 -DSLOTS=1 -DGETS=1 -DCANCELS -DRELEASES
	one -DUSERS=2 -DRESOURCES=4 -DSLOTS=2 -DCOUNTERS=2 -DGETS=2 -DEACH -DRELEASES
	one -DUSERS=2 -DRESOURCES=4 -DSLOTS=2 -DCOUNTERS=2 -DGETS=3 -DEACH
}

case "${1:-small}" in
small | large) "${1:-small}" ;;
*) one "$@" ;;
esac
