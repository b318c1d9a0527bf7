package slotprom_test

import (
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/metrics/slotprom"
)

func ExampleCollector() {
	var backends connpool.Pool
	prometheus.MustRegister(&slotprom.Collector{Conns: map[string]*connpool.Pool{"backends": &backends}})
	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe("localhost:6060", nil))
}
