//go:build !linux

package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "soak: needs Linux, for /proc and its signals; this is %s\n", runtime.GOOS)
	os.Exit(2)
}
