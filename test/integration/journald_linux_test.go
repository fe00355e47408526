// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"vblade/test/lab"
)

// journaldPath is the systemd journal's program.
const journaldPath = "/usr/lib/systemd/systemd-journald"

// withJournald runs a systemd journal of its own, as only this shell and what it
// starts see it, has a vblade log to it while its link goes down, and shows what is
// found there by fields.
const withJournald = `
set -e
mount -t tmpfs run /run
mount -t tmpfs log /var/log
mkdir -p /run/systemd/journal /run/log/journal
%s 2>/dev/null & journald=$!
await() { for i in $(seq 300); do eval "$1" && return; sleep 0.1; done; echo "no $1" >&2; return 1; }
await '[ -S /run/systemd/journal/socket ]' || exit 77
# As systemd does, which systemd-cat leaves out.
systemd-cat sh -c 'JOURNAL_STREAM=$(stat -L -c %%d:%%i /dev/fd/2) exec "$0" "$@"' "$0" serve --control /run/control & vblade=$!
trap 'kill $vblade $journald; wait' EXIT
await '[ -S /run/control ]'
"$0" add --control /run/control --state /run/state 9 0 tgt0 "$1" >/dev/null
ip link set tgt0 down
found() { journalctl -q -o json EXPORT=e9.0 LINK=tgt0; }
await 'found | grep -q waiting'
found
`

// TestJournald has the systemd journal find lines by what they are about.
func TestJournald(t *testing.T) {
	if os.Getuid() != 0 {
		lab.Skip(t, "a systemd journal of its own", "run as root")
	}
	for _, program := range []string{"unshare", "systemd-cat", "journalctl", journaldPath} {
		lab.Need(t, program, "systemd")
	}
	s := newSite(t, 1500)
	out, err := s.host.Output("unshare", "-m", "bash", "-c", fmt.Sprintf(withJournald, journaldPath), s.vblade, s.image)
	if e, ok := err.(*exec.ExitError); ok && e.ExitCode() == 77 {
		lab.Skip(t, "a systemd journal of its own", "run as root, not in a user namespace")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var entry map[string]string
	if err := json.Unmarshal(out, &entry); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for field, want := range map[string]string{
		"MESSAGE": logDown, "PRIORITY": "4", "SYSLOG_IDENTIFIER": "vblade",
		"EXPORT": "e9.0", "LINK": "tgt0", "_TRANSPORT": "journal",
	} {
		if entry[field] != want {
			t.Errorf("%s is %q, want %q", field, entry[field], want)
		}
	}
}
