/* The protocol of package resourcepool: see README.md for which function each
 * step is of, and which invariant each assertion. A step is one operation on a
 * shared variable, or several of which only the last can be told apart by
 * others (a load and the compare-and-swap that begins anew if it fails).
 */

#ifndef USERS
#define USERS 2
#endif
#ifndef RESOURCES
#define RESOURCES 2
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef COUNTERS
#define COUNTERS 1
#endif
#ifndef GETS
#define GETS 1		/* of each user */
#endif

#define NONE 255

/* the state word: 3 bits of phase, marks, 2 bits of generation */
#define EMPTY 0
#define SEEKING 1
#define ALLOCATING 2
#define IDLE 3
#define INUSE 4
#define RELEASING 5
#define LISTED 8
#define SCHEDULED 16
#define WAITERS 32
#define ONEGEN 64
#define PHASE(x) ((x) & 7)
#define GEN(x) ((x) >> 6)
#define INPHASE(x, p) (((x) & 248) | (p))
#define RESIDENCY (LISTED + SCHEDULED)

/* places */
#define NOWHERE 0
#define BUSY 1
#define CANDIDATE 2

/* queues */
#define FORSLOT 1
#define FORRESOURCE 2

/* grants */
#define NOTHING 1
#define SLOT 2
#define VICTIM 3
#define HELD 4

byte w[RESOURCES];		/* resource.state */
byte place[RESOURCES];		/* residency.place */
byte below[RESOURCES];		/* resource.parked: 0 on no stack, else 1 + the one below, itself at the bottom */
byte head;			/* residents.parked */
byte free[COUNTERS];		/* pool.free */
byte slotWaiters;
bool waitLock, shardLock;

/* waiters, one of each user */
byte queue[USERS], ticket[USERS], target[USERS];
bool trying[USERS], cancelled[USERS], ready[USERS];
byte kind[USERS], granted[USERS], generation[USERS];

/* what only the assertions look at */
byte opened, finished;
bool allocated[RESOURCES], calling[RESOURCES], owned[RESOURCES];

#define HOME(r) (((r) / USERS + (r)) % COUNTERS)

inline lockWait() { atomic { !waitLock -> waitLock = true } }
inline unlockWait() { waitLock = false }
inline lockShard() { atomic { !shardLock -> shardLock = true } }
inline unlockShard() { shardLock = false }

/* waiterQueue.oldest of the slot queue and of resource r */
inline oldestForSlot(out) {
	d_step {
		out = NONE; i = 0;
		do
		:: i < USERS ->
			if
			:: queue[i] == FORSLOT && (out == NONE || ticket[i] < ticket[out]) -> out = i
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline oldestFor(r, out) {
	d_step {
		out = NONE; i = 0;
		do
		:: i < USERS ->
			if
			:: queue[i] == FORRESOURCE && target[i] == r && (out == NONE || ticket[i] < ticket[out]) -> out = i
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

/* pool.arrive, and the insert into a queue; tickets are kept small */
inline arrive(u) {
	d_step {
		i = 0; j = 0;
		do
		:: i < USERS -> if :: queue[i] != 0 && ticket[i] > j -> j = ticket[i] :: else fi; i++
		:: else -> break
		od;
		ticket[u] = j + 1; i = 0; j = 0
	}
}

/* waiter.give and wake, with what goes before in giveOldest */
inline give(u, k, r) {
	d_step { kind[u] = k; granted[u] = r; ready[u] = true; ticket[u] = 0 }
}

inline dequeueSlotWaiter(u) { queue[u] = 0; slotWaiters-- }

/* resource.leaveQueue */
inline leaveQueue(u, r) {
	queue[u] = 0;
	oldestFor(r, t);
	if
	:: t == NONE -> d_step { w[r] = w[r] & (255 - WAITERS) }
	:: else
	fi;
	t = 0
}

/* Slots.TryAcquire */
inline tryAcquire(home) {
	ok = false; t = 0;
	do
	:: t < COUNTERS ->
		d_step {
			if
			:: free[(home + t) % COUNTERS] > 0 -> free[(home + t) % COUNTERS]--; ok = true
			:: else
			fi;
			t++
		};
		if :: ok -> break :: else fi
	:: else -> break
	od;
	t = 0
}

/* Stack.Push */
inline push(r) {
	d_step { ok = (below[r] == 0); if :: ok -> below[r] = r + 1 :: else fi };
	if
	:: ok ->
		do
		:: d_step { x = head; below[r] = (x == 0 -> r + 1 : x) };
			d_step { ok = (head == x); if :: ok -> head = r + 1 :: else fi; x = 0 };
			if :: ok -> break :: else fi
		od
	:: else
	fi;
	ok = false
}

/* List.drain: Stack.TakeAll and drainAll */
inline drain() {
	d_step { x = head; head = 0 };
	do
	:: x != 0 ->
		y = below[x - 1];
		assert(y != 0);	/* a node is in the stack once */
		below[x - 1] = 0;
		d_step {
			if
			:: place[x - 1] == BUSY && (w[x - 1] & LISTED) -> place[x - 1] = CANDIDATE
			:: else
			fi;
			if :: y == x -> x = 0 :: else -> x = y fi;
			y = 0
		}
	:: else -> break
	od
}

/* one step of the rules' searches: take or setAside */
inline examine(c) {
	assert(w[c] & LISTED);
	if
	:: PHASE(w[c]) == IDLE -> w[c] = INPHASE(w[c], RELEASING) & (255 - LISTED); v = c
	:: else -> w[c] = w[c] & (255 - LISTED); place[c] = BUSY
	fi
}

/* List.follow, in any order: the lock is held. v is the victim */
inline search() {
	v = NONE;
	do
	:: v == NONE && place[0] == CANDIDATE -> d_step { examine(0) }
#if RESOURCES > 1
	:: v == NONE && place[1] == CANDIDATE -> d_step { examine(1) }
#endif
#if RESOURCES > 2
	:: v == NONE && place[2] == CANDIDATE -> d_step { examine(2) }
#endif
#if RESOURCES > 3
	:: v == NONE && place[3] == CANDIDATE -> d_step { examine(3) }
#endif
	:: else -> break
	od
}

/* pool.claimVictim; v is the victim */
inline claimVictim() {
	lockShard();
	drain();
	search();
	if :: v != NONE -> place[v] = BUSY :: else fi;
	unlockShard()
}

/* the caller's Release */
inline callRelease(r) {
	d_step { assert(!calling[r] && allocated[r]); calling[r] = true };
	d_step { calling[r] = false; allocated[r] = false; opened-- }
}

/* resource.passOn and handOver: ok says whether it did. seen is the word that
 * led here */
inline handOver(r, seen) {
	lockWait();
	oldestFor(r, h); oldestForSlot(m);
	if
	:: h == NONE || PHASE(w[r]) != PHASE(seen) || GEN(w[r]) != GEN(seen) -> ok = false
	:: else ->
		ok = true;
		if
		:: m != NONE && ticket[m] < ticket[h] ->
			w[r] = INPHASE(w[r], RELEASING);
			dequeueSlotWaiter(m); give(m, VICTIM, r)
		:: else ->
			d_step { w[r] = INPHASE(w[r], INUSE); generation[h] = GEN(w[r]) };
			leaveQueue(h, r);
			give(h, HELD, 0)
		fi
	fi;
	h = 0; m = 0;
	unlockWait()
}

/* resource.offer */
inline offer(r) {
	lockWait();
	oldestForSlot(m);
	if
	:: m != NONE ->
		d_step {
			ok = (PHASE(w[r]) == IDLE);
			if :: ok -> w[r] = INPHASE(w[r], RELEASING) :: else fi
		};
		if :: ok -> dequeueSlotWaiter(m); give(m, VICTIM, r) :: else fi
	:: else
	fi;
	ok = false; m = 0;
	unlockWait()
}

/* residents.admit */
inline admit(r) { lockShard(); place[r] = CANDIDATE; unlockShard() }

/* resource.replace */
inline replace(r, victim) {
	lockShard(); drain(); place[victim] = NOWHERE; place[r] = CANDIDATE; unlockShard()
}

/* residents.leave */
inline leave(r) { lockShard(); drain(); place[r] = NOWHERE; unlockShard() }

/* resource.enqueue: ok says whether it is in the queue */
inline enqueue(u, r) {
	lockWait();
	d_step {
		seen = w[r];
		ok = PHASE(seen) != IDLE && PHASE(seen) != EMPTY;
		if :: ok -> w[r] = seen | WAITERS :: else fi
	};
	if
	:: ok ->
		arrive(u);
		oldestFor(r, t);
		d_step { trying[u] = (PHASE(seen) == RELEASING && t == NONE); target[u] = r; queue[u] = FORRESOURCE; t = 0 }
	:: else
	fi;
	seen = 0;
	unlockWait()
}

#define PUSHED 1
#define CLOSING 2
#define PASSING 3
#define OVER 4

/* Cancelers */
#define NEVER 0
#define IMMEDIATE 1
#define LATE 2

/* A user. Promela has no procedures that return to where they were called, so
 * that what several call is a block with a label of its own; a variable whose
 * name begins with "back" says where it goes on then. */
proctype user(byte u) {
	byte r, i, j, t, x, y, v, m, h, seen, act, n, g, cancel;
	byte vic = NONE;
	byte rr, gr, from;	/* which resource RELINQUISH, GIVEUP and CLOSE are for */
	byte backM, backI, backR, backC, backG;
	bool ok, alone, ws;

NEXT:
	skip;
	d_step { cancel = NEVER; g = 0; vic = NONE; act = 0; seen = 0; ok = false; ws = false; rr = 0; gr = 0; from = 0;
		backM = 0; backI = 0; backR = 0; backC = 0; backG = 0; v = 0; r = 0 };
	if
	:: n == GETS -> goto DONE
	:: n < GETS -> n++
#ifdef STRANGERS
	:: n < GETS -> n++; goto STRANGER
#endif
	fi;
#ifdef EACH
	/* each has resources of its own, and can wait for nobody */
	if
	:: r = u
	:: u + USERS < RESOURCES -> r = u + USERS
	fi;
	cancel = IMMEDIATE;
#else
	if
	:: r = 0
#if RESOURCES > 1
	:: r = 1
#endif
#if RESOURCES > 2
	:: r = 2
#endif
	fi;
	if
	:: cancel = NEVER
#ifdef CANCELS
	:: cancel = LATE
	:: cancel = IMMEDIATE
#endif
	fi;
#endif

GET:	/* resource.tryGet, getSlow */
	skip;
	d_step {
		seen = w[r]; act = 0;
		if
		:: PHASE(seen) == IDLE -> w[r] = INPHASE(seen, INUSE); act = 1
		:: PHASE(seen) == EMPTY -> w[r] = INPHASE(seen, SEEKING) | LISTED; act = 2
		:: else
		fi;
		seen = 0
	};
	if
	:: act == 1 -> act = 0; goto GOTTEN
	:: act == 2 -> act = 0
	:: else ->
		enqueue(u, r);
		if
		:: ok -> ok = false; goto AWAIT
		:: else -> goto GET
		fi
	fi;

SEEK:	/* resource.seek */
	if
	:: slotWaiters == 0 ->
		tryAcquire(HOME(r));
		if
		:: ok -> ok = false; admit(r); goto OPEN
		:: else -> lockShard(); drain(); search();
			if
			:: v == NONE -> v = 0; unlockShard()
			:: v != NONE && cancel == NEVER ->	/* pool.swapVictim */
				place[v] = NOWHERE; place[r] = CANDIDATE; unlockShard();
				vic = v; v = 0; goto OPEN
			:: else ->				/* pool.claimVictim, takeOver */
				place[v] = BUSY; unlockShard();
				vic = v; v = 0;
				replace(r, vic); goto OPEN
			fi
		fi
	:: else
	fi;

	/* resource.enqueueForSlot */
	target[u] = r;
	lockWait();
	arrive(u);
	oldestForSlot(m); alone = (m == NONE); m = 0;
	queue[u] = FORSLOT; slotWaiters++;
	if :: alone -> alone = false; backM = 1; goto MATCH :: else fi;
BACKM1:	unlockWait();

AWAIT:	/* resource.await, waiter.wait */
	if
	:: ready[u] -> goto GRANTED
	:: !ready[u] ->
		if
		:: ready[u] -> goto GRANTED
		:: cancel != NEVER
		fi
	fi;

	/* resource.cancelWait */
	lockWait();
	if
	:: queue[u] == 0 && cancel == IMMEDIATE -> unlockWait(); goto GRANTED
	:: queue[u] == 0 && cancel != IMMEDIATE -> unlockWait(); goto DECLINE
	:: queue[u] == FORRESOURCE ->
		if
		:: cancel == IMMEDIATE && trying[u] && PHASE(w[r]) == RELEASING ->
			cancelled[u] = true; unlockWait();
			ready[u]; goto GRANTED
		:: else -> leaveQueue(u, r); unlockWait(); goto REFUSED
		fi
	:: queue[u] == FORSLOT -> dequeueSlotWaiter(u); rr = r; ws = false; backI = 1; goto INHERIT
	fi;
BACKI1:	unlockWait(); goto REFUSED;

DECLINE: /* resource.declineGrant */
	if
	:: kind[u] == HELD -> gr = r; from = INUSE; g = generation[u]; backG = 1; goto GIVEUP
	:: kind[u] == VICTIM -> rr = r; ws = false; backR = 1; goto RELINQUISH
	:: kind[u] == SLOT -> rr = r; ws = true; backR = 2; goto RELINQUISH
	fi;
BACKR1:	gr = granted[u]; from = RELEASING; g = 0; backG = 1; goto GIVEUP;
BACKR2:
BACKG1:	goto REFUSED;

GRANTED: /* the rest of await */
	if
	:: kind[u] == HELD -> goto GOTTEN
	:: kind[u] == NOTHING -> goto REFUSED
	:: kind[u] == SLOT -> admit(r)
	:: kind[u] == VICTIM -> vic = granted[u]; replace(r, vic)
	fi;

OPEN:	/* resource.open */
	if
	:: vic != NONE -> callRelease(vic); rr = vic; vic = NONE; ws = false; backR = 3; goto RELINQUISH
	:: else
	fi;
BACKR3:	skip;
	d_step { w[r] = INPHASE(w[r], ALLOCATING) };
	d_step { assert(!calling[r] && !allocated[r]); calling[r] = true };
	if
	:: d_step { calling[r] = false; allocated[r] = true; opened++; assert(opened <= SLOTS) };
		d_step { w[r] = (INPHASE(w[r], INUSE) + ONEGEN) & 255 }
#ifdef FAILURES
	:: calling[r] = false; leave(r); rr = r; ws = true; backR = 4; goto RELINQUISH
#endif
	fi;
	goto GOTTEN;
BACKR4:	goto REFUSED;

GOTTEN:
	skip;
	d_step {
		assert(!owned[r] && allocated[r]); owned[r] = true; g = GEN(w[r]);
		trying[u] = false; cancelled[u] = false; ready[u] = false; kind[u] = 0; granted[u] = 0; generation[u] = 0; target[u] = 0
	};
	owned[r] = false;
	gr = r; from = INUSE; backG = 2;
	if
	:: goto GIVEUP
#ifdef RELEASES
	:: d_step { assert(PHASE(w[r]) == INUSE); w[r] = INPHASE(w[r], RELEASING) }; backC = 1; goto CLOSE
	:: d_step { w[r] = w[r] | SCHEDULED }; goto GIVEUP
#endif
	fi;
BACKG2:
BACKC1:	goto NEXT;

REFUSED:
	skip;
#ifdef EACH
	assert(false);	/* refused with a slot for each user (I7) */
#endif
	d_step { trying[u] = false; cancelled[u] = false; ready[u] = false; kind[u] = 0; granted[u] = 0; generation[u] = 0; target[u] = 0 };
	goto NEXT;

#ifdef STRANGERS
STRANGER: /* Release of an idle resource, and ScheduleRelease of a victim */
	if
	:: d_step { ok = (PHASE(w[0]) == IDLE); if :: ok -> w[0] = INPHASE(w[0], RELEASING) :: else fi };
		if :: ok -> ok = false; gr = 0; backC = 1; goto CLOSE :: else fi
	:: d_step { if :: PHASE(w[0]) == RELEASING -> w[0] = w[0] | SCHEDULED :: else fi }
	fi;
	goto NEXT;
#endif

GIVEUP:	/* resource.put, putSlow, yield and unclaim */
	skip;
	d_step {
		seen = w[gr];
		if
		:: PHASE(seen) != from || from == INUSE && GEN(seen) != g -> act = OVER
		:: else ->
			if
			:: seen & SCHEDULED -> w[gr] = INPHASE(seen, RELEASING); act = CLOSING
			:: else ->
				if
				:: seen & WAITERS -> act = PASSING
				:: else -> w[gr] = INPHASE(seen, IDLE) | LISTED; act = PUSHED
				fi
			fi
		fi
	};
	if
	:: act == OVER
	:: act == CLOSING -> backC = 2; goto CLOSE
	:: act == PASSING ->
		handOver(gr, seen);
		if :: ok -> ok = false :: else -> goto GIVEUP fi
	:: act == PUSHED ->
		if :: !(seen & LISTED) -> push(gr) :: else fi;
		if :: slotWaiters != 0 -> offer(gr) :: else fi
	fi;
BACKC2:	seen = 0; act = 0; ok = false;
	if
	:: backG == 1 -> goto BACKG1
	:: backG == 2 -> goto BACKG2
	fi;

CLOSE:	/* resource.close and vacate */
	callRelease(gr);
	leave(gr);
	rr = gr; ws = true; backR = 5; goto RELINQUISH;
BACKR5:	if
	:: backC == 1 -> goto BACKC1
	:: backC == 2 -> goto BACKC2
	fi;

RELINQUISH: /* resource.relinquish; ws: with the slot */
	skip;
	d_step {
		ok = !(w[rr] & WAITERS);
		if :: ok -> w[rr] = w[rr] & (255 - 7 - RESIDENCY) :: else fi
	};
	if
	:: ok && ws ->	/* pool.freeSlots */
		ok = false;
		free[HOME(rr)]++;
		if
		:: slotWaiters != 0 -> lockWait(); backM = 2; goto MATCH
		:: else -> goto RELINQUISHED
		fi
	:: ok && !ws -> ok = false; goto RELINQUISHED
	:: else -> lockWait(); backI = 2; goto INHERIT
	fi;
BACKM2:
BACKI2:	unlockWait();
RELINQUISHED:
	ws = false;
	if
	:: backR == 1 -> goto BACKR1
	:: backR == 2 -> goto BACKR2
	:: backR == 3 -> goto BACKR3
	:: backR == 4 -> goto BACKR4
	:: backR == 5 -> goto BACKR5
	fi;

INHERIT: /* resource.inherit, pass and succeed. waitLock is held */
	oldestForSlot(m); alone = (m == NONE); m = 0;
	oldestFor(rr, h);
	if
	:: h != NONE ->
		leaveQueue(h, rr);
		d_step { w[rr] = (w[rr] & (255 - 7 - RESIDENCY)) | (SEEKING + LISTED) };
		queue[h] = FORSLOT; slotWaiters++
	:: else -> d_step { w[rr] = w[rr] & (255 - 7 - RESIDENCY) }
	fi;
	if :: ws -> free[HOME(rr)]++ :: else fi;
	if :: ws || alone -> ws = false; alone = false; backM = 3; goto MATCH :: else fi;
BACKM3:	if
	:: h == NONE -> goto INHERITED
	:: h != NONE && (queue[h] == 0 || !cancelled[h]) -> goto INHERITED
	:: else -> dequeueSlotWaiter(h); give(h, NOTHING, 0); goto INHERIT
	fi;
INHERITED:
	h = 0; ws = false; alone = false;
	if
	:: backI == 1 -> goto BACKI1
	:: backI == 2 -> goto BACKI2
	fi;

MATCH:	/* pool.match. waitLock is held */
	oldestForSlot(m);
	if :: m == NONE -> goto MATCHED :: else fi;
	tryAcquire(HOME(target[m]));
	if
	:: ok -> dequeueSlotWaiter(m); give(m, SLOT, 0)
	:: else ->
		claimVictim();
		if
		:: v != NONE -> dequeueSlotWaiter(m); give(m, VICTIM, v); v = 0
		:: else -> v = 0; goto MATCHED
		fi
	fi;
	goto MATCH;
MATCHED:
	ok = false; m = 0;
	if
	:: backM == 1 -> goto BACKM1
	:: backM == 2 -> goto BACKM2
	:: backM == 3 -> goto BACKM3
	fi;

DONE:	finished++
}

#define RESTING(r) (PHASE(w[r]) == EMPTY && place[r] == NOWHERE && !allocated[r] || \
	PHASE(w[r]) == IDLE && allocated[r] && (w[r] & LISTED) && (place[r] == CANDIDATE || place[r] == BUSY && below[r] != 0))

init {
	byte i, total;
	d_step {
		free[0] = SLOTS / COUNTERS + SLOTS % COUNTERS;
#if COUNTERS > 1
		free[1] = SLOTS / COUNTERS;
#endif
	};
	atomic {
		do
		:: i < USERS -> run user(i); i++
		:: else -> break
		od
	};
	finished == USERS;
	/* at rest */
	d_step {
		assert(slotWaiters == 0 && !waitLock && !shardLock);
		i = 0;
		do
		:: i < RESOURCES ->
			assert(RESTING(i));
			assert(!(w[i] & (WAITERS + SCHEDULED)));
			if :: PHASE(w[i]) == IDLE -> total++ :: else fi;
			i++
		:: else -> break
		od;
		total = total + free[0];
#if COUNTERS > 1
		total = total + free[1];
#endif
		assert(total == SLOTS)
	}
}
