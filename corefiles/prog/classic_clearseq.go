//go:build go1.24 && !go1.26 && !goexperiment.swissmap
// +build go1.24,!go1.26,!goexperiment.swissmap

package main

// Go 1.24 put clearSeq before extra.
const extraOffset = 48
