//go:build linux

package load

// Fault numbers the faults.
type Fault int

const (
	FaultClose Fault = iota
	FaultReset
	FaultHalfClose
	FaultUnexpected
	FaultNoAnswer
	FaultSlowAccept
	FaultRefuse
	FaultFullBacklog
	FaultCloseUnread
	FaultStop
	FaultKill
	FaultEMFILE
	FaultForeign
	FaultPrlimit
	FaultDialFail
	FaultDialPanic
	FaultDialExit
	FaultDialSlow
	FaultCancel
	FaultStopReading
	FaultDeadHosts
	FaultPassing
	FaultSlowNames
	FaultSilentNames
	FaultCount
)

// Faults are a set of faults.
type Faults uint64

const dialFaults Faults = 1<<FaultDialFail | 1<<FaultDialPanic | 1<<FaultDialExit | 1<<FaultDialSlow

func (b Faults) has(id Fault) bool { return b&(1<<id) != 0 }
