// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"time"
)

// lostReply is the error of a request that the server has received, or may have, and
// not answered.
type lostReply struct{ error }

// Unwrap returns why no reply came.
func (l lostReply) Unwrap() error { return l.error }

// lostMost is how long a client asks what has become of a request.
const lostMost = 10 * time.Second

// put has a request to add an export done. If the reply is lost, it asks the server
// whether that was done.
func (c Client) put(r *request, e *Export) (*Answer, error) {
	answer, err := c.ask(r, e.files())
	var lost lostReply
	if !errors.As(err, &lost) {
		return answer, err
	}
	for late := time.Now().Add(lostMost); ; time.Sleep(againTime) {
		now, errNow := c.try(*r, e)
		var said refusal
		switch {
		case errNow == nil && now.Did == Kept:
			return now.done(r), nil
		case errNow == nil, errors.As(errNow, &said) && !said.again: // again: it may be being done
			return nil, fmt.Errorf("%w; it was not done", err)
		case time.Now().After(late):
			return nil, fmt.Errorf("%w; whether it was done is not known: look at vblade status", err)
		}
	}
}

// done turns the answer that the export is served already into the one that was lost.
func (a *Answer) done(r *request) *Answer {
	if a.Did = Added; r.Change {
		a.Did = Changed
	}
	a.Warnings = append(a.Warnings, "it was done, but the server's reply was lost, and with it what it may have warned of")
	return a
}
