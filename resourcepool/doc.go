// Package resourcepool shares a fixed number of slots among any number of
// resources. A slot is the right to hold one underlying thing, typically a file
// descriptor.
//
// A resource that is put back keeps its slot, and with it what was allocated: it is
// idle. It stays so until it is gotten again, or until another resource needs the
// slot. Then the idle resource is evicted: its Release is called.
//
// A resource is made from a type that can allocate and release what it stands for
// ([AllocateReleaser]). Besides plain resources there are
//
//   - [Group]: interchangeable resources, such as the connections to one address
//   - [Shared]: one resource for several users at once
//   - [Pool.Sub]: a pool within a pool
//   - [Pool.Acquire]: slots by number, for what is no resource
//
// # Life of a resource
//
//	empty ──Get──▶ seeking ──a slot: free, or of an idle──▶ allocating
//	  ▲               │      resource, or waited for           │   │
//	  │◀──────────────┘ gave up                          failed│   │
//	  │◀───────────────────────────────────────────────────────┘   │
//	  │                                                            ▼
//	  │          ┌────────────────── Get ──────────────────▶ in use
//	  │          │                                             │   │
//	  │        idle ◀──────────────────── Put ─────────────────┘   │ Release
//	  │          │ evicted, or released                            │
//	  └────── releasing ◀──────────────────────────────────────────┘
//
// # What it costs
//
// Get of an idle resource and Put with nobody waiting take no lock, allocate
// nothing and write to nothing that other resources share.
//
// # When not to use it
//
//   - The things are all alike and belong to no address: a channel of them is simpler.
//   - They need no limit: a sync.Pool, or none.
//   - They are used by many at once and never given up: they need no pool.
//
// # Concurrency
//
// All methods of all types may be called concurrently, from any goroutine.
package resourcepool
