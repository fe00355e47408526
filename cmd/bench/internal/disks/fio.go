// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/plan"
	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/test/lab"
)

// fioReport is the part of fio's report that is used.
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

// Fio measures fio reading a disk by io_uring: a frame's sectors at a time, with
// as many requests outstanding as the workload has.
func Fio(w plan.Workload, path string, warmUp, length time.Duration) (load.Sample, time.Duration, error) {
	program, err := lab.Find("fio")
	if err != nil {
		return load.Sample{}, 0, fmt.Errorf("%w; apt-get install fio", err)
	}
	block := (w.MTU - aoe.ATALen) / ata.SectorSize * ata.SectorSize
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }
	cmd := exec.Command(program, "--name=limit", "--filename="+path, "--rw=randread", "--direct=1", "--ioengine=io_uring",
		"--bs="+strconv.Itoa(block), "--iodepth="+strconv.Itoa(w.Depth), "--norandommap", "--size="+strconv.Itoa(fileSize),
		"--time_based", "--ramp_time="+ms(warmUp), "--runtime="+ms(length), "--output-format=json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return load.Sample{}, 0, fmt.Errorf("fio: %w: %s", err, stderr.Bytes())
	}
	return parseFio(out)
}

// parseFio reads fio's report and returns its sample and the CPU time that it took.
func parseFio(out []byte) (load.Sample, time.Duration, error) {
	var r fioReport
	if err := json.Unmarshal(out, &r); err != nil {
		return load.Sample{}, 0, fmt.Errorf("read fio's report: %w", err)
	}
	if len(r.Jobs) != 1 || r.Jobs[0].Read.TotalIOs == 0 {
		return load.Sample{}, 0, fmt.Errorf("fio's report has no reads:\n%s", out)
	}
	j := r.Jobs[0]
	s := load.Sample{
		Requests: j.Read.TotalIOs,
		Elapsed:  time.Duration(j.Read.Runtime) * time.Millisecond,
		P50:      time.Duration(j.Read.Latency.Percentile["50.000000"]),
		P99:      time.Duration(j.Read.Latency.Percentile["99.000000"]),
	}
	return s, time.Duration((j.UserCPU + j.SystemCPU) / 100 * float64(s.Elapsed)), nil
}
