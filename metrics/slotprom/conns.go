package slotprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

func connDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("slotpool_connection"+name, help, append([]string{"pool"}, labels...), nil)
}

// connFigure is one of PoolStats.
type connFigure = figure[connpool.PoolStats]

func connGauge(d *prometheus.Desc, value string, of func(*connpool.PoolStats) uint) connFigure {
	return connFigure{metric{d, value}, prometheus.GaugeValue, func(s *connpool.PoolStats) float64 { return float64(of(s)) }}
}

func connCounter(d *prometheus.Desc, value string, of func(*connpool.PoolStats) uint64) connFigure {
	return connFigure{metric{d, value}, prometheus.CounterValue, func(s *connpool.PoolStats) float64 { return float64(of(s)) }}
}

var (
	connections = connDesc("s", "Open connections, by state; dialed are those of DialContext.", "state")
	closed      = connDesc("s_closed_total", "Connections that were closed, those of DialContext not counted.", "reason")
	dials       = connDesc("_dials_total", "Dials that have ended.", "outcome")
	dialTimes   = connDesc("_dial_seconds", "How long dials took.", "outcome")
)

var ofConns = table[connpool.PoolStats, connpool.PoolTimes]{figures: []connFigure{
	connGauge(connections, "in_use", func(s *connpool.PoolStats) uint { return s.InUse }),
	connGauge(connections, "idle", func(s *connpool.PoolStats) uint { return s.Idle }),
	connGauge(connections, "dialed", func(s *connpool.PoolStats) uint { return s.Dialed }),
	connGauge(connDesc("s_dialing", "Dials that are running, those of DialContext not counted."), "", func(s *connpool.PoolStats) uint { return s.Dialing }),
	connGauge(connDesc("s_waiting", "Gets that wait, but not for a dial."), "", func(s *connpool.PoolStats) uint { return s.Waiting }),
	connGauge(connDesc("_addresses", "Addresses that the pool keeps anything of, be it a failed dial."), "", func(s *connpool.PoolStats) uint { return s.Addresses }),
	connCounter(connDesc("_reuses_total", "Times that connections that are closed by now were handed out again."), "", func(s *connpool.PoolStats) uint64 { return s.Reuses }),
	connCounter(connDesc("_waits_total", "Gets that found no good idle connection."), "", func(s *connpool.PoolStats) uint64 { return s.Waits }),
	connCounter(connDesc("_waits_failed_total", "Gets that found no good idle connection, and got none in the end."), "", func(s *connpool.PoolStats) uint64 { return s.WaitsFailed }),
	connCounter(connDesc("_waits_over_total", "Gets that found no good idle connection, and whose context was over before they got one."), "", func(s *connpool.PoolStats) uint64 { return s.WaitsOver }),
	connCounter(dials, "ok", func(s *connpool.PoolStats) uint64 { return s.Dials.Succeeded }),
	connCounter(dials, "timeout", func(s *connpool.PoolStats) uint64 { return s.Dials.TimedOut }),
	connCounter(dials, "cancelled", func(s *connpool.PoolStats) uint64 { return s.Dials.Cancelled }),
	connCounter(dials, "failed", func(s *connpool.PoolStats) uint64 { return s.Dials.Failed }),
	connCounter(closed, "evicted", func(s *connpool.PoolStats) uint64 { return s.Closed.Evicted }),
	connCounter(closed, "dead", func(s *connpool.PoolStats) uint64 { return s.Closed.Dead }),
	connCounter(closed, "by_peer", func(s *connpool.PoolStats) uint64 { return s.Closed.ByPeer }),
	connCounter(closed, "idle", func(s *connpool.PoolStats) uint64 { return s.Closed.Idle }),
	connCounter(closed, "lifetime", func(s *connpool.PoolStats) uint64 { return s.Closed.Lifetime }),
	connCounter(closed, "reset", func(s *connpool.PoolStats) uint64 { return s.Closed.Reset }),
	connCounter(closed, "by_user", func(s *connpool.PoolStats) uint64 { return s.Closed.ByUser }),
	connCounter(closed, "shutdown", func(s *connpool.PoolStats) uint64 { return s.Closed.Shutdown }),
}, durations: []duration[connpool.PoolTimes]{
	{metric{connDesc("_wait_seconds", "How long Gets that found no idle connection took, the dial included."), ""},
		func(t *connpool.PoolTimes) *resourcepool.Histogram { return &t.Wait }},
	{metric{dialTimes, "ok"}, func(t *connpool.PoolTimes) *resourcepool.Histogram { return &t.Dial }},
	{metric{dialTimes, "failed"}, func(t *connpool.PoolTimes) *resourcepool.Histogram { return &t.DialFailed }},
	{metric{connDesc("_hold_seconds", "How long connections were held; counted only with HoldWarning."), ""},
		func(t *connpool.PoolTimes) *resourcepool.Histogram { return &t.Hold }},
}}
