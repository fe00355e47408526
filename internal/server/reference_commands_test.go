// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"vblade/test/frametest"
)

// configure is section 4.
func (r *reference) configure(f []byte) []byte {
	op, n := f[29]&15, int(binary.BigEndian.Uint16(f[30:]))
	holds := len(f) - 32
	if op > 4 {
		holds = len(f)
	}
	if op != 0 && (n > 1024 || n > holds) {
		return nil
	}
	s := f[32:min(len(f), 32+n)]
	switch {
	case op == 1 && !bytes.Equal(r.config, s), op == 2 && !bytes.HasPrefix(r.config, s):
		return nil
	case op == 3 && len(r.config) > 0 && !bytes.Equal(r.config, s):
		refuse(f, 4)
	case op == 3 || op == 4:
		if 32+n > r.room() {
			return r.unsendable(f)
		}
		r.config = bytes.Clone(s)
	case op > 4:
		refuse(f, 2)
	}
	binary.BigEndian.PutUint16(f[24:], frametest.Buffers)
	binary.BigEndian.PutUint16(f[26:], 0x4019)
	f[28] = byte(min(255, max(0, r.mtu-36)/sectorSize))
	f[29] = 0x10 | op
	binary.BigEndian.PutUint16(f[30:], uint16(len(r.config)))
	return append(f[:32:32], r.config...)
}

// mask is section 5.
func (r *reference) mask(f []byte) []byte {
	count := int(f[27])
	switch {
	case f[25] > 1, f[25] == 1 && len(f) < 28+8*count:
		return refuse(f, 2)[:28]
	case f[25] == 1:
		before := slices.Clone(r.masks)
		for i := range count {
			if code := r.direct(f[28+8*i:][:8]); code != 0 {
				f[26], f[27] = code, byte(i)
				return f[:28]
			}
		}
		if 28+8*len(r.masks) > r.room() {
			r.masks = before
			return r.unsendable(f)
		}
	}
	f[26], f[27] = 0, byte(len(r.masks))
	f = f[:28:28]
	for _, m := range r.masks {
		f = append(append(f, 0, 0), m...)
	}
	return f
}

// direct applies a directive of 8 bytes and returns its MError.
func (r *reference) direct(d []byte) byte {
	mac := bytes.Clone(d[2:])
	switch d[1] {
	case 0:
	case 1:
		if holds(r.masks, mac) {
			return 0
		}
		if len(r.masks) == 128 {
			return 3
		}
		r.masks = append(r.masks, mac)
	case 2:
		r.masks = slices.DeleteFunc(r.masks, func(m []byte) bool { return bytes.Equal(m, mac) })
	default:
		return 2
	}
	return 0
}

// reserve is section 6.
func (r *reference) reserve(f []byte) []byte {
	op, count := f[24], int(f[25])
	switch {
	case op == 0:
	case op > 2:
		refuse(f, 2)
	case op == 1 && len(r.reserved) > 0 && !holds(r.reserved, f[:6]):
		refuse(f, 6)
	case len(f) < 26+6*count:
		refuse(f, 2)
	case 26+6*count > r.room():
		return r.unsendable(f)
	default:
		r.reserved = nil
		for i := range count {
			r.reserved = append(r.reserved, bytes.Clone(f[26+6*i:][:6]))
		}
	}
	f[25] = byte(len(r.reserved))
	f = f[:26:26]
	for _, m := range r.reserved {
		f = append(f, m...)
	}
	return f
}
