// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/lab"
)

// office is a host whose metrics are served, and clients on it.
type office struct {
	host    *lab.Host
	kind    string // the address to dial
	address string
	client  *http.Client
}

// newOffice makes a host for clients of an address.
func newOffice(t *testing.T, kind, address string) *office {
	o := &office{host: lab.TestHost(t), kind: kind, address: address}
	o.client = o.host.HTTPClient(t, kind, address)
	return o
}

// dial connects to the office.
func (o *office) dial() (net.Conn, error) { return o.host.Dial(o.kind, o.address) }

// listen is Listen on the host.
func (o *office) listen(address string) (l net.Listener, err error) {
	err = o.host.Do(func() error {
		l, err = Listen(address)
		return err
	})
	return l, err
}

// serve serves someStats for the length of the test.
func (o *office) serve(t *testing.T, address string) *Metrics {
	t.Helper()
	l, err := o.listen(address)
	if err != nil {
		t.Fatal(err)
	}
	m := ServeMetrics(l, someStats)
	t.Cleanup(func() { m.Close() })
	return m
}

// get asks for a path and returns the status, the type and the body.
func (o *office) get(t *testing.T, method, path string) (int, string, string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://vblade"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := o.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(body)
}

// checkServing checks what is answered.
func (o *office) checkServing(t *testing.T) {
	t.Helper()
	status, kind, body := o.get(t, "GET", "/metrics")
	if status != 200 || kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("status %d, type %q", status, kind)
	}
	readPage(t, body).want(t, map[string]float64{`vblade_reads_total{target="e9.1"}`: 12034})
	for path, want := range map[string]int{"GET /": 404, "GET /metrics/": 404, "GET /debug/pprof/": 404, "POST /metrics": 405} {
		method, path, _ := strings.Cut(path, " ")
		if status, _, _ := o.get(t, method, path); status != want {
			t.Errorf("%s %s: status %d; want %d", method, path, status, want)
		}
	}
}

// TestServeTCP serves metrics on a port.
func TestServeTCP(t *testing.T) {
	o := newOffice(t, "tcp", "127.0.0.1:9100")
	o.serve(t, "127.0.0.1:9100")
	o.checkServing(t)
	if _, err := o.listen("127.0.0.1:9100"); err == nil ||
		err.Error() != "listen on 127.0.0.1:9100 for metrics: address already in use (name another address, or end what uses it)" {
		t.Errorf("a second time: %v", err)
	}
	if _, err := o.listen("192.0.2.1:9100"); err == nil || !strings.HasSuffix(err.Error(), "cannot assign requested address (name an address of this host)") {
		t.Errorf("on an address of nobody: %v", err)
	}
}

// TestServeUnix serves metrics on a Unix socket, which is gone at the end, and
// again after a program that was killed.
func TestServeUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	o := newOffice(t, "unix", path)
	m := o.serve(t, "unix:"+path)
	o.checkServing(t)
	_, err := o.listen("unix:" + path)
	if want := "listen on unix:" + path + " for metrics: address already in use (name another address, or end what uses it)"; err == nil || err.Error() != want {
		t.Errorf("a second time: %v; want %s", err, want)
	}
	o.checkServing(t)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket at the end: %v", err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	o.serve(t, "unix:"+path)
	o.checkServing(t)
}

// TestListenKeeps checks that nothing but a dead program's socket is removed.
func TestListenKeeps(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, dir, filepath.Join(dir, "nowhere", "socket")} {
		before, _ := os.Lstat(path)
		l, err := Listen("unix:" + path)
		if err == nil {
			l.Close()
			t.Errorf("%s becomes a socket", path)
		} else if !strings.HasPrefix(err.Error(), "listen on unix:"+path+" for metrics: ") || !strings.Contains(err.Error(), "(name another ") {
			t.Errorf("%s: %v", path, err)
		}
		if after, _ := os.Lstat(path); before != nil && (after == nil || !os.SameFile(before, after)) {
			t.Errorf("%s is another", path)
		}
	}
}

// TestSilentClients has clients that never finish what they say in all the
// places that there are: they are sent away, others served.
func TestSilentClients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	o := newOffice(t, "unix", path)
	o.serve(t, "unix:"+path)
	for range maxClients {
		conn, err := o.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /metrics HTTP/1.1\r\nHost: ")
	}
	o.checkServing(t)
}

// TestLongHeader has a client send more header than anybody needs: it is told so
// before it has sent much.
func TestLongHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	o := newOffice(t, "unix", path)
	o.serve(t, "unix:"+path)
	conn, err := o.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /metrics HTTP/1.1\r\nX: %s", strings.Repeat("x", 5*maxHeader))
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 431" {
		t.Errorf("the answer is %q, %v", answer, err)
	}
}

// TestAddresses checks how addresses may be written.
func TestAddresses(t *testing.T) {
	for _, address := range []string{"unix:/run/x", "unix:x", "localhost:9100", ":9100", "[::1]:9100", "0.0.0.0:http"} {
		if err := CheckAddress(address); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"", "9100", "localhost", "localhost:", "/run/x", "::1:9100", "a:b:c", "unix:"} {
		if CheckAddress(address) == nil {
			t.Errorf("%q is an address", address)
		}
	}
}
