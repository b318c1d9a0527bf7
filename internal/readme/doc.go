// Package readme holds README.md to the truth: the Go code in it is compiled
// here, and its picture of the packages is compared with their imports.
package readme
