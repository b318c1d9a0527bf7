module github.com/Cloud-Foundations/Dominator

go 1.26.0

require github.com/slotpool/slotpool v0.0.0
