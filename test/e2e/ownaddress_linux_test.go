// SPDX-License-Identifier: GPL-2.0-only

package e2e

// movingConf is an export with an address of its own, of a20e0009ca00.
const movingConf = "shelf=9\nslot=202\nnetif=eth0\nfilename=/srv/moving.img\nhwaddr=auto\nown_process="

// hasOwnAddress checks that the units' sandboxes let an export have an address of its
// own: one of the server's, whose unit makes and removes the interface, and one with a
// process of its own.
func (tg *target) hasOwnAddress(g *shell) {
	tg.t.Helper()
	const unit = "vblade@moving"
	tg.run("truncate -s 1M /srv/moving.img")
	for _, process := range []string{"no", "yes"} {
		tg.run("cat >/etc/vblade.conf.d/moving.conf <<'END'\n" + movingConf + process + "\nEND\n" +
			"systemctl daemon-reload; systemctl start " + unit + "; ip link show vb9.202-eth0 | grep UP")
		g.run("for try in $(seq 300); do grep -qx a20e0009ca00 '/sys/block/etherd!e9.202/mac' && break; aoe-discover; sleep 0.1; done\n" +
			"dd if=/dev/etherd/e9.202 of=/dev/null bs=4k count=16 iflag=direct; grep -x a20e0009ca00 '/sys/block/etherd!e9.202/mac'")
		tg.run("systemctl stop " + unit + "; [ -z \"$(ip link show group 34978)\" ]")
		tg.is(unit, "Result", "success")
	}
}
