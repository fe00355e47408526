// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// httpPatience is how long a request by HTTP may take.
const httpPatience = 30 * time.Second

// Dial connects to an address inside the namespace, as net.Dial does.
func (h *Host) Dial(network, address string) (conn net.Conn, err error) {
	err = h.Do(func() error {
		conn, err = net.DialTimeout(network, address, httpPatience)
		return err
	})
	return conn, err
}

// HTTPClient returns a client for the length of a test that sends every request to
// one address inside the namespace.
func (h *Host) HTTPClient(t testing.TB, network, address string) *http.Client {
	client := &http.Client{Timeout: httpPatience, Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return h.Dial(network, address) },
	}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// Metrics returns the metrics of a vblade that serves them at an address inside the
// namespace.
func (h *Host) Metrics(t testing.TB, network, address string) string {
	t.Helper()
	client := h.HTTPClient(t, network, address)
	defer client.CloseIdleConnections()
	response, err := client.Get("http://vblade/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	return string(page)
}
