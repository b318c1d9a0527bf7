module github.com/slotpool/slotpool/cmd/soak

go 1.26.0

require github.com/slotpool/slotpool v0.0.0

replace github.com/slotpool/slotpool => ../../
