#!/usr/bin/env bash
# Changes one step of the model at a time; spin must find an error in each.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# mutate NAME SIZE... -- SED
mutate() {
	local name=$1 size=()
	shift
	while [ "$1" != -- ]; do size+=("$1"); shift; done
	sed -E "$2" "$here/pool.pml" >"$dir/pool.pml"
	if cmp -s "$dir/pool.pml" "$here/pool.pml"; then
		echo "$name: what it changes is not there: bring mutate.sh up to date"; bad=1; return
	fi
	local status=0
	"$here/run.sh" -f "$dir/pool.pml" "${size[@]}" >"$dir/out" 2>&1 || status=$?
	case $status in
	0) echo "$name: NOT FOUND"; bad=1 ;;
	1) echo "$name: found: $(grep -m1 -o -e 'assertion violated.*' -e 'invalid end state.*' "$dir/out" || true)" ;;
	*) echo "$name: did not run"; cat "$dir/out"; bad=1 ;;
	esac
}

two=(-DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=2)
cancels=(-DUSERS=2 -DRESOURCES=2 -DSLOTS=1 -DGETS=1 -DCANCELS -DRELEASES -DFAILURES -DSTRANGERS)
each=(-DUSERS=2 -DRESOURCES=4 -DSLOTS=2 -DCOUNTERS=2 -DGETS=2 -DEACH)
# Takes a late push, and a search by a third user; too many states to go through all.
three=(-some 1 -DUSERS=3 -DRESOURCES=2 -DSLOTS=1 -DGETS=2 -DRELEASES)

mutate "no offer after a put" "${two[@]}" -- 's/slotWaiters != 0 -> offer\(gr\)/slotWaiters > 99 -> offer(gr)/'
mutate "no push" "${two[@]}" -- 's/!\(seen & LISTED\) -> push\(gr\)/false -> push(gr)/'
mutate "parked without the mark" "${two[@]}" -- 's/INPHASE\(seen, IDLE\) \| LISTED; act/INPHASE(seen, IDLE); act/'
mutate "no look for waiters of the resource" "${two[@]}" -- 's/seen & WAITERS -> act = PASSING/false -> act = PASSING/'
mutate "a slot is freed and nobody is looked for" "${cancels[@]}" -- 's/^\t\t:: slotWaiters != 0 -> lockWait\(\); backM = 2/\t\t:: slotWaiters > 99 -> lockWait(); backM = 2/'
mutate "no second look by who enqueues" "${two[@]}" -- 's/if :: alone -> alone = false; backM = 1/if :: alone \&\& false -> alone = false; backM = 1/'
mutate "no match for an heir who is alone" "${each[@]}" -- 's/if :: ws \|\| alone -> ws/if :: ws -> ws/'
mutate "the stack is drained without a look at the mark" "${three[@]}" -- 's/place\[x - 1\] == BUSY \&\& \(w\[x - 1\] \& LISTED\)/place[x - 1] == BUSY/'
mutate "a node is pushed twice" "${three[@]}" -- 's/ok = \(below\[r\] == 0\); if/ok = true; if/'
mutate "set aside with its mark" "${two[@]}" -- 's/:: else -> w\[c\] = w\[c\] & \(255 - LISTED\); place/:: else -> place/'
mutate "two take one slot" "${two[@]}" -- 's/free\[\(home \+ t\) % COUNTERS\]--; ok/ok/'
mutate "a declined victim stays claimed" "${cancels[@]}" -- 's/^BACKR1:.*$/BACKR1: goto REFUSED;/'
mutate "a declined slot is lost" "${cancels[@]}" -- 's/kind\[u\] == SLOT -> rr = r; ws = true/kind[u] == SLOT -> rr = r; ws = false/'
mutate "the victim is released after Allocate" "${two[@]}" -- 's/vic != NONE -> callRelease\(vic\); rr/vic != NONE -> rr/'
mutate "a trying Get is refused at once" "${each[@]}" -- 's/cancel == IMMEDIATE && trying\[u\] && PHASE/false \&\& PHASE/'
mutate "a slot is looked for in one counter" "${each[@]}" -- 's/t < COUNTERS ->/t < 1 ->/'
exit $bad
