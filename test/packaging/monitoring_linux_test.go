// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vblade/test/lab"
)

// Where the monitoring's files are in the source.
const (
	rules     = "packaging/monitoring/vblade.rules.yml"
	rulesTest = "packaging/monitoring/vblade.rules.test.yml"
	dashboard = "packaging/monitoring/vblade-dashboard.json"
)

// TestAlertRules has promtool check the alerts, and try them on series.
func TestAlertRules(t *testing.T) {
	promtool := lab.Need(t, "promtool", "prometheus")
	run(t, promtool, "check", "rules", filepath.Join(source, rules))
	run(t, promtool, "test", "rules", filepath.Join(source, rulesTest))
	tests := string(sourceFile(t, rulesTest))
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(sourceFile(t, rules)), -1) {
		if strings.Count(tests, "alertname: "+m[1]+"\n") != 1 || !strings.Contains(tests, "alertname: "+m[1]+"}") {
			t.Errorf("%s is not tried both ways", m[1])
		}
	}
}

// expressions returns the queries of the dashboard's panels.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(sourceFile(t, dashboard), &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, q := range p.Targets {
			all = append(all, q.Expr)
		}
	}
	return all
}

// TestDashboard has promtool check the dashboard's queries, as rules.
func TestDashboard(t *testing.T) {
	promtool := lab.Need(t, "promtool", "prometheus")
	text := "groups:\n- name: dashboard\n  rules:\n"
	for _, e := range expressions(t) {
		quoted, err := json.Marshal(strings.ReplaceAll(e, "$__rate_interval", "1m"))
		if err != nil {
			t.Fatal(err)
		}
		text += "  - {record: 'dashboard:query', labels: {query: " + string(quoted) + "}, expr: " + string(quoted) + "}\n"
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, promtool, "check", "rules", file)
}

// metricNames finds metrics in queries.
var metricNames = regexp.MustCompile(`\bvblade_\w+`)

// TestMonitoredMetrics checks that vblade serves each metric that an alert or the
// dashboard names.
func TestMonitoredMetrics(t *testing.T) {
	page := scrape(t)
	text := strings.Join(expressions(t), "\n") + string(sourceFile(t, rules))
	names := metricNames.FindAllString(text, -1)
	if len(names) < 20 {
		t.Errorf("only %q are watched", names)
	}
	for _, name := range names {
		if !strings.Contains(page, "# TYPE "+strings.TrimSuffix(name, "_bucket")+" ") {
			t.Errorf("vblade does not serve %s", name)
		}
	}
}

// scrape returns the metrics of a vblade.
func scrape(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	disk, socket := filepath.Join(dir, "disk"), filepath.Join(dir, "metrics")
	if err := os.WriteFile(disk, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	host := lab.TestHost(t)
	host.StartVblade(t, program, "--metrics", "unix:"+socket, "9", "0", "lo", disk)
	return host.Metrics(t, "unix", socket)
}

// sourceFile returns a file of the source.
func sourceFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(source, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
