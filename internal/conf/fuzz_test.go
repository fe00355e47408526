// SPDX-License-Identifier: GPL-2.0-only

package conf

import (
	"strings"
	"testing"

	"vblade/test/conffile"
)

// FuzzParse checks that a file either is wrong, and the error says where, or says
// the same once it is written anew with every value between single quotes.
func FuzzParse(f *testing.F) {
	f.Add([]byte(conffile.Complete))
	f.Add([]byte(conffile.With(`filename="/srv/\"a\" \\ \x"' $b'\ \$c~` + "\nown_process=no;options=a~:b # c")))
	f.Add([]byte("shelf=9 netif=~"))
	f.Fuzz(func(t *testing.T, content []byte) {
		one, err := Parse("x.conf", content)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.conf: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		again, err := Parse("x.conf", []byte(quoted(one)))
		if err != nil {
			t.Fatalf("%q: %v", quoted(one), err)
		}
		if *again != *one {
			t.Errorf("%+v, and written anew %+v", one, again)
		}
	})
}

// quoted writes a conf file with every value between single quotes.
func quoted(f *File) string {
	text := ""
	for _, v := range f.variables() {
		if *v.value != "" {
			text += v.name + "='" + strings.ReplaceAll(*v.value, "'", `'\''`) + "'\n"
		}
	}
	return text
}
