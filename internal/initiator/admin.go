// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"fmt"
	"time"

	"vblade/internal/aoe"
)

// command runs one request that is not an ATA command. A refusal is returned as
// an *AoEError, after reply has seen the frame, because a refusal carries data
// too.
func (t *Target) command(c aoe.Command, build func(aoe.Frame) int, reply func(aoe.Frame) error) error {
	return t.initiator.Run(Exchange{
		Requests: 1,
		Window:   1,
		Build: func(_ int, f aoe.Frame) int {
			t.header(f, c)
			return max(aoe.MinLen, build(f))
		},
		Reply: func(_ int, f aoe.Frame, _ time.Duration) error {
			if err := reply(f); err != nil {
				return err
			}
			if f.Has(aoe.FlagError) {
				return &AoEError{t.Name(), f.Error()}
			}
			return nil
		},
	})
}

// ConfigString runs a config command with a string and returns the target's
// string, also together with an error. A test or prefix that does not match is
// not answered, which results in a *TimeoutError.
func (t *Target) ConfigString(op aoe.ConfigOp, s string) (string, error) {
	var got string
	err := t.command(aoe.CommandConfig,
		func(f aoe.Frame) int { return f.SetConfigRequest(op, []byte(s)) },
		func(f aoe.Frame) error {
			b, ok := f.ConfigString()
			if !ok {
				return fmt.Errorf("%s: config reply of %d bytes is shorter than its string", t.Name(), len(f))
			}
			got = string(b)
			return nil
		})
	return got, err
}

// Directive is one edit of a mask list.
type Directive struct {
	Op  aoe.DirectiveOp
	MAC aoe.MAC
}

// Masks returns the MACs that the target serves. It serves all if there are none.
func (t *Target) Masks() ([]aoe.MAC, error) {
	return t.masks(aoe.MaskRead, nil)
}

// EditMasks changes the mask list and returns the new one.
func (t *Target) EditMasks(edits ...Directive) ([]aoe.MAC, error) {
	return t.masks(aoe.MaskEdit, edits)
}

// masks runs a MAC mask command.
func (t *Target) masks(op aoe.MaskOp, edits []Directive) ([]aoe.MAC, error) {
	var list []aoe.MAC
	err := t.command(aoe.CommandMask,
		func(f aoe.Frame) int {
			for i, e := range edits {
				f.SetDirective(i, e.Op, e.MAC)
			}
			return f.SetMaskRequest(op, len(edits))
		},
		func(f aoe.Frame) error {
			switch {
			case f.Has(aoe.FlagError):
				return nil
			case f.MaskError() != aoe.MaskOK:
				return fmt.Errorf("%s: mask error %d at directive %d", t.Name(), f.MaskError(), f.MaskCount())
			case !f.HoldsDirectives():
				return fmt.Errorf("%s: mask reply of %d bytes is shorter than its list", t.Name(), len(f))
			}
			for i := range f.MaskCount() {
				_, m := f.Directive(i)
				list = append(list, m)
			}
			return nil
		})
	return list, err
}

// Reservation returns the MACs that the target is reserved for, if it is
// reserved.
func (t *Target) Reservation() ([]aoe.MAC, error) {
	return t.reserve(aoe.ReserveRead, nil)
}

// Reserve reserves the target for MACs, or releases it if there are none. With
// force it does so whoever holds the reservation. It returns the reservation in
// force, also together with an error.
func (t *Target) Reserve(force bool, macs ...aoe.MAC) ([]aoe.MAC, error) {
	op := aoe.ReserveSet
	if force {
		op = aoe.ReserveForceSet
	}
	return t.reserve(op, macs)
}

// reserve runs a reserve/release command.
func (t *Target) reserve(op aoe.ReserveOp, macs []aoe.MAC) ([]aoe.MAC, error) {
	var list []aoe.MAC
	err := t.command(aoe.CommandReserve,
		func(f aoe.Frame) int { return f.SetReserveRequest(op, macs) },
		func(f aoe.Frame) error {
			if !f.HoldsReservation() {
				return fmt.Errorf("%s: reserve reply of %d bytes is shorter than its list", t.Name(), len(f))
			}
			for i := range f.ReserveCount() {
				list = append(list, f.ReserveMAC(i))
			}
			return nil
		})
	return list, err
}
