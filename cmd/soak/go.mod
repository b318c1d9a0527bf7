module github.com/slotpool/slotpool/cmd/soak

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/slotpool/slotpool v0.0.0
	golang.org/x/sys v0.50.0
	golang.org/x/term v0.48.0
	gonum.org/v1/gonum v0.17.0
)

require github.com/cespare/xxhash/v2 v2.3.0 // indirect

replace github.com/slotpool/slotpool => ../../
