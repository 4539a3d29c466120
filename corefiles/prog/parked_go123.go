//go:build go1.23
// +build go1.23

package main

import "iter"

func numbers(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// waiters123: iter.Pull's other side waits as a coroutine.
func waiters123() []waiter {
	return []waiter{{"coroutine", func() {
		next, stop := iter.Pull(numbers)
		defer stop()
		next()
		next()
		<-forever
	}}}
}
