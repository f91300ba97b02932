package main

import (
	"fmt"
	"time"

	"changeover/cluster/internal/records"
)

// report is the table at the end, and what was not as promised.
type report struct {
	rows   []string
	broken []string
}

// add adds for how long streams were dark since something was done, of those that this concerns by the nodes
// they came from and went to. The others show what the machine and the sources did by themselves: that is on top
// of what is promised.
func (r *report) add(what string, packets []records.Packet, since time.Time, limit time.Duration,
	concerns func(from, to string) bool) {
	gaps, others := records.Gaps(packets, since, concerns)
	if len(gaps) == 0 {
		r.broken = append(r.broken, what+": no stream was concerned")
		return
	}
	at := func(share int) time.Duration {
		return gaps[min(len(gaps)*share/100, len(gaps)-1)].Round(time.Millisecond)
	}
	by := time.Duration(0)
	if len(others) > 0 {
		by = others[len(others)-1].Round(time.Millisecond)
	}
	r.rows = append(r.rows, fmt.Sprintf("%-34s %7d %8v %8v %8v %8v %8v %10d", what, len(gaps), at(50), at(99), at(100),
		limit, by, records.Discarded(packets, since)))
	if at(100) > limit+by {
		r.broken = append(r.broken, fmt.Sprintf("%s: a stream was dark for %v, and at most %v is promised", what, at(100), limit))
	}
}

// end prints the table; an error if something was not as promised.
func (r *report) end(packets []records.Packet) error {
	fmt.Printf("\n%-34s %7s %8s %8s %8s %8s %8s %10s\n",
		"dark, when", "streams", "median", "p99", "longest", "at most", "others", "discarded")
	for _, row := range r.rows {
		fmt.Println(row)
	}
	r.broken = append(r.broken, records.Judge(packets, late)...)
	fmt.Printf("\n%d packets were received\n", len(packets))
	for _, what := range r.broken {
		fmt.Println("NOT AS PROMISED:", what)
	}
	if len(r.broken) > 0 {
		return fmt.Errorf("%d promises were broken", len(r.broken))
	}
	fmt.Println("everything was as promised")
	return nil
}
