module github.com/slotpool/slotpool/bench/reference

go 1.26.0

require (
	github.com/Cloud-Foundations/Dominator v0.3.4
	github.com/slotpool/slotpool/bench v0.0.0
)

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/slotpool/slotpool v0.0.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace (
	github.com/slotpool/slotpool => ../..
	github.com/slotpool/slotpool/bench => ../
)

replace github.com/Cloud-Foundations/Dominator => ./standin
