package build

import "runtime/debug"

// memoryCeiling is where the collector starts after all. A build is one burst of allocations that
// nearly all live to its end, so collecting earlier only costs time (PERFORMANCE.md: a third of
// the build); 5,000 modules stay below it.
const memoryCeiling = 2 << 30

// tuneGC switches the collector off up to the ceiling and returns what restores it. A lower
// GOMEMLIMIT of the user's stays.
func tuneGC() (restore func()) {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(-1)
	if limit > memoryCeiling {
		debug.SetMemoryLimit(memoryCeiling)
	}
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}
