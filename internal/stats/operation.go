// SPDX-License-Identifier: GPL-2.0-only

package stats

// Operation is a kind of request whose times are counted separately.
type Operation uint8

// The operations. Other is every request that asks the disk at most for its size:
// config, masks and reservations, IDENTIFY, and all that are refused.
const (
	Read Operation = iota
	Write
	Flush
	Other

	Operations // how many there are
)

// String returns the operation's name.
func (o Operation) String() string {
	return [Operations]string{"read", "write", "flush", "other"}[o]
}

// ServiceScale is the scale of all service times: they are known to half a
// microsecond, or to 1/8, up to 34 seconds.
func ServiceScale() Scale { return Scale{Unit: 9, Parts: 3, Top: 35} }

// Service is the times of an export's requests, by operation, from the arrival of
// their frames to the sending of their replies.
type Service [Operations]*Histogram

// NewService returns a Service without requests.
func NewService() (s Service) {
	for i := range s {
		s[i] = NewHistogram(ServiceScale())
	}
	return s
}

// Times returns the times of all operations together.
func (s *Service) Times() (t Times) {
	for _, h := range s {
		if h != nil {
			t.Add(h)
		}
	}
	return t
}
