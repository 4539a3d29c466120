package main

import (
	"os"
	"strconv"
	"syscall"
	"time"
)

// Case "snapshots": two states of one process, each waited in until somebody has taken a core.
// What happens in between is in runSnapshots, and in the second truth's "changes".

type change struct {
	owner  string
	m      func() interface{}
	status string // added, removed, changed, same
	note   string
	was    int // len in the first state
	grew   bool
	done   int
}

var (
	snapSame     = map[string]int{}    // nothing happens
	snapRead     = map[int]int{}       // only looked into
	snapUpdated  = map[string]string{} // other elements, same keys
	snapWritten  = map[string]int{}    // more keys, no growth
	snapDeleted  = map[int]int{}       // fewer keys
	snapCleared  = map[string]int{}    // emptied at once, then one key
	snapStarts   = map[int]int{}       // a growth begins
	snapMoves    = map[int]int{}       // a growth goes on
	snapFinishes = map[int]int{}       // a growth ends
	snapStalls   = map[int]int{}       // a growth stands still
	snapDoubles  = map[uint64]uint64{} // grows several times over
	snapCreated  map[string]int        // made in between
	snapDropped  = map[string]int{}    // dropped in between
	snapReplaced = map[int]string{}    // another map takes its place
	snapChain    map[int64]int64       // overflow buckets come
	snapNested   = map[string]map[int]int{}
	snapChanges  []change
)

func snap(owner, status, note string, m func() interface{}) {
	c := change{owner: owner, status: status, note: note, m: m}
	c.remember()
	snapChanges = append(snapChanges, c)
}

func (c *change) remember() {
	if c.m != nil {
		c.was, c.grew, c.done = lenOf(c.m()), isGrowingMap(c.m()), doneOf(c.m())
	}
}

func snapFill() {
	for i := 0; i < 60; i++ {
		k := "k" + strconv.Itoa(i)
		snapSame[k], snapRead[i], snapUpdated[k] = i, i, "old"
		snapDeleted[i], snapCleared[k], snapDropped[k] = i, i, i
		snapReplaced[i], snapDoubles[uint64(i)] = k, 1
		if i < 30 {
			snapWritten[k] = i
		}
	}
	growUntil(snapMoves, 400, 200, intKey)
	growUntil(snapFinishes, 400, 300, intKey)
	growUntil(snapStalls, 400, 400, intKey)
	for i := 0; i < 90; i++ {
		snapStarts[i*7] = i
	}
	for i := 0; isGrowing(snapStarts); i++ {
		snapStarts[i*7]++
	}
	snapChain = make(map[int64]int64, 400)
	snapNested["a"], snapNested["b"] = ints(5), ints(6)
}

func snapExpect() {
	snap("main.snapSame", "same", "nothing", func() interface{} { return snapSame })
	snap("main.snapRead", "same", "lookups", func() interface{} { return snapRead })
	snap("main.snapUpdated", "changed", "60 elements", func() interface{} { return snapUpdated })
	snap("main.snapWritten", "changed", "15 keys more", func() interface{} { return snapWritten })
	snap("main.snapDeleted", "changed", "40 keys less", func() interface{} { return snapDeleted })
	snap("main.snapCleared", "changed", "cleared", func() interface{} { return snapCleared })
	// With Swiss tables nothing happens to these two.
	moved := "changed"
	if mapKind == "swiss" {
		moved = "same"
	}
	snap("main.snapStarts", moved, "growth begins", func() interface{} { return snapStarts })
	snap("main.snapMoves", moved, "growth goes on", func() interface{} { return snapMoves })
	snap("main.snapFinishes", "changed", "growth ends", func() interface{} { return snapFinishes })
	snap("main.snapStalls", "same", "growth stalls", func() interface{} { return snapStalls })
	snap("main.snapDoubles", "changed", "10000 keys", func() interface{} { return snapDoubles })
	snap("main.snapChain", "changed", "a long chain", func() interface{} { return snapChain })
	snap("main.snapNested", "changed", "a map more", func() interface{} { return snapNested })
	snap(`main.snapNested["a"]`, "changed", "a key more",
		func() interface{} { return snapNested["a"] })
	snap("main.snapCreated", "added", "made", func() interface{} { return snapCreated })
	snap("main.snapDropped", "removed", "dropped", func() interface{} { return snapDropped })
	snap("main.snapReplaced", "changed", "another map in its place: one removed, one added",
		func() interface{} { return snapReplaced })
}

func snapAct() {
	for i := 0; i < 60; i++ {
		k := "k" + strconv.Itoa(i)
		snapUpdated[k] = "new"
		if i < 40 {
			delete(snapDeleted, i)
		}
		if i < 15 {
			snapWritten["w"+strconv.Itoa(i)] = i
			if i != snapRead[i] {
				fail("can't be")
			}
		}
	}
	for k := range snapCleared {
		delete(snapCleared, k)
	}
	snapCleared["again"] = 1
	for i := 90; mapKind == "classic" && !isGrowing(snapStarts); i++ {
		snapStarts[i*7] = i
	}
	for i := 0; isGrowing(snapMoves) && growthDone(snapMoves) < 600; i++ {
		snapMoves[i*7] = i
	}
	for i := 0; i < 400; i++ {
		snapFinishes[i*7] = -i
	}
	for i := uint64(0); i < 10000; i++ {
		snapDoubles[i] = i
	}
	pick(snapChain, 200, 9, 1, int64Key)
	snapNested["c"], snapNested["a"][100] = ints(3), 1
	snapCreated = one("created", 1)
	snapDropped = nil
	snapReplaced = map[int]string{1: "another"}
}

func snapLeak(n int) {
	for i := 0; i < n; i++ {
		go leakB(i)
	}
	time.Sleep(50 * time.Millisecond)
}

// waitForCore says "ready" and waits for a line: the file of the next truth.
func waitForCore() string {
	settle()
	os.Stdout.WriteString("ready\n")
	var line [256]byte
	n, err := syscall.Read(0, line[:])
	if err != nil || n <= 0 {
		os.Exit(0)
	}
	return string(line[:n-1])
}

func noteSnapMaps() {
	for _, c := range snapChanges {
		noteMap(c.owner, byGlobal, c.m())
	}
	noteMap(`main.snapNested["b"]`, byElem, snapNested["b"])
}

func noteChanges() {
	out := append(extraTruth, ",\"changes\":[\n"...)
	for i := range snapChanges {
		c := &snapChanges[i]
		if i > 0 {
			out = append(out, ",\n"...)
		}
		out = append(out, '{')
		out = appendString(appendMember(out, "owner"), c.owner)
		out = appendString(appendMember(out, "status"), c.status)
		out = appendString(appendMember(out, "what"), c.note)
		out = appendNumber(out, "old_count", uint64(c.was))
		out = appendNumber(out, "new_count", uint64(lenOf(c.m())))
		out = appendString(appendMember(out, "growth"), c.growth())
		out = append(out, '}')
	}
	extraTruth = append(out, `],"leaked":{"main.leakB":[10,25]}`...)
}

func (c *change) growth() string {
	now := isGrowingMap(c.m())
	switch {
	case c.owner == "main.snapDoubles":
		return "any" // it grew several times over
	case !c.grew && !now:
		return "none"
	case !c.grew:
		return "started"
	case !now:
		return "finished"
	case doneOf(c.m()) == c.done:
		return "stalled"
	}
	return "progressing"
}

func runSnapshots() {
	snapFill()
	snapExpect()
	snapLeak(10)
	noteSnapMaps()
	writeTruth()
	truthFile = waitForCore()
	snapAct()
	snapLeak(15)
	noteSnapMaps()
	noteChanges()
	writeTruth()
	waitForCore()
	os.Exit(0)
}
