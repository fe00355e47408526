// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"vblade/internal/aoe"
	"vblade/test/lab"
)

// fioReport is what is read of fio's report.
type fioReport struct {
	Jobs []struct {
		Read struct {
			TotalIOs int `json:"total_ios"`
			Runtime  int `json:"runtime"` // milliseconds
			Latency  struct {
				Percentile map[string]int64 `json:"percentile"` // nanoseconds
			} `json:"clat_ns"`
		} `json:"read"`
		UserCPU   float64 `json:"usr_cpu"` // per cent
		SystemCPU float64 `json:"sys_cpu"`
	} `json:"jobs"`
}

// sampleLimit measures what fio reads from the disk by io_uring: a frame's
// sectors at a time, as many outstanding as the workload has.
func (b *bench) sampleLimit(w workload, path string) (sample, error) {
	program, err := lab.Find("fio")
	if err != nil {
		return sample{}, fmt.Errorf("%w; apt-get install fio", err)
	}
	block := (w.mtu - aoe.ATALen) / sectorSize * sectorSize
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }
	cmd := exec.Command(program, "--name=limit", "--filename="+path, "--rw=randread", "--direct=1", "--ioengine=io_uring",
		"--bs="+strconv.Itoa(block), "--iodepth="+strconv.Itoa(w.depth), "--norandommap", "--size="+strconv.Itoa(fileSize),
		"--time_based", "--ramp_time="+ms(warmUp), "--runtime="+ms(b.options.length), "--output-format=json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("fio: %w: %s", err, stderr.Bytes())
	}
	return parseFio(out)
}

// parseFio reads fio's report.
func parseFio(out []byte) (sample, error) {
	var r fioReport
	if err := json.Unmarshal(out, &r); err != nil {
		return sample{}, fmt.Errorf("read fio's report: %w", err)
	}
	if len(r.Jobs) != 1 || r.Jobs[0].Read.TotalIOs == 0 {
		return sample{}, fmt.Errorf("fio's report has no reads:\n%s", out)
	}
	j := r.Jobs[0]
	elapsed := time.Duration(j.Read.Runtime) * time.Millisecond
	return sample{
		requests: j.Read.TotalIOs,
		elapsed:  elapsed,
		cpu:      time.Duration((j.UserCPU + j.SystemCPU) / 100 * float64(elapsed)),
		p50:      time.Duration(j.Read.Latency.Percentile["50.000000"]),
		p99:      time.Duration(j.Read.Latency.Percentile["99.000000"]),
	}, nil
}
