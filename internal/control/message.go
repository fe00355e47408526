// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// protocol is the version of the protocol of the control socket.
const protocol = 1

// Bounds of a message.
const (
	maxRequest = 64 << 10           // bytes
	maxReply   = 64 << 20           // bytes: of a status with very many exports
	maxFiles   = ata.MaxDescriptors // with one message; the kernel takes 253
)

// What a request asks for.
const (
	doAdd      = "add"
	doRemove   = "remove"
	doStatus   = "status"
	doAnnounce = "announce"
	doReplace  = "replace"

	// What a successor says afterwards (see handover.go).
	doNext    = "next"
	doReady   = "ready"
	doServing = "serving"
)

// request is what a client sends; except for a handover, it sends one.
type request struct {
	Vblade int         `json:"vblade"` // protocol
	Do     string      `json:"do"`
	Name   string      `json:"name,omitempty"`   // of remove, of status and announce for one export, and of add for what ends
	Export *parameters `json:"export,omitempty"` // of add

	// For add, too: change another export of the same address to this one, or
	// only say what would be done.
	Change bool `json:"change,omitempty"`
	Try    bool `json:"try,omitempty"`
}

// reply is what the server answers.
type reply struct {
	Vblade   int      `json:"vblade"`
	PID      int      `json:"pid"`
	Error    string   `json:"error,omitempty"` // why it was not done; empty if it was
	Again    bool     `json:"again,omitempty"` // with Error: it may be done when tried again soon
	Warnings []string `json:"warnings,omitempty"`
	Exports  []status `json:"exports,omitempty"` // for add the one, for status those asked for
	Did      Outcome  `json:"did,omitempty"`     // of add

	Interfaces []Link `json:"interfaces,omitempty"` // of status: those that the exports are served on

	// Of a handover (see handover.go).
	Listeners []string `json:"listeners,omitempty"` // the descriptors that come along
	Count     int      `json:"count,omitempty"`     // exports that follow
}

// status is what the server tells of an export.
type status struct {
	parameters
	Name    string `json:"name"`
	Sectors int64  `json:"sectors"`
	State   State  `json:"state"`
	Trouble string `json:"trouble,omitempty"` // why it is not served now

	// In the reply to status, for exports that the engine serves; users if one
	// export was asked for.
	Down    []string `json:"down,omitempty"` // those of Links that carry no frames
	Figures *Figures `json:"figures,omitempty"`
	Users   *Users   `json:"users,omitempty"`
}

// decode reads one JSON value into v and nothing else. It refuses fields that v
// does not have, because they might mean something that must not be ignored.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("not understood: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("not understood: more than one JSON value")
	}
	return nil
}

// decodeRequest reads and checks a request that came with files.
func decodeRequest(b []byte, files int) (*request, error) {
	// The version is checked first, because a later one may have other fields.
	var v struct {
		Vblade int `json:"vblade"`
	}
	if err := json.Unmarshal(b, &v); err == nil && v.Vblade != protocol {
		return nil, fmt.Errorf("this server speaks version %d of the control protocol, not %d; use its own vblade, or restart it", protocol, v.Vblade)
	}
	r := new(request)
	if err := decode(b, r); err != nil {
		return nil, err
	}
	return r, r.check(files)
}

// check returns what is wrong with a request.
func (r *request) check(files int) error {
	switch r.Do {
	case doAdd:
		return r.checkAdd()
	case doRemove, doStatus, doAnnounce, doReplace:
	default:
		return fmt.Errorf("there is no request %q; there are add, remove, status, announce and replace", r.Do)
	}
	switch {
	case r.Export != nil || files > 0 || r.Change || r.Try:
		return fmt.Errorf("%s takes no export", r.Do)
	case r.Do == doReplace && r.Name != "":
		return errors.New("replace takes no name")
	case r.Name == "" && r.Do != doRemove:
		return nil
	}
	_, err := aoe.ParseAddress(r.Name)
	return err
}

// checkAdd returns what is wrong with a request to add.
func (r *request) checkAdd() error {
	switch {
	case r.Export == nil:
		return errors.New("add takes an export")
	case r.Name == "":
		return nil
	case r.Name == r.Export.address().String():
		return fmt.Errorf("%s cannot be added in its own place; change it", r.Name)
	}
	_, err := aoe.ParseAddress(r.Name)
	return err
}

// closeAll closes files.
func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
