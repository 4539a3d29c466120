//go:build !go1.24
// +build !go1.24

package main

const extraOffset = 40
