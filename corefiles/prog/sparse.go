package main

import "strconv"

// Case "sparse": maps that were large once.  Their memory stays.

var (
	sparseSessions = &sessionStore{byID: map[string]*record{}}
	sparseStrings  = map[string]int{}    // 9 of 3,000 left
	sparseInts     = map[int]int{}       // none left, by delete
	sparseCleared  = map[uint64]uint64{} // none left, cleared
	sparseRefilled = map[uint64]string{} // cleared, then a few again
	sparseChurn    = map[int]int{}       // entries come and go: in Swiss tables, tombstones
	sparseChurnStr = map[string]string{}
	sparseTombs    = map[uint64]uint64{} // deleted from while full, at rest since
	sparseHint     = make(map[int64]int64, 20000)
)

type sessionStore struct {
	hits, misses int
	byID         map[string]*record
	recent       [4]map[int]string
}

func session(i int) string { return "session-" + strconv.Itoa(i) }

func runSparse() {
	emptyOut()
	churn()
	noteMap("main.sparseSessions.byID", byField, sparseSessions.byID)
	noteMap("main.sparseSessions.recent[2]", byArray, sparseSessions.recent[2])
	noteMap("main.sparseStrings", byGlobal, sparseStrings)
	noteMap("main.sparseInts", byGlobal, sparseInts)
	noteMap("main.sparseCleared", byGlobal, sparseCleared)
	noteMap("main.sparseRefilled", byGlobal, sparseRefilled)
	noteMap("main.sparseChurn", byGlobal, sparseChurn)
	noteMap("main.sparseChurnStr", byGlobal, sparseChurnStr)
	noteMap("main.sparseTombs", byGlobal, sparseTombs)
	noteMap("main.sparseHint", byGlobal, sparseHint)
}

func emptyOut() {
	for i := 0; i < 3000; i++ {
		n := session(i)
		sparseSessions.byID[n] = &record{ID: uint32(i)}
		sparseStrings[n], sparseInts[i], sparseCleared[uint64(i)] = i, i, 1
		sparseRefilled[uint64(i)] = n
	}
	for i := 0; i < 3000; i++ {
		delete(sparseInts, i)
		if i%500 != 7 {
			delete(sparseSessions.byID, session(i))
		}
		if i%350 != 0 {
			delete(sparseStrings, session(i))
		}
	}
	for k := range sparseCleared {
		delete(sparseCleared, k)
	}
	for k := range sparseRefilled {
		delete(sparseRefilled, k)
	}
	for i := 0; i < 3; i++ {
		sparseRefilled[uint64(i)] = strconv.Itoa(i)
		sparseHint[int64(i)] = -1
	}
	sparseSessions.recent[2] = map[int]string{1: "one"}
}

func churn() {
	for i := 0; i < 5000; i++ {
		sparseChurn[i], sparseChurnStr[session(i)] = i, strconv.Itoa(i)
		if i >= 300 {
			delete(sparseChurn, i-300)
			delete(sparseChurnStr, session(i-300))
		}
	}
	for i := uint64(0); i < 890; i++ {
		sparseTombs[i] = i
	}
	for i := uint64(0); i < 890; i++ {
		if i%3 != 0 {
			delete(sparseTombs, i)
		}
	}
}
